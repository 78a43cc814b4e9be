"""Whether a cluster is to be asleep now, why, and when that changes. Pure; `now` is an argument.

A sleeping cluster has neither workers nor a running control plane; what it stored is kept. Who puts it to sleep is the
end of its lifetime, its owner's switch, or a schedule, in this order; only the last can be overruled by `awakeUntil`.
How the sleep is brought about is `plan`'s business.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from provisioning import lifetime
from provisioning.errors import Cause, RuleError
from provisioning.model import ClusterSpec, Hibernation, HibernationSchedule, LifetimePolicy
from provisioning.objects import format_time, parse_time

CLOCKS_BACK: Final = timedelta(hours=3)
"""More than a clock is ever put back at once (two hours, Antarctica/Troll). In such a night cron's times repeat."""
MINUTE: Final = timedelta(minutes=1)
SOME_MONDAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""Where schedules are tried out; a leap year, so that the 29th of February comes soon."""
TRIED: Final = 100
"""How many times of a schedule are compared to find out whether it ever sleeps."""
LOOKED_AHEAD: Final = 50
"""How many times to wake of several schedules, each while another one sleeps, mean that the cluster never wakes."""

LIFETIME_OVER: Final = "LifetimeOver"
BY_SCHEDULE: Final = "Scheduled"


@dataclass(frozen=True)
class Rest:
    """`reason` is a word for conditions, `why` the same for people; `changes_at` is when it comes to another answer.

    `changes_at` is None for what only somebody's change of the cluster ends.
    """

    asleep: bool
    reason: str
    why: str = ""
    changes_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the cluster's lifetime is: then only a longer one keeps it awake, or wakes it."""
        return self.reason == LIFETIME_OVER


def rest(spec: ClusterSpec, policy: LifetimePolicy, *, created: datetime, now: datetime) -> Rest:
    """Whether a cluster made then is to sleep now. Raises `RuleError` for schedules that `faults` finds fault with."""
    ladder = lifetime.ladder(created, spec, policy)
    end = ladder.ends_at if ladder is not None and ladder.sleeps else None
    if end is not None and end <= now:
        return Rest(True, LIFETIME_OVER, f"its lifetime was over at {format_time(end)}")
    if spec.hibernation.enabled:
        return Rest(True, "Enabled", "spec.hibernation.enabled is set", end)
    by_schedule = _by_schedule(spec.hibernation, now)
    changes = [moment for moment in (by_schedule.changes_at, end) if moment is not None]
    return Rest(by_schedule.asleep, by_schedule.reason, by_schedule.why, min(changes, default=None))


def sleep_ends(hibernation: Hibernation, now: datetime) -> datetime | None:
    """When the sleep is over that the schedules have now, or next. None where no schedule has one with an end."""
    if faults(hibernation):
        return None
    asleep = any(_asleep(each, now) for each in hibernation.schedules)
    begins = now if asleep else _falls_asleep(hibernation, now)
    return _wakes(hibernation, begins) if begins is not None else None


@lru_cache(maxsize=1024)  # Asked at every look at a cluster, and trying schedules out takes milliseconds.
def faults(hibernation: Hibernation) -> tuple[Cause, ...]:
    """What is wrong with a cluster's schedules, each with its field."""
    found: list[Cause] = []
    if hibernation.awake_until is not None and _moment(hibernation.awake_until) is None:
        text = f"{hibernation.awake_until} is no time; such as 2026-01-31T18:00:00Z"
        found.append(Cause("spec.hibernation.awakeUntil", text))
    for number, schedule in enumerate(hibernation.schedules):
        at = f"spec.hibernation.schedules[{number}]"
        wrong = [*_wrong_zone(schedule.time_zone, at), *_wrong_times(schedule, at)]
        if not wrong and _never_sleeps(schedule):
            text = f"a cluster that goes to sleep at {schedule.start} and wakes at {schedule.end} never sleeps"
            wrong.append(Cause(f"{at}.end", f"{text}; the two must be different times"))
        found += wrong
    if not found and _wakes(hibernation, SOME_MONDAY) is None:
        found.append(Cause("spec.hibernation.schedules", "with all of these together the cluster never wakes"))
    return tuple(found)


