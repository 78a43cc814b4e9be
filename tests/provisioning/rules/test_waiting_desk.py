"""The part of the desk for what waits, as state before, what somebody does, and state after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning.lifecycle import Reason, Refused
from provisioning.model import Decision, HandedOn, Message, Urgency
from provisioning.objects import format_time
from provisioning.records import AnswerTold, Handed, Missing, QuestionTold, Record, Reminded, RemindsNext, Stranded
from provisioning.resources import CLUSTER_REQUESTS
from tests.builders import ANN, BEN, DAVE, NAMESPACE, NOW, TENANT, tweak
from tests.fakes.api_server import ApiServer, Fault
from tests.provisioning.rules.test_desk import DIGEST, NAME, Stage, wish


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with ApiServer() as server, server.kube() as kube:
        made = Stage(server, kube)
        made.asked()
        yield made


async def ask(stage: Stage, words: str = "Why?", *, digest: str = DIGEST) -> None:
    await stage.desk.waiting.question(NAMESPACE, NAME, BEN, words, digest=digest)


async def test_who_decides_asks_and_who_asked_for_it_answers(stage: Stage) -> None:
    await ask(stage)
    await stage.desk.waiting.answer(NAMESPACE, NAME, ANN, 0, "Because")

    (it,) = stage.stored().status.questions
    assert (it.asker, it.words, it.answer, it.at) == (BEN, "Why?", "Because", format_time(NOW))


async def test_whoever_has_voted_may_still_ask(stage: Stage) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"required": 2}))
    await stage.desk.vote(NAMESPACE, NAME, BEN, Decision.APPROVE, digest=DIGEST)

    await ask(stage)

    assert len(stage.stored().status.questions) == 1


@pytest.mark.parametrize(("who", "why"), [(ANN, Reason.OWN_REQUEST), (DAVE, Reason.NOT_AN_APPROVER)])
async def test_whoever_does_not_decide_asks_nothing(stage: Stage, who: Any, why: Reason) -> None:
    with pytest.raises(Refused) as refused:
        await stage.desk.waiting.question(NAMESPACE, NAME, who, "Why?", digest=DIGEST)

    assert refused.value.reason is why
    assert stage.stored().status.questions == ()


async def test_a_question_about_something_else_than_was_shown_is_not_kept(stage: Stage) -> None:
    with pytest.raises(Refused) as refused:
        await ask(stage, digest="sha256:" + "0" * 64)

    assert refused.value.reason is Reason.CHANGED


async def test_a_question_whose_answer_was_lost_is_kept_once(stage: Stage) -> None:
    stage.server.fail(Fault.LOST, method="PUT")
    await ask(stage)
    await ask(stage)

    assert len(stage.stored().status.questions) == 1


async def test_a_question_and_a_reminder_at_once_both_stay(stage: Stage) -> None:
    await asyncio.gather(
        ask(stage), stage.desk.waiting.record(NAMESPACE, NAME, Reminded({"U0CLEO": 1}, NOW)), return_exceptions=True
    )

    status = stage.stored().status
    assert (len(status.questions), len(status.reminders)) == (1, 1)


async def test_a_nudge_is_noted_with_its_time_and_not_twice_within_an_hour(stage: Stage) -> None:
    await stage.desk.waiting.nudge(NAMESPACE, NAME, ANN)

    assert stage.stored().status.nudged_at == format_time(NOW)
    with pytest.raises(Refused) as refused:
        await stage.desk.waiting.nudge(NAMESPACE, NAME, ANN)
    assert refused.value.reason is Reason.TOO_SOON


STEP = HandedOn(step=1, at=format_time(NOW), why=Urgency.TIME)
RECORDS = (
    Reminded({"U0BEN": 1, "U0CLEO": 1}, NOW),
    RemindsNext(NOW + timedelta(hours=1)),
    RemindsNext(None),
    Handed(STEP),
    Missing(("U0BEN",)),
    Stranded(NOW),
    QuestionTold(0, Message(channel="D1", ts="1.0", revision="r")),
    AnswerTold(0),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
async def test_what_was_told_is_written_once_however_often_it_is_recorded(stage: Stage, record: Record) -> None:
    await ask(stage)
    await stage.desk.waiting.record(NAMESPACE, NAME, record)
    before, writes = stage.stored().status, len(stage.server.asked("PUT"))

    await stage.desk.waiting.record(NAMESPACE, NAME, record)

    assert stage.stored().status == before
    assert len(stage.server.asked("PUT")) == writes


async def test_a_request_in_the_place_of_another_is_decided_once_that_one_names_it(stage: Stage) -> None:
    newer = await stage.desk.ask(wish(replaces=NAME), name="cr-newer")
    assert newer.it.spec.replaces == NAME

    with pytest.raises(Refused) as refused:
        await stage.desk.vote(NAMESPACE, "cr-newer", BEN, Decision.APPROVE, digest=DIGEST)

    assert refused.value.reason is Reason.REPLACING
    assert stage.stored("cr-newer").status.votes == ()


async def test_nothing_is_asked_of_what_is_gone(stage: Stage) -> None:
    stage.server.remove(CLUSTER_REQUESTS, NAME, NAMESPACE)

    for doing in (ask(stage), stage.desk.waiting.nudge(NAMESPACE, NAME, ANN)):
        with pytest.raises(Refused) as refused:
            await doing
        assert refused.value.reason is Reason.GONE
