"""What a client of Slack's makes of a Slack that refuses, throttles, or is a proxy that answers in its place."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import outbox, outcomes, slack, usergroups
from bot.cards import say
from bot.people import SlackAccounts
from bot.publishing import Publisher
from bot.refusals import Refusal, Unwelcome
from bot.weights import Weight
from playground import workspace
from playground.workspace import Fault, SlackError
from provisioning.slack_groups import GroupsUnknown
from tests.bot.conftest import BOT

PAGE = "<html>the proxy is tired</html>"


async def test_at_the_start_slack_is_asked_again_when_it_says_and_not_before() -> None:
    async with workspace.serving(workspace.Options(bot_token=BOT)) as local:
        local.api.faults.plan("auth.test", Fault.REFUSE, error=SlackError("ratelimited", retry_after=2))
        began = time.monotonic()

        await slack.identify(slack.client(BOT, api_url=local.api_url), token=BOT)

        assert time.monotonic() - began >= 2


@pytest.fixture(params=[429, 502])
async def proxy(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """What answers each call with a page that it calls JSON: the base URL."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=request.param, text=PAGE, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{method}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_a_page_that_calls_itself_json_is_a_slack_that_is_down_whatever_was_asked(proxy: str) -> None:
    client = slack.client(BOT, api_url=proxy)

    with pytest.raises(outcomes.Later):
        await outbox.Outbox(client).post("C0TEAMA", say("Something."), metadata={})
    with pytest.raises(outcomes.Later):
        await Publisher(client).publish("U0LENA", {"type": "home"}, hash_="", weight=Weight.DECISION)
    with pytest.raises(Unwelcome) as unwelcome:
        await SlackAccounts(client).account("U0LENA")
    with pytest.raises(GroupsUnknown):
        await usergroups.UserGroups(client).held("U0LENA", ("S0LEADS",))

    assert unwelcome.value.refusal is Refusal.UNCERTAIN
