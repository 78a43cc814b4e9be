"""Certificates for people, signed by a tenant's own authority. Pure: X.509 from values, `now` is an argument.

Of a certificate request only the public key is taken; who somebody is and what they may be called is ours to say, so a
request that asks for other names, other groups or a CA's rights gets none of it. The certificate opens the door and
gives no right: rights come from bindings in the tenant (see `grants`), which can be taken away while it still lives.

Why not a CertificateSigningRequest inside the tenant: Kubernetes signs the subject as it stands in the request, so
people would have to write the right groups into it and could write others; it needs the tenant's controller-manager,
and every administrator in there could sign as well. The authority's key is in the management cluster anyway.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.errors import ClusterdeskError

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

BACKDATED: Final = timedelta(minutes=1)
"""NotBefore lies this far in the past, for API servers whose clock is behind ours."""
RSA_BITS: Final = (2048, 8192)
RSA_EXPONENT: Final = (65537, 2**31 - 1)
"""At least what every tool makes; at most what Go's TLS takes."""
CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
NAME_BYTES: Final = 64
"""A certificate's common name is no longer (RFC 5280, ub-common-name)."""
TAKEN: Final = "taken are ECDSA P-256 and P-384, Ed25519, and RSA from 2048 to 8192 bits"


class Refused(ClusterdeskError):
    """No certificate is made of this request. The text says why, for the person."""


class UnusableAuthority(ClusterdeskError):
    """The tenant's authority cannot sign: it is no certificate with its key, or its time is over."""


@dataclass(frozen=True)
class Authority:
    """A tenant's certificate authority, as Kamaji keeps it in the Secret `<cluster>-ca`."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    @property
    def ends(self) -> datetime:
        return self.certificate.not_valid_after_utc


def public_key(request: str) -> PublicKey:
    """The key of a certificate request, whose holder has signed it. Raises `Refused`."""
    if "PRIVATE KEY" in request:
        raise Refused("it holds a private key: send the certificate request only, and make another key for it")
    try:
        parsed = x509.load_pem_x509_csr(request.encode())
        key = parsed.public_key()
        proven = parsed.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Refused(f"it is no certificate request (PKCS#10, PEM) of a kind that is taken: {TAKEN}") from error
    if not isinstance(key, PublicKey) or not _strong(key):
        raise Refused(f"its key is not of a kind that is taken: {TAKEN}")
    if not proven:
        raise Refused("its signature does not fit its key")
    return key


def _strong(key: PublicKey) -> bool:
    match key:
        case ec.EllipticCurvePublicKey():
            return isinstance(key.curve, CURVES)
        case rsa.RSAPublicKey():
            exponent = key.public_numbers().e
            return RSA_BITS[0] <= key.key_size <= RSA_BITS[1] and RSA_EXPONENT[0] <= exponent <= RSA_EXPONENT[1]
        case _:
            return True


def check_user(user: str) -> None:
    """Raises `Refused` for a name that no certificate of ours may carry."""
    if user.startswith("system:"):
        raise Refused("names that start with system: are Kubernetes' own")
    if not 0 < len(user.encode()) <= NAME_BYTES:
        raise Refused(f"the name in a certificate has at most {NAME_BYTES} bytes")


def authority(secret: dict[str, Any]) -> Authority:
    """The authority in Cluster API's Secret `<cluster>-ca`. Raises `UnusableAuthority`."""
    data = secret.get("data") or {}
    try:
        certificate = x509.load_pem_x509_certificate(base64.b64decode(data.get("tls.crt", ""), validate=True))
        key = serialization.load_pem_private_key(base64.b64decode(data.get("tls.key", ""), validate=True), None)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, binascii.Error) as error:
        raise UnusableAuthority("its certificate authority cannot be read") from error
    if not isinstance(key, PrivateKey):
        raise UnusableAuthority("its certificate authority has a key of a kind that we do not sign with")
    if _spki(key.public_key()) != _spki(certificate.public_key()):
        raise UnusableAuthority("the certificate and the key of its authority do not belong together")
    return Authority(certificate, key)


def issue(signer: Authority, key: PublicKey, *, user: str, group: str, now: datetime, until: datetime) -> str:
    """A certificate (PEM) by which an API server knows `user` in `group`; it never outlives its authority.

    Raises `Refused` for a name that is not ours to give, and `UnusableAuthority` when no time would be left.
    """
    check_user(user)
    until = min(until, signer.ends)
    if until <= now:
        raise UnusableAuthority(f"its certificate authority ended at {signer.ends:%Y-%m-%d %H:%M} UTC")
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group), x509.NameAttribute(NameOID.COMMON_NAME, user)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNATURES_ONLY, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_issuer_key(signer), critical=False)
    )
    algorithm = None if isinstance(signer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer.key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class Marks:
    """By what a certificate is found again in logs: the API server's audit log has its serial number, too."""

    serial: str
    key: str
    """SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal."""
    ends: datetime

    @classmethod
    def of(cls, pem: str) -> Marks:
        found = x509.load_pem_x509_certificate(pem.encode())
        digest = hashes.Hash(hashes.SHA256())
        digest.update(_spki(found.public_key()))
        return cls(f"{found.serial_number:x}", digest.finalize().hex(), found.not_valid_after_utc)


def _issuer_key(signer: Authority) -> x509.AuthorityKeyIdentifier:
    try:
        known = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _spki(key: Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


_SIGNATURES_ONLY: Final = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=False,
    crl_sign=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
