"""The Socket Mode door: several connections, so that Slack's renewing of one leaves no gap.

Slack may hand a delivery to any of them, and twice after a lost acknowledgement; everything behind is idempotent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

log = structlog.get_logger()

PING_SECONDS = 10.0
CLOSE_SECONDS = 5.0


class Connections:
    """The open connections."""

    def __init__(self, handlers: list[AsyncSocketModeHandler]) -> None:
        self._handlers = handlers

    def waits(self) -> str:
        """Why nothing can arrive; empty when something can."""
        sessions = [handler.client.current_session for handler in self._handlers]
        alive = any(session is not None and not session.closed for session in sessions)
        return "" if alive else "waiting for a Socket Mode connection"


@asynccontextmanager
async def connected(app: AsyncApp, *, app_token: str, count: int) -> AsyncIterator[Connections]:
    """Connect `count` times and keep it so while the block lasts. Slack's base URL is that of the app's client."""
    handlers = [AsyncSocketModeHandler(app, app_token, ping_interval=PING_SECONDS) for _ in range(count)]
    for handler in handlers:
        handler.client.proxy = app.client.proxy
    try:
        # The SDK keeps trying by itself until Slack lets it in.
        await asyncio.gather(*(_connect(handler) for handler in handlers))
        log.info("socket_mode_connected", connections=count)
        yield Connections(handlers)
    finally:
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.gather(*(_close(handler) for handler in handlers), return_exceptions=True)


async def _connect(handler: AsyncSocketModeHandler) -> None:
    await handler.client.connect()  # type: ignore[no-untyped-call]


async def _close(handler: AsyncSocketModeHandler) -> None:
    await handler.client.close()  # type: ignore[no-untyped-call]
