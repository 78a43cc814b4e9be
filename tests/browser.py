"""The browser of the tests: which one, and how it is started. A test's own fixture decides for how long."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 30_000.0
"""Milliseconds for what a page is to show, on a machine that has much else to do."""


def chromium() -> str:
    """The browser: $CHROMIUM or one on the path."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium is needed: `apt-get install chromium`, or set CHROMIUM to its path"
    return found


def pictures(elsewhere: Path) -> Path:
    """Where pictures go: into the docs when they are to be made anew (UPDATE_PICTURES=1), else away."""
    return Path(__file__).parents[1] / "docs" / "pictures" if os.environ.get("UPDATE_PICTURES") == "1" else elsewhere


@contextlib.asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """A headless browser; it is closed at the end."""
    expect.set_options(timeout=PATIENCE)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *sandbox])
        yield browser
        await browser.close()
