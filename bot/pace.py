"""How soon the cards of a request are drawn anew: progress is news of little weight. No I/O.

What must never live here: what a card tells, or Slack's own budgets (`budgets`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from provisioning.manifest import Key
from provisioning.stage import Stage

PROGRESS_SECONDS = 5.0
PROGRESS_PER_SECOND = 0.8
"""Redrawings for progress, of all cards together: a little less than Slack grants, so that each gets its share."""
PATIENCE_SECONDS = 3.0
_ON_THE_WAY = frozenset((Stage.NO_ROOM, Stage.BUILDING, Stage.DELETING))


class Pace:
    """Remembers when what was drawn last, which is no more than how to go about it."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._drawn: dict[Key, tuple[Stage, datetime]] = {}
        self._moving: set[Key] = set()
        self._patient: set[Key] = set()

    def wait(self, key: Key, stage: Stage) -> float | None:
        """Seconds to let pass first, for progress or because a cluster may only not be seen yet; None for none."""
        if stage is Stage.GONE and key not in self._patient:
            self._patient.add(key)
            return PATIENCE_SECONDS
        (self._moving.add if stage in _ON_THE_WAY else self._moving.discard)(key)
        before, drawn_at = self._drawn.get(key, (None, self._clock()))
        if stage in _ON_THE_WAY and stage is before:
            pace = max(PROGRESS_SECONDS, len(self._moving) / PROGRESS_PER_SECOND)
            gone = (self._clock() - drawn_at).total_seconds()
            return pace - gone if 0 <= gone < pace else None
        return None

    def drawn(self, key: Key, stage: Stage) -> None:
        """All cards of a request are as they should be."""
        self._drawn[key] = (stage, self._clock())

    def forget(self, key: Key) -> None:
        self._drawn.pop(key, None)
        self._moving.discard(key)
        self._patient.discard(key)
