"""Publishing App Home on the local Slack: guarded by the hash, within the budget, every outcome by its name."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bot import home, slack
from bot.outcomes import Later, Undeliverable, Unknown
from bot.publishing import BURST, Overtaken, Publisher
from bot.weights import Weight
from playground import workspace
from playground.workspace import Fault, SlackError
from tests.bot.conftest import BOT

VIEW = home.told("Hello.")


@pytest.fixture
async def local() -> AsyncIterator[workspace.LocalSlack]:
    async with workspace.serving(workspace.Options(bot_token=BOT)) as started:
        yield started


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def publisher(local: workspace.LocalSlack, clock: Clock | None = None) -> Publisher:
    return Publisher(slack.client(BOT, api_url=local.api_url), clock=clock or Clock())


async def put(it: Publisher, *, user: str = "U0LENA", hash_: str = "", weight: Weight = Weight.DECISION) -> str:
    return await it.publish(user, VIEW, hash_=hash_, weight=weight)


async def test_each_home_has_a_hash_that_lets_the_next_one_pass(local: workspace.LocalSlack) -> None:
    it = publisher(local)

    first = await put(it)
    second = await put(it, hash_=first)

    assert local.workspace.views.homes["U0LENA"].hash == second
    with pytest.raises(Overtaken):
        await put(it, hash_=first)


@pytest.mark.parametrize(
    ("fault", "error", "outcome"),
    [
        (Fault.DOWN, SlackError("fatal_error"), Later),
        (Fault.REFUSE, SlackError("internal_error"), Later),
        (Fault.REFUSE, SlackError("token_revoked"), Later),
        (Fault.REFUSE, SlackError("not_enabled"), Undeliverable),
        (Fault.LOSE_ANSWER, SlackError("fatal_error"), Unknown),
    ],
)
async def test_each_outcome_has_its_name(
    local: workspace.LocalSlack, fault: Fault, error: SlackError, outcome: type[Exception]
) -> None:
    local.api.faults.plan("views.publish", fault, error=error)

    with pytest.raises(outcome):
        await put(publisher(local))


async def test_a_slack_that_throttles_is_left_alone_as_long_as_it_says(local: workspace.LocalSlack) -> None:
    clock = Clock()
    it = publisher(local, clock)
    local.api.faults.plan("views.publish", Fault.REFUSE, error=SlackError("ratelimited", retry_after=20))
    with pytest.raises(Later) as told:
        await put(it)
    assert told.value.seconds == 20

    clock.seconds = 19.0
    with pytest.raises(Later):
        await put(it)
    clock.seconds = 20.0
    await put(it)

    assert [call.method for call in local.api.calls].count("views.publish") == 2


async def test_whoever_looks_still_gets_a_call_when_changes_have_used_theirs_up(local: workspace.LocalSlack) -> None:
    it = publisher(local)
    with contextlib.suppress(Later):
        for _ in range(BURST):
            await put(it, weight=Weight.PROGRESS)

    with pytest.raises(Later):
        await put(it, weight=Weight.PROGRESS)
    await put(it, weight=Weight.DECISION)
