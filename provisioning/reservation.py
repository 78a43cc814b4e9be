"""What is asked of a tenant's ledger, and what is answered. Pure; who asks the store is `provisioning.batcher`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from provisioning.ledger import CLAIMS_MAX, PENDING_MAX, VACANT, Claim, Ledger
from provisioning.quota import COST, Excess, Limits
from provisioning.usage import Usage

RETRY_AFTER: Final = 1.0
"""Seconds after which somebody who was told to come back may."""
CROWDED_SECONDS: Final = 10.0
"""The same where too much of a tenant is under way: what comes is settled in a moment, what never does in minutes."""
CROWDED: Final = f"waits for {PENDING_MAX} writes that were let in and have not come yet"
CROWDED_SLOT: Final = f"waits for {CLAIMS_MAX} writes of this one name that were let in and have not come yet"


@dataclass(frozen=True)
class Request:
    """A claim on a slot within the limits of a tenant (as `quota.limits` gives them).

    `before` is what the object costs as it is stored: what it grows by is judged even where an earlier claim on the
    slot has room for it, for the limits may have been lowered since.
    """

    key: str
    claim: Claim
    hard: Limits
    before: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Granted:
    """It fits, and room for it is written down. `used` is what the tenant uses with it, `version` that of the ledger by
    then."""

    used: Usage
    version: str = field(default="", compare=False)


@dataclass(frozen=True)
class Exceeded:
    """It does not fit, and that was so at a moment during the request: then the `ledger` was this one."""

    excess: tuple[Excess, ...]
    used: Usage
    ledger: Ledger = field(default_factory=Ledger, compare=False)
    version: str = field(default="", compare=False)


@dataclass(frozen=True)
class Contended:
    """Nobody knows yet: too many writers, a store that is slow, no ledger. Come back after so many seconds.

    `why` is what is the matter with the ledger.
    """

    retry_after: float = RETRY_AFTER
    why: str = "is busy"


Outcome = Granted | Exceeded | Contended


LENT: Final = Contended(why="has no room but what is charged ahead for others")
"""Nobody knows until they have used it or given it back, which is soon."""


def judge(ledger: Ledger, request: Request, *, used: Usage) -> tuple[Ledger, Outcome]:
    """The ledger with the claim in it if it fits, and the answer. Pure. `used` is what its slots cost.

    What is lent counts as used before anybody is granted anything, and as free before anybody is refused.
    """
    claimed = ledger.claim(request.key, request.claim)
    if claimed.is_crowded(request.key):
        return ledger, Contended(why=CROWDED_SLOT)
    if ledger.pending < claimed.pending > PENDING_MAX:
        return ledger, Contended(CROWDED_SECONDS, CROWDED)
    after = used + claimed.cost(request.key) - ledger.cost(request.key)
    asked = (after - used).most(request.claim.charge - request.before)
    paid = _paid(ledger, claimed, request, used=used)
    found = request.hard.excess(after - asked, asked, paid=paid)
    if not ledger.advances:
        return (ledger, Exceeded(found, used, ledger)) if found else (claimed, Granted(after))
    if found and request.before != Usage() and ledger.slot(request.key) == VACANT:
        # It was let in by what is lent, and that is not written down yet: it must not count twice.
        found = request.hard.excess(used, request.claim.charge - request.before)
    if found:
        return ledger, Exceeded(found, used, ledger)
    tight = request.hard.excess(after - asked + ledger.lent, asked, paid=paid and (paid[0] + ledger.lent, paid[1]))
    return (ledger, LENT) if tight else (claimed, Granted(after))


def _paid(ledger: Ledger, claimed: Ledger, request: Request, *, used: Usage) -> tuple[Usage, Usage] | None:
    """What is used and asked for as far as it has a price: an object that may have either of two sizes costs what the
    dearer of them does, and not what both would that are larger in something each."""
    if COST not in request.hard.bounds:
        return None
    price = request.hard.prices.of
    old, new = (
        max((slot.charge, *(claim.charge for claim in slot.claims)), key=price)
        for slot in (one.slot(request.key) for one in (ledger, claimed))
    )
    asked = max(new - old, request.claim.charge - request.before, key=price)
    return used + new - old - asked, asked
