"""How long a connection lasts, so that the API server's load comes to every replica. No transport is touched here.

An API server keeps its connections, and sends by them as long as they last: a replica that joined later would be asked
nothing, and one replica everything (kubernetes/kubernetes#127335). So each is let go of after a while, by the answer
that is then due: whoever reads `Connection: close` sends nothing more by it, and so no call is lost.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from typing import Final

SECONDS: Final = 60.0
"""How long one lasts unless the settings say otherwise; to make one anew costs some milliseconds."""
SPREAD: Final = 0.2
"""The share by which one lasts shorter or longer: those that were made together must not all be made anew together."""
KEPT: Final = 4096
"""Connections that are known at once; of more, those that were seen first are forgotten, and begin anew."""


class Turnover:
    """`seconds` is how long a connection lasts, about. `chance` gives numbers from 0 to 1."""

    def __init__(self, seconds: float = SECONDS, *, chance: Callable[[], float] = random.random) -> None:
        self._seconds = seconds
        self._chance = chance
        self._ends: dict[Hashable, float] = {}

    def is_over(self, connection: Hashable, now: float) -> bool:
        """Whether it has lasted its time, which begins when it is seen first. `now` never jumps. `connection` names it
        while it lasts, as its far end does; once it is over, another may come by that name."""
        ends = self._ends.get(connection)
        if ends is None:
            ends = self._ends[connection] = now + self._seconds * (1 + SPREAD * (2 * self._chance() - 1))
            if len(self._ends) > KEPT:
                del self._ends[next(iter(self._ends))]
        if now < ends:
            return False
        del self._ends[connection]
        return True
