"""A policy's answer "yes, if there is room", and the words for what the ledger says to it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from provisioning import fitting, quota, reservation
from provisioning.errors import NO_ROOM, Cause
from provisioning.fitting import Pieces
from provisioning.ledger import Claim
from provisioning.quota import Excess, Limits
from provisioning.reservation import Contended, Exceeded, Granted
from provisioning.resources import TENANT_CLUSTERS
from provisioning.usage import DIMENSIONS, Usage
from webhooks.decision import BUSY, Allow, Deny, Verdict

NEARLY_FULL = 90
"""Per cent of a limit from which on people are told that it comes close."""


@dataclass(frozen=True)
class Charge:
    """What one slot is to be charged with in its tenant's ledger.

    `hard` are the tenant's limits, `field` is where the object says how large it is. `before` is what the object may
    cost by now, `after` what it will cost. `fence` is the resourceVersion that the write replaces (empty for a
    create), `uid` the uid of the object.
    """

    tenant: str
    hard: Limits
    slot: str
    name: str
    field: str
    before: Usage
    after: Usage
    fence: str = ""
    uid: str = ""
    hint: str = ""
    """What else helps, said after the numbers."""
    pieces: tuple[Pieces, ...] = ()
    """What it is made of many of, so that whoever has no room for all can be told how many would fit."""
    holds: float = math.inf
    """Seconds in which it must be reserved: later, what it was measured by may be another."""

    @property
    def rises(self) -> bool:
        """Whether anything grows. What does not is always admitted, over the quota or not, and writes nothing."""
        return (self.after - self.before).rises() != Usage()

    def request(self) -> reservation.Request:
        """The same, as the ledger takes it."""
        return reservation.Request(self.slot, Claim(self.after, self.fence, self.uid), self.hard, self.before)


def answer(charge: Charge, outcome: reservation.Outcome) -> Verdict:
    """The ledger's word as a verdict, with the numbers."""
    audit = {"tenant": charge.tenant, "delta": _delta(charge)}
    match outcome:
        case Exceeded(version=version):
            facts = [_fact(charge, outcome, excess) for excess in outcome.excess]
            advice = [*_advice(charge, outcome), charge.hint]
            told = "; ".join([*facts, *filter(None, advice)])
            return Deny(
                f"the quota of tenant {charge.tenant} has no room for {charge.name}: {told}",
                tuple(
                    Cause("spec" if excess.dimension == "clusters" else charge.field, fact)
                    for excess, fact in zip(outcome.excess, facts, strict=True)
                ),
                audit={**audit, "ledger-version": version},
                mark=NO_ROOM,
            )
        case Contended(retry_after, why):
            reason = f"the ledger of tenant {charge.tenant} {why}; try again"
            return Deny(reason, code=BUSY, retry_after=max(1, round(retry_after)), audit=audit)
        case Granted(used, version):
            return Allow(tuple(_nearly_full(charge, used)), {**audit, "ledger-version": version})


def _fact(charge: Charge, found: Exceeded, excess: Excess) -> str:
    """The numbers of one dimension, and who holds most of it."""
    named = (
        f"{_called(holder.slot, charge)} with {charge.hard.show(excess.dimension, holder.amount)}"
        for holder in fitting.holders(found.ledger, excess.dimension, charge.hard)
    )
    return quota.describe(excess, by=", ".join(named))


def _called(slot: str, charge: Charge) -> str:
    """A slot in people's words: a TenantCluster by its name, anything else by its kind, too."""
    kind, _, rest = slot.partition("/")
    namespace, _, name = rest.partition("/")
    plural = kind.partition(".")[0]
    called = name if plural == TENANT_CLUSTERS.plural else f"{plural}/{name}"
    return called if f"/{namespace}/" in charge.slot else f"{called} in {namespace}"


def _advice(charge: Charge, found: Exceeded) -> Iterator[str]:
    """How many would have fitted, where that is more than there are, and what may soon make room."""
    asked = charge.after - charge.before
    for pieces in charge.pieces:
        number = fitting.fitting(pieces, asked=asked, used=found.used, hard=charge.hard)
        if pieces.had < number < pieces.count:
            yield f"{number} {pieces.called} would fit"
    left = fitting.left_over(found.ledger, [excess.dimension for excess in found.excess], charge.hard)
    if left == 1:
        yield "1 machine that no pool has any more counts until it is gone"
    elif left:
        yield f"{left} machines that no pool has any more count until they are gone"


def _delta(charge: Charge) -> str:
    """What is asked for more or less than before: `nodes=+2 vcpu=-1`."""
    rise = charge.after - charge.before
    amounts = ((name, rise[name]) for name in DIMENSIONS if rise[name])
    return " ".join(f"{name}={'-' if amount < 0 else '+'}{quota.show(name, abs(amount))}" for name, amount in amounts)


def _nearly_full(charge: Charge, used: Usage) -> Iterator[str]:
    hard = charge.hard
    for dimension, bound in hard.bounds.items():
        before, after, now = (hard.amount(each, dimension) for each in (charge.before, charge.after, used))
        if bound and after > before and now * 100 >= bound * NEARLY_FULL:
            amounts = f"{hard.show(dimension, now)} of {hard.show(dimension, bound)}"
            yield f"tenant {charge.tenant} comes close to its quota of {quota.WORDS[dimension]}: it now uses {amounts}"
