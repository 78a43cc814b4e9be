"""Posting into Slack within its budgets: never waiting, Retry-After honoured, every outcome named (`outcomes`).

What must never live here: what a card says, or where it should stand (`follow`).
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import outcomes
from bot import slack as slack_api
from bot.blocks import Block
from bot.budgets import Bucket
from bot.cards import Card
from bot.outcomes import Busy, Earlier, Later, OutboxError, TakenAway, Undeliverable, Unfit, Unknown
from bot.weights import Weight

log = structlog.get_logger()

CALL_SECONDS = 10.0
"""How long a call may take before nobody knows what became of it."""
DOWN_SECONDS = 5.0
"""How long a method is left alone that Slack could not answer."""
PER_MINUTE = {"chat.update": 50, "chat.postMessage": 60, "conversations.open": 50}
"""What Slack grants the whole app in a workspace."""
BURST = 10
CHANNEL_PER_SECOND = 1.0
"""What chat.postMessage grants in one channel, besides."""
_NAMES = uuid.UUID("6f3a5d52-2c0e-4d3c-9d51-0d3a3f1f7a10")
"""The name space of our messages' ids."""
_AS_WRITTEN = "none"
"""Slack makes no link, channel or name of somebody's words. Unasked it makes links of what is posted, and treats what
is redrawn as if a person had typed it."""
KEPT_PLAIN = 1_000
"""How many drawings are kept in mind that Slack takes as text alone."""


class Outbox:
    """A `bot.posting.Poster` on Slack's Web API."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = CALL_SECONDS,
    ) -> None:
        self._client = client
        self._clock = clock
        self._patience = patience
        self._buckets = {method: Bucket(rate / 60, burst=BURST, clock=clock) for method, rate in PER_MINUTE.items()}
        self._channels: dict[str, Bucket] = {}
        self._direct: dict[str, str] = {}
        self._taken_away: set[str] = set()
        self._takes_modern = True
        self._plain: dict[str, None] = {}

    async def direct(self, slack: str, *, weight: Weight = Weight.READY) -> str:
        """The channel id of the direct message with this person; `chat.update` takes no user ids."""
        if slack not in self._direct:
            answer = await self._call("conversations.open", weight, users=slack)
            self._direct[slack] = str(answer["channel"]["id"])
        return self._direct[slack]

    async def post(
        self,
        channel: str,
        card: Card,
        *,
        metadata: Mapping[str, Any],
        once: str = "",
        thread: str = "",
        weight: Weight = Weight.READY,
    ) -> str:
        """Post a card; its timestamp. `once` names this very message, so that Slack may know it when it comes again.

        That is asked for and not relied on: of `client_msg_id` Slack documents the errors only. Raises `Earlier` when
        Slack knew it.
        """
        message: dict[str, Any] = {
            "channel": channel,
            "text": card.text,
            "metadata": dict(metadata),
            "parse": _AS_WRITTEN,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread:
            message["thread_ts"] = thread
        if once and once not in self._taken_away:
            message["client_msg_id"] = str(uuid.uuid5(_NAMES, once))
        try:
            answer = await self._draw("chat.postMessage", weight, card, **message)
        except TakenAway as error:
            self._taken_away.add(once)
            raise Later(str(error), seconds=1 / CHANNEL_PER_SECOND) from error
        stands = answer.get("message") or {}
        if once and _letters(str(stands.get("text", card.text))) != _letters(card.text):
            raise Earlier(str(answer["ts"]))
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, card: Card, *, weight: Weight = Weight.READY) -> None:
        await self._draw("chat.update", weight, card, channel=channel, ts=ts, text=card.text, parse=_AS_WRITTEN)

    async def _draw(self, method: str, weight: Weight, card: Card, **arguments: Any) -> AsyncSlackResponse:
        """Send a card as richly as this Slack takes it: as a plan, in plain blocks, as its text alone. What it does not
        take is learned once, and kept in mind."""
        if is_plain := card.revision in self._plain:
            arguments.pop("metadata", None)
        modern = card.modern if self._takes_modern and not is_plain else ()
        drawn: tuple[Block, ...] = () if is_plain else modern or card.blocks
        try:
            return await self._call(method, weight, **arguments, blocks=list(drawn))
        except Unfit as error:
            if is_plain:
                raise Undeliverable(error.reason) from error
            if modern and error.reason in outcomes.BAD_BLOCKS:
                log.info("slack_takes_no_plan")
                self._takes_modern = False
            else:
                # A mistake of ours: whoever waits for the card gets its words all the same.
                log.error("card_not_taken", method=method, why=error.reason)
                while len(self._plain) >= KEPT_PLAIN:
                    del self._plain[next(iter(self._plain))]
                self._plain[card.revision] = None
            raise Later(error.reason, seconds=1 / CHANNEL_PER_SECOND) from error

    async def _call(self, method: str, weight: Weight, **arguments: Any) -> AsyncSlackResponse:
        which = (str(arguments.get(name, "")) for name in ("channel", "ts", "client_msg_id", "users"))
        self._spend(method, weight, who=" ".join(which), channel=str(arguments.get("channel", "")))
        try:
            async with asyncio.timeout(self._patience):
                return await self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise self._refused(error, method) from error
        except aiohttp.ClientConnectorError as error:
            # Nobody was reached, so nothing was posted.
            raise self._closed(method, "no connection", DOWN_SECONDS) from error
        except (TimeoutError, SlackClientError, aiohttp.ClientError) as error:
            raise Unknown(f"{method}: {type(error).__name__}: {error}") from error

    def _spend(self, method: str, weight: Weight, *, who: str, channel: str) -> None:
        buckets = [self._buckets[method]]
        if method == "chat.postMessage":
            fresh = Bucket(CHANNEL_PER_SECOND, burst=1, clock=self._clock)
            buckets.append(self._channels.setdefault(channel, fresh))
        if seconds := max(bucket.wait(weight, who) for bucket in buckets):
            raise Busy(f"the budget of {method} is spent", seconds=seconds)
        for bucket in buckets:
            bucket.spend(who)

    def _closed(self, method: str, why: str, seconds: float) -> Later:
        self._buckets[method].close(seconds)
        return Later(why, seconds=seconds)

    def _refused(self, error: SlackApiError, method: str) -> OutboxError:
        code, status = slack_api.code_of(error), slack_api.status_of(error)
        if slack_api.is_throttled(error):
            return self._closed(method, "ratelimited", slack_api.wait_of(error, otherwise=slack_api.AWAY_SECONDS))
        if status >= 500 or code in outcomes.DOWN:
            return self._closed(method, code or f"status {status}", DOWN_SECONDS)
        if code in slack_api.REFUSED:
            # One line for all that waits: whoever reads the log has to do something.
            log.error("slack_refuses_the_bot", method=method, why=code)
            return self._closed(method, code, outcomes.OTHERWISE_SECONDS)
        return outcomes.of(code, said=str(error))


def _letters(words: str) -> str:
    """What is left of a text that comes back from Slack with other emoji and escapes than it was sent with."""
    return re.sub(r":[a-z0-9_+-]+:|&[a-z]+;|[^A-Za-z0-9]", "", words)
