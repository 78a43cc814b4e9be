"""Two playgrounds, in which Slack reaches the bot over HTTP and by Socket Mode: every test is run in both. The test of
another Slack starts its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from playground.binaries import Binaries
from tests import browser as browsers
from tests.e2e import desk as desks
from tests.e2e.desk import Desk


@pytest_asyncio.fixture(scope="package", loop_scope="package", params=["http", "socket"])
async def desk(
    request: pytest.FixtureRequest, control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """A playground with two webhook replicas and the local page."""
    folder = tmp_path_factory.mktemp("playground")
    arguments = ("--webhook-replicas=2", f"--slack-mode={request.param}")
    async with desks.up(folder, control_plane_binaries["kubectl"], *arguments) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with browsers.started() as started:
        yield started


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return browsers.pictures(tmp_path)
