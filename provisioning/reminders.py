"""Who is reminded of a request that waits, and when: less and less often, and in each one's own working hours. Pure.

What was sent is in the request, so whoever reads it knows what is due; nothing is remembered elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from provisioning import lifetime, people
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, Phase, Reminder, ReminderPolicy, RequestStatus
from provisioning.model.tenant import Weekday
from provisioning.objects import Stored, format_time, parse_time

BETWEEN_NUDGES: Final = timedelta(hours=1)
MOST_DOUBLINGS: Final = 10
"""After that the wait stays the same: weeks."""


@dataclass(frozen=True)
class Plan:
    """`due` are to be reminded now; `next_at` is when somebody is after that, None when nobody is any more."""

    due: tuple[str, ...] = ()
    next_at: datetime | None = None


def plan(
    status: RequestStatus,
    policy: ReminderPolicy,
    *,
    asked: Mapping[str, datetime],
    zones: Mapping[str, tzinfo],
    ends_at: datetime,
    now: datetime,
) -> Plan:
    """`asked` are those who have not voted, by Slack account, with when they were asked; `zones` is where they are
    (UTC where nobody says), `ends_at` when the request expires."""
    sent = {each.slack: each for each in status.reminders}
    nudged = parse_time(status.nudged_at) if status.nudged_at else None
    due: list[str] = []
    coming: list[datetime] = []
    for who, since in asked.items():
        zone = zones.get(who, UTC)
        wanted = _wanted(sent.get(who), since, policy, nudged)
        moment = opening(max(wanted, now), zone, policy) if wanted is not None else None
        if moment is not None and moment <= now < ends_at:
            due.append(who)
            times = sent[who].times if who in sent else 0
            after = _after(now, times + 1, policy)
            moment = opening(after, zone, policy) if after is not None else None
        if moment is not None:
            coming.append(moment)
    return Plan(tuple(due), min((moment for moment in coming if moment < ends_at), default=None))


def reminded(status: RequestStatus, times: Mapping[str, int], *, now: datetime) -> RequestStatus:
    """The status with these reminders, by account the how-manieth. Noted twice, the same reminder counts once."""
    before = {each.slack: each for each in status.reminders}
    for who, count in times.items():
        if who not in before or before[who].times < count:
            before[who] = Reminder(slack=who, times=count, at=format_time(now))
    return status.model_copy(update={"reminders": tuple(before.values())})


def nudge(request: Stored[ClusterRequest], person: Person, *, now: datetime) -> RequestStatus:
    """The status in which everybody is to be reminded once more. Raises `Refused`."""
    status = request.it.status
    if not people.same(person, request.it.spec.requester):
        raise Refused(Reason.NOT_REQUESTER)
    if status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if not may_nudge(request, now):
        raise Refused(Reason.TOO_SOON)
    return status.model_copy(update={"nudged_at": format_time(now)})


def may_nudge(request: Stored[ClusterRequest], now: datetime) -> bool:
    """Whether the last nudge, if there was one, is long enough ago."""
    nudged = request.it.status.nudged_at
    return not nudged or now - parse_time(nudged) >= BETWEEN_NUDGES


def opening(moment: datetime, zone: tzinfo, policy: ReminderPolicy) -> datetime | None:
    """The first moment from then on within the working hours there; None when there are none."""
    start, end = time.fromisoformat(policy.start), time.fromisoformat(policy.end)
    first = moment.astimezone(zone)
    for ahead in range(8):
        day = (first + timedelta(days=ahead)).date()
        if tuple(Weekday)[day.weekday()] not in policy.days:
            continue
        # Compared in UTC: two times of one zone are compared as their clocks show them, which go back once a year.
        opens, closes = (datetime.combine(day, each, zone).astimezone(UTC) for each in (start, end))
        if moment < closes:
            return max(opens, moment)
    return None


def _wanted(last: Reminder | None, since: datetime, policy: ReminderPolicy, nudged: datetime | None) -> datetime | None:
    """When somebody is to be reminded next, whatever the hour."""
    before = parse_time(last.at) if last else since
    regular = _after(before, last.times if last else 0, policy)
    if nudged is None or nudged <= before:
        return regular
    return min(nudged, regular) if regular is not None else nudged


def _after(before: datetime, times: int, policy: ReminderPolicy) -> datetime | None:
    first = lifetime.parse(policy.first)
    return before + first * 2 ** min(times, MOST_DOUBLINGS) if first else None
