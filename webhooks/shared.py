"""One read for all who ask while the one before is under way: many reviews at once are about one object."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

TURN: Final = 0.5
"""Seconds that a read waits at the most for the one before it."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """`read` of a key, shared. Whoever asks is answered by a read that began after that."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._coming: dict[K, asyncio.Task[V]] = {}
        """Reads that have not been sent yet, so that whoever asks now is answered by what is so from now on."""
        self._sent: dict[K, asyncio.Task[V]] = {}

    async def of(self, key: K) -> V:
        """What is there now. Raises what the read raises."""
        coming = self._coming.get(key)
        if coming is None:
            coming = asyncio.create_task(self._after(self._sent.get(key), key))
            # Perhaps nobody waits any more.
            coming.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._coming[key] = coming
        return await asyncio.shield(coming)

    async def _after(self, before: asyncio.Task[V] | None, key: K) -> V:
        if before is not None:
            await asyncio.wait([before], timeout=TURN)
        this = self._sent[key] = self._coming.pop(key)
        try:
            return await self._read(key)
        finally:
            if self._sent.get(key) is this:
                del self._sent[key]
