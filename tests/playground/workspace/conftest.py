"""A workspace on loopback, and a small bot in both modes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from playground import workspace
from tests.playground.workspace import tiny_bot


@pytest.fixture
async def slack() -> AsyncIterator[workspace.LocalSlack]:
    """A workspace without a bot behind it."""
    async with workspace.serving(tiny_bot.options(retries=(0.0, 0.05, 0.05))) as running:
        yield running


@pytest.fixture(params=["http", "socket"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the workspace reaches the small bot: whoever asks for it is run once in each."""
    return str(request.param)


@pytest.fixture
async def bot(mode: str) -> AsyncIterator[tiny_bot.TinyBot]:
    """The small bot with its workspace."""
    options = tiny_bot.options(mode=mode, retries=(0.0, 0.05, 0.05))
    async with workspace.serving(options) as slack, tiny_bot.running(slack, mode) as running:
        yield running


@pytest.fixture
async def hurried_bot(mode: str) -> AsyncIterator[tiny_bot.TinyBot]:
    """The same, for what it is too late for."""
    options = tiny_bot.options(mode=mode, ack_seconds=tiny_bot.HURRY)
    async with workspace.serving(options) as slack, tiny_bot.running(slack, mode) as running:
        yield running
