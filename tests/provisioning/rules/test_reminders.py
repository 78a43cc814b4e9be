"""Who is reminded of a request that waits, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import reminders
from provisioning.lifecycle import Reason, Refused
from provisioning.model import Reminder, ReminderPolicy, RequestStatus
from provisioning.objects import format_time
from provisioning.reminders import Plan
from tests import builders
from tests.builders import ANN, BEN

MONDAY = datetime(2026, 8, 3, 10, tzinfo=UTC)
"""Ten in the morning, in UTC."""
DAY = MONDAY + timedelta(days=7)
BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
USUAL = ReminderPolicy()


def plan(
    now: datetime,
    *,
    since: datetime = MONDAY,
    sent: tuple[Reminder, ...] = (),
    zone: tzinfo = UTC,
    policy: ReminderPolicy = USUAL,
    ends_at: datetime = DAY,
    **status: Any,
) -> Plan:
    return reminders.plan(
        RequestStatus(reminders=sent, **status),
        policy,
        asked={"U1": since},
        zones={"U1": zone},
        ends_at=ends_at,
        now=now,
    )


def walk(start: datetime, **how: Any) -> list[datetime]:
    """When somebody is reminded, by a leader that looks whenever the last plan said, and writes down what it did."""
    status, now, moments = RequestStatus(), start, []
    for _ in range(30):
        found = plan(now, since=start, sent=status.reminders, **how)
        if found.due:
            moments.append(now)
            status = reminders.reminded(status, dict.fromkeys(found.due, len(moments)), now=now)
        if found.next_at is None:
            return moments
        assert found.next_at > now
        now = found.next_at
    raise AssertionError("it never ends")


def test_the_first_reminder_comes_after_half_an_hour_and_the_waits_double() -> None:
    at = [(moment - MONDAY) / timedelta(minutes=1) for moment in walk(MONDAY, ends_at=MONDAY + timedelta(hours=8))]

    assert at == [30, 90, 210, 450]


def test_nobody_is_reminded_at_night_or_at_the_weekend() -> None:
    friday = datetime(2026, 8, 7, 17, 45, tzinfo=UTC)

    assert plan(friday + timedelta(minutes=30), since=friday) == Plan((), datetime(2026, 8, 10, 9, tzinfo=UTC))


def test_it_is_the_approvers_own_working_day_that_counts() -> None:
    early = datetime(2026, 8, 3, 5, tzinfo=UTC)

    assert plan(early, since=early - timedelta(hours=2), zone=TOKYO).due == ("U1",)
    assert plan(early, since=early - timedelta(hours=2), zone=BERLIN) == Plan((), datetime(2026, 8, 3, 7, tzinfo=UTC))


def test_the_tenant_says_when_people_work() -> None:
    policy = ReminderPolicy.model_validate({"first": "1h", "days": ["Sun"], "start": "06:00", "end": "07:00"})

    assert plan(MONDAY, policy=policy).next_at == datetime(2026, 8, 9, 6, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"first": "0s"}, {"days": []}])
def test_reminders_can_be_turned_off(changes: dict[str, Any]) -> None:
    assert walk(MONDAY, policy=ReminderPolicy.model_validate(changes)) == []


def test_what_was_missed_while_nobody_looked_is_told_once_and_not_made_up_for() -> None:
    late = MONDAY + timedelta(hours=5)

    found = plan(late)

    assert found == Plan(("U1",), late + timedelta(hours=1))


def test_nothing_is_told_once_the_request_has_expired() -> None:
    assert plan(MONDAY + timedelta(hours=2), ends_at=MONDAY + timedelta(hours=1)) == Plan()


def test_a_new_leader_neither_repeats_nor_forgets() -> None:
    at = MONDAY + timedelta(minutes=30)
    sent = (Reminder(slack="U1", times=1, at=format_time(at)),)

    assert plan(at, sent=sent) == Plan((), at + timedelta(hours=1))
    assert plan(at + timedelta(hours=1), sent=sent).due == ("U1",)


def test_a_reminder_noted_twice_counts_once() -> None:
    once = reminders.reminded(RequestStatus(), {"U1": 1}, now=MONDAY)

    assert reminders.reminded(once, {"U1": 1}, now=DAY) == once
    assert reminders.reminded(once, {"U1": 2}, now=DAY).reminders[0].times == 2


def test_a_nudge_reminds_at_once_but_not_at_night() -> None:
    noon = MONDAY + timedelta(hours=2)
    sent = (Reminder(slack="U1", times=3, at=format_time(noon)),)
    nudged = noon + timedelta(minutes=5)

    assert plan(nudged, sent=sent).due == ()
    assert plan(nudged, sent=sent, nudged_at=format_time(nudged)).due == ("U1",)
    assert plan(nudged, sent=sent, nudged_at=format_time(nudged), zone=TOKYO).due == ()


def test_a_nudge_that_was_heard_is_over() -> None:
    nudged = MONDAY + timedelta(minutes=5)
    sent = (Reminder(slack="U1", times=1, at=format_time(nudged)),)

    assert plan(nudged + timedelta(minutes=1), sent=sent, nudged_at=format_time(nudged)).due == ()


def test_only_the_requester_nudges_and_once_an_hour() -> None:
    request = builders.request()
    with pytest.raises(Refused) as other:
        reminders.nudge(request, BEN, now=MONDAY)
    assert other.value.reason is Reason.NOT_REQUESTER

    once = builders.request(status=reminders.nudge(request, ANN, now=MONDAY).wire())
    with pytest.raises(Refused) as again:
        reminders.nudge(once, ANN, now=MONDAY + timedelta(minutes=59))
    assert again.value.reason is Reason.TOO_SOON
    assert reminders.nudge(once, ANN, now=MONDAY + timedelta(hours=1)).nudged_at == format_time(
        MONDAY + timedelta(hours=1)
    )


def test_nobody_is_nudged_about_what_is_decided() -> None:
    with pytest.raises(Refused) as late:
        reminders.nudge(builders.request(status={"phase": "Denied"}), ANN, now=MONDAY)

    assert late.value.reason is Reason.ALREADY_DECIDED


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_a_working_hour_is_found_within_a_week_and_is_one(moment: datetime, zone: str) -> None:
    found = reminders.opening(moment, ZoneInfo(zone), USUAL)

    assert found is not None
    there = found.astimezone(ZoneInfo(zone))
    assert there.weekday() < 5
    assert "09:00" <= f"{there:%H:%M}" < "18:00"
    assert timedelta() <= found - moment < timedelta(days=3, hours=17)
