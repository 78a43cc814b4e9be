"""The Socket Mode door: several connections, so that Slack's renewing of one leaves no gap.

Slack may hand a delivery to any of them, and twice after a lost acknowledgement; everything behind is idempotent. The
SDK connects and connects again, whatever ended a connection; what is known here is which of them Slack has greeted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot import metrics

log = structlog.get_logger()

PING_SECONDS = 10.0
CLOSE_SECONDS = 5.0
EVERYDAY = frozenset(("warning", "refresh_requested"))
"""What Slack says before it renews a connection, every few hours."""
TROUBLES = {
    "link_disabled": "Socket Mode is switched off in the Slack app's settings",
    "too_many_websockets": "the Slack app has too many connections already; it may have ten",
}
"""What somebody has to do something about."""


class _Discreet(logging.Filter):
    """The SDK logs the address of a connection that fails, and in it the ticket by which anybody could connect."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = re.sub(r"ticket=[\w-]+", "ticket=…", record.getMessage()), ()
        # The error is in the message; where the SDK met it, in its own code, says nothing more, and has the address.
        record.exc_info = record.exc_text = None
        return True


_sdk = logging.getLogger(f"{__name__}.sdk")
_sdk.addFilter(_Discreet())


class Connection:
    """One connection, as Slack sees it: it counts from Slack's hello until it ends."""

    def __init__(self, client: SocketModeClient) -> None:
        self._client = client
        self._greeted: object = None
        self.trouble = ""
        """Why Slack sent it away, where that is no everyday matter; empty once it is greeted again."""
        client.on_message_listeners.append(self._hear)

    @property
    def lives(self) -> bool:
        """Whether deliveries can come. One that opened and is not greeted, or is to go, gets none."""
        session = self._client.current_session
        return session is not None and session is self._greeted and not session.closed

    async def _hear(self, message: aiohttp.WSMessage) -> None:
        # Deliveries have an envelope; they are not ours, and too many to be parsed twice.
        if '"envelope_id"' in message.data or not message.data.startswith("{"):
            return
        said = json.loads(message.data)
        if said.get("type") == "hello":
            self._greeted, self.trouble = self._client.current_session, ""
            log.info("socket_mode_greeted", connections=said.get("num_connections"))
        elif said.get("type") == "disconnect":
            self._sent_away(str(said.get("reason") or ""))

    def _sent_away(self, reason: str) -> None:
        known = reason in EVERYDAY or reason in TROUBLES
        metrics.SOCKET_FAREWELLS.labels(reason if known else "other").inc()
        self._greeted, before, self.trouble = None, self.trouble, TROUBLES.get(reason, "")
        if not self.trouble:
            log.info("socket_mode_renewed", reason=reason)
        elif self.trouble != before:
            log.error("socket_mode_refused", reason=reason, why=self.trouble)


class Connections:
    """The open connections."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections

    def alive(self) -> int:
        return sum(connection.lives for connection in self._connections)

    def waits(self) -> str:
        """Why nothing can arrive; empty when something can."""
        if self.alive():
            return ""
        trouble = next((each.trouble for each in self._connections if each.trouble), "")
        return f"waiting for a Socket Mode connection{': ' if trouble else ''}{trouble}"


@asynccontextmanager
async def connected(
    app: AsyncApp, *, app_token: str, count: int, ping: float = PING_SECONDS
) -> AsyncIterator[Connections]:
    """Connect `count` times and keep it so while the block lasts. Slack's base URL is that of the app's client."""
    handlers = [AsyncSocketModeHandler(app, app_token, logger=_sdk, ping_interval=ping) for _ in range(count)]
    for handler in handlers:
        handler.client.proxy = app.client.proxy
    connections = Connections([Connection(handler.client) for handler in handlers])
    try:
        metrics.SOCKET_CONNECTIONS.set_function(connections.alive)
        # The SDK keeps trying by itself until Slack lets it in.
        await asyncio.gather(*(_connect(handler) for handler in handlers))
        log.info("socket_mode_connected", connections=count)
        yield connections
    finally:
        metrics.SOCKET_CONNECTIONS.set_function(lambda: 0)
        await asyncio.gather(*(_close(handler) for handler in handlers))


async def _connect(handler: AsyncSocketModeHandler) -> None:
    await handler.client.connect()  # type: ignore[no-untyped-call]


async def _close(handler: AsyncSocketModeHandler) -> None:
    """In `CLOSE_SECONDS` at most. Whoever stops has more to do than to wait for a Slack that answers no goodbye."""
    for _ in range(2):  # The second time finds the connection cut off, and ends what hangs on it.
        try:
            async with asyncio.timeout(CLOSE_SECONDS / 2):
                await handler.client.close()  # type: ignore[no-untyped-call]
                return
        except Exception as error:
            # The end of it: nothing is lost with a connection that does not end well.
            log.info("socket_mode_not_closed", why=str(error) or type(error).__name__)
