"""A proxy in front of the real API server that has every kind of bad day, by chance and by a fixed seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import kubernetes_asyncio.client as library
from aiohttp import web

from provisioning.kube import Kube

SLOW = 0.4
"""Seconds that a slow answer takes longer."""
_HOP = {"host", "content-length", "transfer-encoding", "content-encoding", "connection"}


@dataclass
class Troublemaker:
    """`trouble` is the share of requests that go wrong. `made` counts what was done to whom. What is `withheld` is a
    path by which nothing is listed."""

    upstream: str
    tls: ssl.SSLContext
    trouble: float = 0.2
    chance: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311 - no secret
    made: dict[str, int] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    url: str = ""
    """Where it listens."""
    session: aiohttp.ClientSession | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.withheld:
            return _status(500)
        if request.query.get("watch") == "true":
            return await self._watch(request)
        # Reads are not in conflict with anything; all else may happen to all.
        kinds = ["slow", "reset", "429", "500", "lost", "410" if request.method == "GET" else "409"]
        kind = self.chance.choice(kinds) if self.chance.random() < self.trouble else ""
        if kind:
            self.made[kind] = self.made.get(kind, 0) + 1
        if kind == "slow":
            await asyncio.sleep(SLOW)
        if kind in ("409", "410", "429", "500"):
            return _status(int(kind))
        if kind == "reset" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        status, headers, body = await self._forward(request)
        if kind == "lost":
            # Done, but nobody will hear of it.
            return _status(500)
        return web.Response(status=status, headers=headers, body=body)

    async def _forward(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        async with self._ask(request) as answer:
            return answer.status, _end_to_end(answer.headers), await answer.read()

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        """Goes on for a while, then breaks in the middle of a line."""
        async with self._ask(request) as answer:
            response = web.StreamResponse(status=answer.status, headers=_end_to_end(answer.headers))
            await response.prepare(request)
            try:
                async with asyncio.timeout(self.chance.uniform(0.5, 4)):
                    async for chunk in answer.content.iter_any():
                        await response.write(chunk)
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    await response.write(b'{"type": "MODI')
            except ConnectionError:
                pass  # Whoever watched has gone first.
            if request.transport is not None:
                request.transport.abort()
            return response

    def _ask(self, request: web.Request) -> aiohttp.client._RequestContextManager:
        assert self.session is not None
        return self.session.request(
            request.method,
            f"{self.upstream}{request.path_qs}",
            headers=_end_to_end(request.headers),
            data=request.content if request.can_read_body else None,
            ssl=self.tls,
        )


@asynccontextmanager
async def between(upstream: str, tls: ssl.SSLContext) -> AsyncIterator[tuple[Troublemaker, Kube]]:
    """A troublemaker, and a client that has to go through it."""
    troublemaker = Troublemaker(upstream, tls)
    app = web.Application(client_max_size=8 * 2**20)
    app.router.add_route("*", "/{path:.*}", troublemaker.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False) as session:
        troublemaker.session = session
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            troublemaker.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with Kube.by(library.Configuration(host=troublemaker.url)) as kube:
                yield troublemaker, kube
        finally:
            await runner.cleanup()


def _end_to_end(headers: object) -> dict[str, str]:
    assert hasattr(headers, "items")
    return {name: value for name, value in headers.items() if name.lower() not in _HOP}


def _status(code: int) -> web.Response:
    reasons = {409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError"}
    status = {"kind": "Status", "status": "Failure", "code": code, "reason": reasons[code], "message": "a bad day"}
    return web.json_response(status, status=code, headers={"Retry-After": "1"} if code == 429 else {})
