"""Durations as the API writes them, and when a cluster's or a request's time is over. Pure; `now` is an argument.

A cluster whose lifetime is over goes down a ladder: people are warned, it sleeps as long as its tenant has it so, it is
deleted. A cluster with deletion protection stops one rung earlier: it sleeps, and is not deleted. So protection keeps
what is stored, and is no way to keep machines longer than the tenant may. A longer lifetime leads up again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import durationpy

from provisioning.model import ApprovalPolicy, ClusterSpec, LifetimePolicy

_TYPED: Final = re.compile(
    r"(?:([0-9]{1,3})w)?(?:([0-9]{1,4})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,7})s)?"
)
_LONGEST: Final = timedelta(hours=99_999)
"""What the API takes: five figures of hours."""


def parse(text: str) -> timedelta:
    """`24h`, `1h30m` -> how long. The text has been checked by the model's pattern."""
    found: timedelta = durationpy.from_str(text)
    return found


def typed(word: str) -> timedelta | None:
    """`1h30m`, `3d` or `2w`, as people type it at either door -> how long; None for what is no duration, or longer than
    any can be."""
    said = _TYPED.fullmatch(word.lower())
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in said.groups()) if said else (0,) * 5
    found = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return found if timedelta() < found <= _LONGEST else None


def spell(span: timedelta) -> str:
    """How long -> `1h30m`, as the API takes it: whole seconds, and what is less than one is left out."""
    seconds = int(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def prolonged(created: datetime, lifetime: str, by: timedelta, *, now: datetime) -> str:
    """The lifetime with which a cluster made then lives so much longer: than it would, or than now if that is over."""
    end = created + parse(lifetime)
    if end < now:
        # To the next whole minute, because a lifetime of seconds reads badly.
        end = now + timedelta(seconds=59)
        return spell(timedelta(minutes=(end - created + by) // timedelta(minutes=1)))
    return spell(end - created + by)


@dataclass(frozen=True)
class Ladder:
    """The moments at the end of a cluster's life. It sleeps from `ends_at` on until `deletes_at`, or is deleted at once
    when the two are one.
    """

    ends_at: datetime
    deletes_at: datetime | None
    """None when it is not to be deleted: it is protected, or nobody knows how its tenant has it."""
    warnings: tuple[timedelta, ...] = ()
    """How long before both moments people are told."""
    protected: bool = False
    lifetime: str = ""
    """What the cluster asks for now."""
    longest: str = ""
    """What it may ask for at most; empty when that is not bounded."""

    @property
    def sleeps(self) -> bool:
        """Whether it sleeps between the end of its lifetime and its deletion."""
        return self.deletes_at is None or self.deletes_at > self.ends_at

    def is_over(self, now: datetime) -> bool:
        """Whether the lifetime is over."""
        return self.ends_at <= now

    def is_due(self, now: datetime) -> bool:
        """Whether the cluster is to be deleted."""
        return self.deletes_at is not None and self.deletes_at <= now

    def warned_by(self, now: datetime) -> timedelta | None:
        """The shortest warning that holds now: of the end or, after it, of the deletion. None before all of them."""
        coming = self.deletes_at if self.is_over(now) else self.ends_at
        if coming is None:
            return None
        return min((each for each in self.warnings if coming - each <= now < coming), default=None)

    def changes_at(self, now: datetime) -> datetime | None:
        """The next moment at which there is something to do or to say."""
        rungs = [moment for moment in (self.ends_at, self.deletes_at) if moment is not None]
        moments = [*rungs, *(rung - warning for rung in rungs for warning in self.warnings)]
        return min((moment for moment in moments if moment > now), default=None)


def ladder(created: datetime, spec: ClusterSpec, policy: LifetimePolicy | None) -> Ladder | None:
    """What becomes of a cluster made then, None for one that may live for ever. `policy` is its tenant's, if known."""
    if not spec.lifetime:
        return None
    ends_at = created + parse(spec.lifetime)
    if policy is None:
        return Ladder(ends_at, None, protected=spec.deletion_protection, lifetime=spec.lifetime)
    sleep = parse(policy.hibernation) if policy.hibernation else timedelta()
    return Ladder(
        ends_at,
        deletes_at=None if spec.deletion_protection else ends_at + sleep,
        warnings=tuple(map(parse, policy.warnings)),
        protected=spec.deletion_protection,
        lifetime=spec.lifetime,
        longest=policy.longest or "",
    )


def ends_at(created: datetime, spec: ClusterSpec) -> datetime | None:
    """When a cluster's lifetime is over; None when it has none."""
    return created + parse(spec.lifetime) if spec.lifetime else None


def differs(old: ClusterSpec | None, new: ClusterSpec | None) -> bool:
    """Whether a change gives a cluster another end, or one, or none."""
    return old is not None and new is not None and old.lifetime != new.lifetime


def is_later(old: ClusterSpec, new: ClusterSpec) -> bool:
    """Whether the new one ends after the old one, or never."""
    if not old.lifetime or not new.lifetime:
        return bool(old.lifetime)
    return parse(new.lifetime) > parse(old.lifetime)


def expires_at(created: datetime, policy: ApprovalPolicy) -> datetime:
    """Until when a request can be decided."""
    return created + parse(policy.expiry)
