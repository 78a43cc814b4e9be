"""What an approver asks before they decide, and what the requester answers: kept in the request. Pure.

A question holds nothing up and no vote depends on it. Who may ask is who may decide; who answers is who asked for the
cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from provisioning import people
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, Phase, Question, RequestStatus
from provisioning.objects import Stored, format_time

MOST: Final = 20
LONGEST: Final = 1000


def ask(request: Stored[ClusterRequest], asker: Person, words: str, *, now: datetime) -> RequestStatus:
    """The status with one question more. Asked twice in the same words by the same person, it is one. Raises
    `Refused`; whether the person may decide is `approval`'s to say."""
    status = request.it.status
    _check_waits(status)
    if any(people.same(each.asker, asker) and each.words == words for each in status.questions):
        return status
    if len(status.questions) >= MOST:
        raise Refused(Reason.TOO_MANY)
    return _with(status, (*status.questions, Question(asker=asker, words=words, at=format_time(now))))


def answer(request: Stored[ClusterRequest], person: Person, number: int, words: str, *, now: datetime) -> RequestStatus:
    """The status with the answer to the question of that number, from 0 on. Raises `Refused`."""
    status = request.it.status
    if not people.same(person, request.it.spec.requester):
        raise Refused(Reason.NOT_REQUESTER)
    _check_waits(status)
    if number >= len(status.questions):
        raise Refused(Reason.GONE)
    asked = status.questions[number]
    if asked.answer == words:
        return status
    if asked.answer:
        raise Refused(Reason.ANSWERED)
    return changed(status, number, answer=words, answered_at=format_time(now))


def changed(status: RequestStatus, number: int, **changes: object) -> RequestStatus:
    """The status with one question otherwise; as it is when there is no such question."""
    found = list(status.questions)
    if number < len(found):
        found[number] = found[number].model_copy(update=changes)
    return _with(status, found)


def _with(status: RequestStatus, questions: Sequence[Question]) -> RequestStatus:
    return status.model_copy(update={"questions": tuple(questions)})


def _check_waits(status: RequestStatus) -> None:
    if status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
