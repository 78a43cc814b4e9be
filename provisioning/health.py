"""The small HTTP server for those who watch over a program: /healthz, /readyz, /metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

Waits = Callable[[], str]
"""Why the program cannot work yet; "" when it can."""


def application(waits: Waits) -> web.Application:
    """`/healthz` says that the loop turns, `/readyz` that the program can work."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        reason = waits()
        return web.Response(text=reason or "ok", status=503 if reason else 200)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", make_aiohttp_handler())
    return app


@asynccontextmanager
async def serving(host: str, port: int, *, waits: Waits) -> AsyncIterator[int]:
    """Serve while the block lasts, on the port that is yielded. Port 0 serves nothing."""
    if port == 0:
        yield 0
        return
    runner = web.AppRunner(application(waits), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield port
    finally:
        await runner.cleanup()
