"""Slack's Socket Mode: the bot connects to us; an envelope goes to any one connection, which must ack it.

What must never live here: what the payload means, or the Web API (which only asks for an address).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import aiohttp
import structlog
from aiohttp import web

from playground.workspace.door import ACK_SECONDS, Answered, Envelope, Missed, Outcome

log = structlog.get_logger()

Farewell: TypeAlias = Literal["refresh_requested", "link_disabled", "too_many_websockets"]
CONNECTIONS = 10
PATH = "/link/"


class SocketDoor:
    """`base` gives our own http address, from which the WebSocket address is made."""

    def __init__(
        self, *, app_id: str, base: Callable[[], str], on_change: Callable[[], None], limit: float = ACK_SECONDS
    ) -> None:
        self._app_id = app_id
        self._base = base
        self._on_change = on_change
        self._limit = limit
        self._tickets: set[str] = set()
        self._links: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0
        self.acks_to_lose = 0
        self.greets = True
        """Whether a connection gets its hello. Without, it is open and nothing more."""
        self.hears = asyncio.Event()
        """Whether it reads what comes by a new connection. Without, not even a goodbye is answered."""
        self.hears.set()
        self.refuses = False
        """Whether nobody is let in."""

    @property
    def connections(self) -> int:
        """How many connections the bot has open."""
        return len(self._links)

    def issue_url(self) -> str:
        """An address for one connection (apps.connections.open)."""
        ticket = secrets.token_hex(12)
        self._tickets.add(ticket)
        host = self._base().split("://", 1)[1].rstrip("/")
        return f"ws://{host}{PATH}?ticket={ticket}&app_id={self._app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection of the bot, from hello to its end."""
        ticket = request.query.get("ticket", "")
        if self.refuses:
            return web.Response(status=503, text="down")
        if ticket not in self._tickets:
            return web.Response(status=403, text="unknown or used ticket")
        self._tickets.discard(ticket)
        link = web.WebSocketResponse(autoping=True)
        await link.prepare(request)
        if len(self._links) >= CONNECTIONS:
            await self._part(link, "too_many_websockets")
            return link
        self._links.append(link)
        self._on_change()
        try:
            if self.greets:
                await link.send_json(self._hello())
            await self.hears.wait()
            async for message in link:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._receive(message.data)
        finally:
            if link in self._links:
                self._links.remove(link)
            self._on_change()
        return link

    async def send(self, envelope: Envelope) -> Outcome:
        """Give it to the next connection in turn and wait for its ack."""
        if not self._links:
            return Missed("connection_failed", "the bot has no Socket Mode connection")
        self._turn += 1
        link = self._links[self._turn % len(self._links)]
        envelope_id = secrets.token_hex(16)
        acked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acked
        try:
            async with asyncio.timeout(self._limit):
                await link.send_json(_wire(envelope, envelope_id))
                return Answered(await acked or "")
        except TimeoutError:
            log.warning("bot_missed_the_deadline", kind=envelope.kind, seconds=self._limit)
            return Missed("http_timeout", f"no answer in {self._limit:g} s")
        except ConnectionError:
            return Missed("connection_failed", "the Socket Mode connection closed")
        finally:
            del self._waiting[envelope_id]

    async def refresh(self, reason: Farewell = "refresh_requested") -> None:
        """Ask every connection to come again, as Slack does every few hours, and close it."""
        for link in tuple(self._links):
            await self._part(link, reason)

    async def renew_one(self) -> None:
        """Ask the connection that has been there the longest, and no other."""
        await self._part(self._links[0], "refresh_requested")

    async def warn(self) -> None:
        """Tell every connection that it will be asked to go soon."""
        for link in tuple(self._links):
            await link.send_json(self._disconnect("warning"))

    async def close(self) -> None:
        """End all connections without a word, as a broken network does."""
        for link in tuple(self._links):
            await link.close()

    async def _part(self, link: web.WebSocketResponse, reason: str) -> None:
        if link in self._links:
            self._links.remove(link)
        await link.send_json(self._disconnect(reason))
        await link.close()

    def _receive(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            log.warning("socket_message_is_no_json")
            return
        acked = self._waiting.get(str(message.get("envelope_id"))) if isinstance(message, dict) else None
        if acked is None or acked.done():
            return  # an ack that came too late, or twice
        if self.acks_to_lose:
            self.acks_to_lose -= 1
            return
        acked.set_result(message.get("payload"))

    def _hello(self) -> Mapping[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "debug_info": {"host": "local", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _disconnect(self, reason: str) -> Mapping[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}


def _wire(envelope: Envelope, envelope_id: str) -> Mapping[str, Any]:
    wire: dict[str, Any] = {
        "type": envelope.kind,
        "envelope_id": envelope_id,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.kind != "events_api",
    }
    if envelope.kind == "events_api":
        reason = {"http_timeout": "timeout"}.get(envelope.reason, envelope.reason)
        wire |= {"retry_attempt": envelope.retry, "retry_reason": reason}
    return wire
