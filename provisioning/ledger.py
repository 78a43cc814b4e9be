"""The charges of one tenant: a value with pure operations, and the text it is stored as.

A *slot* is a place where at most one live object can be (resource, namespace, name). It costs the maximum of what was
last seen there and of every claim on it that is not settled yet, never their sum: thirty retries of one create cost
one. A claim of an update carries the resourceVersion it was admitted on as its *fence*: that write can only commit on
top of this very revision, so once anything is seen in the slot at a later one, the claim is settled. A claim of a
create carries the uid that the object will have: once that very object is seen, the claim is settled.

The promise: for every stored object, the cost of its slot is at least its footprint. Claims are made before a yes is
given, or stand for what was granted out of an advance that is charged; only `provisioning.keeper`, on the leader, makes
a slot cheaper. Nothing here is ever compared with a clock: a claim that is made again is counted (`renewals`), so
whoever waits for a claim to grow old starts to wait again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Final

import msgspec

from provisioning import ledger_text
from provisioning.errors import ClusterdeskError
from provisioning.resources import Resource
from provisioning.usage import DIMENSIONS, Usage

CLAIMS_MAX: Final = 64
"""Unsettled claims on one slot; more are turned away until some settle."""
PENDING_MAX: Final = 4096
"""Unsettled claims of one tenant. Names that the API server makes up are a new slot each, and whoever has all of them
refused by somebody else would fill the ledger up to what an API server stores: a third of that, by these."""
SLOTS_KNOWN: Final = 16384
SHELVES_KNOWN: Final = 512
"""Slots, and shelves of them, that are kept read, of all ledgers together."""


class Missing(ClusterdeskError):
    """There is no ledger (yet), which is not an empty one: nobody knows what is used until the keeper has counted."""


class Garbled(ClusterdeskError):
    """The stored text is not a ledger of ours; the keeper makes a new one from what is there.

    `version` is the resourceVersion of what was read, where it came from a store.
    """

    def __init__(self, message: str, *, version: str = "") -> None:
        super().__init__(message)
        self.version = version


def slot_key(resource: Resource, namespace: str, name: str) -> str:
    """The name of a slot: `machinedeployments.cluster.x-k8s.io/team-a/web-md0`. The API version does not matter."""
    return f"{resource.plural}.{resource.group}/{namespace}/{name}"


@dataclass(frozen=True)
class Claim:
    """What somebody was allowed to write and may not have written yet.

    `fence` is the old object's resourceVersion ("" for a create), `uid` the object's (of the one that may be created).
    `renewals` counts how often it was made again: a yes given just now must not be dropped as one given long ago.
    """

    charge: Usage
    fence: str = ""
    uid: str = ""
    renewals: int = 0

    def covers(self, other: Claim) -> bool:
        """Whether this claim, renewed, also stands for the other one: for the same write, and not smaller."""
        return (self.uid, self.fence) == (other.uid, other.fence) and other.charge.within(self.charge)


@dataclass(frozen=True)
class Slot:
    """What was seen last (`charge`, at `revision`, of the object `uid`), and the claims on top of it."""

    charge: Usage = field(default_factory=Usage)
    uid: str = ""
    revision: str = ""
    claims: tuple[Claim, ...] = ()

    # Worked out once: a ledger has many slots, and a write changes one of them while people wait.

    @cached_property
    def cost(self) -> Usage:
        total = self.charge
        for claim in self.claims:
            total = total.most(claim.charge)
        return total

    @cached_property
    def text(self) -> str:
        """As it is stored."""
        return msgspec.json.encode(_slot_wire(self)).decode()

    def settled(self, *, charge: Usage, uid: str, revision: str) -> Slot:
        """As `Ledger.settle` has it."""
        if self.revision and int(self.revision) > int(revision):
            return self
        open_claims = tuple(claim for claim in self.claims if not _answered(claim, uid=uid, revision=revision))
        return Slot(charge, uid, revision, open_claims)


VACANT: Final = Slot()


@dataclass(frozen=True)
class Shelf:
    """Some of a ledger's slots, with what they come to. A change makes this one anew, and leaves the others."""

    slots: Mapping[str, Slot]
    used: Usage
    pending: int

    @classmethod
    def of(cls, slots: Mapping[str, Slot]) -> Shelf:
        total = Usage.total(slot.cost for slot in slots.values())
        return cls(slots, total, sum(len(slot.claims) for slot in slots.values()))

    def lines(self) -> list[str]:
        """What is stored of each slot, in order."""
        return [ledger_text.line(key, self.slots[key].text) for key in sorted(self.slots)]

    @cached_property
    def packed(self) -> str:
        """As it is stored."""
        return ledger_text.pack(self.lines())

    def put(self, key: str, slot: Slot) -> Shelf:
        """With this in the slot. An empty slot is none."""
        before = self.slots.get(key, VACANT)
        slots = {**self.slots, key: slot}
        if slot == VACANT:
            del slots[key]
        return Shelf(slots, self.used - before.cost + slot.cost, self.pending - len(before.claims) + len(slot.claims))


