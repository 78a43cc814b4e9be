"""The bundle: every authority that is trusted, oldest first, and which of them signs.

It is also the whole state of a rotation, so nothing else needs to be remembered:

    [A+key]  ->  [A+key, B+key]  ->  [A, B+key]  ->  [B+key]
    one signs    B is announced,      B signs, A's    A has ended
                 A still signs        leaves live on

The signer is the OLDEST authority with a key: a new one is announced by being there, and takes over when the
older keys are forgotten. No timestamps, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from certs import authority, errors
from certs.authority import Authority, Leaf

CERTIFICATES = "ca.crt"
"""The key of the Secret that holds what verifiers need; the private keys lie beside it, named by fingerprint."""


@dataclass(frozen=True)
class Bundle:
    """Trusted authorities, oldest first, no two alike."""

    authorities: tuple[Authority, ...] = ()

    @property
    def pem(self) -> bytes:
        """What verifiers get: the certificates, one after another."""
        return b"".join(a.certificate_pem for a in self.authorities)

    @property
    def signer(self) -> Authority | None:
        """Who signs leaves now; None when no key is left."""
        return next((a for a in self.authorities if a.key is not None), None)

    @property
    def newest(self) -> Authority | None:
        return self.authorities[-1] if self.authorities else None

    def holds(self, other: Authority) -> bool:
        return any(a.fingerprint == other.fingerprint for a in self.authorities)

    def trusts(self, leaf: Leaf) -> bool:
        return self.holds(leaf.issuer)

    def adding(self, newcomer: Authority) -> Bundle:
        """With one more authority at the end; adding what is there already changes nothing."""
        return self if self.holds(newcomer) else Bundle((*self.authorities, newcomer))

    def restoring(self, lost: Authority) -> Bundle:
        """With an authority back that we must have held before: as the oldest, and never signing again."""
        return self if self.holds(lost) else Bundle((lost.retired(), *self.authorities))

    def retiring(self) -> Bundle:
        """Only the newest keeps its key; the others stay trusted."""
        return Bundle((*(a.retired() for a in self.authorities[:-1]), *self.authorities[-1:]))

    def dropping_ended(self, now: datetime) -> Bundle:
        """Without authorities that have ended. Their leaves ended before them, so nobody serves one."""
        kept = (a for a in self.authorities if now <= a.ends)
        return replace(self, authorities=tuple(kept))

    def data(self) -> dict[str, bytes]:
        """The content of the Secret."""
        keys = {_key_name(a): pem for a in self.authorities if (pem := a.key_pem) is not None}
        return {CERTIFICATES: self.pem, **keys}


def parse(data: Mapping[str, bytes]) -> Bundle:
    """The content of the Secret -> a bundle. Raises `Malformed` for what we would not have written."""
    if CERTIFICATES not in data:
        raise errors.Malformed(f"the Secret has no {CERTIFICATES}")
    bundle = Bundle()
    for certificate in authority.read_certificates(data[CERTIFICATES]):
        bare = Authority(certificate)
        pem = data.get(_key_name(bare))
        bundle = bundle.adding(bare if pem is None else _keyed(bare, pem))
    return bundle


def _keyed(bare: Authority, pem: bytes) -> Authority:
    key = authority.read_key(pem)
    if key.public_key() != bare.certificate.public_key():
        raise errors.Malformed(f"{_key_name(bare)} is not the key of its certificate")
    return replace(bare, key=key)


def _key_name(a: Authority) -> str:
    return f"ca-{a.fingerprint[:16]}.key"
