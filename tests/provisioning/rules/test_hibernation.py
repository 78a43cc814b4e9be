"""When a cluster sleeps, over zones, nights when clocks change, and everything that puts it to sleep at once."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from provisioning import hibernation
from provisioning.errors import RuleError
from provisioning.hibernation import Rest, faults
from provisioning.model import ClusterSpec, Hibernation, HibernationSchedule, LifetimePolicy
from tests.builders import cluster

MADE = datetime(2026, 1, 1, tzinfo=UTC)
LADDER = LifetimePolicy(hibernation="48h")
NIGHTS = {"start": "0 19 * * 1-5", "end": "0 7 * * 1-5", "timeZone": "Europe/Berlin"}
"""Nights and weekends, as people of an office in Berlin mean them."""


def asleep(**fields: Any) -> ClusterSpec:
    return spec(hibernation=fields)


def spec(**fields: Any) -> ClusterSpec:
    return cluster(**fields).it.spec


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def rest(it: ClusterSpec, now: str, *, policy: LifetimePolicy = LADDER) -> Rest:
    return hibernation.rest(it, policy, created=MADE, now=at(now))


def test_a_cluster_that_nobody_puts_to_sleep_is_awake_and_stays_so() -> None:
    assert rest(spec(), "2026-06-01T12:00Z") == Rest(False, "Awake")


def test_the_owners_switch_puts_it_to_sleep_until_somebody_turns_it_back() -> None:
    assert rest(asleep(enabled=True), "2026-06-01T12:00Z") == Rest(True, "Enabled", "spec.hibernation.enabled is set")


@pytest.mark.parametrize(
    ("now", "sleeps", "changes"),
    [
        # A Monday in June: Berlin is two hours ahead.
        ("2026-06-01T16:59:59Z", False, "2026-06-01T17:00:00Z"),
        ("2026-06-01T17:00:00Z", True, "2026-06-02T05:00:00Z"),
        ("2026-06-02T04:59:59Z", True, "2026-06-02T05:00:00Z"),
        ("2026-06-02T05:00:00Z", False, "2026-06-02T17:00:00Z"),
        # Friday evening to Monday morning.
        ("2026-06-05T17:00:00Z", True, "2026-06-08T05:00:00Z"),
        # In January it is one hour.
        ("2026-01-05T17:59:59Z", False, "2026-01-05T18:00:00Z"),
        # The weekend when clocks go forward: asleep in winter's time, awake in summer's.
        ("2026-03-27T18:00:00Z", True, "2026-03-30T05:00:00Z"),
        # And the one when they go back.
        ("2026-10-23T17:00:00Z", True, "2026-10-26T06:00:00Z"),
    ],
)
def test_a_schedule_is_meant_in_its_own_time_zone(now: str, sleeps: bool, changes: str) -> None:
    found = rest(asleep(schedules=[NIGHTS]), now)
    assert (found.asleep, found.changes_at) == (sleeps, at(changes))


def test_what_is_said_of_a_schedule_names_its_times_and_when_it_wakes() -> None:
    assert rest(asleep(schedules=[NIGHTS]), "2026-06-01T18:00Z").why == (
        "it sleeps by its schedule from 0 19 * * 1-5 to 0 7 * * 1-5 (Europe/Berlin), until 2026-06-02T05:00:00Z"
    )


@pytest.mark.parametrize(
    ("zone", "now", "sleeps"),
    [
        # 02:30 does not exist on 29 March in Berlin: cron does it when the clock is put forward, at 01:00Z.
        ("Europe/Berlin", "2026-03-29T00:59:59Z", False),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", True),
        # On 25 October there are two: 00:30Z and 01:30Z. Cron does it at the first, and not again.
        ("Europe/Berlin", "2026-10-25T00:29:59Z", False),
        ("Europe/Berlin", "2026-10-25T00:30:00Z", True),
        ("Europe/Berlin", "2026-10-25T01:10:00Z", True),
        ("Europe/Berlin", "2026-10-25T01:29:59Z", True),
        ("Europe/Berlin", "2026-10-25T03:00:00Z", True),
    ],
)
def test_a_time_in_the_night_when_clocks_change_comes_once(zone: str, now: str, sleeps: bool) -> None:
    schedule = {"start": "30 2 * * *", "end": "0 12 * * *", "timeZone": zone}
    assert rest(asleep(schedules=[schedule]), now).asleep is sleeps


def test_times_to_sleep_and_to_wake_that_fall_on_one_moment_leave_it_awake() -> None:
    # Both fall into the hour that is left out on 29 March, and come when the clock is put forward.
    schedule = {"start": "15 2 * * *", "end": "45 2 * * *", "timeZone": "Europe/Berlin"}
    found = rest(asleep(schedules=[schedule]), "2026-03-29T01:00:00Z")
    assert (found.asleep, found.changes_at) == (False, at("2026-03-30T00:15:00Z"))


def test_with_several_schedules_it_wakes_when_none_of_them_has_it_asleep() -> None:
    lunch = {"start": "0 18 * * *", "end": "0 20 * * *"}
    night = {"start": "0 19 * * *", "end": "0 6 * * *"}
    found = rest(asleep(schedules=[lunch, night]), "2026-06-01T18:30Z")
    assert (found.asleep, found.changes_at) == (True, at("2026-06-02T06:00Z"))
    assert rest(asleep(schedules=[lunch, night]), "2026-06-02T06:00Z").changes_at == at("2026-06-02T18:00Z")


def test_awake_until_overrules_schedules_and_then_lets_them_have_it() -> None:
    it = asleep(schedules=[NIGHTS], awakeUntil="2026-06-01T20:00:00Z")
    found = rest(it, "2026-06-01T18:00Z")
    assert (found.asleep, found.reason, found.changes_at) == (False, "KeptAwake", at("2026-06-01T20:00Z"))
    assert "until 2026-06-01T20:00:00Z" in found.why
    assert rest(it, "2026-06-01T20:00Z").asleep


def test_awake_until_into_the_day_leaves_it_awake_until_the_next_night() -> None:
    it = asleep(schedules=[NIGHTS], awakeUntil="2026-06-02T12:00:00+02:00")
    assert rest(it, "2026-06-01T18:00Z").changes_at == at("2026-06-02T17:00Z")


def test_awake_until_overrules_neither_the_switch_nor_the_end() -> None:
    it = asleep(enabled=True, awakeUntil="2027-01-01T00:00:00Z")
    assert rest(it, "2026-06-01T18:00Z").reason == "Enabled"
    over = spec(lifetime="24h", hibernation={"awakeUntil": "2027-01-01T00:00:00Z"})
    assert rest(over, "2026-06-01T18:00Z").reason == "LifetimeOver"


def test_a_lifetime_that_is_over_puts_it_to_sleep_and_a_longer_one_wakes_it() -> None:
    assert rest(spec(lifetime="24h"), "2026-01-01T23:59:59Z") == Rest(
        False, "Awake", changes_at=at("2026-01-02T00:00Z")
    )
    found = rest(spec(lifetime="24h"), "2026-01-02T00:00Z")
    assert found == Rest(True, "LifetimeOver", "its lifetime was over at 2026-01-02T00:00:00Z")
    assert not rest(spec(lifetime="48h"), "2026-01-02T00:00Z").asleep


def test_without_a_sleep_in_the_ladder_a_lifetime_puts_nothing_to_sleep_but_what_is_protected() -> None:
    policy = LifetimePolicy()
    assert rest(spec(lifetime="24h"), "2026-01-03T00:00Z", policy=policy) == Rest(False, "Awake")
    protected = spec(lifetime="24h", deletionProtection=True)
    assert rest(protected, "2026-01-03T00:00Z", policy=policy).reason == "LifetimeOver"


def test_the_end_of_a_lifetime_changes_the_answer_also_while_it_sleeps() -> None:
    it = spec(lifetime="24h", hibernation={"enabled": True})
    assert rest(it, "2026-01-01T12:00Z").changes_at == at("2026-01-02T00:00Z")


@pytest.mark.parametrize(
    ("schedule", "field", "words"),
    [
        ({"start": "0 25 * * *"}, "start", "bad hour"),
        ({"end": "0 7 * * FRI-MON"}, "end", "bad day-of-week"),
        ({"start": "0 19 31 2 *"}, "start", "bad day-of-month"),
        ({"start": "@ 1 1 1 1"}, "start", "bad minute"),
        ({"timeZone": "Europe/Berln"}, "timeZone", "did you mean Europe/Berlin?"),
        ({"timeZone": "Europe"}, "timeZone", "no IANA time zone"),
        ({"timeZone": "/etc/localtime"}, "timeZone", "no IANA time zone"),
        ({"end": "0 19 * * 1-5"}, "end", "never sleeps"),
        ({"end": "0 19 * * MON-FRI"}, "end", "never sleeps"),
        ({"end": "* * * * *"}, "end", "never sleeps"),
    ],
)
def test_a_schedule_that_cannot_be_is_told_at_its_field(schedule: dict[str, str], field: str, words: str) -> None:
    whole = {**NIGHTS, **schedule}
    # Around the patterns of the API, which keep some of these out before.
    meant = HibernationSchedule.model_construct(
        None, start=whole["start"], end=whole["end"], time_zone=whole["timeZone"]
    )
    (cause,) = faults(Hibernation.model_construct(schedules=(meant,)))
    assert cause.field == f"spec.hibernation.schedules[0].{field}"
    assert words in cause.message


@pytest.mark.parametrize(("start", "end"), [("* * * * *", "* * * * *"), ("* * 1-7 * *", "* * L * 0-6")])
def test_no_schedule_takes_long_to_find_fault_with(start: str, end: str) -> None:
    # While it is looked at, nobody else's request is answered.
    schedule = HibernationSchedule(start=start, end=end, time_zone="Antarctica/Troll")
    began = time.process_time()
    faults(Hibernation(schedules=(schedule,) * 10))
    assert time.process_time() - began < 0.5


def test_schedules_that_together_leave_no_time_awake_are_told() -> None:
    days = [{"start": "0 0 * * *", "end": "0 12 * * *"}, {"start": "0 11 * * *", "end": "0 1 * * *"}]
    (cause,) = faults(asleep(schedules=days).hibernation)
    assert (cause.field, cause.message) == (
        "spec.hibernation.schedules",
        "with all of these together the cluster never wakes",
    )


def test_a_day_that_comes_only_in_leap_years_is_a_schedule_all_the_same() -> None:
    it = asleep(schedules=[{"start": "0 0 29 2 *", "end": "0 0 1 3 *"}])
    assert not faults(it.hibernation)
    assert rest(it, "2026-06-01T12:00Z").changes_at == at("2028-02-29T00:00Z")


def test_a_schedule_stored_by_an_older_version_is_refused_and_not_guessed_at() -> None:
    with pytest.raises(RuleError, match=r"spec.hibernation.schedules\[0\].start: 0 25"):
        rest(asleep(schedules=[{**NIGHTS, "start": "0 25 * * *"}]), "2026-06-01T12:00Z")


# What follows knows nothing of cron's library: it walks through the days of a zone, and has every wall-clock time come
# at its first moment, or at the end of the gap it falls into.

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Antarctica/Troll")
TURNS = tuple(date(2026, *day) for day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1)))
"""Days around which clocks change, somewhere."""

minutes_of_day = st.integers(0, 24 * 60 - 1)
weekdays = st.sets(st.integers(0, 6), min_size=1)
schedules = st.tuples(minutes_of_day, weekdays, minutes_of_day, weekdays).filter(lambda s: s[0] != s[2])
moments = st.tuples(st.sampled_from(TURNS), st.integers(-36 * 60, 36 * 60)).map(
    lambda pair: datetime.combine(pair[0], datetime.min.time(), UTC) + timedelta(minutes=pair[1])
)


def _cron(minute_of_day: int, days: set[int]) -> str:
    return f"{minute_of_day % 60} {minute_of_day // 60} * * {','.join(map(str, sorted(days)))}"


def _comes(day: date, minute_of_day: int, zone: str) -> datetime:
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute_of_day)
    while True:
        moment = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall:
            return moment
        wall += timedelta(minutes=1)


def _walked(schedule: tuple[int, set[int], int, set[int]], zone: str, now: datetime) -> bool:
    start, start_days, end, end_days = schedule
    days = [now.date() + timedelta(days=each) for each in range(-9, 3)]
    # Sunday is 0 for cron.
    slept = [_comes(day, start, zone) for day in days if day.isoweekday() % 7 in start_days]
    woke = [_comes(day, end, zone) for day in days if day.isoweekday() % 7 in end_days]
    return max(m for m in slept if m <= now) > max(m for m in woke if m <= now)


@given(schedules, st.sampled_from(ZONES), moments)
def test_it_sleeps_exactly_from_a_time_to_sleep_to_a_time_to_wake(
    schedule: tuple[int, set[int], int, set[int]], zone: str, now: datetime
) -> None:
    start, start_days, end, end_days = schedule
    it = asleep(schedules=[{"start": _cron(start, start_days), "end": _cron(end, end_days), "timeZone": zone}])
    found = hibernation.rest(it, LADDER, created=MADE, now=now)
    assert found.asleep is _walked(schedule, zone, now)
    assert found.changes_at is not None
    assert _walked(schedule, zone, found.changes_at) is not found.asleep
    assert _walked(schedule, zone, found.changes_at - timedelta(minutes=1)) is found.asleep


@given(schedules, schedules, st.sampled_from(ZONES), moments, st.floats(0, 1))
def test_nothing_changes_before_the_time_that_is_named(
    one: tuple[int, set[int], int, set[int]],
    other: tuple[int, set[int], int, set[int]],
    zone: str,
    now: datetime,
    share: float,
) -> None:
    it = asleep(
        schedules=[{"start": _cron(s[0], s[1]), "end": _cron(s[2], s[3]), "timeZone": zone} for s in (one, other)]
    )
    assume(not faults(it.hibernation))
    found = hibernation.rest(it, LADDER, created=MADE, now=now)
    assert found.changes_at is not None
    assert found.changes_at > now
    between = min(now + (found.changes_at - now) * share, found.changes_at - timedelta(microseconds=1))
    assert hibernation.rest(it, LADDER, created=MADE, now=between).asleep is found.asleep
    assert hibernation.rest(it, LADDER, created=MADE, now=found.changes_at).asleep is not found.asleep
