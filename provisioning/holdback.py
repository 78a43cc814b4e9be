"""Room that an owner gives up is held back until no part can come any more that was let in as a part of it. Pure.

What is within its owner's charge is let in without a word in the ledger, so that controllers are quick. It was measured
by its owner as that was then, and may be stored when the owner has become smaller and others have taken the room. So a
slot stays as dear as it was for as long as an admitted write may be under way, and then until everything has been
counted by lists of the API server. Meanwhile parts that are larger than their owner is by now are within what is held
back, and not charged a second time. When that time is over is `provisioning.proof`'s to know.

The same goes for a part that seems to have become cheaper: perhaps its owner is so large in a cache only. But what is
gone is free at once: parts that come when their owner is gone are taken away by Kubernetes' garbage collector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from provisioning.ledger import Ledger, Slot
from provisioning.usage import Usage


@dataclass(frozen=True)
class Lowering:
    """A slot that would cost less: as it is while that is held back, and what it would be charged with.

    An equal one at another look is the same one. Whoever asks for more meanwhile leaves a claim in the slot, and so it
    is another one from then on.
    """

    key: str
    kept: Slot
    charge: Usage


def lowerings(before: Ledger, after: Ledger) -> list[Lowering]:
    """Everything to be held back of what is given up on the way from one ledger to the other."""
    found = []
    for key, old in before.slots.items():
        new = after.slot(key)
        if new is old or not new.uid:
            continue
        # A claim that is settled may have been written, and seen by a part, before it was overtaken.
        ended = [claim.charge for claim in old.claims if claim.uid == new.uid and claim not in new.claims]
        was = reduce(Usage.most, ended, old.charge if old.uid == new.uid else Usage())
        if not was.within(new.charge):
            found.append(Lowering(key, _kept(old, new, was), new.charge))
    return found


def _kept(old: Slot, new: Slot, was: Usage) -> Slot:
    charge = new.charge.most(was)
    if (charge, new.claims) == (old.charge, old.claims):
        return old  # A revision that moved is not worth a write.
    return Slot(charge, new.uid, new.revision, new.claims)


def hold(before: Ledger, after: Ledger, held: Iterable[Lowering], above: Callable[[str], Iterable[str]]) -> Ledger:
    """The ledger after, without these lowerings. `above`: the slots of what an object is a part of, nearest first."""
    spare: dict[str, Usage] = {}
    for one in held:
        spare[one.key] = one.kept.charge - one.charge
        after = after.put(one.key, one.kept)
    return _within(before, after, spare, above) if spare else after


def _within(before: Ledger, after: Ledger, spare: Mapping[str, Usage], above: Callable[[str], Iterable[str]]) -> Ledger:
    """Parts that would be charged for what they are larger by than their owner is now: not yet, as far as that is held
    back."""
    left = dict(spare)
    for key, new in after.slots.items():
        old = before.slot(key)
        risen = (new.cost - old.cost).rises()
        if new is old or key in spare or risen == Usage():
            continue
        owner = next((each for each in above(key) if risen.within(left.get(each, Usage()))), None)
        if owner is not None:
            left[owner] -= risen
            after = after.put(key, old)
    return after
