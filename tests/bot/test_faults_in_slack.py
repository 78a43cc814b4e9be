"""Bad days of Slack and of ourselves, on the wires: lost answers, lost acknowledgements, refreshes, restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from bot import replies, slack
from bot.manifest import SCOPES
from bot.windows import OPEN_SECONDS
from playground import workspace
from playground.workspace import Fault, SlackError
from provisioning.model import ApprovalPolicy, Person, Phase, Tenant
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.conftest import BOT, Mode, Stage, bot_of, running
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.test_desk_in_slack import asked

MODES: tuple[Mode, ...] = ("http", "socket")
CARD = "asks for a new cluster"


async def test_a_copy_left_by_a_lost_answer_works_and_is_gone_once_it_is_pressed(stage: Stage) -> None:
    stage.slack.api.faults.plan("chat.postMessage", Fault.LOSE_ANSWER)
    key = await asked(stage)
    omar, eva = stage.slack.person("U0OMAR"), stage.slack.person("U0EVA")
    await omar.waits_until(lambda: len(omar.cards(CARD, at="#team-a-approvals")) == 2)
    orphan, known = omar.cards(CARD, at="#team-a-approvals")
    await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") == [known.ts])

    await orphan.click("Approve")
    await omar.waits_for("counts.")
    await omar.waits_until(lambda: [c.ts for c in omar.cards(CARD, at="#team-a-approvals")] == [known.ts])
    await omar.waits_until(lambda: known.buttons == [])
    await eva.waits_until(lambda: [c.ts for c in eva.cards(CARD, at="#team-a-approvals")] == [known.ts])
    assert len(stage.desk.stored[key].it.status.votes) == 1


async def test_a_card_that_was_never_noted_is_the_card_once_it_is_pressed(stage: Stage) -> None:
    """The bot was killed between posting and noting, and the request ended before another one came."""
    key = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") != [])
    card = omar.card(CARD, at="#team-a-approvals")
    stage.desk.status(key, deliveries=(), phase=Phase.DENIED, decided_at=samples.LATER)

    await card.click("Approve")

    await omar.waits_for("Too late")
    await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") == [card.ts])
    await omar.waits_until(lambda: card.buttons == [])


async def test_a_card_that_a_press_draws_late_shows_what_was_decided_meanwhile(stage: Stage) -> None:
    """Slack takes what Omar's press has drawn after the card was drawn as approved."""
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=2))
    key = await asked(stage)
    omar, eva = stage.slack.person("U0OMAR"), stage.slack.person("U0EVA")
    await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") != [])
    card = omar.card(CARD, at="#team-a-approvals")
    stage.slack.api.faults.plan("response_url", Fault.LATE, seconds=2.0)

    await card.click("Approve")
    await eva.waits_for("@omar so far")
    await eva.card(CARD, at="#team-a-approvals").click("Approve")
    await eva.waits_until(lambda: card.buttons == [])

    await omar.waits_for("1 more approval needed")
    await omar.waits_until(lambda: card.buttons == [] and "Approved by @omar, @eva" in card.text)


@pytest.mark.parametrize("mode", MODES)
async def test_where_slack_knows_messages_by_name_a_lost_answer_leaves_one_card(mode: Mode) -> None:
    async with running(FakeDesk(), mode, message_ids=True) as stage:
        stage.slack.api.faults.plan("chat.postMessage", Fault.LOSE_ANSWER, times=2)
        key = await asked(stage)
        lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
        await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") != [])
        await lena.waits_until(lambda: _noted(stage, key, lena.dm) != [])

        approved(stage.desk, key)
        stage.desk.put_cluster(samples.cluster(by=key[1], status=samples.ready()))
        await lena.waits_for("build-7 is ready")

        assert len(omar.cards(CARD, at="#team-a-approvals")) == 1
        assert len(lena.cards("build-7", at="dm")) == 1


