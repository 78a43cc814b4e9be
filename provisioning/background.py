"""What is done in the background for each cluster: until it is forgotten, or all of it ends."""

from __future__ import annotations

import asyncio
from typing import Generic, Protocol, TypeVar

from provisioning.manifest import Key


class Busy(Protocol):
    """What is known of one cluster, and the task that finds it out."""

    task: asyncio.Task[None] | None


K = TypeVar("K", bound=Busy)


class Background(Generic[K]):
    """Subclasses fill `_known`, and take turns: `at_once` for those that answer, and as many for those that hang."""

    def __init__(self, *, at_once: int) -> None:
        self._known: dict[Key, K] = {}
        self._turns = {hangs: asyncio.Semaphore(at_once) for hangs in (False, True)}

    def _turn(self, *, hangs: bool) -> asyncio.Semaphore:
        """Held while a tenant is asked. One that hangs costs a place among those that do, and no other waits for it."""
        return self._turns[hangs]

    def forget(self, key: Key) -> None:
        """Ask no more: the cluster is gone, or has no API server."""
        known = self._known.pop(key, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    async def close(self) -> None:
        """Stop asking."""
        tasks = [known.task for known in self._known.values() if known.task is not None]
        for key in list(self._known):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)
