"""A policy's answer "yes, if there is room", and the words for what the ledger says to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioning import batcher, quota
from provisioning.batcher import Contended, Exceeded, Granted
from provisioning.errors import Cause
from provisioning.ledger import Claim
from provisioning.quota import Limits
from provisioning.usage import Usage
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

    @property
    def rises(self) -> bool:
        """Whether anything grows. What does not is always admitted, over the quota or not, and writes nothing."""
        return (self.after - self.before).rises() != Usage()

    def request(self) -> batcher.Request:
        """The same, as the ledger takes it."""
        return batcher.Request(self.slot, Claim(self.after, self.fence, self.uid), self.hard, self.before)


def answer(charge: Charge, outcome: batcher.Outcome) -> Verdict:
    """The ledger's word as a verdict, with the numbers."""
    audit = {"tenant": charge.tenant}
    match outcome:
        case Exceeded(found):
            facts = [quota.describe(excess) for excess in found]
            told = "; ".join([*facts, charge.hint] if charge.hint else facts)
            return Deny(
                f"the quota of tenant {charge.tenant} has no room for {charge.name}: {told}",
                tuple(
                    Cause("spec" if excess.dimension == "clusters" else charge.field, fact)
                    for excess, fact in zip(found, facts, strict=True)
                ),
                audit=audit,
            )
        case Contended(retry_after):
            reason = f"the ledger of tenant {charge.tenant} is busy; try again"
            return Deny(reason, code=BUSY, retry_after=max(1, round(retry_after)), audit=audit)
        case Granted(used):
            return Allow(tuple(_nearly_full(charge, used)), audit)


def _nearly_full(charge: Charge, used: Usage) -> Iterator[str]:
    hard = charge.hard
    for dimension, bound in hard.bounds.items():
        before, after, now = (hard.amount(each, dimension) for each in (charge.before, charge.after, used))
        if bound and after > before and now * 100 >= bound * NEARLY_FULL:
            amounts = f"{hard.show(dimension, now)} of {hard.show(dimension, bound)}"
            yield f"tenant {charge.tenant} comes close to its quota of {quota.WORDS[dimension]}: it now uses {amounts}"
