"""The page's HTTP door: draws a screen, takes forms, tells open pages that something changed.

Forms work without scripts (POST, then redirect); the script only makes them live. What must never live here:
what an act does (`interaction`), what is visible (`screen`).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import jinja2
import multidict
from aiohttp import web

from playground.workspace import inputs, screen
from playground.workspace.bell import Bell
from playground.workspace.errors import NotVisible
from playground.workspace.interaction import Interactions
from playground.workspace.state import Workspace

HERE = Path(__file__).parent
STATIC = {"workspace.css": "text/css", "workspace.js": "text/javascript", "icon.svg": "image/svg+xml"}
HEARTBEAT = 15.0

Form: TypeAlias = "multidict.MultiDict[str]"
Act: TypeAlias = Callable[[str, str, Form], Awaitable[None]]


class Page:
    """Routes for people."""

    def __init__(self, workspace: Workspace, *, hands: Interactions, bell: Bell) -> None:
        self._workspace = workspace
        self._hands = hands
        self._bell = bell
        self._acts: dict[str, Act] = {
            "say": self._say,
            "message": self._message,
            "view": self._view,
            "shortcut": self._shortcut,
            "dismiss": self._dismiss,
        }

    def add_routes(self, application: web.Application) -> None:
        """Put them into the app."""
        application.router.add_get("/", self._show)
        application.router.add_get("/live", self._live)
        application.router.add_get("/static/{name}", self._static)
        application.router.add_post("/act/{act}", self._act)
        application.router.add_post("/options", self._options)

    async def _show(self, request: web.Request) -> web.Response:
        user = request.query.get("as") or self._first()
        if user not in self._workspace.people:
            raise web.HTTPNotFound(text="Nobody has this id.")
        place = request.query.get("at")
        if place is None:
            raise web.HTTPSeeOther(_address(user, self._somewhere(user, beside=request.query.get("from", ""))))
        fresh = request.headers.get("X-Live") is None
        if place == screen.HOME and fresh and self._workspace.directory.home_tab:
            # Looking at App Home tells the app; redrawing the page on a change does not.
            await self._hands.open_home(user)
        if self._workspace.conversations.mark_read(user, place):
            self._workspace.touch()
        shown = screen.show(self._workspace, user, place)
        html = _template().render(
            screen=shown,
            team=self._workspace.team,
            commands=self._workspace.directory.commands,
            shortcuts=self._workspace.directory.shortcuts,
            people=[p for p in self._workspace.people.values() if not p.is_bot and not p.deleted],
        )
        return web.Response(text=html, content_type="text/html", charset="utf-8")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one line a change, carrying nothing but the revision."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        seen = -1
        while not self._bell.closed:
            if seen != self._workspace.revision:
                seen = self._workspace.revision
                text = f"event: changed\ndata: {seen}\n\n"
            else:
                text = ": still here\n\n"
            try:
                await response.write(text.encode())
            except ConnectionError:
                break
            if seen == self._workspace.revision:
                await self._bell.wait(HEARTBEAT)
        return response

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        body = await asyncio.to_thread((HERE / "static" / name).read_text, encoding="utf-8")
        return web.Response(text=body, content_type=STATIC[name], charset="utf-8")

    async def _act(self, request: web.Request) -> web.Response:
        act = self._acts.get(request.match_info["act"])
        form = await _form(request)
        user = _field(form, "as")
        if act is None or user not in self._workspace.people:
            raise web.HTTPNotFound(text="Nobody can do that here.")
        place = _field(form, "at") or self._somewhere(user)
        # A choice of an overflow menu travels in the address, because the button carries its control's name.
        chosen = request.query.get("choose")
        try:
            if chosen is not None:
                form = _with(form, _field(form, "_act"), chosen)
            await act(user, place, form)
        except NotVisible as e:
            self._workspace.notice(user, f"That is not there any more ({e}).")
        if request.headers.get("X-Live"):
            return web.Response(status=204)
        raise web.HTTPSeeOther(_address(user, place))

    async def _say(self, user: str, place: str, form: Form) -> None:
        text = _field(form, "text").strip()
        if text:
            await self._hands.say(user, place, text)

    async def _message(self, user: str, place: str, form: Form) -> None:
        name, ts = _field(form, "_act"), _field(form, "ts")
        await self._hands.act_on_message(user, place, ts, name=name, typed=_typed(form))

    async def _view(self, user: str, place: str, form: Form) -> None:
        name, view_id, typed = _field(form, "_act"), _field(form, "view"), _typed(form)
        if name == "close":
            await self._hands.close(user, view_id)
        elif name == "submit":
            await self._hands.submit(user, view_id, typed=typed)
        elif name.startswith("find:"):
            self._hands.type(user, view_id, typed)
            query = _field(form, name)
            await self._hands.suggest(user, name=name.removeprefix("find:"), value=query, view_id=view_id)
        else:
            await self._hands.act_on_view(user, view_id, name=name, typed=typed)

    async def _shortcut(self, user: str, place: str, form: Form) -> None:
        await self._hands.shortcut(user, _field(form, "callback_id"))

    async def _dismiss(self, user: str, place: str, form: Form) -> None:
        self._workspace.dismiss(user)

    async def _options(self, request: web.Request) -> web.Response:
        """Options of an external select, for the script."""
        form = await _form(request)
        try:
            found = await self._hands.suggest(
                _field(form, "as"),
                name=_field(form, "name"),
                value=_field(form, "value"),
                view_id=_field(form, "view"),
                channel=_field(form, "at"),
                ts=_field(form, "ts"),
            )
        except NotVisible as e:
            return web.json_response({"error": str(e)}, status=409)
        return web.json_response([{"value": o["value"], "text": o["text"]["text"]} for o in found])

    def _first(self) -> str:
        return self._workspace.directory.people[0].id

    def _somewhere(self, user: str, *, beside: str = "") -> str:
        """Where somebody begins to look: where one looked as somebody else, if they may; where something is new."""
        conversations = self._workspace.conversations
        mine = [each.id for each in conversations.for_person(user)]
        if beside in mine or (beside == screen.HOME and self._workspace.directory.home_tab):
            return beside
        new = (each for each in mine if conversations.unread(user, each))
        return (*new, *mine, conversations.direct([user]).id)[0]


@functools.cache
def _template() -> jinja2.Template:
    """Compiled once: that takes several times as long as all the rest of a workspace's start."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


async def _form(request: web.Request) -> Form:
    posted = await request.post()
    return multidict.MultiDict((k, v) for k, v in posted.items() if isinstance(v, str))


def _field(form: Form, name: str) -> str:
    return form.get(name, "")


def _with(form: Form, name: str, value: str) -> Form:
    changed = multidict.MultiDict(form)
    changed.add("_fields", name)
    changed[name] = value
    return changed


def _typed(form: Form) -> inputs.Typed:
    """What stands in the controls. `_fields` names them all, since an empty box sends nothing."""
    typed: inputs.Typed = {}
    for name in form.getall("_fields", []):
        typed[name] = tuple(v.replace("\r\n", "\n") for v in form.getall(name, []) if v)
    return typed


def _address(user: str, place: str) -> str:
    return f"/?as={user}&at={place}"
