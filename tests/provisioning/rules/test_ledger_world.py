"""A small world in which everything that may go wrong does, and the ledger's promise holds all the same.

Objects have revisions, creates and updates are admitted and then land, lose or are refused by somebody else, caches
lag, things are deleted and made anew under the same name, the keeper reads at one moment and writes at another, leaders
change. Whatever happens: what a slot costs is at least what stands in it, and together it is never above the quota.

The second half takes one rule away at a time, with a short story of the same world that only this rule survives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from provisioning.batcher import Granted, Request, judge
from provisioning.ledger import Claim, Ledger
from provisioning.quota import Limits
from provisioning.usage import Usage

HARD = Limits({"nodes": 8})
NAMES = ("web", "api")
WINDOW = 2
"""Ticks after which an admitted write can no longer land."""

names = st.sampled_from(NAMES)
sizes = st.integers(1, 8)
numbers = st.integers(0, 100)


@dataclass(frozen=True)
class Thing:
    """An object as it is stored."""

    uid: str
    revision: int
    size: int


@dataclass(frozen=True)
class Write:
    """A write that was admitted, and has not landed yet. `on` is what it replaces, None for a create."""

    name: str
    uid: str
    size: int
    on: int | None
    until: int


@dataclass(frozen=True)
class Look:
    """What the keeper made of the ledger it read at `version`."""

    version: int
    ledger: Ledger


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.things: dict[str, Thing] = {}
        self.cached: dict[str, Thing] = {}
        self.writes: list[Write] = []
        self.ledger, self.version = Ledger(), 0
        self.revision, self.made, self.time = 10, 0, 0
        self.first_seen: dict[tuple[str, Claim], int] = {}
        self.look: Look | None = None

    # What the mutants change.

    def claim(self, size: int, *, fence: str, uid: str) -> Claim:
        return Claim(Usage(nodes=size), fence, uid)

    def claimed(self, ledger: Ledger, name: str, claim: Claim) -> Ledger:
        after, outcome = judge(ledger, Request(name, claim, HARD), used=ledger.used())
        return after if isinstance(outcome, Granted) else ledger

    def sight(self, ledger: Ledger, name: str, thing: Thing) -> Ledger:
        return ledger.settle(name, charge=Usage(nodes=thing.size), uid=thing.uid, revision=str(thing.revision))

    def is_gone(self, name: str) -> bool:
        return name not in self.things

    def may_write(self, look: Look) -> bool:
        return look.version == self.version

    # What people do.

    @rule(name=names, size=sizes)
    def ask_to_create(self, name: str, size: int) -> None:
        self.made += 1
        uid = f"uid-{self.made}"
        if self._reserve(name, self.claim(size, fence="", uid=uid)):
            self.writes.append(Write(name, uid, size, None, self.time + WINDOW))

    @rule(name=names, size=sizes)
    def ask_to_update(self, name: str, size: int) -> None:
        thing = self.things.get(name)
        if thing is None:
            return
        fence = str(thing.revision)
        if size <= thing.size or self._reserve(name, self.claim(size, fence=fence, uid=thing.uid)):
            self.writes.append(Write(name, thing.uid, size, thing.revision, self.time + WINDOW))

    def _reserve(self, name: str, claim: Claim) -> bool:
        after = self.claimed(self.ledger, name, claim)
        if after is self.ledger and not self._is_renewal(name, claim):
            return False
        if after is not self.ledger:
            self.ledger, self.version = after, self.version + 1
        return True

    def _is_renewal(self, name: str, claim: Claim) -> bool:
        return False

    @rule(number=numbers)
    def a_write_lands_or_is_lost(self, number: int) -> None:
        if not self.writes:
            return
        write = self.writes.pop(number % len(self.writes))
        thing = self.things.get(write.name)
        fits = thing is None if write.on is None else thing is not None and thing.revision == write.on
        if fits:
            self._store(write.name, Thing(write.uid, 0, write.size))

    @rule(number=numbers)
    def somebody_else_refuses_a_write(self, number: int) -> None:
        if self.writes:
            self.writes.pop(number % len(self.writes))

    @rule(name=names)
    def something_else_of_an_object_changes(self, name: str) -> None:
        if name in self.things:
            self._store(name, self.things[name])

    @rule(name=names)
    def an_object_goes(self, name: str) -> None:
        self.things.pop(name, None)

    def _store(self, name: str, thing: Thing) -> None:
        self.revision += 1
        self.things[name] = replace(thing, revision=self.revision)

    @rule()
    def time_passes(self) -> None:
        self.time += 1
        self.writes = [write for write in self.writes if write.until >= self.time]

    # What the keeper does: caches catch up one name at a time, and a look is written later than it was taken.

    @rule(name=names)
    def the_cache_catches_up(self, name: str) -> None:
        self.cached.pop(name, None)
        if name in self.things:
            self.cached[name] = self.things[name]

    @rule()
    def the_keeper_looks(self) -> None:
        ledger = self.ledger
        for name in NAMES:
            if name in self.cached:
                ledger = self.sight(ledger, name, self.cached[name])
            elif ledger.slots.get(name) is not None and self.is_gone(name):
                ledger = ledger.vacate(name)
        self.look = Look(self.version, self._without_void(ledger))

    def _without_void(self, ledger: Ledger) -> Ledger:
        present = {(name, claim) for name, slot in ledger.slots.items() for claim in slot.claims}
        self.first_seen = {key: self.first_seen.get(key, self.time) for key in present}
        for name, claim in sorted(present, key=str):
            thing = self.things.get(name)
            unwritten = thing is None or thing.uid != claim.uid or str(thing.revision) == claim.fence
            if self.time - self.first_seen[name, claim] > WINDOW and unwritten:
                ledger = ledger.drop(name, claim)
        return ledger

    @rule()
    def the_keeper_writes(self) -> None:
        if self.look is not None and self.may_write(self.look):
            self.ledger, self.version = self.look.ledger, self.version + 1
        self.look = None

    @rule()
    def another_leader_takes_over_with_an_older_cache(self) -> None:
        self.first_seen, self.look = {}, None

    # What always holds.

    @invariant()
    def every_object_is_paid_for(self) -> None:
        for name, thing in self.things.items():
            assert thing.size <= self.ledger.cost(name).nodes

    @invariant()
    def nothing_is_above_the_quota(self) -> None:
        assert sum(thing.size for thing in self.things.values()) <= HARD.bounds["nodes"]
        assert self.ledger.used().nodes <= HARD.bounds["nodes"]

    def teardown(self) -> None:
        """When all is quiet, the ledger says what is there, and not a node more."""
        self.writes.clear()
        for _ in range(3):
            for name in NAMES:
                self.the_cache_catches_up(name)
            self.the_keeper_looks()
            self.the_keeper_writes()
            self.time += WINDOW + 1
        for name in NAMES:
            thing = self.things.get(name)
            assert self.ledger.cost(name).nodes == (thing.size if thing is not None else 0)


THOROUGH = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestWorld = World.TestCase
TestWorld.settings = THOROUGH


class WithoutFence(World):
    """Updates are told apart by the object's uid only."""

    def claim(self, size: int, *, fence: str, uid: str) -> Claim:
        return Claim(Usage(nodes=size), "", uid)