@pytest.mark.parametrize(
    ("fault", "why"), [(Fault.DOWN, "internal_error"), (Fault.REFUSE, "used_url"), (Fault.REFUSE, "expired_url")]
)
async def test_what_cannot_be_said_where_somebody_pressed_is_said_in_a_direct_message(
    stage: Stage, fault: Fault, why: str
) -> None:
    key = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_until(lambda: _noted(stage, key, "C0TEAMA") != [])
    stage.slack.api.faults.plan("response_url", fault, error=SlackError(why), times=2)

    await omar.card(CARD, at="#team-a-approvals").click("Approve")

    await omar.waits_until(lambda: omar.cards("counts.", at="dm") != [])


async def test_an_answer_that_slack_takes_nowhere_comes_as_soon_as_slack_takes_it(stage: Stage) -> None:
    key = await asked(stage)
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    await lena.waits_until(lambda: len(stage.desk.stored[key].it.status.deliveries) == 2)
    stage.slack.api.faults.plan("response_url", Fault.REFUSE, error=SlackError("used_url"), times=2)
    stage.slack.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("ratelimited", retry_after=1))

    await omar.card(CARD, at="#team-a-approvals").click("Approve")

    await omar.waits_until(lambda: omar.cards("counts.", at="dm") != [])


def _noted(stage: Stage, key: tuple[str, str], channel: str) -> list[str]:
    """The cards that the request knows of in a channel."""
    return [d.ts for d in stage.desk.stored[key].it.status.deliveries if d.channel == channel]


async def test_slack_being_down_while_a_request_moves_on_leaves_one_card_with_the_latest_state(stage: Stage) -> None:
    key = await asked(stage)
    lena = stage.slack.person("U0LENA")
    stage.slack.api.faults.plan("chat.update", Fault.REFUSE, error=SlackError("ratelimited", retry_after=1))

    approved(stage.desk, key)
    stage.desk.put_cluster(samples.cluster(by=key[1], status=samples.building()))
    stage.desk.put_cluster(samples.cluster(by=key[1], status=samples.ready()))

    await lena.waits_for("build-7 is ready")
    assert len(lena.cards("build-7", at="dm")) == 1


