"""Work that goes on after Slack was answered: kept track of, bounded in time, finished at shutdown.

Bolt forgets its tasks and loses an acknowledgement when a listener raises just after giving it; so nothing runs in a
listener after `ack`, it runs here. Nothing that must not be lost belongs here either: that is written before `ack`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger()

SECONDS = 15.0


class Errands:
    """Small tasks by name; a new one takes the place of an unfinished one of the same name."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._named: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, errand: Coroutine[Any, Any, object], *, name: str, seconds: float = SECONDS) -> None:
        """Begin now. What goes wrong, or takes longer than `seconds`, is logged: nobody waits for it."""
        self.end(name)
        task = asyncio.create_task(_bounded(errand, name=name, seconds=seconds))
        self._tasks.add(task)
        self._named[name] = task
        task.add_done_callback(lambda done: self._forget(done, name, errand))

    def end(self, name: str) -> None:
        """Let nothing come of what is under way by this name."""
        if earlier := self._named.get(name):
            earlier.cancel()

    async def drain(self, *, seconds: float = 5.0) -> None:
        """Let what is under way finish, `seconds` at most, then end it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:  # one may begin another
                    await asyncio.wait(self._tasks)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None], name: str, errand: Coroutine[Any, Any, object]) -> None:
        errand.close()  # one that was replaced before it began would complain of never having been awaited
        self._tasks.discard(task)
        if self._named.get(name) is task:
            del self._named[name]


async def _bounded(errand: Coroutine[Any, Any, object], *, name: str, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await errand
    except Exception:
        # The door: nobody is left to answer to, so the log is the answer.
        log.exception("errand_failed", errand=name)
