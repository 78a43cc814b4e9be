"""A work queue: keys to look at, each once however often it was added, never two workers on one key.

A key whose work failed comes back later each time, with jitter; one that asked to be looked at again comes back then.
What the work is, and what it means, is not known here.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog

from provisioning import errors, metrics

log = structlog.get_logger()

K = TypeVar("K", bound=Hashable)
Act = Callable[[K], Awaitable[float | None]]
"""Looks at one key; returns the seconds after which it wants to see it again, or None."""


SPARE: Final = 1000
"""Outdated entries that are not worth a cleaning."""


@dataclass(frozen=True)
class Backoff:
    """Seconds until a failed key comes back: `first`, doubling up to `most`, less up to a half by chance."""

    first: float = 0.25
    most: float = 120.0

    def delay(self, failures: int) -> float:
        wanted = min(self.most, self.first * 2.0 ** min(failures - 1, 20))
        return wanted * (0.5 + random.random() / 2)  # noqa: S311 - jitter, no secret


class Queue(Generic[K]):
    """Keys that wait, and keys that are being worked on."""

    def __init__(self, name: str, *, backoff: Backoff | None = None) -> None:
        self.name = name
        self._backoff = backoff or Backoff()
        self._due: dict[K, float] = {}
        self._order: list[tuple[float, int, K]] = []
        self._numbers = itertools.count()
        self._busy: set[K] = set()
        self._again: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._awake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: K, *, after: float = 0.0) -> None:
        """Look at `key`, `after` seconds from now at the latest; the earlier of two wishes counts."""
        due = time.monotonic() + after
        if key in self._busy:
            # It changed under the worker's hands: once more when that one is through, not beside it.
            self._again[key] = min(due, self._again.get(key, due))
            return
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._order, (due, next(self._numbers), key))
        if len(self._order) > 2 * len(self._due) + SPARE:
            # A wish that an earlier one has overtaken would lie there until its own time, which may be a day away.
            self._order = [entry for entry in self._order if self._due.get(entry[2]) == entry[0]]
            heapq.heapify(self._order)
        metrics.QUEUE_DEPTH.labels(self.name).set(len(self._due))
        self._awake.set()

    async def work(self, act: Act[K], *, workers: int = 4) -> None:
        """Let `workers` of them act on what comes, for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._worker(act))

    async def _worker(self, act: Act[K]) -> None:
        while True:
            key = await self._next()
            started = time.monotonic()
            try:
                self._finish(key, await self._attempt(key, act))
            except asyncio.CancelledError:
                self._busy.discard(key)
                raise
            metrics.WORK_SECONDS.labels(self.name).observe(time.monotonic() - started)
            # Work that waits for nothing would hold everything up until the last key is done.
            await asyncio.sleep(0)

    async def _attempt(self, key: K, act: Act[K]) -> float | None:
        """Act on a key; the seconds until it is to be seen again."""
        try:
            again = await act(key)
        except errors.Throttled as error:
            return self._failed(key, error, at_least=error.retry_after)
        except errors.ClusterdeskError as error:
            return self._failed(key, error)
        except Exception:
            # The door of all work: one object that we cannot understand must not end the work on all others.
            log.exception("work_crashed", queue=self.name, key=key)
            metrics.WORK.labels(self.name, "crash").inc()
            self._failures[key] = self._failures.get(key, 0) + 1
            return self._backoff.delay(self._failures[key])
        self._failures.pop(key, None)
        metrics.WORK.labels(self.name, "done").inc()
        return again

    def _failed(self, key: K, error: errors.ClusterdeskError, *, at_least: float = 0.0) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay = max(at_least, self._backoff.delay(failures))
        metrics.WORK.labels(self.name, "retry").inc()
        # Losing a race is everyday life; the rest is worth a line.
        say = log.debug if isinstance(error, errors.Conflict) and failures < 5 else log.warning
        say("work_waits", queue=self.name, key=key, why=str(error), failures=failures, seconds=round(delay, 2))
        return delay

    def _finish(self, key: K, again: float | None) -> None:
        self._busy.discard(key)
        changed = self._again.pop(key, None)
        if changed is not None and key not in self._failures:
            self.add(key, after=max(0.0, changed - time.monotonic()))
        if again is not None:
            self.add(key, after=again)

    async def _next(self) -> K:
        while True:
            self._drop_outdated()
            if self._order:
                wait = self._order[0][0] - time.monotonic()
                if wait <= 0:
                    _, _, key = heapq.heappop(self._order)
                    del self._due[key]
                    self._busy.add(key)
                    metrics.QUEUE_DEPTH.labels(self.name).set(len(self._due))
                    return key
            else:
                wait = None
            self._awake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._awake.wait()
            except TimeoutError:
                continue

    def _drop_outdated(self) -> None:
        """Entries whose key was since asked for earlier, or has been taken."""
        while self._order and self._due.get(self._order[0][2]) != self._order[0][0]:
            heapq.heappop(self._order)
