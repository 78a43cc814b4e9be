"""When one of several writers of one thing begins its next write, so that each of them has its turn.

Whoever has won a race knows what it wrote, and would win for ever: who lost has to read first. So who has lost goes at
once, and a winner waits for as long as others need to read and to write, longer the more it lost itself. Nobody says
who else there is. A race that is lost tells, and so does a thing that has changed since; who always wins leaves a gap
now and then, in case there is somebody. Nothing waits here, or looks at a clock: times are seconds of one that never
goes back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

TURNS: Final = 1.5
"""Times as long as a write takes that a winner waits, and up to twice that, before its next one; and once more for each
race that is lost for one that is won."""
RECENT: Final = 0.2
"""Share of the last one in what follows what is."""
TURN_MAX: Final = 1.0
"""Seconds that a winner waits at the most."""
PAUSE: Final = 0.01
PAUSE_MAX: Final = 0.2
"""Seconds, at the most, by which whoever gets no answer waits longer each time, and that it waits in all."""
RIVALS: Final = 0.4
RIVALS_WRITES: Final = 8.0
"""Seconds, or times as long as a write takes if that is more, within which others who were met twice are thought to
write all the time. The keeper, who writes every half second at most, is no rival: where nobody is, nobody waits."""
GAP_FIRST: Final = 2
GAP_NEXT: Final = 64
"""Writes without a pause after which a gap is left: soon, when others may have begun as well, and then seldom."""


@dataclass
class Turns:
    """Of one writer. `chance` is from 0 to 1."""

    chance: Callable[[], float] = random.random
    _met: tuple[float, float] = (float("-inf"), float("-inf"))
    _ended: float = float("-inf")
    _tries: int = 0
    _took: float = 0.0
    """How long a write takes by now: also those that were lost, which tell more of how it is for others."""
    _lost: float = 0.0
    """How many races are lost for one that is won, on an average."""
    _next: float = 0.0
    _in_a_row: int = 0
    _gap_after: int = GAP_FIRST

    def are_others_about(self, now: float) -> bool:
        """Whether others are thought to write as well, so that what was written last is old by now."""
        return now - self._met[0] < max(RIVALS, RIVALS_WRITES * self._took)

    def pause(self, now: float) -> float:
        """Seconds until a new write may begin."""
        idle = now - self._ended
        if idle > RIVALS:
            self._gap_after = GAP_FIRST
        if idle > self._took / 2:
            self._in_a_row = 0  # That was a gap.
        if self.are_others_about(now):
            return max(0.0, self._next - now)
        self._in_a_row += 1
        if self._in_a_row <= self._gap_after:
            return 0.0
        self._in_a_row, self._gap_after = 0, GAP_NEXT
        return max(0.0, self._ended + min(TURN_MAX, self._took * TURNS) - now)

    def meet(self, now: float) -> None:
        """Somebody else has written."""
        self._met = self._met[1], now

    def lost(self, now: float, *, took: float) -> None:
        """Somebody else was faster than a write that took so many seconds."""
        self.meet(now)
        self._follow(took)

    def won(self, now: float, *, took: float, lost: int) -> None:
        """A write is done that took so many seconds, after so many that were lost."""
        self._ended = now
        self._follow(took)
        self._lost += (lost - self._lost) * RECENT
        self._next = now + min(TURN_MAX, self._took * (TURNS + self._lost) * (1 + self.chance()))

    def retry(self, *, unanswered: int) -> float:
        """Seconds until the next try of who got no answer this number of times in a row."""
        return min(PAUSE_MAX, PAUSE * (unanswered - 1)) * self.chance()

    def _follow(self, took: float) -> None:
        self._tries += 1
        # The first one may have made the connection: that is no measure of the next ones.
        self._took += (took - self._took) * (1.0 if self._tries <= 2 else RECENT)
