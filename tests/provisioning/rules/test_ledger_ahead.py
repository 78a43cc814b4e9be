"""The world of `test_ledger_world` with a door that takes room ahead, writes down later, loses its writes, and dies.

What it has granted and not written down is paid for by what is lent to it. The promise is the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from provisioning import settlement
from provisioning.advance import Hand
from provisioning.ledger import Advance, Ledger
from provisioning.reservation import Request
from provisioning.settlement import Sight
from provisioning.usage import Usage
from tests.provisioning.rules import test_ledger_world as whole
from tests.provisioning.rules.test_ledger_world import (
    HARD,
    MOVES,
    NAMES,
    PART,
    STEPS,
    THOROUGH,
    WINDOW,
    Thing,
    World,
    Write,
    beyond,
)

USABLE = 1
"""Ticks in which a door may grant out of what it has in hand."""
ABOVE = "above the quota"
UNPAID = "not paid for"


class Ahead(World):
    def __init__(self) -> None:
        super().__init__()
        self.hand, self.doors, self.serial = Hand(), 1, 0
        self.lent: dict[tuple[str, Advance], int] = {}
        self.granted: set[str] = set()
        """What any door ever granted ahead."""

    # What the mutants change.

    def usable_until(self) -> float:
        return self.time + USABLE

    def loses(self) -> None:
        self.hand.lost(self.time)

    def begins(self, wanted: Usage) -> Usage:
        return self.hand.write(wanted)

    def on_their_way(self, before: Ledger, seen: Mapping[str, Sight], *, listed: bool) -> list[str]:
        return [] if listed else settlement.coming(before, seen)

    # What the door does.

    @property
    def door(self) -> str:
        return f"door-{self.doors}"

    @rule(size=st.integers(0, 6), fails=st.booleans(), stored=st.booleans())
    def the_door_writes(self, size: int, fails: bool, stored: bool) -> None:
        """What it owes, and so much as an advance, where that fits. A write that failed may be stored all the same."""
        self.hand.expire(self.time)
        self.hand.found(self.ledger.advances.get(self.door))
        ledger = self.ledger.lend(self.door, None)
        for request in self.hand.owed.values():
            ledger = ledger.claim(request.key, request.claim)
        wanted, self.serial = Usage(nodes=size), self.serial + 1
        if HARD.excess(ledger.used() + ledger.lent, wanted):
            wanted = Usage()
        if wanted != Usage():
            ledger = ledger.lend(self.door, Advance(wanted, self.serial))
        missing = self.begins(wanted)
        if stored or not fails:
            self.ledger, self.version = ledger, self.version + 1
        if fails:
            self.loses()
        else:
            self.hand.written(missing, until=self.usable_until())

    @rule(name=whole.names, size=whole.sizes)
    def ask_the_door_to_create(self, name: str, size: int) -> None:
        self.made += 1
        uid, cost = f"uid-{self.made}", beyond(name, size, self.things)
        self.hand._hard = HARD
        request = Request(name, self.claim(cost, fence="", uid=uid), HARD)
        if name not in self.ledger.slots and (not cost or self.hand.take(request, self.time)):
            self.granted.add(name)
            self.writes.append(Write(name, uid, size, None, self.time + WINDOW))

    @rule()
    def the_door_dies(self) -> None:
        self.hand, self.doors = Hand(), self.doors + 1

    # What the keeper makes of it, as `provisioning.proof` has it.

    def waiting(self) -> list[int]:
        return [*super().waiting(), *self.lent.values()]

    def _settled(
        self, before: Ledger, shown: Mapping[str, Thing], *, listed: bool = False, released: int | None = None
    ) -> Ledger:
        for door, advance in before.advances.items():
            first = self.lent.get((door, advance), self.time)
            if listed and released is not None and self.is_over(first, released):
                before = before.lend(door, None)
        self.lent = {each: self.lent.get(each, self.time) for each in before.advances.items()}
        costs = {name: Usage(nodes=beyond(name, thing.size, shown)) for name, thing in shown.items()}
        seen = {name: Sight(cost, "", "1", usual=name == PART) for name, cost in costs.items()}
        coming = self.on_their_way(before, seen, listed=listed)
        kept = {name: thing for name, thing in shown.items() if name not in coming}
        return super()._settled(before, kept, listed=listed, released=released)

    @rule()
    def another_leader_takes_over(self) -> None:
        super().another_leader_takes_over()
        self.lent = {}

    # What always holds.

    @invariant()
    def every_object_is_paid_for(self) -> None:
        short = (max(0, need - self._cost(name)) for name, need in self._needs().items())
        assert sum(short) <= self.ledger.lent.nodes, "an object that is not paid for"

    @invariant()
    def nothing_is_above_the_quota(self) -> None:
        super().nothing_is_above_the_quota()
        used, lent = self.ledger.used().nodes, self.ledger.lent.nodes
        # What lists show of what was granted ahead counts twice, until it is written down.
        twice = min(lent, sum(self.ledger.cost(name).nodes for name in self.granted))
        assert self.haunted or used + lent - twice <= HARD.bounds["nodes"], "charges above the quota"

    def teardown(self) -> None:
        self.the_door_dies()
        super().teardown()
        assert not self.ledger.advances, "leaked"


TestAhead = Ahead.TestCase
TestAhead.settings = THOROUGH


class UsedForEver(Ahead):
    """What was charged ahead once may be granted from for ever."""

    def usable_until(self) -> float:
        return float("inf")


class ForfeitedByTheCache(Ahead):
    """Who cannot be heard of loses what is lent to it, whatever there is that no cache has shown."""

    def counted(self) -> dict[str, Thing]:
        return self.cached


class StandingForAnother(Ahead):
    """What one door has in hand stands for what another had granted, also when that one loses its own."""

    def on_their_way(self, before: Ledger, seen: Mapping[str, Sight], *, listed: bool) -> list[str]:
        return settlement.coming(before, seen)


class ForgottenWhenLost(Ahead):
    """What was owed in a write that failed is owed no more."""

    def loses(self) -> None:
        self.hand._writing = {}


class GrantedBeforeWritten(Ahead):
    """What is being charged may be granted from before it is known to be."""

    def begins(self, wanted: Usage) -> Usage:
        missing = self.hand.write(wanted)
        self.hand.room, self.hand._until = wanted, self.usable_until()
        return missing * 0


Step = Callable[[Ahead], None]


def asks(name: str, size: int) -> Step:
    return lambda world: world.ask_the_door_to_create(name=name, size=size)


def takes(size: int) -> Step:
    return lambda world: world.the_door_writes(size=size, fails=False, stored=True)


def fails(size: int, *, stored: bool) -> Step:
    return lambda world: world.the_door_writes(size=size, fails=True, stored=stored)


def dies(world: Ahead) -> None:
    world.the_door_dies()


LATE: tuple[Step, ...] = (whole.waits, whole.waits, whole.waits, whole.settles)
FORFEITED: tuple[Step, ...] = (whole.settles, *LATE, whole.settles)
STORIES: dict[type[Ahead], tuple[str, tuple[Step, ...]]] = {
    UsedForEver: (UNPAID, (takes(4), *FORFEITED, asks("web", 4), whole.lands)),
    ForfeitedByTheCache: (UNPAID, (takes(4), asks("web", 4), whole.lands, dies, *FORFEITED)),
    StandingForAnother: (
        UNPAID,
        (
            *(takes(2), whole.settles, asks("web", 2), whole.lands, dies, whole.waits, whole.waits),
            *(takes(2), asks("api", 2), whole.waits, whole.settles, whole.lands),
        ),
    ),
    ForgottenWhenLost: (UNPAID, (takes(4), asks("web", 4), whole.lands, fails(0, stored=False), takes(0))),
    GrantedBeforeWritten: (UNPAID, (fails(4, stored=False), asks("web", 4), whole.lands)),
}


def play(world: Ahead, story: tuple[Step, ...]) -> None:
    for step in story:
        step(world)
        whole.hold(world)
    world.teardown()


MORE: tuple[Callable[[Ahead, random.Random], None], ...] = (
    lambda world, by: world.the_door_writes(size=by.randint(0, 6), fails=False, stored=True),
    lambda world, by: world.the_door_writes(size=by.randint(0, 6), fails=True, stored=by.random() < 0.5),
    lambda world, by: world.ask_the_door_to_create(name=by.choice(world.cast), size=by.randint(1, 4)),
    lambda world, by: world.ask_the_door_to_create(name=by.choice(world.cast), size=by.randint(1, 4)),
    lambda world, by: world.ask_the_door_to_create(name=by.choice(world.cast), size=by.randint(1, 4)),
    lambda world, by: world.the_door_dies() if by.random() < 0.3 else None,
)


def walk(world: Ahead, *, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    world.cast = tuple(name for name in NAMES if name != PART or seed % 2)
    for _ in range(whole.WALK):
        chance.choice((*MOVES, *MORE))(world, chance)
        whole.hold(world)
    world.teardown()


@pytest.mark.parametrize(("_", "story"), STORIES.values(), ids=[mutant.__name__ for mutant in STORIES])
def test_with_every_rule_the_promise_holds_in_each_story(_: str, story: tuple[Step, ...]) -> None:
    play(Ahead(), story)


@pytest.mark.parametrize("mutant", STORIES)
def test_with_one_rule_less_its_story_breaks_the_promise(mutant: type[Ahead]) -> None:
    broken, story = STORIES[mutant]
    with pytest.raises(AssertionError, match=broken):
        play(mutant(), story)


def test_on_long_walks_the_promise_holds_at_every_step() -> None:
    for seed in range(STEPS // whole.WALK):
        walk(Ahead(), seed=seed)
