"""The bot against the local Slack, over HTTP and over Socket Mode, with a desk in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from bot import manifest
from bot import slack as bot_slack
from bot.service import Service
from bot.settings import Settings
from bot.usergroups import UserGroups
from playground import workspace
from playground.workspace import installation, people
from provisioning.audit import Event, Tell, untold
from tests.bot import leaks, slack_objects
from tests.bot.fake_desk import FakeDesk

Mode = Literal["http", "socket"]
SECRET, BOT, APP = "shhh", "xoxb-test", "xapp-test"


@dataclass
class Stage:
    """A running bot, its Slack, and the world behind it."""

    slack: workspace.LocalSlack
    desk: FakeDesk
    service: Service
    told: list[Event] = field(default_factory=list)
    """What the audit trail was told."""


def settings(slack: workspace.LocalSlack, mode: str) -> Settings:
    return Settings.model_validate(
        {
            "slack_bot_token": BOT,
            "slack_app_token": APP,
            "slack_signing_secret": SECRET,
            "slack_api_url": slack.api_url,
            "slack_mode": mode,
            "slack_email": "users:read.email" in (slack.options.scopes or ()),
            "port": 0,
        }
    )


async def _always(payload: Callable[[], Awaitable[None]]) -> None:
    await payload()


async def _never(_: Callable[[], Awaitable[None]]) -> None:
    """Another one leads."""


@asynccontextmanager
async def running(
    desk: FakeDesk, mode: Mode, *, email: bool = False, hurry: float = 1.0, **options: Any
) -> AsyncIterator[Stage]:
    """Slack and the bot; at the end, everything the bot ever sent is held against Block Kit's rules.

    `email`: the platform lets people be known by their e-mail address. `hurry`: how many times more than Slack grants
    the bot may post.
    """
    made = manifest.app_manifest(mode, url="https://clusterdesk.example.com", email=email)
    installed = installation.install(people.load(), made)
    given = workspace.Options(
        signing_secret=SECRET,
        bot_token=BOT,
        app_token=APP,
        mode=mode,
        directory=installed.directory,
        scopes=installed.scopes,
        **options,
    )
    async with workspace.serving(given) as slack:
        told: list[Event] = []
        async with bot_of(slack, desk, mode, tell=told.append, hurry=hurry) as service:
            yield Stage(slack, desk, service, told)
        assert slack_objects.complaints(slack) == []
        assert leaks.found(told) == []


@asynccontextmanager
async def bot_of(
    slack: workspace.LocalSlack,
    desk: FakeDesk,
    mode: Mode,
    *,
    tell: Tell = untold,
    leads: bool = True,
    hurry: float = 1.0,
) -> AsyncIterator[Service]:
    """One bot process, as it were. It posts when it `leads`."""
    groups = UserGroups(bot_slack.client(BOT, api_url=slack.api_url))
    desk.voting.groups = groups
    service = Service(
        settings=settings(slack, mode),
        desk=desk,
        tenants=desk.tenant_changes,
        requests=desk.request_changes,
        clusters=desk.cluster_changes,
        accesses=desk.accesses.changes,
        delegations=desk.voting.changes,
        elect=_always if leads else _never,
        caches=lambda: "",
        tell=tell,
        forget_group=groups.forget,
        seconds=lambda: hurry * time.monotonic(),
    )
    task = asyncio.create_task(service.run())
    async with asyncio.timeout(30):
        await service.listening.wait()
        if mode == "http":
            slack.point_at(f"http://127.0.0.1:{service.port}")
        else:
            while slack.socket.connections < 2:
                await slack.bell.wait(0.2)
    try:
        yield service
    finally:
        service.stop.set()
        async with asyncio.timeout(30):
            await task


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[str]]:
    """Every log line of the test, held against the shapes of secrets at its end."""
    with leaks.listening() as lines:
        yield lines
    assert leaks.found(lines) == []


@pytest.fixture(params=["http", "socket"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with running(FakeDesk(), request.param) as made:
        yield made
