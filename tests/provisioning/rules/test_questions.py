"""What approvers ask, and what the requester answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from provisioning import questions
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, Phase, RequestStatus
from provisioning.objects import Stored, format_time
from tests import builders
from tests.builders import ANN, BEN, CLEO, NOW


def with_status(status: RequestStatus) -> Stored[ClusterRequest]:
    return builders.request(status=status.wire())


def asked(words: str = "Why so large?") -> Stored[ClusterRequest]:
    return with_status(questions.ask(builders.request(), BEN, words, now=NOW))


def test_a_question_is_kept_with_who_asked_and_when() -> None:
    (it,) = asked().it.status.questions

    assert (it.asker, it.words, it.at, it.answer) == (BEN, "Why so large?", format_time(NOW), "")


def test_the_same_question_of_the_same_person_is_one_and_of_another_is_two() -> None:
    once = asked()

    assert questions.ask(once, BEN, "Why so large?", now=NOW + timedelta(1)) == once.it.status
    assert len(questions.ask(once, CLEO, "Why so large?", now=NOW).questions) == 2


def test_a_request_keeps_only_so_many_questions() -> None:
    request = builders.request()
    for number in range(questions.MOST):
        request = with_status(questions.ask(request, BEN, f"Question {number}?", now=NOW))

    with pytest.raises(Refused) as refused:
        questions.ask(request, BEN, "One more?", now=NOW)
    assert refused.value.reason is Reason.TOO_MANY


def test_whoever_asked_for_the_cluster_answers_once() -> None:
    status = questions.answer(asked(), ANN, 0, "It builds **all** of it", now=NOW)

    assert status.questions[0].answer == "It builds **all** of it"
    assert questions.answer(with_status(status), ANN, 0, "It builds **all** of it", now=NOW) == status
    with pytest.raises(Refused) as again:
        questions.answer(with_status(status), ANN, 0, "Something else", now=NOW)
    assert again.value.reason is Reason.ANSWERED


@pytest.mark.parametrize(("number", "who", "why"), [(0, BEN, Reason.NOT_REQUESTER), (1, ANN, Reason.GONE)])
def test_no_answer_of_others_and_to_no_question(number: int, who: Person, why: Reason) -> None:
    with pytest.raises(Refused) as refused:
        questions.answer(asked(), who, number, "Because", now=NOW)

    assert refused.value.reason is why


def test_nothing_is_asked_or_answered_once_it_is_decided() -> None:
    decided = with_status(asked().it.status.model_copy(update={"phase": Phase.DENIED}))

    with pytest.raises(Refused) as late_question:
        questions.ask(decided, BEN, "Still there?", now=NOW)
    with pytest.raises(Refused) as late_answer:
        questions.answer(decided, ANN, 0, "Because", now=NOW)
    assert {late_question.value.reason, late_answer.value.reason} == {Reason.ALREADY_DECIDED}
