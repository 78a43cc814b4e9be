"""A bot of a few lines, built on slack-bolt, to try the workspace's wires with."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground import workspace
from playground.workspace import people
from tests.playground.workspace import payloads_for_tests as made

SECRET, BOT, APP = "shhh", "xoxb-test", "xapp-test"
PATIENCE = 30.0
"""Seconds in which it may answer: ten times what Slack grants, for a busy machine."""
HURRY, LATE = 1.0, 1.6
"""Seconds that a bot in a hurry has, and after which it answers what it is too late for."""


# The people of the playground, and this bot's own shortcut.
DIRECTORY = people.load().model_copy(
    update={
        "shortcuts": (people.Shortcut(callback_id="new-cluster", name="New cluster"),),
        "events": ("app_home_opened", "subteam_members_changed", "user_change", "channel_archive"),
    }
)


def options(**changes: Any) -> workspace.Options:
    """Options with this bot's secrets."""
    changes = {"directory": DIRECTORY, "ack_seconds": PATIENCE, **changes}
    return workspace.Options(signing_secret=SECRET, bot_token=BOT, app_token=APP, **changes)


def client(slack: workspace.LocalSlack, token: str = BOT) -> AsyncWebClient:
    """A Web API client of the bot."""
    return AsyncWebClient(token=token, base_url=slack.api_url, timeout=int(PATIENCE))


class TinyBot:
    """The bot and what it heard."""

    def __init__(self, slack: workspace.LocalSlack) -> None:
        self.slack = slack
        self.heard: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.app = AsyncApp(signing_secret=SECRET, client=client(slack))
        app = self.app
        app.command("/cluster")(self.on_command)
        app.action("approve")(self.on_approve)
        app.action("whisper")(self.on_whisper)
        app.action("push")(self.on_push)
        for heard in ("size", "pick", "more", "when", "silent"):
            app.action(heard)(self.on_heard)
        app.view("form")(self.on_submit)
        app.view_closed("form")(self.on_closed)
        app.options("owner")(self.on_options)
        app.event("app_home_opened")(self.on_home)
        app.shortcut("new-cluster")(self.on_shortcut)

    async def on_command(self, ack: Any, body: dict[str, Any], respond: Any, client: AsyncWebClient) -> None:
        self.heard.append(body)
        word = body.get("text", "").split(" ")[0]
        if word == "help":
            await ack("There is no help.")
        elif word == "tell":
            await ack(response_type="in_channel", text="everybody hears this")
        elif word == "slow":
            await asyncio.sleep(LATE)
            await ack("too late")
        elif word == "later":
            await ack()
            await respond(text="by response url")
        elif word == "bad":
            await ack(text="x", blocks=[{"type": "nonsense"}])
        elif word == "card":
            await ack()
            await client.chat_postMessage(channel=body["channel_id"], text="A card", blocks=made.card())
        else:
            await ack()
            with contextlib.suppress(SlackApiError):
                await client.views_open(trigger_id=body["trigger_id"], view=made.modal())

    async def on_approve(self, ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        self.heard.append(body)
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text="Approved",
            blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": f"Approved by <@{body['user']['id']}>"}}],
        )

    async def on_whisper(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        self.heard.append(body)
        await respond(text="just for you", replace_original=False)

    async def on_push(self, ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=made.modal(title="Another"))
        except SlackApiError as e:
            self.refused.append(e.response["error"])

    async def on_heard(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        self.heard.append(body)

    async def on_submit(self, ack: Any, body: dict[str, Any]) -> None:
        self.heard.append(body)
        name = body["view"]["state"]["values"]["name"]["name"]["value"]
        if name == "taken":
            await ack(response_action="errors", errors={"name": "That name is taken."})
        elif name == "wrong":
            await ack(response_action="errors", errors={"no-such-block": "?"})
        elif name == "again":
            await ack(response_action="update", view=made.modal(title="Once more"))
        elif name == "deeper":
            await ack(response_action="push", view=made.modal(title="Deeper"))
        elif name == "all":
            await ack(response_action="clear")
        elif name == "slow":
            await asyncio.sleep(LATE)
            await ack()
        else:
            await ack()

    async def on_closed(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        self.heard.append(body)

    async def on_options(self, ack: Any, body: dict[str, Any]) -> None:
        self.heard.append(body)
        names = [n for n in ("lena", "omar", "leo") if body["value"] in n]
        await ack(options=[{"text": {"type": "plain_text", "text": n.title()}, "value": n} for n in names])

    async def on_home(self, event: dict[str, Any], client: AsyncWebClient) -> None:
        self.heard.append(event)
        await client.views_publish(user_id=event["user"], view=made.home())

    async def on_shortcut(self, ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=made.modal())


@contextlib.asynccontextmanager
async def running(slack: workspace.LocalSlack, mode: str) -> AsyncIterator[TinyBot]:
    """The bot, reachable in the given mode."""
    bot = TinyBot(slack)
    if mode == "http":
        async with TestServer(bot.app.web_app(path="/slack/events")) as server:
            slack.point_at(str(server.make_url("/")))
            yield bot
        return
    handler: Any = AsyncSocketModeHandler(bot.app, APP, ping_interval=1)
    await handler.connect_async()
    async with asyncio.timeout(30):
        while not slack.socket.connections:
            await slack.bell.wait(1)
    try:
        yield bot
    finally:
        await handler.close_async()


@contextlib.asynccontextmanager
async def deaf_server(
    status: int = 500, *, body: object = None, pause: float = 0.0
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A bot that always answers the same; yields its address and what reached it."""
    reached: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        reached.append(request)
        await asyncio.sleep(pause)
        if body is None:
            return web.Response(status=status)
        return web.Response(status=status, text=json.dumps(body), content_type="application/json")

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/")), reached
