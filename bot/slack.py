"""Clients of Slack's APIs, made here and nowhere else, so that each has a timeout and none retries by itself.

The SDK's own retry posts twice when only the answer was lost; who may repeat what is decided where it is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
import stamina
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

log = structlog.get_logger()

TIMEOUT = 10
AWAY_SECONDS = 30.0
"""How long a method is left alone that was asked too often, where Slack does not say."""
REFUSED = frozenset(
    (
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        *("missing_scope", "not_allowed_token_type"),
    )
)
"""It is us whom Slack does not take, whatever we ask: the token is none any more, or the app has not the right."""
_THROTTLED = frozenset(("ratelimited", "rate_limited"))
"""Slack documents the second of chat.postMessage, and it comes without a status of its own."""


@dataclass(frozen=True)
class Identity:
    """Who the bot is in its workspace, asked once at the start (auth.test), so that no request has to."""

    team: str
    bot_id: str
    bot_user: str
    token: str = field(repr=False)


def client(token: str | None, *, api_url: str) -> AsyncWebClient:
    """A Web API client; `api_url` is Slack's, or that of another Slack. Bolt's template has no token of its own."""
    made = AsyncWebClient(token=token, base_url=api_url.rstrip("/") + "/", timeout=TIMEOUT, retry_handlers=[])
    if _is_loopback(api_url):
        made.proxy = None
    return made


def webhook(url: str) -> AsyncWebhookClient:
    """A client of one response URL."""
    made = AsyncWebhookClient(url, timeout=TIMEOUT, retry_handlers=[])
    if _is_loopback(url):
        made.proxy = None
    return made


async def identify(client: AsyncWebClient, *, token: str) -> Identity:
    """Who we are in the workspace. Waits for Slack as long as it takes; raises `SlackApiError` for a bad token."""
    async for attempt in stamina.retry_context(
        on=_another_try, attempts=None, timeout=None, wait_initial=0.2, wait_max=15.0
    ):
        with attempt:
            answer = await client.auth_test()
    log.info("slack_identified", team=answer["team_id"], bot=answer["user_id"])
    return Identity(
        team=str(answer["team_id"]), bot_id=str(answer["bot_id"]), bot_user=str(answer["user_id"]), token=token
    )


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong; empty when a proxy, or a Slack that is down, answered with text."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def status_of(error: SlackApiError) -> int:
    """The status of HTTP with which Slack, or a proxy before it, refused."""
    # Where what calls itself JSON is none, the SDK hands on aiohttp's own response.
    response = error.response
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 200)


def is_throttled(error: SlackApiError) -> bool:
    """Whether Slack was asked too often; `wait_of` says how long it wants to be left alone."""
    return status_of(error) == 429 or code_of(error) in _THROTTLED


def wait_of(error: SlackApiError, *, otherwise: float) -> float:
    """The seconds to stay away, as Slack says it, and one at least; a proxy before it may say it with a date."""
    said = str(error.response.headers.get("Retry-After", ""))
    return max(1.0, float(said)) if re.fullmatch(r"\d+(\.\d+)?", said) else otherwise


def _another_try(error: Exception) -> bool | float:
    """Whether to ask again, or after how many seconds where Slack says it."""
    if isinstance(error, SlackApiError):
        if is_throttled(error):
            return wait_of(error, otherwise=AWAY_SECONDS)
        return code_of(error) not in REFUSED
    return isinstance(error, SlackClientError | aiohttp.ClientError | TimeoutError)


def _is_loopback(url: str) -> bool:
    # The SDK takes HTTPS_PROXY for every address, and knows no NO_PROXY.
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