BARE: Final = Shelf.of({})


@dataclass(frozen=True)
class Advance:
    """Room that is lent to a door, ahead of what it will be asked for (see `provisioning.advance`).

    `serial` is another one with each of its writes, so that a door that lives is told from one that does not.
    """

    room: Usage
    serial: int


class Ledger:
    """All slots of a tenant, and what is lent to doors besides, by their names. A value: equal ones are equal."""

    def __init__(self, slots: Mapping[str, Slot] | None = None, advances: Mapping[str, Advance] | None = None) -> None:
        standing: dict[int, dict[str, Slot]] = {}
        for key, slot in (slots or {}).items():
            standing.setdefault(ledger_text.shelf_of(key), {})[key] = slot
        shelves = (standing.get(number) for number in range(ledger_text.SHELVES))
        self._shelves = tuple(Shelf.of(each) if each else BARE for each in shelves)
        self.advances = advances or {}

    @classmethod
    def _of(cls, shelves: tuple[Shelf, ...], advances: Mapping[str, Advance]) -> Ledger:
        made = cls.__new__(cls)
        made._shelves, made.advances = shelves, advances
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and (self._shelves, self.advances) == (other._shelves, other.advances)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ledger({self.slots!r}, {self.advances!r})"

    @cached_property
    def slots(self) -> Mapping[str, Slot]:
        """All of them, by key. Whoever wants one of them asks for that: to put them together takes its time."""
        return {key: slot for shelf in self._shelves for key, slot in shelf.slots.items()}

    def slot(self, key: str) -> Slot:
        """One of them; an empty one where there is none."""
        return self._shelves[ledger_text.shelf_of(key)].slots.get(key, VACANT)

    def used(self) -> Usage:
        """The sum of what all slots cost."""
        return self._used

    @cached_property
    def _used(self) -> Usage:
        return Usage.total(shelf.used for shelf in self._shelves)

    @cached_property
    def lent(self) -> Usage:
        """What is charged and belongs to no slot yet: the promise holds with it, and for people it is free."""
        return Usage.total(advance.room for advance in self.advances.values())

    @cached_property
    def pending(self) -> int:
        """How many claims are not settled."""
        return sum(shelf.pending for shelf in self._shelves)

    def cost(self, key: str) -> Usage:
        """What one slot costs."""
        return self.slot(key).cost

    def claim(self, key: str, claim: Claim) -> Ledger:
        """The ledger with the claim in it, or with the one renewed that stands for it. Never the same ledger.

        So a yes is always a write: had the keeper settled meanwhile what we think is still claimed, the write is lost.
        """
        slot = self.slot(key)
        standing = next((present for present in slot.claims if present.covers(claim)), None)
        if standing is None:
            return self.put(key, replace(slot, claims=(*slot.claims, claim)))
        renewed = replace(standing, renewals=standing.renewals + 1)
        claims = tuple(renewed if present is standing else present for present in slot.claims)
        return self.put(key, replace(slot, claims=claims))

    def is_crowded(self, key: str) -> bool:
        """Whether the slot holds more unsettled claims than it may."""
        return len(self.slot(key).claims) > CLAIMS_MAX

    def settle(self, key: str, *, charge: Usage, uid: str, revision: str) -> Ledger:
        """The object was seen: its own footprint counts now, and no claim that this revision answers.

        A sight older than the last one changes nothing.
        """
        return self.put(key, self.slot(key).settled(charge=charge, uid=uid, revision=revision))

    def drop(self, key: str, claim: Claim) -> Ledger:
        """Without a claim that can no longer be written."""
        slot = self.slot(key)
        if claim not in slot.claims:
            return self
        rest = replace(slot, claims=tuple(present for present in slot.claims if present != claim))
        return self.put(key, rest)

    def vacate(self, key: str) -> Ledger:
        """The object is really gone: what is left are claims of those who may still create it.

        Only on proof: the API server itself must have said so after this ledger was read. A cache is no proof, as it
        may not have seen yet what was created, and then changed, since.
        """
        return self.put(key, Slot(claims=tuple(claim for claim in self.slot(key).claims if not claim.fence)))

    def lend(self, door: str, advance: Advance | None) -> Ledger:
        """The ledger with this lent to a door; None takes it back."""
        if advance == self.advances.get(door):
            return self
        others = {name: each for name, each in self.advances.items() if name != door}
        return Ledger._of(self._shelves, {**others, door: advance} if advance is not None else others)

    def without_advances(self) -> Ledger:
        """As if nothing were lent."""
        return Ledger._of(self._shelves, {})

    def put(self, key: str, slot: Slot) -> Ledger:
        """The ledger with this in the slot; the same one where it is there already."""
        if slot == self.slot(key):
            return self
        number = ledger_text.shelf_of(key)
        shelves = (*self._shelves[:number], self._shelves[number].put(key, slot), *self._shelves[number + 1 :])
        return Ledger._of(shelves, self.advances)

    def dumps(self) -> str:
        """As it is stored. Equal ledgers are equal texts."""
        lent = {door: [advance.serial, *_row(advance.room)] for door, advance in self.advances.items()}
        if sum(len(shelf.slots) for shelf in self._shelves) <= ledger_text.PLAIN_MAX:
            return ledger_text.plain(sorted(line for shelf in self._shelves for line in shelf.lines()), lent)
        return ledger_text.packed((shelf.packed for shelf in self._shelves), lent)

    @classmethod
    def loads(cls, text: str) -> Ledger:
        """Raises `Garbled` for anything that `dumps` did not write: what cannot be read is not an empty ledger
        either."""
        try:
            stored, lent = ledger_text.loads(text)
            advances = {door: Advance(_usage(row), _serial(serial)) for door, (serial, *row) in lent.items()}
            if isinstance(stored, Mapping):
                return cls({key: _slot_of(slot) for key, slot in stored.items()}, advances)
            return cls._of(tuple(_shelf_of(number, packed) for number, packed in enumerate(stored)), advances)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Garbled(f"no ledger of ours: {type(error).__name__}") from error


