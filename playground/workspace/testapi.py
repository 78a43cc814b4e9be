"""/test/: a small JSON door for tests in other processes. Only there when it was asked for.

What must never live here: anything the page needs.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from playground.workspace import screen
from playground.workspace.errors import NotVisible, SlackError
from playground.workspace.faults import Fault
from playground.workspace.interaction import Interactions
from playground.workspace.payloads import message_body, view_body
from playground.workspace.state import Workspace
from playground.workspace.webapi import WebApi


class TestApi:
    """Routes for tests: dump the state, type a command, plan a fault."""

    __test__ = False  # pytest must not take it for a test class

    def __init__(self, workspace: Workspace, *, hands: Interactions, api: WebApi) -> None:
        self._workspace = workspace
        self._hands = hands
        self._api = api

    def add_routes(self, application: web.Application) -> None:
        """Put them into the app."""
        application.router.add_get("/test/state", self._state)
        application.router.add_get("/test/screen", self._screen)
        application.router.add_get("/test/calls", self._calls)
        application.router.add_post("/test/command", self._command)
        application.router.add_post("/test/click", self._click)
        application.router.add_post("/test/submit", self._submit)
        application.router.add_post("/test/fault", self._fault)

    async def _state(self, request: web.Request) -> web.Response:
        workspace = self._workspace
        channels = {
            c.id: {
                "name": c.name,
                "archived": c.is_archived,
                "messages": [message_body(workspace, m) | {"visible_to": m.visible_to} for m in c.messages.values()],
            }
            for c in workspace.conversations.by_id.values()
        }
        modals = {u: [view_body(workspace, v) for v in stack] for u, stack in workspace.views.stacks.items()}
        homes = {u: view_body(workspace, v) for u, v in workspace.views.homes.items()}
        notices = {u: [n.text for n in all_of_them] for u, all_of_them in workspace.notices.items()}
        return web.json_response({"channels": channels, "modals": modals, "homes": homes, "notices": notices})

    async def _screen(self, request: web.Request) -> web.Response:
        user, place = request.query.get("as", ""), request.query.get("at", "")
        if user not in self._workspace.people:
            raise web.HTTPNotFound(text="Nobody has this id.")
        shown = screen.show(self._workspace, user, place)
        return web.json_response(
            {
                "messages": [{"ts": m.ts, "author": m.author, "text": m.plain} for m in shown.messages],
                "modal": shown.modal.plain if shown.modal else None,
                "home": shown.home.plain if shown.home else None,
                "notices": list(shown.notices),
            }
        )

    async def _calls(self, request: web.Request) -> web.Response:
        return web.json_response([{"method": c.method, "args": c.args, "answer": c.answer} for c in self._api.calls])

    async def _command(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "channel", "text")
        return await _done(self._hands.command(body["user"], body["channel"], body["text"]))

    async def _click(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "name")
        typed = {k: tuple(v) for k, v in body.get("typed", {}).items()}
        if "view" in body:
            act = self._hands.act_on_view(body["user"], body["view"], name=body["name"], typed=typed)
        else:
            act = self._hands.act_on_message(body["user"], body["channel"], body["ts"], name=body["name"], typed=typed)
        return await _done(act)

    async def _submit(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view")
        typed = {k: tuple(v) for k, v in body.get("typed", {}).items()}
        return await _done(self._hands.submit(body["user"], body["view"], typed=typed))

    async def _fault(self, request: web.Request) -> web.Response:
        body = await _body(request, "method", "fault")
        error = SlackError(body.get("error", "internal_error"), retry_after=body.get("retry_after"))
        self._api.faults.plan(body["method"], Fault(body["fault"]), error=error, times=int(body.get("times", 1)))
        return web.json_response({"ok": True})


async def _body(request: web.Request, *required: str) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except ValueError as e:
        raise web.HTTPBadRequest(text="not JSON") from e
    missing = [name for name in required if name not in body] if isinstance(body, dict) else list(required)
    if missing:
        raise web.HTTPBadRequest(text=f"missing: {', '.join(missing)}")
    checked: dict[str, Any] = body
    return checked


async def _done(act: Any) -> web.Response:
    try:
        await act
    except NotVisible as e:
        return web.json_response({"ok": False, "error": str(e)}, status=409)
    return web.json_response({"ok": True})
