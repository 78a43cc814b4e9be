"""Slack's date formats (`{date_short_pretty} {time}`) in a reader's own zone. Pure."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo


def show(stamp: str, form: str, *, tz: str, now: float) -> str:
    """The date as the reader sees it; empty when it cannot be shown and the fallback must do."""
    try:
        moment = dt.datetime.fromtimestamp(int(stamp), tz=zoneinfo.ZoneInfo(tz))
        today = dt.datetime.fromtimestamp(now, tz=zoneinfo.ZoneInfo(tz)).date()
    except (ValueError, OverflowError, OSError):
        return ""
    return re.sub(r"\{(\w+)\}", lambda m: _token(m.group(1), moment, today, now), form)


def clock(stamp: str, *, tz: str) -> str:
    """A moment as the reader's own clock shows it, such as 2026-12-24T18:00."""
    return f"{dt.datetime.fromtimestamp(int(stamp), tz=zoneinfo.ZoneInfo(tz)):%Y-%m-%dT%H:%M}"


def stamp(clock: str, *, tz: str) -> str:
    """The moment at which the reader's clock shows this; what is no such time stays as it is."""
    try:
        return str(int(dt.datetime.strptime(clock, "%Y-%m-%dT%H:%M").replace(tzinfo=zoneinfo.ZoneInfo(tz)).timestamp()))
    except ValueError:
        return clock


def _token(name: str, moment: dt.datetime, today: dt.date, now: float) -> str:
    day = moment.day
    plain = {
        "date_num": f"{moment:%Y-%m-%d}",
        "date_slash": f"{moment:%d/%m/%Y}",
        "date": f"{moment:%B} {day}, {moment:%Y}",
        "date_short": f"{moment:%b} {day}, {moment:%Y}",
        "date_long": f"{moment:%A}, {moment:%B} {day}, {moment:%Y}",
        "date_long_full": f"{moment:%A}, {moment:%B} {day}, {moment:%Y}",
        "day_divider_pretty": f"{moment:%A}, {moment:%B} {day}",
        "time": f"{moment:%H:%M}",
        "time_secs": f"{moment:%H:%M:%S}",
        "ago": _ago(now - moment.timestamp()),
    }
    if name in plain:
        return plain[name]
    base = name.removesuffix("_pretty")
    if name.endswith("_pretty") and base in plain:
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        return near.get((moment.date() - today).days, plain[base])
    return "{" + name + "}"


def _ago(seconds: float) -> str:
    amount, unit = next(
        ((abs(seconds) // size, unit) for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"))
         if abs(seconds) >= size),
        (abs(seconds) // 1, "second"),
    )  # fmt: skip
    spoken = f"{amount:.0f} {unit}{'' if amount == 1 else 's'}"
    return f"{spoken} ago" if seconds >= 0 else f"in {spoken}"
