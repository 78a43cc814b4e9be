"""The bot put together and run: doors, people, cards. What it is put together from is handed in by `__main__`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

from bot import app, http, slack, socket, witness
from bot.access_follow import AccessFollower
from bot.crier import Crier
from bot.door import Door
from bot.errands import Errands
from bot.follow import Follower
from bot.homes import Homes
from bot.messenger import Messenger
from bot.occasions import Changes
from bot.outbox import Outbox
from bot.people import People, SlackAccounts
from bot.ports import Desk
from bot.publishing import Publisher
from bot.settings import Settings
from bot.usher import Usher
from provisioning import audit
from provisioning.health import Waits
from provisioning.memo import Memo, Remembered
from provisioning.model import ClusterRequest, Delivery
from provisioning.objects import Stored

log = structlog.get_logger()

DRAIN_SECONDS = 5.0
Payload = Callable[[], Awaitable[None]]


@dataclass
class Service:
    """`elect` runs its payload whenever this replica is the one that posts; `caches` says why the desk
    cannot answer yet."""

    settings: Settings
    desk: Desk
    tenants: Changes
    requests: Changes
    clusters: Changes
    accesses: Changes
    delegations: Changes
    elect: Callable[[Payload], Awaitable[None]]
    caches: Waits
    tell: audit.Tell = audit.untold
    memo: Memo = field(default_factory=Remembered)
    """What each leader leaves to the next of what the platform was told."""
    delegates_told: Memo = field(default_factory=Remembered)
    """The same of what those were told who decide instead of somebody."""
    forget_group: Callable[[str], None] = lambda _: None
    """What is to know that the people of a user group have changed."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """What time it is, for all that ends or is to be told by then."""
    seconds: Callable[[], float] = time.monotonic
    """The clock by which it is counted what Slack grants."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    """The port of the HTTP door, once `listening`."""

    def __post_init__(self) -> None:
        self._door: Waits = lambda: "waiting for Slack"

    def waits(self) -> str:
        """Why the bot cannot work yet; empty when it can."""
        return self.caches() or self._door()

    async def run(self) -> None:
        """Until `stop` is set; then nothing new is taken, and what is under way is finished."""
        token = self.settings.slack_bot_token.get_secret_value()
        client = slack.client(token, api_url=self.settings.slack_api_url)
        identity = await slack.identify(client, token=token)
        errands, outbox = Errands(), Outbox(client, clock=self.seconds)
        people = People(
            SlackAccounts(client),
            team=identity.team,
            mapped=self.desk.person,
            by_email=self.desk.users_by_email if self.settings.slack_email else None,
        )
        homes = Homes(
            desk=self.desk,
            people=people,
            publisher=Publisher(client),
            platform=self.settings.platform_people,
            waits=self.caches,
            tell=self.tell,
            team=identity.team,
            now=self.now,
        )
        door = Door(
            desk=self.desk,
            people=people,
            client=client,
            poster=outbox,
            errands=errands,
            homes=homes,
            forget_group=self.forget_group,
            waits=self.caches,
            tell=self.tell,
            clock=self.now,
        )
        secret = self.settings.slack_signing_secret.get_secret_value()
        template = slack.client(None, api_url=self.settings.slack_api_url)
        bolt = app.build(door, identity=identity, client=template, signing_secret=secret)
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(self._elected(outbox, people, team=identity.team))
            trying = group.create_task(self.desk.canary.run())
            changes = {"tenants": self.tenants, "requests": self.requests, "clusters": self.clusters}
            drawing = group.create_task(homes.run(**changes, delegations=self.delegations))
            async with self._doors(bolt):
                self.listening.set()
                await self.stop.wait()
            await errands.drain(seconds=DRAIN_SECONDS)
            follower.cancel()
            drawing.cancel()
            trying.cancel()
        log.info("bot_stopped")

    async def _elected(self, outbox: Outbox, people: People, *, team: str) -> None:
        def shown(request: Stored[ClusterRequest], delivery: Delivery) -> None:
            if event := witness.shown(request, delivery, team=team):
                self.tell(event)

        async def follow() -> None:
            # A new one for each term: what an old one remembered may be out of date.
            follower = Follower(
                desk=self.desk,
                poster=outbox,
                clock=self.now,
                platform=self.settings.platform_channel,
                shown=shown,
                memo=self.memo,
            )
            entries = AccessFollower(
                accesses=self.desk.accesses,
                poster=outbox,
                clock=self.now,
                tenant_of=self.desk.tenant_of,
            )
            messenger = Messenger(
                desk=self.desk,
                poster=outbox,
                directory=people,
                clock=self.now,
                platform=self.settings.platform_channel,
            )
            crier = Crier(desk=self.desk, poster=outbox, clock=self.now, platform=self.settings.platform_channel)
            usher = Usher(desk=self.desk, poster=outbox, memo=self.delegates_told, clock=self.now)
            async with asyncio.TaskGroup() as group:
                group.create_task(usher.run(self.delegations))
                group.create_task(crier.run(self.clusters))
                group.create_task(messenger.run(self.requests))
                group.create_task(follower.run(self.requests, self.clusters, self.delegations))
                group.create_task(entries.run(self.accesses))

        await self.elect(follow)

    @asynccontextmanager
    async def _doors(self, bolt: AsyncApp) -> AsyncIterator[None]:
        settings = self.settings
        if settings.slack_mode == "http":
            secret = settings.slack_signing_secret.get_secret_value()
            entrance = http.Entrance(bolt, signing_secret=secret, replays=http.Replays())
            async with self._serving(http.application(entrance, waits=self.waits)):
                self._door = lambda: ""
                yield
            return
        token = settings.slack_app_token.get_secret_value()
        async with (
            self._serving(http.application(None, waits=self.waits)),
            socket.connected(bolt, app_token=token, count=settings.slack_connections) as connections,
        ):
            self._door = connections.waits
            yield

    @asynccontextmanager
    async def _serving(self, application: web.Application) -> AsyncIterator[None]:
        runner = http.runner(application, drain=DRAIN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.settings.host, self.settings.port).start()
            self.port = runner.addresses[0][1]
            log.info("bot_listening", host=self.settings.host, port=self.port, mode=self.settings.slack_mode)
            yield
        finally:
            await runner.cleanup()
