"""The HTTP door: Slack's signed requests in, Bolt's answers out.

Everything doubtful ends here, each with its status and one line in the log: too slow (408), too large (413), no or
stale or wrong signature (401), seen before (401), not to be parsed (400). What Slack delivers once more is signed
anew, and so is let in; what comes of it is done once by those behind. What must never live here: what a request means.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot import manifest
from provisioning import health

log = structlog.get_logger()

BODY_BYTES = 1024 * 1024
READ_SECONDS = 5.0
STALE_SECONDS = 300
REPLAY_SECONDS = 600.0
"""Longer than a timestamp may be old in both directions, so nothing is forgotten while it would still verify."""


class Refused(Exception):
    """This request goes no further. `status` is the answer, `why` is for the log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Replays:
    """Signatures that were seen lately. Only verified ones are remembered, so nobody can fill it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: set[str] = set()
        self._order: deque[tuple[float, str]] = deque()

    def is_first(self, signature: str) -> bool:
        """True once for each signature."""
        now = self._clock()
        while self._order and now - self._order[0][0] > REPLAY_SECONDS:
            self._seen.discard(self._order.popleft()[1])
        if signature in self._seen:
            return False
        self._seen.add(signature)
        self._order.append((now, signature))
        return True


class Entrance:
    """Verifies, parses, dispatches."""

    def __init__(
        self,
        app: AsyncApp,
        *,
        signing_secret: str,
        replays: Replays,
        now: Callable[[], float] = time.time,
        patience: float = READ_SECONDS,
    ) -> None:
        self._app = app
        self._patience = patience
        self._verifier = SignatureVerifier(signing_secret)
        self._replays = replays
        self._now = now

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """POST /slack/events."""
        try:
            body = await self._read(request)
            self._verify(request, body)
            bolt = _parse(request, body)
        except Refused as refused:
            log.warning("slack_request_refused", status=refused.status, why=refused.why, remote=request.remote)
            return web.Response(status=refused.status, text=refused.why)
        return await to_aiohttp_response(await self._app.async_dispatch(bolt))

    async def _read(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise Refused(413, f"body above {BODY_BYTES} bytes") from error
        except TimeoutError as error:
            raise Refused(408, "body did not arrive") from error

    def _verify(self, request: web.Request, body: bytes) -> None:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not timestamp or not signature:
            raise Refused(401, "unsigned")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Refused(401, "timestamp is no number")
        if abs(self._now() - int(timestamp)) > STALE_SECONDS:
            raise Refused(401, "stale timestamp")
        try:
            is_ours = signature.isascii() and self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            # The verifier takes text only; Slack sends nothing else.
            is_ours = False
        if not is_ours:
            raise Refused(401, "wrong signature")
        if not self._replays.is_first(signature):
            raise Refused(401, "replayed")


def _parse(request: web.Request, body: bytes) -> AsyncBoltRequest:
    headers: dict[str, str | Sequence[str]] = {name: request.headers.getall(name) for name in set(request.headers)}
    try:
        # Bolt parses in here, and lets the JSON error out.
        return AsyncBoltRequest(body=body.decode(), query=request.query_string, headers=headers)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Refused(400, "malformed body") from error


def application(entrance: Entrance | None, *, waits: health.Waits) -> web.Application:
    """Health for all modes; Slack's requests where there is an entrance for them."""
    app = web.Application(client_max_size=BODY_BYTES)
    if entrance is not None:
        app.router.add_post(manifest.PATH, entrance.handle)
    # Health is small and shared: the same three paths as every program of ours.
    for route in health.application(waits).router.routes():
        if route.resource is not None:
            app.router.add_route(route.method, route.resource.canonical, route.handler)
    return app


def runner(app: web.Application, *, drain: float) -> web.AppRunner:
    """What serves it; `drain` is how many seconds what is under way may take at the end."""
    # Nothing is unpacked: Slack signs what it sends, and whoever else sends what does not unpack would leave a trace in
    # the log before anybody has looked at the signature.
    return web.AppRunner(app, access_log=None, shutdown_timeout=drain, auto_decompress=False)
