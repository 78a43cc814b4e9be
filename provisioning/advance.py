"""Room of a tenant that one door has charged ahead, so that it may say yes at once while many ask. Values, no I/O.

A compare-and-swap is the dearest part of a yes. So a door that is asked again and again writes down a little more than
what it grants, and grants the next creations out of that: no yes is given for which no room is written down. What is
lent to one door counts as used for all others. So it is a small share of what is free, it is given back soon after
nobody asked any more, and a door that cannot be heard of loses it, as it loses its claims (see `provisioning.proof`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from provisioning.ledger import Advance
from provisioning.quota import COST, UNBOUNDED, Limits
from provisioning.reservation import Request
from provisioning.usage import Usage

USABLE: Final = 8.0
"""Seconds after the write that charged it was sent in which an advance may be granted from; then it is given back.
Short against the time after which a write that was let in can no longer land: nobody takes it away before that."""
OWING: Final = 6.0
"""Seconds for which what was granted out of an advance may wait to be written down: it is charged all the while, and
who goes on asking has the next advance charged by the same write. After as long without a question what is left is
given back: less than whoever would have room but for it can wait."""
RECENT: Final = 15.0
"""Seconds in which a door must have been asked more than once to take anything ahead."""
GROWTH: Final = 4
"""What is taken ahead, as often as what was asked for in that time."""
MOST: Final = 64
"""Creations of which what they cost is remembered."""
SHARE: Final = 16
"""One part in so many of what is free is taken ahead at the most."""


@dataclass
class Hand:
    """What a door has of one tenant's room. Times are of its own clock, in seconds.

    Charged as its advance are `room`, and what is `owed`: granted out of it, and still to be written into its slot.
    """

    room: Usage = field(default_factory=Usage)
    owed: dict[str, Request] = field(default_factory=dict)
    _writing: Mapping[str, Request] = field(default_factory=dict)
    """What was owed, and is in a write that is under way."""
    _until: float = float("-inf")
    """When it may not be used any more."""
    _due: float = float("inf")
    """When there is something to be written, though nobody comes."""
    _charged: bool = False
    """Whether the ledger may hold an advance of ours."""
    _most: Usage = field(default_factory=Usage)
    """What there was in hand after the last write."""
    _hard: Limits = UNBOUNDED
    _asked: deque[tuple[float, Usage]] = field(default_factory=lambda: deque(maxlen=MOST))

    @property
    def is_open(self) -> bool:
        """Whether anything is to be written yet: what is owed, or that nothing is lent to us any more."""
        return self._charged or bool(self.unwritten)

    @property
    def unwritten(self) -> dict[str, Request]:
        """All that was granted ahead and is not known to be in its slot."""
        return {**self._writing, **self.owed}

    @property
    def is_low(self) -> bool:
        return (self.room * 4).within(self._most)

    def rest(self, now: float) -> float:
        """Seconds until there is something to be written where nobody comes."""
        return max(0.0, self._due - now)

    def take(self, request: Request, now: float) -> bool:
        """Grant a creation out of what is in hand, if there is as much, and owe it to the ledger."""
        charge, key = request.claim.charge, request.key
        if now >= self._until or request.claim.fence or key in self.owed or key in self._writing:
            return False
        if not charge.within(self.room) or request.hard != self._hard:
            return False
        self.asked(request, now)
        self.room -= charge
        self.owed[key] = request
        return True

    def asked(self, request: Request, now: float) -> None:
        """Somebody was granted this; for who comes often, the next ones are taken ahead."""
        if request.claim.fence:
            return
        if request.hard != self._hard:
            # What is in hand was charged within other limits.
            self.room, self._hard = Usage(), request.hard
            self._asked.clear()
        self._asked.append((now, request.claim.charge))
        if self._charged and not self.unwritten:
            self._due = min(self._until, now + OWING)

    def is_busy(self, now: float) -> bool:
        """Whether somebody was granted out of it since the last write, and a moment ago."""
        return bool(self.owed and self._asked) and now - self._asked[-1][0] < OWING / 2

    def wish(self, charged: Usage, now: float) -> Usage:
        """How much to take ahead where so much is charged already: what the last creations cost, as far as that is a
        small share of what is free."""
        recent = [charge for at, charge in self._asked if now - at < RECENT]
        number = len(recent) if len(recent) > 1 and COST not in self._hard.bounds else 0
        while number:
            wanted = Usage.total(recent[-number:]) * GROWTH
            if not self._hard.excess(charged, wanted * SHARE):
                return wanted
            number //= 2
        return Usage()

    def write(self, wanted: Usage) -> Usage:
        """A write begins: of all that is owed, and of this as what is in hand. Gives the part that it charges anew.

        Nothing is granted meanwhile that is not charged before it and after it: nobody knows whether it gets through.
        """
        self.room, self._writing, self.owed = self.room.least(wanted), self.owed, {}
        self._due = float("inf")
        self._charged = self._charged or wanted != Usage()
        self._most = wanted
        return wanted - self.room

    def written(self, missing: Usage, *, until: float) -> None:
        """It got through."""
        self.room, self._writing, self._until = self.room + missing, {}, until
        self._due = min(self._due, until, self._asked[-1][0] + OWING if self._asked else until)
        self._charged = self._most != Usage()

    def lost(self, now: float) -> None:
        """It did not, for all that is known: what is in it is owed still. Where nobody comes there is time for that."""
        self.owed, self._writing = self.unwritten, {}
        self._due = now + OWING

    def found(self, advance: Advance | None) -> None:
        """What the ledger says is lent to us. Where it was taken away, it was long after we could use it."""
        self._charged = advance is not None
        if advance is None:
            self.room = Usage()

    def expire(self, now: float) -> None:
        """What may not be used any more is not in hand any more."""
        if now >= self._until:
            self.room = Usage()
