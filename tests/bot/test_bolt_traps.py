"""Where slack-bolt 1.30 bites, and what keeps each bite off. Those that a test elsewhere holds are named here.

* no signing secret, and the first request breaks: `test_settings_and_parts`, settings that cannot work are refused
* a timestamp that is no number, a body that is no JSON, signed or not: `test_http`
* a body without end, the same signed request again: `test_http`, `test_twice`
* no acknowledgement in time, or an exception before it: `test_faults_in_slack`, each is a sentence to the person
* a post whose outcome nobody knows, Retry-After: `test_outbox`
* a gap whenever Slack renews a Socket Mode connection: `test_faults_in_slack`; two at least: `test_settings_and_parts`
* a deadline that passes within a delivery: `bot.door.ACK_SECONDS`, below Slack's three
"""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import door, slack, windows
from bot.answers import ANSWER_SECONDS
from playground.workspace import Fault
from playground.workspace.door import ACK_SECONDS
from tests.bot.conftest import BOT, Mode, Stage, running
from tests.bot.fake_desk import FakeDesk
from tests.bot.test_desk_in_slack import asked

MODES: tuple[Mode, ...] = ("http", "socket")


def test_bolt_is_one_that_checks_signatures_and_keeps_retries() -> None:
    version = tuple(int(part) for part in importlib.metadata.version("slack-bolt").split(".")[:2])

    assert (1, 30) <= version < (2,)


def test_our_deadline_leaves_the_answer_time_for_the_way_back() -> None:
    assert windows.OPEN_SECONDS < door.ACK_SECONDS < ACK_SECONDS
    assert ANSWER_SECONDS < door.ACK_SECONDS


async def test_no_request_asks_slack_who_we_are(stage: Stage) -> None:
    """A cold `auth.test` within the three seconds is a call that may hang: it was asked once, at the start."""
    lena = stage.slack.person("U0LENA")
    for _ in range(3):
        await lena.command("/cluster list")

    assert [call.method for call in stage.slack.api.calls].count("auth.test") == 1


def test_no_client_of_ours_repeats_a_call_by_itself() -> None:
    """The SDK's own repeats post twice when only the answer was lost."""
    assert slack.client(BOT, api_url="https://slack.com/api/").retry_handlers == []
    assert slack.webhook("https://hooks.slack.com/x").retry_handlers == []


async def _authorize(**_: object) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")


async def _dispatched(listen: Callable[..., Any]) -> int:
    """The status that Bolt answers a command with."""
    bolt = AsyncApp(signing_secret="s", authorize=_authorize, request_verification_enabled=False)
    bolt.command("/cluster")(listen)
    body = "command=%2Fcluster&team_id=T1&user_id=U1"
    headers: dict[str, str | Sequence[str]] = {"content-type": "application/x-www-form-urlencoded"}
    async with asyncio.timeout(30):
        return (await bolt.async_dispatch(AsyncBoltRequest(body=body, headers=headers))).status


async def test_bolt_still_loses_an_acknowledgement_when_a_listener_raises_after_it() -> None:
    """The trap itself: once this fails, `Errands` may be less careful."""

    async def breaks(ack) -> None:  # type: ignore[no-untyped-def]
        await ack()
        raise ZeroDivisionError

    assert await _dispatched(breaks) == 404


@pytest.mark.parametrize("mode", MODES)
async def test_what_breaks_after_the_acknowledgement_is_no_error_to_the_person(mode: Mode) -> None:
    """The connection breaks over which we answer."""
    async with running(FakeDesk(), mode) as stage:
        await asked(stage)
        omar = stage.slack.person("U0OMAR")
        await omar.waits_for("asks for a new cluster")
        stage.slack.api.faults.plan("response_url", Fault.LOSE_ANSWER, times=2)

        await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")

        await omar.waits_until(lambda: [c.method for c in stage.slack.api.calls].count("response_url") > 0)
        assert omar.notices == ()


async def test_what_was_acknowledged_is_finished_before_the_bot_stops(stage: Stage) -> None:
    """Bolt forgets its tasks; ours are waited for."""
    await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")

    stage.service.stop.set()

    await omar.waits_for("counts.")


async def test_handlers_post_nothing_themselves(stage: Stage) -> None:
    """Bolt makes a client for each request; what is posted goes through the one outbox and its budgets."""
    await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    before = len(stage.slack.api.calls)

    await omar.command("/cluster list")
    await omar.card("asks for a new cluster", at="#team-a-approvals").click("Deny…")

    assert "chat.postMessage" not in {call.method for call in list(stage.slack.api.calls)[before:]}
