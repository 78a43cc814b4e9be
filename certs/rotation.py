"""When to renew a leaf and when to change the authority: questions with a reason as their answer, and the plan.

Pure: a view of the world and a moment go in, steps come out. The moment is the clock of the API server, because
it is the one who verifies; a replica with a wrong clock of its own can do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509

from certs.authority import Authority, Leaf
from certs.bundle import Bundle

PROPAGATION = timedelta(seconds=60)
"""How long every verifier must have been given a new authority before it signs.

There is no acknowledgement that each API server has seen a caBundle; their watches lag far below a second, so a
minute is generous, and the old authority signs meanwhile.
"""
LAST_CALL = timedelta(days=1)
"""A signer this close to its end is replaced whether or not everybody has been reached: it is that or nothing."""


class Reason(StrEnum):
    """Why a certificate must be made."""

    MISSING = "there is none yet"
    DUE = "two thirds of its life are over"
    NOT_YET_VALID = "it is not valid yet"
    KEY_LOST = "its key is gone"


@dataclass(frozen=True)
class View:
    """What one replica sees. `settled` is how long it has seen every verifier hold exactly this bundle."""

    bundle: Bundle
    leaf: Leaf | None
    settled: timedelta = timedelta(0)


@dataclass(frozen=True)
class Restore:
    """Trust the authority of the served leaf again: the Secret was deleted or overwritten under us."""

    lost: Authority


@dataclass(frozen=True)
class Announce:
    """Add a new authority to the bundle; it does not sign yet, unless nobody else can."""

    reason: Reason


@dataclass(frozen=True)
class Retire:
    """Forget the keys of all authorities but the newest, which signs from here on."""


@dataclass(frozen=True)
class Drop:
    """Take ended authorities out of the bundle."""


@dataclass(frozen=True)
class Renew:
    """Have a new leaf signed, and serve it."""

    reason: Reason


Step = Restore | Announce | Retire | Drop | Renew


def why_renew(leaf: Leaf | None, *, now: datetime) -> Reason | None:
    """Why this leaf must be replaced at `now`, or None."""
    return Reason.MISSING if leaf is None else _why_stale(leaf.certificate, now)


def why_rotate(bundle: Bundle, *, now: datetime) -> Reason | None:
    """Why a new authority must be announced at `now`, or None."""
    newest = bundle.newest
    if newest is None:
        return Reason.MISSING
    if newest.key is None:
        return Reason.KEY_LOST
    return _why_stale(newest.certificate, now)


def plan(view: View, *, now: datetime) -> tuple[Step, ...]:
    """What to do next. At most one step writes the bundle, and then it is the only one: look again after it."""
    bundle, leaf = view.bundle, view.leaf
    if leaf is not None and now <= leaf.ends and not bundle.trusts(leaf):
        return (Restore(leaf.issuer),)
    if reason := why_rotate(bundle, now=now):
        return (Announce(reason),)
    if _may_take_over(bundle, view.settled, now):
        return (Retire(),)
    if bundle.dropping_ended(now) != bundle:
        return (Drop(),)
    if reason := why_renew(leaf, now=now):
        return (Renew(reason),)
    return ()


def _may_take_over(bundle: Bundle, settled: timedelta, now: datetime) -> bool:
    signer = bundle.signer
    if signer is None or signer is bundle.newest:
        return False
    return settled >= PROPAGATION or now >= signer.ends - LAST_CALL


def _why_stale(certificate: x509.Certificate, now: datetime) -> Reason | None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        return Reason.NOT_YET_VALID
    # No jitter: a leaf is signed in memory and an authority by whoever wins the compare-and-swap; nobody stampedes.
    return Reason.DUE if now >= start + (end - start) * 2 / 3 else None
