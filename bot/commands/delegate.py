"""`/cluster delegate @kim until Fri`: somebody else decides instead of an approver, for a while."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from bot import cards, lines, replies, text
from bot.answers import Answer, Delegate, Say, StopDelegating
from bot.commands.command import Call, Command
from provisioning import lifetime, people, seats

STOP = "stop"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([dh])")


def run(call: Call) -> Answer:
    """Have somebody decide, or stop it."""
    words = [word for word in call.words if word.lower() != "until"]
    if [word.lower() for word in words] == [STOP]:
        return StopDelegating(call.person)
    listed = [t.it.spec for t in call.desk.approvals_of(call.person) if people.approves_some(t.it.spec, call.person)]
    if not any(people.delegates_in_slack(tenant, call.person) for tenant in listed):
        return Say(cards.say(replies.DELEGATED_AT_TERMINAL if listed else replies.NOT_LISTED))
    if len(words) != 2:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    return _delegate(call, *words)


def _delegate(call: Call, who: str, until: str) -> Answer:
    account = lines.account(who)
    if not account:
        return Say(cards.say(replies.no_person(who)))
    delegate = call.desk.person(account)
    if delegate is None:
        return Say(cards.say(replies.no_delegate(text.mention(account))))
    if people.same(delegate, call.person):
        return Say(cards.say(replies.DELEGATE_YOURSELF))
    end = ends(until, now=call.now)
    if end is None or end <= call.now:
        return Say(cards.say(replies.no_such_end(until)))
    if end > call.now + seats.LONGEST:
        return Say(cards.say(replies.end_too_far(seats.LONGEST.days)))
    return Delegate(call.person, delegate, end)


def ends(word: str, *, now: datetime) -> datetime | None:
    """`3d`, `12h`, `Fri`, `2026-12-24` -> when it ends; None for what is none of these. A day ends with it, in UTC."""
    span = _SPAN.fullmatch(word.lower())
    if span is not None:
        return now + (timedelta(days=int(span[1])) if span[2] == "d" else lifetime.parse(word.lower()))
    day = next((number for number, day in enumerate(_DAYS) if word.lower() in (day, day[:3])), None)
    if day is not None:
        return _end_of((now + timedelta(days=(day - now.weekday()) % len(_DAYS))).date())
    try:
        return _end_of(date.fromisoformat(word))
    except (ValueError, OverflowError):
        return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)


COMMAND = Command(
    name="delegate",
    summary="Have somebody else decide instead of you about requests, for a while; or stop it.",
    usage="@PERSON (DURATION or until DAY), or stop",
    examples=("/cluster delegate @kim until Fri", "/cluster delegate @kim 3d", "/cluster delegate stop"),
    run=run,
)
