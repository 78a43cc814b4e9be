"""Rings when something changed, for whoever waits: live pages and test drivers."""

from __future__ import annotations

import asyncio


class Bell:
    """One ring wakes everybody who waits now. After `close`, nobody waits any more."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.closed = False

    def ring(self) -> None:
        """Something changed."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, `seconds` at most. True when it rang."""
        if self.closed:
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._next.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closed = True
        self.ring()
