"""Whatever somebody does in Slack is in the audit trail: who, by which door, and what was shown to them."""

from __future__ import annotations

import asyncio

from provisioning.audit import Code, Event
from tests.bot.conftest import Stage
from tests.bot.test_desk_in_slack import asked


def of(stage: Stage, code: Code) -> list[Event]:
    return [event for event in stage.told if event.code is code]


async def test_a_command_is_told_as_it_was_typed_with_who_typed_it_and_where(stage: Stage) -> None:
    await stage.slack.person("U0LENA").command("/cluster list " + "x" * 500)
    (event,) = stage.told
    assert (event.code, event.who, event.facts["slack"]) == (Code.COMMAND_ASKED, "lena", "U0LENA")
    assert event.where.startswith("slack:T0LOCAL/")
    assert event.facts["line"] == ("list " + "x" * 500)[:200]


async def test_a_form_is_told_without_what_was_written_into_it(stage: Stage) -> None:
    await asked(stage)
    (event,) = of(stage, Code.FORM_SUBMITTED)
    assert (event.who, event.where) == ("lena", "slack:T0LOCAL")
    assert "Nightly builds" not in str(stage.told)


async def test_a_press_is_told_with_the_digest_that_was_shown_whether_it_counts_or_not(stage: Stage) -> None:
    namespace, name = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster build-7")
    card = omar.card("asks for a new cluster", at="#team-a-approvals")
    await card.click("Approve")
    await omar.waits_for("Your approval of the request about build-7 counts.")
    (event,) = of(stage, Code.BUTTON_PRESSED)
    assert (event.who, event.about, event.facts["button"]) == ("omar", f"{namespace}/{name}", "request_approve")
    assert stage.desk.stored[namespace, name].it.spec.digest == event.digest
    channel = event.where.removeprefix("slack:T0LOCAL/")
    assert channel
    assert "/" not in channel


async def test_a_card_that_stands_before_approvers_is_told_each_time_it_is_another_one(stage: Stage) -> None:
    namespace, name = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster build-7")
    await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")
    await omar.waits_for("Your approval of the request about build-7 counts.")
    async with asyncio.timeout(10):
        while len(of(stage, Code.CARD_SHOWN)) < 2:
            await stage.slack.bell.wait(0.1)
    asks, decided = of(stage, Code.CARD_SHOWN)[:2]
    (pressed,) = of(stage, Code.BUTTON_PRESSED)
    assert {(it.who, it.about, it.digest) for it in (asks, decided)} == {("lena", pressed.about, pressed.digest)}
    assert asks.about == f"{namespace}/{name}"
    assert {it.where for it in (asks, decided)} == {pressed.where}, "where it was shown it was pressed"
    assert asks.facts["message"] == decided.facts["message"]
    assert asks.facts["revision"] != decided.facts["revision"]


async def test_a_requesters_own_card_is_not_told_step_by_step(stage: Stage) -> None:
    await asked(stage)
    await stage.slack.person("U0LENA").waits_for("build-7 is waiting for approval")
    assert "Requester" not in {event.facts["card"] for event in of(stage, Code.CARD_SHOWN)}


async def test_who_is_nobody_here_is_told_by_their_slack_id(stage: Stage) -> None:
    await stage.slack.person("U0PAT").command("/cluster list")
    assert [(event.code, event.who, event.facts) for event in stage.told] == [
        (Code.PERSON_REFUSED, "U0PAT", {"why": "unmapped"})
    ]