async def test_the_newest_wish_is_drawn_though_an_older_redrawing_came_first(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7")
    stage.slack.api.faults.plan("views.update", Fault.REFUSE, error=SlackError("hash_conflict"))

    await lena.modal.fill({"Size of a worker": "large"})

    await lena.waits_for("0 → 32 of 40")


async def test_after_a_restart_cards_are_neither_doubled_nor_forgotten(stage: Stage, request: Any) -> None:
    key = await asked(stage)
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    await lena.waits_until(lambda: len(stage.desk.stored[key].it.status.deliveries) == 2)
    stage.service.stop.set()
    again = FakeDesk(tenants=stage.desk.tenants, stored=dict(stage.desk.stored))

    async with bot_of(stage.slack, again, request.node.callspec.params["stage"]):
        approved(again, key)
        again.put_cluster(samples.cluster(by=key[1], status=samples.ready()))
        await lena.waits_for("build-7 is ready")

    assert len(lena.cards("build-7", at="dm")) == 1
    assert len(omar.cards(CARD, at="#team-a-approvals")) == 1


async def test_a_form_that_slack_does_not_open_is_told_in_words(stage: Stage) -> None:
    stage.slack.api.faults.plan("views.open", Fault.REFUSE)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create")

    assert lena.sees(replies.FORM_NOT_OPENED)


@pytest.mark.parametrize("mode", MODES)
async def test_a_form_that_hangs_is_told_and_works_should_it_have_opened(mode: Mode) -> None:
    async with running(FakeDesk(), mode, ack_seconds=10.0) as stage:
        stage.slack.api.faults.plan("views.open", Fault.HANG, seconds=OPEN_SECONDS + 1)
        lena = stage.slack.person("U0LENA")

        await lena.command("/cluster create build-7")

        # The latter where the machine was too busy to ask Slack at once.
        assert lena.sees(replies.FORM_NOT_OPENED) or lena.sees(replies.SLOW)
        await lena.modal.fill({"Reason": "builds"})
        await lena.modal.submit()
        assert lena.modal.title == replies.RECEIPT_TITLE


async def test_not_knowing_who_somebody_is_refuses_and_asks_again_next_time(stage: Stage) -> None:
    stage.slack.api.faults.plan("users.info", Fault.DOWN)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster list")
    assert lena.sees(replies.UNCERTAIN)
    await lena.command("/cluster list")

    assert lena.sees("No clusters yet")


async def test_a_form_keeps_what_was_typed_while_nobody_knows_for_a_moment_who_sends_it(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7 small")
    await lena.modal.fill({"Reason": "builds"})
    await stage.slack.events.change_person(stage.slack.workspace.people["U0LENA"])
    stage.slack.api.faults.plan("users.info", Fault.DOWN)
    # The event comes by a way of its own, and may be later than a command.
    async with asyncio.timeout(30):
        while not lena.sees(replies.UNCERTAIN):
            await lena.command("/cluster list")
    stage.slack.api.faults.plan("users.info", Fault.DOWN)

    await lena.modal.submit()
    assert [*lena.modal.errors.values()] == [replies.UNCERTAIN]
    assert lena.modal.value("Reason") == ("builds",)
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE


async def test_a_changed_account_is_looked_at_again(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster list")
    assert lena.sees("No clusters yet")

    account = stage.slack.workspace.people["U0LENA"].model_copy(update={"is_restricted": True})
    await stage.slack.events.change_person(account)

    # The event comes by a way of its own, and may be later than a command.
    async with asyncio.timeout(30):
        while not lena.sees(replies.GUEST):
            await lena.command("/cluster list")


async def test_a_command_that_takes_too_long_is_excused_within_three_seconds(stage: Stage) -> None:
    stage.desk.pause = 30.0
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7")
    await lena.modal.fill({"Reason": "why not"})

    await lena.modal.submit()

    assert lena.modal.errors == {"Name": replies.NOT_SAVED}
    stage.desk.pause = 0.0


class BrokenDesk(FakeDesk):
    def tenants_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        raise ZeroDivisionError(person.user)


@pytest.mark.parametrize("mode", MODES)
async def test_what_nobody_foresaw_is_logged_once_and_answered(mode: Mode) -> None:
    async with running(BrokenDesk(), mode) as stage:
        lena = stage.slack.person("U0LENA")
        with structlog.testing.capture_logs() as lines:
            await lena.command("/cluster create")

        assert lena.sees(replies.SOMETHING_BROKE)
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["answer_broke"]


async def test_socket_mode_survives_a_refresh_and_a_lost_acknowledgement_asks_once() -> None:
    async with running(FakeDesk(), "socket") as stage:
        lena = stage.slack.person("U0LENA")
        await lena.command("/cluster create")
        await lena.modal.fill({"Name": "build-7", "Reason": "builds"})
        stage.slack.socket.acks_to_lose = 1
        await lena.modal.submit()
        await stage.slack.socket.refresh()
        async with asyncio.timeout(30):
            while stage.slack.socket.connections < 2:
                await stage.slack.bell.wait(0.2)

        await lena.modal.submit()

        assert lena.modal.title == replies.RECEIPT_TITLE
        assert len(stage.desk.stored) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_an_event_we_do_not_know_is_taken_without_a_word(mode: Mode) -> None:
    async with running(FakeDesk(), mode) as stage:
        await stage.slack.events.send({"type": "user_change", "user": {"id": "U0NOBODY"}, "event_ts": "1.1"})


def test_every_scope_that_is_asked_for_is_explained() -> None:
    assert all(SCOPES.values())
    assert not {scope for scope in SCOPES if "history" in scope or "files" in scope or "email" in scope}


async def test_a_slack_that_answers_with_text_at_the_start_is_waited_for() -> None:
    """A proxy before a Slack that is down."""
    async with workspace.serving(workspace.Options(bot_token=BOT)) as local:
        local.api.faults.plan("auth.test", Fault.DOWN, times=2)

        who = await slack.identify(slack.client(BOT, api_url=local.api_url), token=BOT)

        assert who.team == local.workspace.team.id
