"""Durations as the API writes them, and when a cluster's or a request's time is over. Pure; `now` is an argument.

A cluster whose lifetime is over goes down a ladder: people are warned, it sleeps as long as its tenant has it so, it is
deleted. A cluster with deletion protection stops one rung earlier: it sleeps, and is not deleted. So protection keeps
what is stored, and is no way to keep machines longer than the tenant may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import durationpy

from provisioning.model import ApprovalPolicy, ClusterSpec, LifetimePolicy


def parse(text: str) -> timedelta:
    """`24h`, `1h30m` -> how long. The text has been checked by the model's pattern."""
    found: timedelta = durationpy.from_str(text)
    return found


@dataclass(frozen=True)
class Ladder:
    """The moments at the end of a cluster's life. It sleeps from `ends_at` on until `deletes_at`, or is deleted at once
    when the two are one. `deletes_at` is None for a protected cluster: that one is never deleted.
    """

    ends_at: datetime
    deletes_at: datetime | None
    warnings: tuple[timedelta, ...]
    """How long before both moments people are told; the longest first."""

    @property
    def sleeps(self) -> bool:
        """Whether there is a sleep between the end of the lifetime and the deletion."""
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
        """The next moment at which the cluster is to be looked at: a warning, the end, or the deletion."""
        rungs = [moment for moment in (self.ends_at, self.deletes_at) if moment is not None]
        moments = [*rungs, *(rung - warning for rung in rungs for warning in self.warnings)]
        return min((moment for moment in moments if moment > now), default=None)


def ladder(created: datetime, spec: ClusterSpec, policy: LifetimePolicy) -> Ladder | None:
    """What becomes of a cluster made then; None for one that may live for ever."""
    if not spec.lifetime:
        return None
    ends_at = created + parse(spec.lifetime)
    sleep = parse(policy.hibernation) if policy.hibernation else timedelta()
    warnings = sorted(map(parse, policy.warnings), reverse=True)
    return Ladder(ends_at, None if spec.deletion_protection else ends_at + sleep, tuple(warnings))


def ends_at(created: datetime, spec: ClusterSpec) -> datetime | None:
    """When a cluster's lifetime is over; None when it has none."""
    return created + parse(spec.lifetime) if spec.lifetime else None


def is_over(created: datetime, spec: ClusterSpec, *, now: datetime) -> bool:
    """Whether the cluster's time has come."""
    end = ends_at(created, spec)
    return end is not None and end <= now


def expires_at(created: datetime, policy: ApprovalPolicy) -> datetime:
    """Until when a request can be decided."""
    return created + parse(policy.expiry)
