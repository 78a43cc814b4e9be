"""Authorities and the leaves they sign: X.509 built from values, `now` an argument.

No file, no clock, no network. Anybody who needs a certificate on one machine (a test, the playground) uses
`found` and `issue` and nothing else of this package.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import errors

AUTHORITY_LIFE = timedelta(days=365)
LEAF_LIFE = timedelta(days=30)
BACKDATED = timedelta(hours=1)
"""NotBefore lies this far in the past, for verifiers whose clock is behind ours."""

_COMMON_NAME_LIMIT = 64


@dataclass(frozen=True)
class Authority:
    """A CA certificate. The key is there while it may sign and None once it is retired (or never was ours)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes | None:
        return None if self.key is None else _key_pem(self.key)

    @property
    def ends(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal: what it is called in logs and in the Secret."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def retired(self) -> Authority:
        """The same certificate without its key: still trusted, never signing again."""
        return replace(self, key=None)


@dataclass(frozen=True)
class Leaf:
    """A server certificate with its key, and the certificate of the authority that signed it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    issuer: Authority

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self.key)

    @property
    def ends(self) -> datetime:
        return self.certificate.not_valid_after_utc


def found(*, now: datetime, name: str = "clusterdesk", life: timedelta = AUTHORITY_LIFE) -> Authority:
    """Make a new authority: ECDSA P-256, may sign leaves but no further authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # The serial in the name tells two authorities of one bundle apart, for verifiers that look issuers up by name.
    subject = _name(f"{name} CA {serial:x}"[:_COMMON_NAME_LIMIT])
    certificate = (
        _builder(subject, subject, key.public_key(), serial)
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def issue(signer: Authority, hosts: Sequence[str], *, now: datetime, life: timedelta = LEAF_LIFE) -> Leaf:
    """Sign a server certificate for DNS names and IP addresses; it never outlives its authority.

    Raises ValueError when there is no host, or when the authority is retired.
    """
    if not hosts:
        raise ValueError("a server certificate needs at least one host")
    if signer.key is None:
        raise ValueError("a retired authority signs nothing")
    key = ec.generate_private_key(ec.SECP256R1())
    ca = signer.certificate
    # A common name is decoration since verifiers read the alternative names; a long host would not fit.
    subject = _name(hosts[0][:_COMMON_NAME_LIMIT])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(max(now - BACKDATED, ca.not_valid_before_utc))
        .not_valid_after(min(now + life, ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        .sign(signer.key, hashes.SHA256())
    )
    return Leaf(certificate, key, signer.retired())


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """Every certificate in the text, in order. Raises `Malformed` for anything else."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise errors.Malformed(f"no PEM certificates: {error}") from error


def read_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """An unencrypted EC private key. Raises `Malformed` for anything else."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise errors.Malformed(f"no PEM private key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise errors.Malformed("the private key is not an EC key")
    return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "clusterdesk"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
