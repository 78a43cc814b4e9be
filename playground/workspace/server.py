"""The local Slack put together: state, doors, Web API, page; and the aiohttp app that serves it.

What must never live here: Slack's rules (`state` and its parts), HTML (`page`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from playground.workspace import events, guard, page, people, testapi
from playground.workspace.bell import Bell
from playground.workspace.door import ACK_SECONDS, Overheard
from playground.workspace.errors import WorkspaceError
from playground.workspace.http_door import HttpDoor
from playground.workspace.interaction import Interactions
from playground.workspace.person import Driver
from playground.workspace.socket_door import PATH, SocketDoor
from playground.workspace.state import Workspace
from playground.workspace.webapi import Credentials, WebApi

LOOPBACK = "127.0.0.1"
BODY_LIMIT = 2 * 1024 * 1024


@dataclass(frozen=True)
class Options:
    """How the workspace behaves. `paths` may send a kind of delivery to another path than /slack/events;
    `retries` are the seconds before each repetition of a missed event; `scopes` None grants every scope; with
    `message_ids` a message that is posted again under its client_msg_id is the one that is there."""

    bot_url: str = ""
    signing_secret: str = field(default="local-signing-secret", repr=False)
    bot_token: str = field(default="xoxb-local", repr=False)
    app_token: str = field(default="xapp-local", repr=False)
    mode: Literal["http", "socket"] = "http"
    directory: people.Directory | None = None
    scopes: frozenset[str] | None = None
    rate_limits: bool = False
    message_ids: bool = False
    test_api: bool = False
    paths: Mapping[str, str] = field(default_factory=dict)
    retries: Sequence[float] = events.RETRIES
    ack_seconds: float = ACK_SECONDS


class LocalSlack:
    """One running workspace. `clock` gives seconds since the epoch; tests may bring their own."""

    def __init__(self, options: Options, *, clock: Callable[[], float] = time.time) -> None:
        self.options = options
        self.url = ""
        self.bell = Bell()
        self.workspace = Workspace(options.directory or people.load(), clock=clock, on_change=self.bell.ring)
        self.workspace.message_ids = {} if options.message_ids else None
        self.socket = SocketDoor(
            app_id=self.workspace.team.app_id,
            base=lambda: self.url,
            on_change=self.bell.ring,
            limit=options.ack_seconds,
        )
        self._http = HttpDoor(
            options.bot_url,
            signing_secret=options.signing_secret,
            paths=options.paths,
            limit=options.ack_seconds,
        )
        self.door = Overheard(self.socket if options.mode == "socket" else self._http)
        self.api = WebApi(
            self.workspace,
            Credentials(options.bot_token, options.app_token),
            connect=self.socket.issue_url,
            scopes=options.scopes,
            rate_limits=options.rate_limits,
        )
        self.events = events.Events(self.workspace, door=self.door, retries=options.retries)
        self.hands = Interactions(self.workspace, door=self.door, events=self.events, base=lambda: self.url)

    @property
    def api_url(self) -> str:
        """What a bot uses as its Slack API base URL; ends with a slash, as slack_sdk wants it."""
        return f"{self.url}/api/"

    def point_at(self, bot_url: str) -> None:
        """Say where the bot listens, when that was not known at the start (HTTP mode)."""
        self._http.bot_url = bot_url

    def person(self, user: str) -> Driver:
        """A driver for one person, for tests. Raises `KeyError` for an unknown id."""
        return Driver(self.workspace, self.workspace.people[user].id, hands=self.hands, bell=self.bell)

    async def stop(self) -> None:
        """Let go of connections and of what waits to be repeated."""
        self.bell.close()
        await self.events.stop()
        await self.socket.close()
        await self._http.close()


def app(slack: LocalSlack) -> web.Application:
    """The aiohttp app: /api/ and /link/ for the bot, / for people, /test/ when switched on."""
    application = web.Application(middlewares=[guard.middleware], client_max_size=BODY_LIMIT)
    application.on_response_prepare.append(guard.add_headers)
    application.router.add_route("*", "/api/{method}", slack.api.handle)
    application.router.add_post("/response/{token}", slack.api.respond)
    application.router.add_get(PATH, slack.socket.handle)
    page.Page(slack.workspace, hands=slack.hands, bell=slack.bell).add_routes(application)
    if slack.options.test_api:
        testapi.TestApi(slack.workspace, hands=slack.hands, api=slack.api).add_routes(application)

    async def stop(_: web.Application) -> None:
        await slack.stop()

    application.on_shutdown.append(stop)
    return application


@contextlib.asynccontextmanager
async def serving(
    options: Options, *, port: int = 0, clock: Callable[[], float] = time.time
) -> AsyncIterator[LocalSlack]:
    """Serve a workspace on loopback while the block runs; port 0 takes a free one. Raises `OSError`."""
    slack = LocalSlack(options, clock=clock)
    runner = web.AppRunner(app(slack), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        addresses = runner.addresses
        if not addresses:
            raise WorkspaceError("the server has no address")
        slack.url = f"http://{LOOPBACK}:{addresses[0][1]}"
        yield slack
    finally:
        await runner.cleanup()
