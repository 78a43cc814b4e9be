"""Who has looked at App Home within a day, what stands there as far as we know, and of which tenants it tells. No I/O.

Bounded, whatever people do. What must never live here: what a Home says (`home`), or when it is drawn (`homes`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

KEPT_SECONDS: Final = 24 * 3600.0
KEPT_PEOPLE: Final = 10_000


@dataclass(slots=True)
class Seen:
    """One Home. `hash` is Slack's of what stands there, empty when nobody knows; `drawn` is ours of what we published
    last, empty when something else may stand there; `looked` is when somebody looked last, `at` when we drew it, `told`
    when the audit trail heard last what they saw."""

    looked: float = 0.0
    hash: str = ""
    drawn: str = ""
    at: float = float("-inf")
    told: float = float("-inf")
    tenants: frozenset[str] = frozenset()

    def doubt(self) -> None:
        """Nobody knows what stands there."""
        self.hash = self.drawn = ""


class Audience:
    """`clock` counts seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._of: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def look(self, slack: str, hash_: str) -> None:
        """Somebody looks at their Home. `hash_` is Slack's of what they see, empty when they see nothing yet."""
        seen = self._seen.pop(slack, None) or Seen()
        if not hash_ or hash_ != seen.hash:
            seen.hash, seen.drawn = hash_, ""
        seen.looked = self._clock()
        self._seen[slack] = seen
        while len(self._seen) > KEPT_PEOPLE:
            self.forget(next(iter(self._seen)))

    def get(self, slack: str) -> Seen | None:
        """None for whom nothing is to be drawn any more."""
        seen = self._seen.get(slack)
        if seen and seen.looked + KEPT_SECONDS <= self._clock():
            self.forget(slack)
            return None
        return seen

    def tell(self, slack: str, tenants: frozenset[str]) -> None:
        """Note of which tenants this Home tells something."""
        seen = self._seen.get(slack)
        if seen is None:
            return
        for tenant in seen.tenants - tenants:
            self._of[tenant].discard(slack)
            if not self._of[tenant]:
                del self._of[tenant]
        for tenant in tenants - seen.tenants:
            self._of.setdefault(tenant, set()).add(slack)
        seen.tenants = tenants

    def of(self, tenant: str) -> tuple[str, ...]:
        """Whose Home tells something of this tenant."""
        return tuple(self._of.get(tenant, ()))

    def everybody(self) -> tuple[str, ...]:
        """Whoever has looked."""
        return tuple(self._seen)

    def forget(self, slack: str) -> None:
        self.tell(slack, frozenset())
        self._seen.pop(slack, None)
