"""Writes this process's chain of the audit trail, and anchors its head in the cluster.

A line is written first and anchored within a second: were it the other way round, a process that is killed in between
would leave a head whose line never was, and that looks like a line that somebody took away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

import structlog

from provisioning import audit, errors
from provisioning.audit import Event, Head, Tell
from provisioning.audit_heads import Heads
from provisioning.objects import format_time

log = structlog.get_logger()

PACE: Final = 1.0
"""Seconds between two writes of the head, and so what a cut at the end may take without being found."""
LONGEST: Final = 60.0
"""The same at the most, where it cannot be written: the object may be gone for days."""
LAST: Final = 5.0
"""Seconds that the last head may take when the process ends."""


class Trail:
    """`tell` writes a line at once, in the order of the calls; `run` anchors what was told."""

    def __init__(self, heads: Heads, *, writer: str, out: TextIO, now: Callable[[], datetime]) -> None:
        self._heads = heads
        self._writer = writer
        self._out = out
        self._now = now
        self._head = audit.BEGINNING
        self._anchored: Head | None = None
        self._told = asyncio.Event()
        self._told.set()  # The head of an empty chain is anchored too: a first line is never one of a chain unknown.

    def tell(self, event: Event) -> None:
        """Write it down. What cannot be written is missed later, by its number, and stops nobody now."""
        line, self._head = audit.link(event, writer=self._writer, head=self._head, at=format_time(self._now()))
        self._told.set()
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError as error:
            log.error("audit_not_written", code=event.code.value, error=str(error))

    async def run(self) -> None:
        """Anchor the head whenever it has moved, until cancelled."""
        pause = PACE
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                await self.anchor()
                pause = PACE
            except errors.KubeError as error:
                self._told.set()
                pause = min(LONGEST, 2 * pause)
                log.warning("audit_not_anchored", number=self._head.number, error=str(error), again_in=pause)
            await asyncio.sleep(pause)

    async def anchor(self) -> None:
        """Write the head where it is not written yet. Raises `KubeError`."""
        head = self._head
        if head != self._anchored:
            await self._heads.save(self._writer, head, at=format_time(self._now()))
            self._anchored = head


@asynccontextmanager
async def kept(heads: Heads, *, writer: str, file: Path | None, now: Callable[[], datetime]) -> AsyncIterator[Tell]:
    """A trail for as long as the block lasts: on standard output, or behind what the file has already."""
    out = file.open("a", encoding="utf-8") if file is not None else sys.stdout
    trail = Trail(heads, writer=writer, out=out, now=now)
    anchoring = asyncio.create_task(trail.run())
    try:
        yield trail.tell
    finally:
        anchoring.cancel()
        try:
            async with asyncio.timeout(LAST):
                await trail.anchor()
        except (errors.KubeError, TimeoutError) as error:
            log.warning("audit_not_anchored", error=str(error) or "no answer in time")
        if file is not None:
            out.close()
