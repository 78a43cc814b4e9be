"""`python -m bench.desk.slack PORT`: a Slack that says yes to everything at once.

In a process of its own, so that what it costs is not counted as ours.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

from aiohttp import web

from bench.desk.sample import TEAM

_numbers = itertools.count(1)


async def _answer(request: web.Request) -> web.Response:
    method = request.match_info["method"]
    content = await request.json() if request.content_type == "application/json" else await request.post()
    said = {**request.query, **content}
    return web.json_response({"ok": True, **_said(method, said)})


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
    app = web.Application()
    app.router.add_route("*", "/api/{method}", _answer)
    app.router.add_get("/", _here)
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None, keepalive_timeout=3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
