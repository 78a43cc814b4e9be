"""What the bot writes into a request about what it told people, as data; and the status with it. Pure.

A record written twice is written once, so whoever does not know whether it was writes it again. Nothing is decided by
these, except that a step of the escalation that was recorded is taken (`escalation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from provisioning import questions, reminders
from provisioning.model import HandedOn, Message, RequestStatus
from provisioning.objects import format_time


@dataclass(frozen=True)
class Reminded:
    """These accounts were reminded, so many times by now."""

    times: Mapping[str, int]
    at: datetime


@dataclass(frozen=True)
class RemindsNext:
    """When somebody is reminded next; None when nobody is."""

    at: datetime | None


@dataclass(frozen=True)
class Handed:
    """A step of the escalation was taken."""

    step: HandedOn


@dataclass(frozen=True)
class Missing:
    """At these accounts, of those who were asked, nobody is."""

    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Stranded:
    """Nobody who may decide can be reached, and the platform was told; None when somebody can again."""

    at: datetime | None


@dataclass(frozen=True)
class QuestionTold:
    """The message about a question stands there, and shows this."""

    number: int
    message: Message


@dataclass(frozen=True)
class AnswerTold:
    """Whoever asked that question was told of the answer."""

    number: int


Record: TypeAlias = Reminded | RemindsNext | Handed | Missing | Stranded | QuestionTold | AnswerTold


def recorded(status: RequestStatus, record: Record) -> RequestStatus:
    """The status with the record in it."""
    match record:
        case Reminded(times, at):
            return reminders.reminded(status, times, now=at)
        case RemindsNext(at):
            return status.model_copy(update={"next_reminder_at": format_time(at) if at is not None else None})
        case Handed(step):
            known = any(each.step == step.step for each in status.handed_on)
            return status if known else status.model_copy(update={"handed_on": (*status.handed_on, step)})
        case Missing(accounts):
            return status.model_copy(update={"unreachable": accounts})
        case Stranded(at):
            since = (status.stranded_at or format_time(at)) if at is not None else None
            return status.model_copy(update={"stranded_at": since})
        case QuestionTold(number, message):
            return questions.changed(status, number, told=message)
        case AnswerTold(number):
            return questions.changed(status, number, answer_told=True)
