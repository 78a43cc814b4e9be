"""A canary that says what a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from provisioning.trouble import Trouble


class FakeCanary:
    """A `bot.ports.Canary`."""

    def __init__(self) -> None:
        self._trouble: Trouble | None = None
        self._listeners: list[asyncio.Event] = []

    def says(self, trouble: Trouble | None) -> None:
        """From now on."""
        self._trouble = trouble
        for changed in self._listeners:
            changed.set()

    def trouble(self) -> Trouble | None:
        return self._trouble

    async def troubles(self) -> AsyncIterator[Trouble | None]:
        changed = asyncio.Event()
        self._listeners.append(changed)
        told = self._trouble
        yield told
        while True:
            await changed.wait()
            changed.clear()
            if self._trouble is not told:
                told = self._trouble
                yield told

    async def run(self) -> None:
        """There is nothing to try."""
