"""What Slack grants, as token buckets in which the lighter message leaves something to the weightier. No I/O.

Nothing here waits: whoever finds no token is told when to come back, and does something else meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from bot.weights import Weight

SPREAD_SECONDS = 60.0
"""The latest that somebody is told to come back after the first of those who wait."""
KEPT_SECONDS = 300.0
_KEPT = {
    Weight.DECISION: 0.0,
    Weight.FAILURE: 0.2,
    Weight.READY: 0.4,
    Weight.PROGRESS: 0.6,
    Weight.LEFTOVER: 0.8,
}
"""The part of the burst that a message of this weight leaves to the weightier."""
_ROUNDING = 1e-6


class Bucket:
    """A token bucket: `rate` tokens a second, `burst` at most. `clock` gives seconds."""

    def __init__(self, rate: float, *, burst: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()
        self._closed_until = self._at
        self._turns: dict[tuple[Weight, str], float] = {}
        self._last: dict[Weight, float] = {}

    def wait(self, weight: Weight, who: str = "") -> float:
        """0 when a message of this weight may go now; else the seconds after which its turn comes.

        Whoever is turned away gets a turn, one after the other, so that they do not all come back for the one next
        token. `who` names the message: whoever asks before their turn keeps it.
        """
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        kept = _KEPT[weight] * (self._burst - 1)
        missing = max(self._closed_until - now, (1 + kept - self._tokens) / self._rate)
        if missing <= _ROUNDING:
            return 0.0
        turn = self._turns.get((weight, who), -math.inf) if who else -math.inf
        if turn <= now:
            after = -math.inf if turn > -math.inf else self._last.get(weight, -math.inf) + 1 / self._rate
            turn = min(max(now + missing, after), now + missing + SPREAD_SECONDS)
            self._last[weight] = max(turn, self._last.get(weight, turn))
            self._turns[weight, who] = turn
        return turn - now

    def spend(self, who: str = "") -> None:
        """Take the token that `wait` has just found."""
        self._tokens -= 1
        # Whoever has not come back for long will not.
        lately = self._clock() - KEPT_SECONDS
        self._turns = {key: turn for key, turn in self._turns.items() if key[1] != who and turn > lately}

    def close(self, seconds: float) -> None:
        """Slack said to stay away so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)
