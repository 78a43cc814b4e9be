"""How often the bot may call: Slack's tiers as token buckets.

Pure apart from the buckets themselves: `now` is an argument, in seconds. What must never live here: HTTP.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

# Calls a minute, per method and workspace.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
# Posting is counted apart: one message a second in each channel, short bursts tolerated.
POSTS_PER_MINUTE, POST_BURST = 60, 5


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Budgets:
    """The budgets of one workspace. `take` says 0 when the call may pass, else the seconds to wait."""

    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, method: str, *, tier: int | None, channel: str, now: float) -> int:
        """Spend one call of `method` (for posts, in `channel`). `tier` None means the posting budget."""
        if tier is None:
            return self._spend(f"{method} {channel}", per_minute=POSTS_PER_MINUTE, burst=POST_BURST, now=now)
        return self._spend(method, per_minute=TIERS[tier], burst=TIERS[tier], now=now)

    def _spend(self, key: str, *, per_minute: int, burst: int, now: float) -> int:
        rate = per_minute / 60
        bucket = self._buckets.setdefault(key, _Bucket(left=float(burst), at=now))
        bucket.left = min(float(burst), bucket.left + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, math.ceil((1 - bucket.left) / rate))
