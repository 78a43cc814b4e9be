"""Puts denials into the audit trail, and bounds how many lines a storm of them makes.

The first of a sort is told at once. Of those that follow within the period only the number is told, at its end: a
controller that tries the same thing a hundred times a second fills no disk, and keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from provisioning.audit import Code, Event, Tell
from webhooks import witness
from webhooks.decision import Deny
from webhooks.review import Request

PERIOD: Final = 60.0
"""Seconds for which one line stands for all denials of its sort."""
SORTS: Final = 500
"""Sorts in a period that are told apart; of more, only how many denials there were."""


class Denials:
    """`note` takes what happens; `run` tells, period by period, how often it happened."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._more: dict[tuple[str, ...], tuple[Event, int]] = {}
        """The last denial of each sort, and how many came after the one that was told."""
        self._others = 0

    def note(self, request: Request, denial: Deny) -> None:
        """Tell it, or count it."""
        event = witness.denied(request, denial)
        if event is None:
            return
        sort = witness.sort_of(event)
        if sort in self._more:
            self._more[sort] = (event, self._more[sort][1] + 1)
        elif len(self._more) < SORTS:
            self._more[sort] = (event, 0)
            self._tell(event)
        else:
            self._others += 1

    def settle(self) -> None:
        """Tell what was counted, and begin a new period."""
        counted, others = [each for each in self._more.values() if each[1]], self._others
        self._more, self._others = {}, 0
        for event, times in counted:
            self._tell(replace(event, facts={**event.facts, "times": str(times)}))
        if others:
            self._tell(Event(Code.ADMISSION_DENIED, who="", where=witness.ADMISSION, facts={"times": str(others)}))

    async def run(self) -> None:
        """Settle once a period, until cancelled; then for the last time."""
        try:
            while True:
                await asyncio.sleep(PERIOD)
                self.settle()
        finally:
            self.settle()
