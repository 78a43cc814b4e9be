"""When something ends that somebody types: a duration, or a day. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from provisioning import lifetime

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([dh])")


def ends(word: str, *, now: datetime, zone: tzinfo) -> datetime | None:
    """`3d`, `12h`, `Fri`, `2026-12-24` -> when it ends; None for what is none of these. A day ends with it, in the zone
    of whoever says it."""
    span = _SPAN.fullmatch(word.lower())
    if span is not None:
        return now + (timedelta(days=int(span[1])) if span[2] == "d" else lifetime.parse(word.lower()))
    today = now.astimezone(zone)
    day = next((number for number, day in enumerate(_DAYS) if word.lower() in (day, day[:3])), None)
    if day is not None:
        return _end_of((today + timedelta(days=(day - today.weekday()) % len(_DAYS))).date(), zone)
    try:
        return _end_of(date.fromisoformat(word), zone)
    except (ValueError, OverflowError):
        return None


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
