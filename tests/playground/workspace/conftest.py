"""A workspace on loopback, and a small bot in both modes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from playground import workspace
from tests.playground.workspace import tiny_bot


@pytest.fixture
async def slack() -> AsyncIterator[workspace.LocalSlack]:
    """A workspace without a bot behind it."""
    async with workspace.serving(tiny_bot.options(ack_seconds=0.4, retries=(0.0, 0.05, 0.05))) as running:
        yield running


@pytest.fixture(params=["http", "socket"])
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[tiny_bot.TinyBot]:
    """The small bot with its workspace, once over HTTP and once over Socket Mode."""
    options = tiny_bot.options(mode=request.param, ack_seconds=0.4, retries=(0.0, 0.05, 0.05))
    async with workspace.serving(options) as slack, tiny_bot.running(slack, request.param) as running:
        yield running
