"""A person's key for one cluster, made on their machine. It goes into their kubeconfig and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Key:
    """`request` may be shown to anybody, `pem` to nobody."""

    pem: str = field(repr=False)
    request: str


def make() -> Key:
    """A new key (ECDSA P-256), and the certificate request for it. The request names nobody: who it is for is said
    beside it, and taken from there.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return Key(pem.decode(), request.public_bytes(serialization.Encoding.PEM).decode())
