"""Durations as the API writes them, and when a cluster's or a request's time is over. Pure; `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

import durationpy

from provisioning.model import ApprovalPolicy, ClusterSpec


def parse(text: str) -> timedelta:
    """`24h`, `1h30m` -> how long. The text has been checked by the model's pattern."""
    found: timedelta = durationpy.from_str(text)
    return found


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
