"""Posting into Slack within its budgets: a token bucket for each method, Retry-After honoured, outcomes named.

    OutboxError
    ├── Undeliverable    this place takes no card: archived, left, unknown; `reason` is Slack's word
    ├── Vanished         the card that was to be redrawn is not there, or not ours to change any more
    ├── Later            Slack is down or throttles: come back after `seconds`; nothing happened
    └── Unknown          nobody knows whether it was posted

What must never live here: what a card says, or where it should stand (`follow`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cards import Card
from provisioning.errors import ClusterdeskError

CALL_SECONDS = 10.0
PER_MINUTE = {"chat.update": 50, "chat.postMessage": 60, "conversations.open": 50}
"""What Slack grants the whole app in a workspace (chat.postMessage: also about one a second in each channel)."""
BURST = 10
_ELSEWHERE = frozenset(
    (
        *("channel_not_found", "not_in_channel", "is_archived", "restricted_action", "user_not_found"),
        *("user_disabled", "cannot_dm_bot", "posting_to_channel_denied", "no_permission", "channel_is_archived"),
    )
)
_VANISHED = frozenset(("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"))


class OutboxError(ClusterdeskError):
    """A card did not get where it should."""


class Undeliverable(OutboxError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Vanished(OutboxError):
    pass


class Later(OutboxError):
    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Unknown(OutboxError):
    pass


class Bucket:
    """A token bucket: `rate` a second, `BURST` at once."""

    def __init__(self, rate: float, *, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(BURST)
        self._at = clock()
        self._closed_until = 0.0

    def take(self) -> float:
        """Seconds to wait before the call; the token is taken in any case."""
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._at) * self._rate) - 1
        self._at = now
        return max(0.0, -self._tokens / self._rate, self._closed_until - now)

    def calm(self) -> float:
        """Seconds until half of the burst is there again."""
        now = self._clock()
        tokens = min(BURST, self._tokens + (now - self._at) * self._rate)
        return max(0.0, (BURST / 2 - tokens) / self._rate, self._closed_until - now)

    def close(self, seconds: float) -> None:
        """Slack said to stay away so long."""
        self._closed_until = self._clock() + seconds


class Outbox:
    """A `bot.ports.Poster` on Slack's Web API."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._buckets = {method: Bucket(rate / 60, clock=clock) for method, rate in PER_MINUTE.items()}
        self._direct: dict[str, str] = {}

    async def direct(self, slack: str) -> str:
        """The channel id of the direct message with this person; `chat.update` takes no user ids."""
        if slack not in self._direct:
            answer = await self._call("conversations.open", users=slack)
            self._direct[slack] = str(answer["channel"]["id"])
        return self._direct[slack]

    def calm(self) -> float:
        """Seconds until progress may be drawn without keeping decisions waiting."""
        return self._buckets["chat.update"].calm()

    async def post(self, channel: str, card: Card, *, metadata: Mapping[str, Any]) -> str:
        answer = await self._call(
            "chat.postMessage",
            channel=channel,
            text=card.text,
            blocks=list(card.blocks),
            metadata=dict(metadata),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, card: Card) -> None:
        await self._call("chat.update", channel=channel, ts=ts, text=card.text, blocks=list(card.blocks))

    async def _call(self, method: str, **arguments: Any) -> AsyncSlackResponse:
        bucket = self._buckets[method]
        await self._sleep(bucket.take())
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise self._refused(error, bucket) from error
        except (TimeoutError, SlackClientError, aiohttp.ClientError) as error:
            raise Unknown(f"{method}: {type(error).__name__}: {error}") from error

    def _refused(self, error: SlackApiError, bucket: Bucket) -> OutboxError:
        response = error.response
        status = getattr(response, "status_code", 200)
        # A proxy or a Slack that is down answers with text.
        data = getattr(response, "data", None)
        code = str(data.get("error", "")) if isinstance(data, dict) else ""
        if status == 429 or code == "ratelimited":
            seconds = float(response.headers.get("Retry-After", 30))
            bucket.close(seconds)
            return Later("ratelimited", seconds=seconds)
        if status >= 500 or code in ("internal_error", "fatal_error", "service_unavailable"):
            return Later(code or f"status {status}", seconds=15)
        if code in _VANISHED:
            return Vanished(code)
        # What is left (invalid_blocks, invalid_auth, missing_scope) does not get better by itself either.
        return Undeliverable(code) if code in _ELSEWHERE else Later(code or str(error), seconds=60)
