"""Replicas that reserve in one ledger take turns, and whoever is alone does not wait. On a clock that jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from provisioning import errors, turns
from provisioning.batcher import Batcher, Page
from provisioning.ledger import Claim, Ledger
from provisioning.quota import Limits
from provisioning.reservation import Granted, Request
from provisioning.turns import GAP_FIRST, PAUSE_MAX, RIVALS, Turns
from provisioning.usage import Usage
from tests.provisioning import virtual_time

LOAD, SAVE, LOSE = 0.0015, 0.003, 0.002
"""Seconds that the API server takes to read a ledger, to write it, and to say that somebody else did."""
WORK = 0.001
"""Seconds in which a replica judges a batch, and packs what comes of it."""
SOON = 9.6


@dataclass
class ApiServer:
    """Keeps one ledger, of which only the version matters here. Two at a time are served, and none takes as long as the
    other."""

    chance: random.Random
    slower: float = 1.0
    writers: list[int] = field(default_factory=list)
    """Who has won, in order; -1 for somebody who is no replica."""
    loads: int = 0
    lost: int = 0

    def __post_init__(self) -> None:
        self._cores = asyncio.Semaphore(2)

    @property
    def version(self) -> str:
        return str(len(self.writers))

    async def work(self, seconds: float) -> None:
        """Now and then something else comes between."""
        hiccup = 2 * self.chance.random() if self.chance.random() < 0.05 else 0.0
        async with self._cores:
            await asyncio.sleep(self.slower * seconds * (0.7 + 0.6 * self.chance.random() + hiccup))


@dataclass
class Ledgers:
    """The `LedgerStore` of one replica."""

    server: ApiServer
    number: int

    async def load(self, tenant: str) -> Page:
        self.server.loads += 1
        await self.server.work(LOAD / 2)
        version = self.server.version
        await self.server.work(LOAD / 2)
        return Page(Ledger(), version)

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        await self.server.work(WORK)
        await self.server.work(SAVE / 2)
        if version != self.server.version:
            self.server.lost += 1
            await self.server.work(LOSE / 2)
            raise errors.Conflict(tenant)
        self.server.writers.append(self.number)
        written = self.server.version
        await self.server.work(SAVE / 2)
        return Page(Ledger(), written)


@dataclass
class Told:
    """What a story came to: `took` in seconds, `turns` how many writes of others came before one's own."""

    took: list[float] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    lasted: float = 0.0
    loads: int = 0
    writes: int = 0

    @property
    def a_second(self) -> float:
        return len(self.took) / self.lasted

    @property
    def median(self) -> float:
        return sorted(self.took)[len(self.took) // 2]


def story(
    *,
    replicas: int,
    writers: int,
    each: int = 25,
    seed: int = 0,
    rests: float = 0.0,
    keeper: float = 0.0,
    slower: float = 1.0,
    taking: Callable[[Callable[[], float]], Turns] = Turns,
) -> Told:
    """So many writers on each replica reserve one after the other, and rest in between. A keeper writes as well, every
    so many seconds."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing

    async def told() -> Told:
        loop, server, found = asyncio.get_running_loop(), ApiServer(chance, slower), Told()
        doors = [Batcher(Ledgers(server, n), "blue", loop.time, turns=taking(chance.random)) for n in range(replicas)]

        async def write(door: int) -> None:
            for number in range(each):
                began, before = loop.time(), len(server.writers)
                wanted = Request("web", Claim(Usage(nodes=1), uid=str(number)), Limits({}))
                assert isinstance(await doors[door].reserve(wanted, deadline=began + SOON), Granted)
                found.took.append(loop.time() - began)
                found.turns.append(sum(winner not in (door, -1) for winner in server.writers[before:]))
                await asyncio.sleep(rests)

        async def keep() -> None:
            while keeper:
                await asyncio.sleep(keeper)
                server.writers.append(-1)

        keeping = asyncio.create_task(keep())
        await asyncio.gather(*(write(n % replicas) for n in range(replicas * writers)))
        keeping.cancel()
        found.lasted, found.loads, found.writes = loop.time(), server.loads, len(server.writers)
        return found

    return virtual_time.run(told())


def longest(*, replicas: int, slower: float = 1.0, taking: type[Turns] = Turns) -> list[int]:
    """Of several stories, the most writes of others for which anybody waited, in order."""
    told = (story(replicas=replicas, writers=4, seed=seed, slower=slower, taking=taking) for seed in range(8))
    return sorted(max(one.turns) for one in told)


@pytest.mark.parametrize(("replicas", "usual", "slower"), [(2, 8, 1.0), (3, 8, 1.0), (3, 8, 4.0), (5, 15, 1.0)])
def test_nobody_waits_for_more_than_a_few_turns_of_the_others(replicas: int, usual: int, slower: float) -> None:
    waited = longest(replicas=replicas, slower=slower)
    assert waited[len(waited) // 2] <= usual
    assert waited[-1] <= 25


class Greedy(Turns):
    """Whoever has won goes on at once."""

    def pause(self, now: float) -> float:
        return 0.0


class Modest(Turns):
    """Nobody leaves a gap for those of whom nothing is known yet."""

    def pause(self, now: float) -> float:
        return super().pause(now) if self.are_others_about(now) else 0.0


@pytest.mark.parametrize("taking", [Greedy, Modest])
def test_without_a_gap_somebody_waits_for_longer(taking: type[Turns]) -> None:
    waited = longest(replicas=3, taking=taking)
    assert waited[len(waited) // 2] > 8


def test_who_is_alone_hardly_waits_for_others_who_might_be_there() -> None:
    alone = story(replicas=1, writers=4, each=100)
    assert alone.a_second > 0.9 * story(replicas=1, writers=4, each=100, taking=Greedy).a_second
    assert alone.loads == 1


def test_who_reserves_now_and_then_beside_the_keeper_neither_waits_nor_reads_each_time() -> None:
    found = story(replicas=1, writers=1, each=400, rests=0.0045, keeper=0.5)
    assert found.median < 2 * (WORK + SAVE)
    assert found.loads < found.writes / 20


def test_replicas_that_meet_for_once_do_not_wait_for_each_other() -> None:
    first = Turns(lambda: 1.0)
    first.meet(10.0)
    first.won(10.0, took=0.005, lost=1)
    assert first.pause(10.001) == 0.0


def test_a_winner_waits_for_others_the_longer_the_more_it_lost_itself() -> None:
    def waits(lost: int) -> float:
        one = Turns(lambda: 0.5)
        for at in (10.0, 10.01):
            one.meet(at)
        one.won(10.02, took=0.01, lost=lost)
        return one.pause(10.02)

    assert 0.01 < waits(0) < waits(2) < waits(9)
    assert waits(1000) == turns.TURN_MAX


def test_when_nobody_has_been_met_for_a_while_nobody_is_waited_for() -> None:
    one = Turns(lambda: 1.0)
    for at in (10.0, 10.1):
        one.meet(at)
    assert one.are_others_about(10.0 + RIVALS - 0.01)
    assert not one.are_others_about(10.0 + RIVALS)


def test_where_writes_take_long_others_are_remembered_for_longer() -> None:
    one = Turns(lambda: 1.0)
    one.won(9.0, took=1.0, lost=0)
    for at in (10.0, 12.0):
        one.meet(at)
    assert one.are_others_about(14.0)


def test_who_always_wins_leaves_a_gap_soon_and_then_seldom() -> None:
    one, now, gaps = Turns(lambda: 0.0), 10.0, []
    for number in range(200):
        pause = one.pause(now)
        if pause:
            gaps.append(number)
        now += pause + 0.005
        one.won(now, took=0.005, lost=0)
    assert [later - sooner for sooner, later in pairwise(gaps)] == [65, 65, 65]
    assert gaps[0] == GAP_FIRST
    assert one.pause(now + 1.0) == 0.0


def test_a_first_write_that_made_the_connection_makes_nobody_wait_for_as_long() -> None:
    one, now = Turns(lambda: 1.0), 10.0
    for took in (0.3, 0.005):
        assert one.pause(now) < 0.01
        now += took
        one.won(now, took=took, lost=0)
    assert 0 < one.pause(now) < 0.01


def test_a_moment_without_a_write_is_a_gap_as_well() -> None:
    one, now, pauses = Turns(lambda: 0.0), 10.0, []
    for _ in range(200):
        pauses.append(one.pause(now))
        now += 0.005
        one.won(now, took=0.005, lost=0)
        now += 0.003
    assert not any(pauses)


def test_who_gets_no_answer_tries_again_at_once_and_then_waits_longer_each_time() -> None:
    one = Turns(lambda: 1.0)
    assert [one.retry(unanswered=times) for times in (1, 2, 3)] == [0.0, turns.PAUSE, 2 * turns.PAUSE]
    assert one.retry(unanswered=1000) == PAUSE_MAX
