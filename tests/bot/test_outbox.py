"""Posting within Slack's budgets, and what each failure means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import structlog

from bot import blocks, outbox, outcomes, slack
from bot.cards import Card, say
from bot.weights import Weight
from playground import workspace
from playground.workspace import Fault, SlackError
from tests.bot.conftest import BOT

CARD = say("Something to say.")
META = {"event_type": "clusterdesk_card", "event_payload": {"request": "uid-1"}}


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def local() -> AsyncIterator[workspace.LocalSlack]:
    async with workspace.serving(workspace.Options(bot_token=BOT)) as made:
        yield made


def box(local: workspace.LocalSlack, clock: Clock | None = None) -> outbox.Outbox:
    return outbox.Outbox(slack.client(BOT, api_url=local.api_url), clock=clock or Clock())


async def patiently(call: Callable[[], Awaitable[object]], clock: Clock) -> None:
    """Come back as often as the outbox says."""
    while True:
        try:
            await call()
        except outcomes.Busy as busy:
            clock.now += busy.seconds
        else:
            return


async def test_a_card_is_posted_with_its_metadata_and_redrawn_in_place(local: workspace.LocalSlack) -> None:
    it = box(local)
    ts = await it.post("C0TEAMA", CARD, metadata=META)

    await it.update("C0TEAMA", ts, say("Something else."))

    stored = local.workspace.conversations.get("C0TEAMA").messages[ts]
    assert (stored.text, stored.metadata) == ("Something else.", META)


async def test_slack_is_to_make_nothing_of_the_words_when_it_is_posted_nor_when_it_is_redrawn(
    local: workspace.LocalSlack,
) -> None:
    it = box(local)
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    await it.update("C0TEAMA", ts, CARD)

    posted, redrawn = (call.args for call in local.api.calls)
    assert (posted["parse"], redrawn["parse"]) == ("none", "none")
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)


async def test_a_direct_message_is_opened_once(local: workspace.LocalSlack) -> None:
    it = box(local)

    assert await it.direct("U0LENA") == await it.direct("U0LENA")

    assert [c.method for c in local.api.calls] == ["conversations.open"]


async def test_an_archived_channel_or_a_gone_person_is_undeliverable(local: workspace.LocalSlack) -> None:
    local.workspace.conversations.get("C0TEAMA").is_archived = True

    with pytest.raises(outcomes.Undeliverable, match="is_archived"):
        await box(local).post("C0TEAMA", CARD, metadata=META)
    with pytest.raises(outcomes.Undeliverable, match="user_disabled"):
        await box(local).direct("U0GONE")


@pytest.mark.parametrize(
    "why",
    [
        *("restricted_action_read_only_channel", "restricted_action_thread_only_channel", "messages_tab_disabled"),
        *("not_in_channel", "channel_not_found", "method_not_supported_for_channel_type"),
    ],
)
async def test_where_only_some_may_post_nothing_can_be_delivered(local: workspace.LocalSlack, why: str) -> None:
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError(why))

    with pytest.raises(outcomes.Undeliverable, match=why):
        await box(local).post("C0TEAMA", CARD, metadata=META)


async def test_a_deleted_card_has_vanished(local: workspace.LocalSlack) -> None:
    with pytest.raises(outcomes.Vanished):
        await box(local).update("C0TEAMA", "1.000001", CARD)
    with pytest.raises(outcomes.Vanished):
        await box(local).post("C0TEAMA", CARD, metadata=META, thread="1.000001")


@pytest.mark.parametrize("why", ["restricted_action_thread_locked", "restricted_action_non_threadable_channel"])
async def test_a_card_that_takes_no_reply_has_vanished_for_whoever_replies(
    local: workspace.LocalSlack, why: str
) -> None:
    it = box(local)
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError(why))

    with pytest.raises(outcomes.Vanished, match=why):
        await it.post("C0TEAMB", CARD, metadata=META, thread=ts)


@pytest.mark.parametrize("why", ["cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch"])
async def test_a_card_that_takes_no_change_any_more_still_stands(local: workspace.LocalSlack, why: str) -> None:
    it = box(local)
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    local.api.faults.plan("chat.update", Fault.REFUSE, error=SlackError(why))

    with pytest.raises(outcomes.Fixed, match=why):
        await it.update("C0TEAMA", ts, say("Something else."))


@pytest.mark.parametrize("why", ["msg_too_long", "msg_blocks_too_long", "metadata_too_large", "invalid_blocks"])
async def test_what_is_too_much_for_slack_is_said_in_text_alone(local: workspace.LocalSlack, why: str) -> None:
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError(why))

    with structlog.testing.capture_logs() as lines, pytest.raises(outcomes.Later) as later:
        await it.post("C0TEAMA", CARD, metadata=META)
    clock.now += later.value.seconds
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    clock.now += later.value.seconds
    await it.post("C0TEAMA", say("Something else."), metadata=META)

    plain, rich = local.workspace.conversations.get("C0TEAMA").messages.values()
    assert (plain.ts, plain.text, list(plain.blocks), plain.metadata) == (ts, CARD.text, [], None)
    assert rich.blocks
    assert [line["why"] for line in lines if line["log_level"] == "error"] == [why]


async def test_what_is_too_much_even_as_text_is_not_tried_for_ever(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("msg_too_long"), times=2)

    with pytest.raises(outcomes.Later) as later:
        await it.post("C0TEAMA", CARD, metadata=META)
    clock.now += later.value.seconds
    with pytest.raises(outcomes.Undeliverable, match="msg_too_long"):
        await it.post("C0TEAMA", CARD, metadata=META)


async def test_retry_after_closes_the_method_for_everybody(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("ratelimited", retry_after=7))

    with pytest.raises(outcomes.Later) as later:
        await it.post("C0TEAMA", CARD, metadata=META)
    assert later.value.seconds == 7
    with pytest.raises(outcomes.Busy) as busy:
        await it.post("C0TEAMB", CARD, metadata=META)
    assert busy.value.seconds == pytest.approx(7)
    await it.direct("U0LENA")  # another method is open

    assert [c.method for c in local.api.calls] == ["chat.postMessage", "conversations.open"]


async def test_a_time_to_stay_away_that_is_no_number_of_seconds_is_half_a_minute(local: workspace.LocalSlack) -> None:
    date: Any = "Wed, 21 Oct 2026 07:28:00 GMT"
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("ratelimited", retry_after=date))

    with pytest.raises(outcomes.Later) as later:
        await box(local).post("C0TEAMA", CARD, metadata=META)

    assert later.value.seconds == slack.AWAY_SECONDS


async def test_the_other_word_for_too_often_closes_the_method_as_well(local: workspace.LocalSlack) -> None:
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("rate_limited"))
    it = box(local)

    with pytest.raises(outcomes.Later) as later:
        await it.post("C0TEAMA", CARD, metadata=META)
    with pytest.raises(outcomes.Busy):
        await it.post("C0TEAMB", CARD, metadata=META)

    assert later.value.seconds == slack.AWAY_SECONDS


@pytest.mark.parametrize("why", ["token_revoked", "account_inactive", "missing_scope"])
async def test_a_slack_that_does_not_take_the_bot_any_more_is_told_once_and_tried_each_minute(
    local: workspace.LocalSlack, why: str
) -> None:
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError(why))

    with structlog.testing.capture_logs() as lines:
        for channel in ("C0TEAMA", "C0TEAMB", "C0TEAMA"):
            with pytest.raises(outcomes.Later) as later:
                await it.post(channel, CARD, metadata=META)

    assert [line["why"] for line in lines if line["event"] == "slack_refuses_the_bot"] == [why]
    assert later.value.seconds == pytest.approx(outcomes.OTHERWISE_SECONDS, abs=2)
    clock.now += outcomes.OTHERWISE_SECONDS
    assert await it.post("C0TEAMA", CARD, metadata=META)


async def test_a_slack_that_knows_no_plans_gets_lines_from_then_on(local: workspace.LocalSlack) -> None:
    modern = Card(
        CARD.text, CARD.blocks, modern=(blocks.plan("Step 1 of 1", [blocks.task("a", "A", status="pending")]),)
    )
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("invalid_blocks"))

    with pytest.raises(outcomes.Later) as later:
        await it.post("C0TEAMA", modern, metadata=META)
    clock.now += later.value.seconds
    ts = await it.post("C0TEAMA", modern, metadata=META)
    await it.update("C0TEAMA", ts, modern)

    drawn = ["plan" in str(call.args["blocks"]) for call in local.api.calls]
    assert drawn == [True, False, False]


async def test_a_slack_that_knows_plans_gets_them(local: workspace.LocalSlack) -> None:
    modern = Card(
        CARD.text, CARD.blocks, modern=(blocks.plan("Step 1 of 1", [blocks.task("a", "A", status="pending")]),)
    )

    ts = await box(local).post("C0TEAMA", modern, metadata=META)

    assert local.workspace.conversations.get("C0TEAMA").messages[ts].blocks[0]["type"] == "plan"


async def test_slack_being_down_means_later(local: workspace.LocalSlack) -> None:
    local.api.faults.plan("chat.postMessage", Fault.DOWN)

    with pytest.raises(outcomes.Later):
        await box(local).post("C0TEAMA", CARD, metadata=META)


async def test_a_lost_answer_is_unknown_and_not_repeated_behind_our_back(local: workspace.LocalSlack) -> None:
    local.api.faults.plan("chat.postMessage", Fault.LOSE_ANSWER)

    with pytest.raises(outcomes.Unknown):
        await box(local).post("C0TEAMA", CARD, metadata=META)

    assert len(local.workspace.conversations.get("C0TEAMA").messages) == 1


async def test_a_post_that_hangs_is_given_up_and_nobody_knows_what_became_of_it(local: workspace.LocalSlack) -> None:
    it = outbox.Outbox(slack.client(BOT, api_url=local.api_url), clock=Clock(), patience=0.3)
    local.api.faults.plan("chat.postMessage", Fault.HANG, seconds=2.0)

    with pytest.raises(outcomes.Unknown, match="TimeoutError"):
        await it.post("C0TEAMA", CARD, metadata=META)


async def test_nobody_being_there_is_no_unknown_outcome() -> None:
    it = outbox.Outbox(slack.client(BOT, api_url="http://127.0.0.1:1/api/"), clock=Clock())

    with pytest.raises(outcomes.Later, match="no connection"):
        await it.post("C0TEAMA", CARD, metadata=META)


async def test_a_flood_is_spread_over_the_minutes_it_takes(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    ts = await it.post("C0TEAMA", CARD, metadata=META)

    for _ in range(60):
        await patiently(lambda: it.update("C0TEAMA", ts, CARD, weight=Weight.DECISION), clock)

    assert clock.now == pytest.approx((60 - outbox.BURST) * 60 / 50)


async def test_a_channel_gets_one_message_a_second_and_keeps_no_other_waiting(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)

    for _ in range(4):
        await patiently(lambda: it.post("C0TEAMA", CARD, metadata=META), clock)
    assert clock.now == pytest.approx(3.0)
    await it.post("C0TEAMB", CARD, metadata=META)

    assert clock.now == pytest.approx(3.0)


async def test_a_decision_goes_out_at_once_while_sixty_clusters_report_progress(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    refused = 0
    for _ in range(60):
        try:
            await it.update("C0TEAMA", ts, CARD, weight=Weight.PROGRESS)
        except outcomes.Busy:
            refused += 1
    assert refused > 50

    for _ in range(5):
        await it.update("C0TEAMA", ts, CARD, weight=Weight.DECISION)

    assert clock.now == 0.0


async def posted_twice(local: workspace.LocalSlack, second: Card) -> str:
    """The same message, posted again because the first answer was lost."""
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.LOSE_ANSWER)
    with pytest.raises(outcomes.Unknown):
        await it.post("C0TEAMA", CARD, metadata=META, once="uid-1 Approver")
    clock.now += 1
    return await it.post("C0TEAMA", second, metadata=META, once="uid-1 Approver")


async def test_where_slack_knows_a_message_by_its_name_it_stands_once() -> None:
    async with workspace.serving(workspace.Options(bot_token=BOT, message_ids=True)) as local:
        ts = await posted_twice(local, CARD)

        assert list(local.workspace.conversations.get("C0TEAMA").messages) == [ts]


async def test_a_message_that_slack_knew_shows_what_it_showed_then() -> None:
    async with workspace.serving(workspace.Options(bot_token=BOT, message_ids=True)) as local:
        with pytest.raises(outcomes.Earlier) as earlier:
            await posted_twice(local, say("Something has changed since."))

        (stands,) = local.workspace.conversations.get("C0TEAMA").messages.values()
        assert (stands.ts, stands.text) == (earlier.value.ts, CARD.text)


async def test_a_message_that_slack_knew_and_somebody_took_away_is_posted_anew() -> None:
    async with workspace.serving(workspace.Options(bot_token=BOT, message_ids=True)) as local:
        clock = Clock()
        it = box(local, clock)
        gone = await it.post("C0TEAMA", CARD, metadata=META, once="uid-1 Approver")
        local.workspace.conversations.remove("C0TEAMA", gone)
        clock.now += 1

        with pytest.raises(outcomes.Later) as later:
            await it.post("C0TEAMA", CARD, metadata=META, once="uid-1 Approver")
        clock.now += later.value.seconds
        ts = await it.post("C0TEAMA", CARD, metadata=META, once="uid-1 Approver")

        assert list(local.workspace.conversations.get("C0TEAMA").messages) == [ts]


async def test_where_slack_takes_no_names_a_lost_answer_leaves_a_copy(local: workspace.LocalSlack) -> None:
    await posted_twice(local, CARD)

    assert len(local.workspace.conversations.get("C0TEAMA").messages) == 2


@pytest.mark.parametrize("shown", ["⏳ *build-7* &amp; more", ":hourglass_flowing_sand: *build-7* &amp; more"])
def test_emoji_that_come_back_as_names_make_no_other_message(shown: str) -> None:
    assert outbox._letters(shown) == outbox._letters("⏳ *build-7* & more")
