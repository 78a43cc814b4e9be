"""`python -m bench.desk.slack PORT`: a Slack that says yes to everything at once, and hands commands on by Socket Mode.

In a process of its own, so that what it costs is not counted as ours.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any, Final

from aiohttp import web

from bench.desk.sample import TEAM
from playground.workspace import socket_door
from playground.workspace.door import Answered, Envelope
from playground.workspace.socket_door import SocketDoor

TYPED: Final = "/typed"
"""Takes a command as the bot itself does over HTTP, and gives back what the bot acknowledges it with."""
_numbers = itertools.count(1)


class Slack:
    """One, on this port."""

    def __init__(self, port: int) -> None:
        self.door = SocketDoor(app_id="A0BENCH", base=lambda: f"http://127.0.0.1:{port}", on_change=lambda: None)

    async def answer(self, request: web.Request) -> web.Response:
        """A method of the Web API."""
        method = request.match_info["method"]
        if method == "apps.connections.open":
            return web.json_response({"ok": True, "url": self.door.issue_url()})
        content = await request.json() if request.content_type == "application/json" else await request.post()
        said = {**request.query, **content}
        return web.json_response({"ok": True, **_said(method, said)})

    async def typed(self, request: web.Request) -> web.Response:
        """A command, over the next of the bot's connections."""
        outcome = await self.door.send(Envelope("slash_commands", dict(await request.post())))
        if isinstance(outcome, Answered):
            return web.json_response(outcome.body)
        return web.Response(status=502, text=outcome.detail)


async def _here(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def _said(method: str, said: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    match method:
        case "auth.test":
            return {"team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"}
        case "users.info":
            return {"user": {"id": said["user"], "team_id": TEAM}}
        case "views.open" | "views.push" | "views.update":
            view = said["view"] if isinstance(said["view"], dict) else json.loads(said["view"])
            return {"view": {**view, "id": f"V{number}", "hash": f"h{number}"}}
        case "conversations.open":
            return {"channel": {"id": f"D{number}"}}
        case _:
            return {"ts": f"1700000000.{number:06}", "channel": said.get("channel", "")}


def main(port: str) -> None:
    slack, app = Slack(int(port)), web.Application()
    app.router.add_route("*", "/api/{method}", slack.answer)
    app.router.add_get(socket_door.PATH, slack.door.handle)
    app.router.add_post(TYPED, slack.typed)
    app.router.add_get("/", _here)
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None, keepalive_timeout=3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