def _by_schedule(hibernation: Hibernation, now: datetime) -> Rest:
    if hibernation.schedules and (wrong := faults(hibernation)):
        raise RuleError(*wrong)
    until = _moment(hibernation.awake_until or "")
    if until is not None and until > now and hibernation.schedules:
        asleep_then = any(_asleep(each, until) for each in hibernation.schedules)
        why = f"spec.hibernation.awakeUntil keeps it awake until {format_time(until)}"
        return Rest(False, "KeptAwake", why, until if asleep_then else _falls_asleep(hibernation, until))
    sleeping = next((each for each in hibernation.schedules if _asleep(each, now)), None)
    if sleeping is None:
        return Rest(False, "Awake", changes_at=_falls_asleep(hibernation, now))
    wakes_at = _wakes(hibernation, now)
    spell = f"from {sleeping.start} to {sleeping.end} ({sleeping.time_zone})"
    wakes = f", until {format_time(wakes_at)}" if wakes_at else ""
    return Rest(True, BY_SCHEDULE, f"it sleeps by its schedule {spell}{wakes}", wakes_at)


def _asleep(schedule: HibernationSchedule, now: datetime) -> bool:
    """Whether the last time to fall asleep came after the last time to wake. Both at once: awake."""
    slept, woke = _last(schedule.start, schedule.time_zone, now), _last(schedule.end, schedule.time_zone, now)
    return slept is not None and (woke is None or woke < slept)


def _falls_asleep(hibernation: Hibernation, now: datetime) -> datetime | None:
    """When an awake cluster falls asleep."""
    return min((m for each in hibernation.schedules if (m := _next_sleep(each, now)) is not None), default=None)


def _next_sleep(schedule: HibernationSchedule, now: datetime) -> datetime | None:
    starts = islice(_coming(schedule.start, schedule.time_zone, now), TRIED)
    return next((moment for moment in starts if _asleep(schedule, moment)), None)


def _wakes(hibernation: Hibernation, now: datetime) -> datetime | None:
    """When none of its schedules has the cluster asleep; None when that never comes."""
    moment = now
    for _ in range(LOOKED_AHEAD):
        asleep = [each for each in hibernation.schedules if _asleep(each, moment)]
        if not asleep:
            return moment
        ends = [next(_coming(each.end, each.time_zone, moment), None) for each in asleep]
        if None in ends:
            return None
        moment = max(end for end in ends if end is not None)
    return None


def _last(cron: str, zone: str, now: datetime) -> datetime | None:
    """The last time at or before now."""
    # Begun later than now: in the night when clocks go back the library's wall clock would pass over the hour before.
    past = CronSim(cron, (now + CLOCKS_BACK).astimezone(ZoneInfo(zone)), reverse=True)
    return next((moment for each in past if (moment := each.astimezone(UTC)) <= now), None)


def _coming(cron: str, zone: str, now: datetime) -> Iterator[datetime]:
    """The times after now."""
    return (moment for each in CronSim(cron, now.astimezone(ZoneInfo(zone))) if (moment := each.astimezone(UTC)) > now)


def _wrong_zone(zone: str, at: str) -> Iterator[Cause]:
    if zone in zones():
        return
    like = difflib.get_close_matches(zone, zones(), n=1)
    hint = f"did you mean {like[0]}?" if like else "such as Europe/Berlin"
    yield Cause(f"{at}.timeZone", f"{zone} is no IANA time zone; {hint}")


def _wrong_times(schedule: HibernationSchedule, at: str) -> Iterator[Cause]:
    for field, cron in (("start", schedule.start), ("end", schedule.end)):
        try:
            comes = next(CronSim(cron, SOME_MONDAY), None)
        except CronSimError as error:
            text = f"{cron} is no time that cron knows: {str(error).lower()}; such as 0 19 * * 1-5 (minute, hour, day"
            yield Cause(f"{at}.{field}", f"{text} of the month, month, day of the week)")
            continue
        if comes is None:
            yield Cause(f"{at}.{field}", f"{cron} never comes")


def _never_sleeps(schedule: HibernationSchedule) -> bool:
    """Whether it is to wake whenever it is to fall asleep. Not by `_asleep`, which looks back over hours each time:
    this is asked while somebody's request waits."""
    starts = islice(_coming(schedule.start, schedule.time_zone, SOME_MONDAY), TRIED)
    return all(next(_coming(schedule.end, schedule.time_zone, start - MINUTE), None) == start for start in starts)


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None


@cache
def zones() -> frozenset[str]:
    """The zones of the package that we ship with: the same on every machine, whatever files that has."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())