class SettledAtTheFence(World):
    """A sight of the very revision that the update was admitted on counts as its outcome."""

    def sight(self, ledger: Ledger, name: str, thing: Thing) -> Ledger:
        slot = ledger.slots.get(name)
        for claim in slot.claims if slot is not None else ():
            if claim.fence and int(claim.fence) <= thing.revision:
                ledger = ledger.drop(name, claim)
        return super().sight(ledger, name, thing)


class SettledByAnyOther(World):
    """A sight of another object drops the claims of updates, however old the sight is."""

    def sight(self, ledger: Ledger, name: str, thing: Thing) -> Ledger:
        slot = ledger.slots.get(name)
        for claim in slot.claims if slot is not None else ():
            if claim.fence and claim.uid != thing.uid:
                ledger = ledger.drop(name, claim)
        return super().sight(ledger, name, thing)


class WithoutRenewal(World):
    """A claim that is there already is not made again."""

    def claimed(self, ledger: Ledger, name: str, claim: Claim) -> Ledger:
        return ledger if self._is_renewal(name, claim) else super().claimed(ledger, name, claim)

    def _is_renewal(self, name: str, claim: Claim) -> bool:
        slot = self.ledger.slots.get(name)
        return slot is not None and any(present.covers(claim) for present in slot.claims)


class GoneByTheCache(World):
    """What the cache does not hold counts as gone."""

    def is_gone(self, name: str) -> bool:
        return True


class KeeperWithoutCompareAndSwap(World):
    """The keeper writes what it made of an older ledger."""

    def may_write(self, look: Look) -> bool:
        return True


class Unbounded(World):
    """Nothing is checked against what others hold."""

    def claimed(self, ledger: Ledger, name: str, claim: Claim) -> Ledger:
        return judge(ledger, Request(name, claim, HARD), used=Usage())[0]


Step = Callable[[World], None]


def create(name: str, size: int) -> Step:
    return lambda world: world.ask_to_create(name=name, size=size)


def update(name: str, size: int) -> Step:
    return lambda world: world.ask_to_update(name=name, size=size)


def lands(world: World) -> None:
    world.a_write_lands_or_is_lost(number=0)


def refused(world: World) -> None:
    world.somebody_else_refuses_a_write(number=0)


def cached(world: World) -> None:
    world.the_cache_catches_up(name="web")


def goes(world: World) -> None:
    world.an_object_goes(name="web")


def looks(world: World) -> None:
    world.the_keeper_looks()


def writes(world: World) -> None:
    world.the_keeper_writes()


def waits(world: World) -> None:
    world.time_passes()


THERE: tuple[Step, ...] = (create("web", 2), lands, cached, looks, writes)
"""A cluster of two nodes is there, and all is settled."""
STORIES: dict[type[World], tuple[Step, ...]] = {
    WithoutFence: (*THERE, update("web", 5), looks, writes, lands),
    SettledAtTheFence: (*THERE, update("web", 5), looks, writes, lands),
    SettledByAnyOther: (*THERE, goes, create("web", 2), lands, update("web", 5), looks, writes, lands),
    WithoutRenewal: (
        *(*THERE, update("web", 5), refused, looks, writes),
        *(waits, waits, waits, update("web", 5), looks, writes, lands),
    ),
    GoneByTheCache: (create("web", 2), lands, update("web", 5), looks, writes, lands),
    KeeperWithoutCompareAndSwap: (*THERE, looks, update("web", 5), writes, lands),
    Unbounded: (create("web", 6), create("api", 6), lands, lands),
}


def play(world: World, story: tuple[Step, ...]) -> None:
    for step in story:
        step(world)
        world.every_object_is_paid_for()
        world.nothing_is_above_the_quota()
    world.teardown()


@pytest.mark.parametrize("story", STORIES.values(), ids=[mutant.__name__ for mutant in STORIES])
def test_with_every_rule_the_promise_holds_in_each_story(story: tuple[Step, ...]) -> None:
    play(World(), story)


@pytest.mark.parametrize("mutant", STORIES)
def test_with_one_rule_less_its_story_breaks_the_promise(mutant: type[World]) -> None:
    with pytest.raises(AssertionError):
        play(mutant(), STORIES[mutant])