def _answered(claim: Claim, *, uid: str, revision: str) -> bool:
    """Whether a sight of an object in the slot at this revision says how the claim ended."""
    if claim.fence:
        # Whichever object it is: at an earlier revision it was another one, or it has moved on. But a sight from before
        # the fence says nothing, even of another object: a cache may lag behind a deletion and a new beginning.
        return int(claim.fence) < int(revision)
    return claim.uid == uid


@lru_cache(maxsize=SHELVES_KNOWN)
def _shelf_of(number: int, packed: str) -> Shelf:
    """A shelf, read once: who has lost a race reads a ledger again of which hardly anything has changed."""
    return Shelf.of({key: _slot_of(slot) for key, slot in ledger_text.unpack(number, packed).items()})


@lru_cache(maxsize=SLOTS_KNOWN)
def _slot_of(text: bytes) -> Slot:
    """The same for a slot, of a shelf that has changed."""
    return _slot_read(msgspec.json.decode(text))


def _slot_wire(slot: Slot) -> dict[str, Any]:
    wire: dict[str, Any] = {"c": _row(slot.charge)}
    if slot.uid:
        wire |= {"u": slot.uid, "r": slot.revision}
    if slot.claims:
        wire["p"] = [[*_row(c.charge), c.fence, c.uid, c.renewals] for c in slot.claims]
    return wire


def _slot_read(wire: Mapping[str, Any]) -> Slot:
    claims = tuple(Claim(_usage(row[:-3]), _revision(row[-3]), str(row[-2]), int(row[-1])) for row in wire.get("p", ()))
    return Slot(_usage(wire["c"]), str(wire.get("u", "")), _revision(wire.get("r", "")), claims)


def _row(usage: Usage) -> list[int]:
    """Without the zeros at its end: a ledger from before there was a dimension is still one, and none is longer."""
    row = list(usage.row())
    while row and not row[-1]:
        row.pop()
    return row


def _usage(row: Any) -> Usage:
    if len(row) > len(DIMENSIONS) or any(type(amount) is not int or amount < 0 for amount in row):
        raise TypeError("amounts are whole numbers")
    return Usage(*row)


def _serial(number: int) -> int:
    if number < 0:
        raise TypeError("a serial is a whole number")
    return number


def _revision(text: Any) -> str:
    if not isinstance(text, str) or not (text == "" or (text.isascii() and text.isdigit())):
        raise TypeError("a resourceVersion is digits")
    return text
