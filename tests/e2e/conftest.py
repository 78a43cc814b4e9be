"""One playground for the tests of the local page and of kubectl; the tests of another Slack start their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from playground.binaries import Binaries
from tests.e2e import desk as desks
from tests.e2e.desk import Desk

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def desk(control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A playground with two webhook replicas and the local page."""
    folder = tmp_path_factory.mktemp("playground")
    async with desks.up(folder, control_plane_binaries["kubectl"], "--webhook-replicas=2") as started:
        yield started


def chromium() -> str:
    """The browser: $CHROMIUM or one on the path."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium is needed: `apt-get install chromium`, or set CHROMIUM to its path"
    return found


@pytest_asyncio.fixture(loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *sandbox])
        yield started
        await started.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go: into the docs when they are to be made anew (UPDATE_PICTURES=1), else away."""
    if os.environ.get("UPDATE_PICTURES") == "1":
        return Path(__file__).parents[2] / "docs" / "pictures"
    return tmp_path
