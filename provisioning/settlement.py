"""A ledger and what is really there -> the ledger as it should be. Pure; an equal result means: nothing to write.

Only this makes slots cheaper, and only on proof: an object seen at a later revision answers the claims before it, an
object that the API server itself says is gone vacates its slot, and a claim nobody can write any more is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provisioning.ledger import Claim, Ledger, Slot
from provisioning.usage import Usage


@dataclass(frozen=True)
class Sight:
    """An object that is there: what it costs (None when that cannot be told), which one it is, at which revision.

    `usual`: whether it may come to cost more by itself: it names an owner, which may become smaller, or it is on its
    way out, as a virtual machine is whose KubevirtMachine went first.
    """

    charge: Usage | None
    uid: str
    revision: str
    usual: bool = False


@dataclass(frozen=True)
class OpenClaim:
    """A claim on a slot that nothing has answered yet."""

    slot: str
    claim: Claim


def settle(ledger: Ledger, seen: Mapping[str, Sight], *, gone: Iterable[str], dead: Iterable[OpenClaim]) -> Ledger:
    """The ledger after this look. `gone`: slots whose object is proven absent; `dead`: claims proven void."""
    for key, sight in seen.items():
        if sight.charge is None:
            # What cannot be measured now was measured when it was let in: charge and claims stay as they are.
            continue
        slot = ledger.slot(key)
        # Most of what is seen is as it was, and a ledger of many slots is not made anew for each of them.
        if _matters(slot, slot.settled(charge=sight.charge, uid=sight.uid, revision=sight.revision)):
            ledger = ledger.settle(key, charge=sight.charge, uid=sight.uid, revision=sight.revision)
    for key in gone:
        ledger = ledger.vacate(key)
    for entry in dead:
        ledger = ledger.drop(entry.slot, entry.claim)
    return ledger


def absent(ledger: Ledger, seen: Mapping[str, Sight]) -> list[str]:
    """Slots that hold an object which was not seen: gone, or not seen yet. Only the API server knows."""
    return [key for key, slot in ledger.slots.items() if key not in seen and (slot.uid or slot.charge != Usage())]


def is_void(claim: Claim, *, uid: str, revision: str) -> bool:
    """Whether a write that can no longer be under way was never done. `uid` and `revision` are of the object that the
    API server itself has in the slot; "" where there is none."""
    # At a later revision than the fence a cache has yet to see it; then it settles like any other.
    return uid != claim.uid or revision == claim.fence


def unreserved(ledger: Ledger, seen: Mapping[str, Sight]) -> list[str]:
    """Slots of objects that cost something and that nobody has let in: made around the webhook."""
    return [key for key, sight in seen.items() if key not in ledger.slots and sight.charge not in (None, Usage())]


def coming(ledger: Ledger, seen: Mapping[str, Sight]) -> list[str]:
    """Slots of objects that may have been granted out of an advance, and are to be written down yet: of what nobody has
    let in, as much as what is lent has room for.

    Not what is usual: a part was let in within its owner's charge, and no advance stands for it when that is given up.
    """
    left, found = ledger.lent, []
    for key in unreserved(ledger, seen) if ledger.advances else ():
        charge, usual = seen[key].charge, seen[key].usual
        if charge is not None and not usual and charge.within(left):
            left -= charge
            found.append(key)
    return found


def unmeasured(seen: Mapping[str, Sight]) -> list[str]:
    """Slots of objects that cannot be measured."""
    return sorted(key for key, sight in seen.items() if sight.charge is None)


def without_lowering(before: Ledger, after: Ledger) -> Ledger:
    """As much of the way from one ledger to the other as makes no slot cheaper."""
    risen = {key: slot for key, slot in after.slots.items() if before.cost(key).within(slot.cost)}
    return Ledger({**before.slots, **risen}, before.advances)


def open_claims(ledger: Ledger) -> list[OpenClaim]:
    """Every claim that is not settled."""
    return [OpenClaim(key, claim) for key, slot in ledger.slots.items() for claim in slot.claims]


def settled_usage(ledger: Ledger) -> Usage:
    """What the objects that are there cost, claims aside."""
    return sum((slot.charge for slot in ledger.slots.values()), Usage())


def _matters(before: Slot, after: Slot) -> bool:
    """A revision that moved, and nothing else, is not worth a write: status updates move it all the time."""
    empty = before == Slot() and after.charge == Usage() and not after.claims
    return not empty and (before.charge, before.uid, before.claims) != (after.charge, after.uid, after.claims)
