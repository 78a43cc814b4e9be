"""What a caller does with a certificate: verify it for a host, at a moment, against a bundle."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification

from certs import authority
from certs.authority import Leaf


def why_refused(leaf: Leaf, bundle: bytes, host: str, now: datetime) -> str | None:
    """None when a verifier that trusts this PEM accepts the leaf for the DNS name at that moment."""
    roots = authority.read_certificates(bundle)
    policy = verification.PolicyBuilder().store(verification.Store(roots)).time(now)
    try:
        policy.build_server_verifier(x509.DNSName(host)).verify(leaf.certificate, [])
    except verification.VerificationError as error:
        return str(error)
    return None
