"""Socket Mode: which connections count, what Slack says when it ends one, and what the probes say meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot import http, replies, slack, socket
from bot.socket import Connections
from playground import workspace
from playground.workspace import Fault, SlackError
from playground.workspace.socket_door import Farewell
from tests.bot.conftest import APP, BOT, running
from tests.bot.fake_desk import FakeDesk
from tests.provisioning.waiting import until

PING = 1.0
OPEN = "apps.connections.open"


async def _authorize(**_: object) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token=BOT, bot_id="B1", bot_user_id="U1")


@pytest.fixture
async def local() -> AsyncIterator[workspace.LocalSlack]:
    async with workspace.serving(workspace.Options(bot_token=BOT, app_token=APP, mode="socket")) as made:
        yield made


@asynccontextmanager
async def connected(local: workspace.LocalSlack, *, ping: float = PING) -> AsyncIterator[Connections]:
    bolt = AsyncApp(
        client=slack.client(None, api_url=local.api_url), authorize=_authorize, request_verification_enabled=False
    )
    async with socket.connected(bolt, app_token=APP, count=2, ping=ping) as connections:
        yield connections


async def until_alive(connections: Connections, number: int) -> None:
    await until(lambda: connections.alive() == number)


async def readiness(connections: Connections) -> tuple[int, str]:
    async with (
        TestClient(TestServer(http.application(None, waits=connections.waits))) as client,
        client.get("/readyz") as answer,
    ):
        return answer.status, await answer.text()


def farewells(reason: str) -> float:
    return REGISTRY.get_sample_value("clusterdesk_slack_disconnects_total", {"reason": reason}) or 0.0


async def test_it_is_ready_while_any_connection_lives_and_again_when_one_comes_back(
    local: workspace.LocalSlack, logged: list[str]
) -> None:
    async with connected(local) as connections:
        await until_alive(connections, 2)
        assert await readiness(connections) == (200, "ok")
        await until(lambda: REGISTRY.get_sample_value("clusterdesk_slack_connections") == 2)

        local.socket.refuses = True
        await local.socket.close()
        await until_alive(connections, 0)
        await until(lambda: any("Failed to connect" in line for line in logged))
        assert await readiness(connections) == (503, "waiting for a Socket Mode connection")

        local.socket.refuses = False
        await until_alive(connections, 2)
        assert await readiness(connections) == (200, "ok")


async def test_a_connection_that_slack_has_not_greeted_is_none(local: workspace.LocalSlack) -> None:
    local.socket.greets = False
    async with connected(local) as connections:
        await until(lambda: local.socket.connections == 2)
        assert connections.waits()

        local.socket.greets = True
        await local.socket.refresh()

        await until(lambda: connections.waits() == "")


async def test_a_warning_or_a_refresh_is_everyday(local: workspace.LocalSlack) -> None:
    before = farewells("warning"), farewells("refresh_requested")
    with structlog.testing.capture_logs() as lines:
        async with connected(local) as connections:
            await until_alive(connections, 2)
            await local.socket.refresh()
            await until_told(lines, "refresh_requested")
            await until_alive(connections, 2)
            await local.socket.warn()
            await until_told(lines, "warning")
            await until_alive(connections, 2)

    assert farewells("warning") > before[0]
    assert farewells("refresh_requested") > before[1]
    assert not [line for line in lines if line["log_level"] in ("warning", "error")]


async def test_while_slack_renews_one_connection_after_the_other_every_command_is_answered() -> None:
    async with running(FakeDesk(), "socket") as stage:
        lena, link = stage.slack.person("U0LENA"), stage.slack.socket
        for _ in range(6):
            renewing = asyncio.create_task(link.renew_one())
            await lena.command("/cluster help")
            assert lena.sees(replies.HELP_INTRO)
            await renewing
            await until(lambda: link.connections == 2)


async def test_a_slack_that_lets_nobody_in_for_a_while_is_asked_again_when_it_says() -> None:
    async with running(FakeDesk(), "socket") as stage:
        stage.slack.api.faults.plan(OPEN, Fault.REFUSE, error=SlackError("ratelimited", retry_after=1))
        before = [call.method for call in stage.slack.api.calls].count(OPEN)

        await stage.slack.socket.renew_one()
        await until(lambda: stage.slack.socket.connections == 2)

        # Refused, and let in; on a busy machine the SDK's own look at the connection comes in between.
        assert [call.method for call in stage.slack.api.calls].count(OPEN) - before in (2, 3)


async def test_a_slack_that_answers_no_goodbye_does_not_keep_the_bot_from_ending_well(
    local: workspace.LocalSlack,
) -> None:
    local.socket.hears.clear()
    async with connected(local, ping=socket.PING_SECONDS) as connections:
        await until_alive(connections, 2)
        began = asyncio.get_running_loop().time()

    assert connections.alive() == 0
    assert asyncio.get_running_loop().time() - began <= socket.CLOSE_SECONDS + 1
    local.socket.hears.set()


@pytest.mark.parametrize("reason", ["link_disabled", "too_many_websockets"])
async def test_what_somebody_has_to_do_something_about_is_told(local: workspace.LocalSlack, reason: Farewell) -> None:
    before = farewells(reason)
    with structlog.testing.capture_logs() as lines:
        async with connected(local) as connections:
            await until_alive(connections, 2)
            local.socket.refuses = True
            await local.socket.refresh(reason)
            await until_told(lines, reason)
            await until_alive(connections, 0)

            status, why = await readiness(connections)
            assert status == 503
            assert socket.TROUBLES[reason] in why

            local.socket.refuses = False
            await until(lambda: connections.waits() == "")

    assert farewells(reason) > before
    assert {line["event"] for line in lines if line["log_level"] == "error"} == {"socket_mode_refused"}


async def test_a_bot_that_hears_nothing_says_so_to_its_probe() -> None:
    async with running(FakeDesk(), "socket") as stage:
        await until(lambda: stage.service.waits() == "")

        stage.slack.socket.refuses = True
        await stage.slack.socket.close()

        await until(lambda: stage.service.waits() == "waiting for a Socket Mode connection")


async def until_told(lines: list[structlog.typing.EventDict], reason: str) -> None:
    await until(lambda: any(line.get("reason") == reason for line in lines))
