"""Objects that somebody else changes again as soon as we have put them right: done less and less often.

Two controllers that want different things of one field would otherwise write as fast as they hear of one another. In
memory only, like everything that saves requests: who starts anew puts right at once again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from provisioning.queue import Backoff
from provisioning.refusals import ObjectKey

log = structlog.get_logger()

AT_ONCE: Final = 5
"""How often in a row it is put right without waiting: a person tries more than once before they look why."""
AGAIN: Final = Backoff(first=1.0, most=60.0)
PEACE: Final = 300.0
"""Seconds after which nobody remembers."""


@dataclass(frozen=True)
class _Quarrel:
    """Put right so many times, and not again before it is `due`, by the clock of `Quarrels`."""

    version: str
    times: int
    last: float
    due: float


class Quarrels:
    """What of one cluster was put right lately."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[ObjectKey, _Quarrel] = {}

    def waits(self, key: ObjectKey) -> float:
        """Seconds until it may be put right; 0 for at once."""
        found = self._of.get(key)
        return max(0.0, found.due - self._clock()) if found is not None else 0.0

    def note(self, key: ObjectKey, version: str) -> None:
        """It was put right, which made this version of it."""
        now, before = self._clock(), self._of.get(key)
        if before is not None and before.version == version:
            # We had not heard yet that it was right.
            return
        times = before.times + 1 if before is not None and now - before.last < PEACE else 1
        wait = AGAIN.delay(times - AT_ONCE + 1) if times >= AT_ONCE else 0.0
        if times == AT_ONCE:
            kind, namespace, name = key
            log.warning("object_changed_again_and_again", kind=kind, namespace=namespace, name=name)
        self._of[key] = _Quarrel(version, times, now, now + wait)

    def keep(self, keys: Iterable[ObjectKey]) -> None:
        """Forget all others: nobody wants them any more."""
        wanted = set(keys)
        self._of = {key: quarrel for key, quarrel in self._of.items() if key in wanted}
