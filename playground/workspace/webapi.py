"""The Web API's HTTP door: arguments in any of Slack's forms, tokens, scopes, budgets; then the method table.

Every call is kept in `calls`, so that a test can look at all that a bot ever sent. What must never live here:
what a method does (`methods`).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from playground.workspace import answers
from playground.workspace.errors import SlackError
from playground.workspace.faults import Fault, Faults
from playground.workspace.methods import METHODS, Call, Method
from playground.workspace.rates import Budgets
from playground.workspace.state import Workspace

log = structlog.get_logger()

KEPT_CALLS = 5_000


@dataclass(frozen=True)
class Credentials:
    """What the bot must show. Not shown in logs or dumps."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)


@dataclass(frozen=True)
class Recorded:
    """One call a bot made: the method (or `response_url`), its arguments without the token, the answer."""

    method: str
    args: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass
class WebApi:
    """`connect` gives a Socket Mode address; `scopes` None grants all; `rate_limits` switches budgets on."""

    workspace: Workspace
    credentials: Credentials
    connect: Callable[[], str]
    scopes: frozenset[str] | None = None
    rate_limits: bool = False
    faults: Faults = field(default_factory=Faults)
    budgets: Budgets = field(default_factory=Budgets)
    calls: deque[Recorded] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))

    async def handle(self, request: web.Request) -> web.Response:
        """POST or GET /api/<method>."""
        name = request.match_info["method"]
        try:
            args = await _arguments(request)
        except ValueError:
            return _json({"ok": False, "error": "invalid_json"})
        token = _token(request, args)
        fault = self.faults.next(name)
        if fault and fault.fault is Fault.DOWN:
            return web.Response(status=503, text="down")
        if fault and fault.fault is Fault.LATE:
            await asyncio.sleep(fault.seconds)
        try:
            if fault and fault.fault is Fault.REFUSE:
                raise fault.error
            body = {"ok": True, **self._call(name, args, token)}
        except SlackError as e:
            body = {"ok": False, **_refusal(e)}
            log.info("web_api_refused", method=name, error=str(e))
        shown = {k: v for k, v in args.items() if k != "token"}
        self.calls.append(Recorded(name, shown, body))
        if fault and fault.fault is Fault.LOSE_ANSWER:
            return _lost(request)
        if fault and fault.fault is Fault.HANG:
            await asyncio.sleep(fault.seconds)
        return _json(body)

    def _call(self, name: str, args: Mapping[str, Any], token: str) -> Mapping[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", extra=(("req_method", name),))
        self._authenticate(method, token)
        if method.scope and self.scopes is not None and method.scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise SlackError("missing_scope", extra=(("needed", method.scope), ("provided", provided)))
        if self.rate_limits:
            channel = str(args.get("channel", ""))
            now = self.workspace.now()
            if wait := self.budgets.take(name, tier=method.tier, channel=channel, now=now):
                raise SlackError("ratelimited", retry_after=wait)
        return method.run(Call(self.workspace, args, connect=self.connect, scopes=self.scopes))

    def _authenticate(self, method: Method, token: str) -> None:
        if method.caller == "anyone":
            return
        if not token:
            raise SlackError("not_authed")
        known = {self.credentials.bot_token: "bot", self.credentials.app_token: "app"}
        if token not in known:
            raise SlackError("invalid_auth")
        if known[token] != method.caller:
            raise SlackError("not_allowed_token_type")

    async def respond(self, request: web.Request) -> web.Response:
        """POST /response/<token>: an answer by response URL. To plans for faults its method is `response_url`."""
        fault = self.faults.next("response_url")
        if fault and fault.fault is Fault.DOWN:
            return web.Response(status=503, text="down")
        if fault and fault.fault is Fault.LATE:
            await asyncio.sleep(fault.seconds)
        try:
            body = json.loads(await request.text())
            if not isinstance(body, dict):
                raise ValueError("not an object")
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        answer: dict[str, Any] = {"ok": True}
        try:
            if fault and fault.fault is Fault.REFUSE:
                raise fault.error
            ticket = self.workspace.tickets.redeem_response(request.match_info["token"], now=self.workspace.now())
            answers.respond(self.workspace, ticket, body)
        except SlackError as e:
            answer = {"ok": False, **_refusal(e)}
            log.info("response_url_refused", error=str(e))
        self.calls.append(Recorded("response_url", body, answer))
        if fault and fault.fault is Fault.LOSE_ANSWER:
            return _lost(request)
        if answer["ok"]:
            return web.Response(text="ok")
        return web.json_response(answer, status=404 if answer["error"].endswith("_url") else 400)


def _lost(request: web.Request) -> web.Response:
    """It happened, and the caller will never hear of it: the connection just ends."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    async with asyncio.timeout(10):
        if request.content_type == "application/json":
            text = await request.text()
            body = json.loads(text) if text else {}
            if not isinstance(body, dict):
                raise ValueError("not an object")
            return args | body
        return args | dict(await request.post())


def _token(request: web.Request, args: Mapping[str, Any]) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() if header else str(args.get("token") or "")


def _refusal(error: SlackError) -> dict[str, Any]:
    body: dict[str, Any] = {"error": error.code, **dict(error.extra)}
    if error.messages:
        body["response_metadata"] = {"messages": list(error.messages)}
        body["errors"] = [m.removeprefix("[ERROR] ") for m in error.messages]
    if error.retry_after is not None:
        body["retry_after"] = error.retry_after
    return body


def _json(body: dict[str, Any]) -> web.Response:
    wait = body.pop("retry_after", None)
    if wait is None:
        return web.json_response(body)
    return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
