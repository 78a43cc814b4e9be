"""The HTTPS server: bodies in, answers out, health, and an end without a failed call.

It knows HTTP and nothing of rules. Every request leaves one line in the log; no line and no answer quotes a body
that could not be read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import aiohttp
import structlog
from aiohttp import web

from webhooks import metrics, registration, review
from webhooks.connections import Turnover
from webhooks.decision import BROKEN, BUSY, Allow, Decision, Deny
from webhooks.defaults import DEFAULTS
from webhooks.judge import Judge
from webhooks.policies import POLICIES
from webhooks.policy import about, only_noted
from webhooks.review import Request

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage

BODY_MAX = 7 * 1024 * 1024
"""Two objects of the most that the API server takes (3 MiB), and room for the envelope."""
KEEP_ALIVE = 3600.0
"""Longer than the API server keeps an idle connection (90 s): else we hang up while it sends, and its POST fails."""
LINGERING = 1.0
"""Seconds in which the rest of a body is still taken that was answered before it was whole."""
MARGIN = 0.4
"""Seconds kept of the API server's timeout for the way back."""
TIMEOUT = 10.0
"""Seconds when the URL names none."""
QUIET_MAX = 15.0
"""Seconds that we wait at most, on leaving, for callers to stop coming."""
IN_FLIGHT_MAX = 500
"""Requests decided at once; more are sent back before they would time out."""
UNDECIDED = Deny("it could not be judged, by a fault of clusterdesk's own; its log says more", code=BROKEN)
UNCHANGED = Allow(("defaults were not filled in, by a fault of clusterdesk's own; its log says more",))

Decide = Callable[..., Awaitable[Decision]]
Handler = Callable[[web.BaseRequest, float], Awaitable[web.Response]]
"""Answers a request before a deadline, of the loop's clock."""

_RULES = [rule for each in (*POLICIES, *DEFAULTS) for rule in each.applies_to]
_KINDS = {(rule.resource.group, rule.resource.plural, rule.subresource): rule.resource.kind for rule in _RULES}
_OPERATIONS = {operation for rule in _RULES for operation in rule.operations}
_JSON = {"Content-Type": "application/json"}
_ONLY_NOTED = only_noted(POLICIES)

log = structlog.get_logger()


