"""`python -m bench.desk.bare PORT SECRET`: a slack-bolt app that acknowledges at once and does nothing else.

The least that any bot on slack-bolt costs: it verifies the signature, and asks Slack nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bench.desk.sample import TEAM

PATH = "/slack/events"
TOKEN = "xoxb-bare"  # noqa: S105 - it opens nothing


async def _authorize(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_id="B0BOT", bot_user_id="U0BOT", bot_token=TOKEN)


async def _command(ack: Callable[..., Awaitable[Any]]) -> None:
    await ack(text="noted")


async def _here(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def main(port: str, secret: str) -> None:
    app = AsyncApp(signing_secret=secret, authorize=_authorize)
    app.command("/cluster")(_command)
    served = app.web_app(PATH)
    served.router.add_get("/", _here)
    web.run_app(served, host="127.0.0.1", port=int(port), access_log=None, print=None, keepalive_timeout=3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
