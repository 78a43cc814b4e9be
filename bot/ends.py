"""When something ends that somebody types: a duration, or a day. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from provisioning import lifetime

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAST = timedelta(hours=1)


def ends(word: str, *, now: datetime, zone: tzinfo) -> datetime | None:
    """`3d`, `2w`, `Fri`, `2026-12-24` -> when it ends; None for what is none of these, or a duration of less than an
    hour. A day ends with it, in the zone of whoever says it."""
    if (span := lifetime.typed(word)) is not None and span >= _LEAST:
        return now + span
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
