"""Posting within Slack's budgets, and what each failure means."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import outbox, slack
from bot.cards import say
from playground import workspace
from playground.workspace import Fault, SlackError
from tests.bot.conftest import BOT

CARD = say("Something to say.")
META = {"event_type": "clusterdesk_card", "event_payload": {"request": "uid-1"}}


class Clock:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
async def local() -> AsyncIterator[workspace.LocalSlack]:
    async with workspace.serving(workspace.Options(bot_token=BOT)) as made:
        yield made


def box(local: workspace.LocalSlack, clock: Clock | None = None) -> outbox.Outbox:
    clock = clock or Clock()
    return outbox.Outbox(slack.client(BOT, api_url=local.api_url), clock=clock, sleep=clock.sleep)


async def test_a_card_is_posted_with_its_metadata_and_redrawn_in_place(local: workspace.LocalSlack) -> None:
    it = box(local)
    ts = await it.post("C0TEAMA", CARD, metadata=META)

    await it.update("C0TEAMA", ts, say("Something else."))

    stored = local.workspace.conversations.get("C0TEAMA").messages[ts]
    assert (stored.text, stored.metadata) == ("Something else.", META)


async def test_a_direct_message_is_opened_once(local: workspace.LocalSlack) -> None:
    it = box(local)

    assert await it.direct("U0LENA") == await it.direct("U0LENA")

    assert [c.method for c in local.api.calls] == ["conversations.open"]


async def test_an_archived_channel_or_a_gone_person_is_undeliverable(local: workspace.LocalSlack) -> None:
    local.workspace.conversations.get("C0TEAMA").is_archived = True

    with pytest.raises(outbox.Undeliverable, match="is_archived"):
        await box(local).post("C0TEAMA", CARD, metadata=META)
    with pytest.raises(outbox.Undeliverable, match="user_disabled"):
        await box(local).direct("U0GONE")


async def test_a_deleted_card_has_vanished(local: workspace.LocalSlack) -> None:
    with pytest.raises(outbox.Vanished):
        await box(local).update("C0TEAMA", "1.000001", CARD)


async def test_retry_after_closes_the_method_for_everybody(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    local.api.faults.plan("chat.postMessage", Fault.REFUSE, error=SlackError("ratelimited", retry_after=7))

    with pytest.raises(outbox.Later) as later:
        await it.post("C0TEAMA", CARD, metadata=META)
    assert later.value.seconds == 7
    await it.post("C0TEAMB", CARD, metadata=META)

    assert clock.slept[-1] == 7


async def test_slack_being_down_means_later(local: workspace.LocalSlack) -> None:
    local.api.faults.plan("chat.postMessage", Fault.DOWN)

    with pytest.raises(outbox.Later):
        await box(local).post("C0TEAMA", CARD, metadata=META)


async def test_a_lost_answer_is_unknown_and_not_repeated_behind_our_back(local: workspace.LocalSlack) -> None:
    local.api.faults.plan("chat.postMessage", Fault.LOSE_ANSWER)

    with pytest.raises(outbox.Unknown):
        await box(local).post("C0TEAMA", CARD, metadata=META)

    assert len(local.workspace.conversations.get("C0TEAMA").messages) == 1


async def test_a_flood_is_spread_over_the_minutes_it_takes(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    ts = await it.post("C0TEAMA", CARD, metadata=META)

    for _ in range(60):
        await it.update("C0TEAMA", ts, CARD)

    assert clock.now == pytest.approx((60 - outbox.BURST) * 60 / 50)


async def test_progress_stays_back_while_the_budget_is_nearly_spent(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = box(local, clock)
    assert it.calm() == 0
    ts = await it.post("C0TEAMA", CARD, metadata=META)
    for _ in range(outbox.BURST):
        await it.update("C0TEAMA", ts, CARD)

    assert it.calm() == pytest.approx(6.0)
