"""The work queue: every key once, nobody beside another, failures later and later."""

from __future__ import annotations

import asyncio
import itertools
import time
import tracemalloc

import structlog

from provisioning import errors
from provisioning.queue import Backoff, Queue
from tests.provisioning.waiting import running, until

QUICK = Backoff(first=0.02, most=0.08)


async def test_a_key_added_many_times_is_worked_on_once() -> None:
    queue: Queue[str] = Queue("test")
    seen: list[str] = []

    async def act(key: str) -> None:
        seen.append(key)

    for _ in range(5):
        queue.add("a")
    async with running(queue.work(act)):
        await asyncio.sleep(0.05)
    assert seen == ["a"]


async def test_a_key_that_changes_while_it_is_worked_on_comes_again_afterwards() -> None:
    queue: Queue[str] = Queue("test")
    gate = asyncio.Event()
    at_work, most, done = 0, 0, 0

    async def act(key: str) -> None:
        nonlocal at_work, most, done
        at_work += 1
        most = max(most, at_work)
        await gate.wait()
        at_work -= 1
        done += 1

    async with running(queue.work(act, workers=4)):
        queue.add("a")
        await until(lambda: at_work == 1)
        queue.add("a")
        queue.add("a")
        gate.set()
        await until(lambda: done == 2)
        await asyncio.sleep(0.03)
    assert (most, done) == (1, 2)


async def test_a_long_queue_of_what_needs_nobody_else_lets_everything_else_go_on() -> None:
    queue: Queue[int] = Queue("test")
    seen: list[int] = []

    async def act(key: int) -> None:
        seen.append(key)

    for key in range(1000):
        queue.add(key)
    async with running(queue.work(act, workers=4)):
        for _ in range(5):
            await asyncio.sleep(0)
        assert 0 < len(seen) < 100
        await until(lambda: len(seen) == 1000)


async def test_different_keys_are_worked_on_side_by_side() -> None:
    queue: Queue[int] = Queue("test")
    both = asyncio.Barrier(2)

    async def act(key: int) -> None:
        await both.wait()

    async with running(queue.work(act, workers=2)), asyncio.timeout(30):
        queue.add(1)
        queue.add(2)
        await until(lambda: not queue and both.n_waiting == 0)


async def test_a_key_that_fails_comes_back_later_each_time_and_then_no_more() -> None:
    queue: Queue[str] = Queue("test", backoff=QUICK)
    times: list[float] = []

    async def act(key: str) -> None:
        times.append(time.monotonic())
        if len(times) < 4:
            raise errors.Unavailable("not now")

    async with running(queue.work(act)):
        queue.add("a")
        await until(lambda: len(times) == 4)
        await asyncio.sleep(0.1)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == 4
    assert gaps[0] >= 0.01
    assert gaps[2] >= 0.04


async def test_a_throttled_key_waits_as_long_as_it_was_told() -> None:
    queue: Queue[str] = Queue("test", backoff=QUICK)
    times: list[float] = []

    async def act(key: str) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise errors.Throttled("busy", retry_after=0.3)

    async with running(queue.work(act)):
        queue.add("a")
        await until(lambda: len(times) == 2)
    assert times[1] - times[0] >= 0.3


async def test_a_bug_on_one_key_is_logged_and_stops_no_other() -> None:
    queue: Queue[str] = Queue("test", backoff=QUICK)
    seen: list[str] = []

    async def act(key: str) -> None:
        seen.append(key)
        if key == "bad":
            raise KeyError("surprise")

    with structlog.testing.capture_logs() as lines:
        async with running(queue.work(act, workers=1)):
            queue.add("bad")
            queue.add("good")
            await until(lambda: "good" in seen and seen.count("bad") > 1)
    assert {(line["event"], line["key"]) for line in lines} == {("work_crashed", "bad")}


async def test_a_key_may_ask_to_be_seen_again() -> None:
    queue: Queue[str] = Queue("test")
    seen = 0

    async def act(key: str) -> float | None:
        nonlocal seen
        seen += 1
        return 0.02 if seen == 1 else None

    async with running(queue.work(act)):
        queue.add("a")
        await until(lambda: seen == 2)


async def test_the_earlier_of_two_wishes_counts() -> None:
    queue: Queue[str] = Queue("test")
    seen: list[str] = []

    async def act(key: str) -> None:
        seen.append(key)

    async with running(queue.work(act)):
        queue.add("a", after=60)
        queue.add("a", after=0.01)
        queue.add("a", after=60)
        await until(lambda: seen == ["a"])
    assert len(queue) == 0


async def test_wishes_for_a_far_future_that_were_overtaken_are_not_kept() -> None:
    queue: Queue[int] = Queue("test")
    looks = 0

    async def act(key: int) -> float:
        nonlocal looks
        looks += 1
        return 86_400.0

    async def all_changed() -> None:
        before = looks
        for key in range(1, 51):
            queue.add(key)
        await until(lambda: looks == before + 50)

    async with running(queue.work(act)):
        tracemalloc.start()
        try:
            queue.add(0, after=3600)
            for _ in range(200):
                await all_changed()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert looks == 10_000
    assert kept < 500_000  # bytes; ten thousand of them come to twice as many