class App:
    """The door's two routes and its health. `why_not_ready` gives None or a sentence; `note` hears of each denial,
    `admitted` of what may be stored now."""

    def __init__(
        self,
        judge: Judge,
        *,
        why_not_ready: Callable[[], str | None],
        note: Callable[[Request, Deny], None] = lambda *_: None,
        admitted: Callable[[Request, Allow], None] = lambda *_: None,
        in_flight_max: int = IN_FLIGHT_MAX,
        turnover: Turnover | None = None,
    ) -> None:
        self._judge = judge
        self._note = note
        self._admitted = admitted
        self._why_not_ready = why_not_ready
        self._in_flight = 0
        self._in_flight_max = in_flight_max
        self._turnover = turnover or Turnover()
        self._leaving = False
        self._asked = 0.0
        """When somebody came last, by the loop's clock."""
        self._each_yes = bool(log.bind().is_enabled_for(logging.DEBUG))
        """Whether the log wants to hear of them: they are many, and there is no time for words that nobody reads."""
        metrics.IN_FLIGHT.set_function(lambda: self._in_flight)
        self._handlers: Mapping[tuple[str, str], Handler] = {
            ("POST", registration.VALIDATE): partial(self._answer, "validate", self._judge.validate),
            ("POST", registration.MUTATE): partial(self._answer, "mutate", self._mutation),
            ("GET", "/healthz"): self._healthz,
            ("GET", "/readyz"): self._readyz,
        }

    def server(self) -> web.Server:
        """What speaks HTTP with the API server. Two paths need no router, and a review no more than it takes."""
        return web.Server(
            self._handle,
            request_factory=_request,
            keepalive_timeout=KEEP_ALIVE,
            lingering_time=LINGERING,
            access_log=None,
            # The API server packs nothing, and what does not unpack would leave a trace in the log before we have seen
            # it.
            auto_decompress=False,
        )

    def why_not_ready(self) -> str | None:
        """None when the API server should ask us; else a sentence for the probe."""
        return "leaving" if self._leaving else self._why_not_ready()

    def leave(self) -> None:
        """Be unready from now on, answer what comes, and let go of each connection after its answer."""
        self._leaving = True
        self._asked = asyncio.get_running_loop().time()

    async def left_alone(self, seconds: float) -> None:
        """Until nobody has come for so long, or will not stop: a kept connection is closed when nothing comes on it."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + max(seconds, QUIET_MAX)
        while (rest := min(self._asked + seconds, latest) - loop.time()) > 0:  # noqa: ASYNC110 - nothing is to happen
            await asyncio.sleep(rest)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        now = self._asked = asyncio.get_running_loop().time()
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        over = peer is not None and self._turnover.is_over(peer, now)
        response = await self._route(request, now)
        if self._leaving or over:
            response.force_close()
        return response

    async def _route(self, request: web.BaseRequest, now: float) -> web.Response:
        path, seconds = _way(request.raw_path)
        handler = self._handlers.get((request.method, path))
        if handler is None:
            known = {each for _, each in self._handlers}
            return web.Response(status=405 if path in known else 404)
        return await handler(request, now + seconds - MARGIN)

    async def _mutation(self, asked: Request, *, deadline: float) -> Decision:
        return await self._judge.mutate(asked, deadline=deadline)

    async def _answer(self, door: str, decide: Decide, request: web.BaseRequest, deadline: float) -> web.Response:
        try:
            asked = review.decode(await _whole(request, deadline), stored=door == "validate")
        except TimeoutError:
            metrics.REJECTED.labels("too_slow").inc()
            log.warning("review_rejected", reason="the body did not come in time", door=door)
            return web.Response(status=408, text="the body did not come in time\n")
        except review.Malformed as error:
            metrics.REJECTED.labels("malformed").inc()
            log.warning("review_malformed", door=door, detail=str(error), bytes=request.content_length)
            return web.Response(status=400, text="this is no AdmissionReview of admission.k8s.io/v1\n")
        started = time.perf_counter()
        try:
            decision = await self._decide(asked, decide, deadline)
            answer = review.encode(asked.uid, decision, about=asked)
        except Exception:
            # The last door: a bug of ours is logged once, here. What it was about is not admitted, and not changed.
            log.exception("review_failed", door=door, kind=asked.kind, name=asked.name, uid=asked.uid)
            decision = UNCHANGED if door == "mutate" else UNDECIDED
            answer = review.encode(asked.uid, decision)
        took = time.perf_counter() - started
        metrics.seconds(door).observe(took)
        _count(asked, door, decision, took, each_yes=self._each_yes)
        try:
            if isinstance(decision, Deny):
                self._note(asked, decision)
            elif door == "validate" and isinstance(decision, Allow):
                self._admitted(asked, decision)
        except Exception:
            # It is decided, and whoever asked has their answer: what cannot be told of it changes nothing.
            log.exception("review_not_told", door=door, kind=asked.kind, name=asked.name, uid=asked.uid)
        return web.Response(body=answer, headers=_JSON)

    async def _decide(self, asked: Request, decide: Decide, deadline: float) -> Decision:
        if about(asked) in _ONLY_NOTED:
            # Nobody is asked, so neither load nor a fault makes a refusal of it.
            return Allow()
        if self._in_flight >= self._in_flight_max:
            return Deny("too many requests at once; try again", code=BUSY, retry_after=1)
        self._in_flight += 1
        try:
            return await decide(asked, deadline=deadline)
        finally:
            self._in_flight -= 1

    async def _healthz(self, _: web.BaseRequest, __: float) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.BaseRequest, __: float) -> web.Response:
        reason = self.why_not_ready()
        return web.Response(status=503 if reason else 200, text=f"{reason or 'ok'}\n")


@asynccontextmanager
async def serving(app: App, context: SSLContext, *, host: str, port: int) -> AsyncIterator[int]:
    """Listen until the block ends, then finish what is under way. Gives the port (asked for with 0)."""
    runner = web.ServerRunner(app.server(), shutdown_timeout=TIMEOUT)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=context)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _whole(request: web.BaseRequest, deadline: float) -> bytes:
    """The body, which mostly came with its head. Raises `TimeoutError`."""
    if request.content.is_eof():
        return await _body(request)
    async with asyncio.timeout_at(deadline):
        return await _body(request)


async def _body(request: web.BaseRequest) -> bytes:
    if request.content_type != "application/json":
        metrics.REJECTED.labels("content_type").inc()
        log.warning("review_rejected", reason="content type is not application/json")
        raise web.HTTPUnsupportedMediaType(text="send application/json\n")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        metrics.REJECTED.labels("too_large").inc()
        log.warning("review_rejected", reason="body is too large", limit=BODY_MAX)
        raise web.HTTPRequestEntityTooLarge(
            BODY_MAX, text=f"an AdmissionReview may have at most {BODY_MAX} bytes\n"
        ) from None


@lru_cache(maxsize=64)
def _way(target: str) -> tuple[str, float]:
    """The path, and the seconds to answer in: the same few words at every call."""
    path, _, query = target.partition("?")
    return path, seconds(parse_qs(query).get("timeout", [""])[-1])


def seconds(text: str) -> float:
    """The time to answer in: `10s`, `500ms` in the URL; ours when there is no such thing."""
    unit = 0.001 if text.endswith("ms") else 1.0
    number = text.removesuffix("s").removesuffix("m")
    return min(float(number) * unit, 30.0) if number.isascii() and number.isdigit() else TIMEOUT


def _request(
    message: RawRequestMessage,
    payload: aiohttp.StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, task.get_loop(), client_max_size=BODY_MAX)


def _count(asked: Request, door: str, decision: Decision, seconds: float, *, each_yes: bool) -> None:
    word = review.word(decision)
    # Whoever reaches the port can send any word; only those that we registered for become names of time series.
    kind = _KINDS.get((asked.group, asked.resource, asked.subresource)) if asked.operation in _OPERATIONS else None
    about = (kind, asked.operation, asked.subresource) if kind is not None else ("other", "other", "other")
    metrics.requests(*about, word, str(asked.dry_run).lower()).inc()
    if isinstance(decision, Allow) and not each_yes:
        return
    write = log.debug if isinstance(decision, Allow) else log.info
    write(
        "review_answered",
        door=door,
        decision=word,
        kind=asked.kind,
        operation=asked.operation,
        subresource=asked.subresource or None,
        namespace=asked.namespace,
        name=asked.name or None,
        user=asked.user.name,
        dry_run=asked.dry_run,
        reason=decision.reason if isinstance(decision, Deny) else None,
        code=decision.code if isinstance(decision, Deny) else 200,
        milliseconds=round(seconds * 1000, 1),
        uid=asked.uid,
    )
