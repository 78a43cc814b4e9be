"""The Bolt app: which listener takes what. HTTP and Socket Mode feed the same app.

What must never live here: what a listener does (`door`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import buttons, commands, forms, metrics, presses
from bot.door import Door
from bot.slack import Identity
from bot.windows import Payload

log = structlog.get_logger()

PRESSES = re.compile(f"^({'|'.join(presses.PRESSES)})$")
LIVE = re.compile(f"^({'|'.join(forms.LIVE_FIELDS)})(-.+)?$")
ANYTHING = re.compile(r"[\s\S]*")


def build(
    door: Door, *, identity: Identity, client: AsyncWebClient, signing_secret: str, slash: str = commands.SLASH
) -> AsyncApp:
    """The app with every listener. `client` is the template of those Bolt makes, and Socket Mode's base URL.

    `signing_secret` may be empty in Socket Mode, where nothing is signed.
    """

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user,
            bot_token=identity.token,
        )

    app = AsyncApp(
        name="clusterdesk",
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        # `http` verifies before it parses and remembers what it has seen; Socket Mode has no signatures.
        request_verification_enabled=False,
    )
    app.use(_withheld)
    app.command(slash)(door.command)
    app.action(PRESSES)(door.press)
    app.action(buttons.RUN)(door.run)
    app.action(LIVE)(door.changed)
    app.action(ANYTHING)(door.unknown)
    app.shortcut(ANYTHING)(door.shortcut)
    app.options(ANYTHING)(door.suggested)
    app.view(ANYTHING)(door.submitted)
    app.view_closed(ANYTHING)(door.closed)
    app.event("user_change")(door.account_changed)
    app.event("subteam_members_changed")(door.group_changed)
    app.event("app_home_opened")(door.home_opened)
    app.event(ANYTHING)(_ignore)
    return app


async def _withheld(body: Payload, next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
    """Slack says that it keeps events back, being too many in an hour. That is no event itself, so no listener's."""
    if body.get("type") != "app_rate_limited":
        return await next_()
    metrics.EVENTS_WITHHELD.inc()
    log.warning("slack_keeps_events_back", since=body.get("minute_rate_limited"))
    return BoltResponse(status=200)


async def _ignore(event: Payload) -> None:
    log.debug("event_ignored", type=event.get("type"))
