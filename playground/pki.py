"""The playground's own certificates: one authority that signs servers, people and webhooks, and the token key.

Kept in the state folder, so that kubeconfigs written yesterday work today. For loopback only; nothing of it is used
in a real management cluster, where `certs` keeps the webhooks' certificates.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_YEARS = 10
LEAF_DAYS = 365
"""Leaves are signed anew at every start, so this bounds how long one run can last."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Pki:
    """An authority in a folder. Every file it writes is readable by its owner only."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """The authority's certificate: what clients verify with."""
        return self.folder / "ca.crt"

    @property
    def token_key(self) -> Path:
        """Signs service account tokens."""
        return self.folder / "sa.key"

    @classmethod
    def open(cls, folder: Path) -> Pki:
        """The authority in `folder`, made there if there is none."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pki = cls(folder)
        if not pki.bundle.exists():
            _create(pki)
        return pki

    def server(self, name: str, *, also: Sequence[str] = ()) -> Pair:
        """A serving certificate for loopback and the DNS names `also`."""
        addresses = [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ("127.0.0.1", "::1")]
        names = [x509.DNSName(dns) for dns in ("localhost", *also)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._sign(name, subject, ExtendedKeyUsageOID.SERVER_AUTH, [*names, *addresses])

    def person(self, user: str, groups: Sequence[str] = ()) -> Pair:
        """A client certificate: the API server takes its common name as user and its organisations as groups."""
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        return self._sign(f"person-{slug(user, groups)}", subject, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def trusting(self, user: str, groups: Sequence[str] = ()) -> ssl.SSLContext:
        """A TLS context that trusts this authority and shows the client certificate of `user` in `groups`."""
        context = ssl.create_default_context(cafile=str(self.bundle))
        pair = self.person(user, groups)
        context.load_cert_chain(pair.certificate, pair.key)
        return context

    def _sign(
        self, name: str, subject: x509.Name, usage: x509.ObjectIdentifier, names: Sequence[x509.GeneralName]
    ) -> Pair:
        authority = x509.load_pem_x509_certificate(self.bundle.read_bytes())
        signer = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101  (we wrote it)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, authority.subject, key.public_key(), datetime.timedelta(days=LEAF_DAYS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(signer, hashes.SHA256())
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        write_private(pair.key, _pem(key))
        write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        return pair


def slug(user: str, groups: Sequence[str] = ()) -> str:
    """A file name for a user, distinct for distinct users."""
    return "".join(c if c.isalnum() or c in "-." else f"_{ord(c):x}" for c in "+".join([user, *groups]))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)


def write_token_key(folder: Path) -> None:
    """Make a new key that signs service account tokens; the tokens of an old one are void then."""
    write_private(Pki(folder).token_key, _pem(ec.generate_private_key(ec.SECP256R1())))


def _create(pki: Pki) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clusterdesk playground")])
    certificate = (
        _builder(name, name, key.public_key(), datetime.timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_CA_USAGE, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(pki.folder / "ca.key", _pem(key))
    write_token_key(pki.folder)
    # Last: its presence says that the other two are there.
    write_private(pki.bundle, certificate.public_bytes(serialization.Encoding.PEM))


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + lifetime)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC1: kube-apiserver refuses a service account key written as PKCS#8.
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
