"""Publishing App Home within Slack's budget: one view for each person, guarded by the hash of what stands there.

What must never live here: what a Home says (`home`), or when it is drawn (`homes`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import outcomes
from bot import slack as slack_api
from bot.blocks import Block
from bot.budgets import Bucket
from bot.outbox import CALL_SECONDS
from bot.outcomes import Busy, Later, OutboxError, Undeliverable, Unknown
from bot.weights import Weight

log = structlog.get_logger()

PER_MINUTE, BURST = 100, 20
"""views.publish: what Slack grants the whole app in a workspace (tier 4)."""
RETRY_SECONDS = 30.0


class Overtaken(OutboxError):
    """Another Home has been published for this person since the one that the hash is of."""


class Publisher:
    """A `bot.posting.Publisher` on Slack's Web API."""

    def __init__(self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._bucket = Bucket(PER_MINUTE / 60, burst=BURST, clock=clock)

    async def publish(self, slack: str, view: Block, *, hash_: str, weight: Weight) -> str:
        if wait := self._bucket.wait(weight, slack):
            raise Busy("the budget of views.publish is spent", seconds=wait)
        self._bucket.spend(slack)
        guarded: dict[str, Any] = {"hash": hash_} if hash_ else {}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._client.views_publish(user_id=slack, view=view, **guarded)
        except SlackApiError as error:
            raise self._refused(error) from error
        except (TimeoutError, SlackClientError, aiohttp.ClientError) as error:
            raise Unknown(f"views.publish: {type(error).__name__}: {error}") from error
        return str(answer["view"]["hash"])

    def _refused(self, error: SlackApiError) -> OutboxError:
        code = slack_api.code_of(error)
        if code == "hash_conflict":
            return Overtaken(code)
        if slack_api.is_throttled(error):
            seconds = slack_api.wait_of(error, otherwise=slack_api.AWAY_SECONDS)
            self._bucket.close(seconds)
            return Later("ratelimited", seconds=seconds)
        if code in slack_api.REFUSED:
            log.error("slack_refuses_the_bot", method="views.publish", why=code)
            self._bucket.close(outcomes.OTHERWISE_SECONDS)
            return Later(code, seconds=outcomes.OTHERWISE_SECONDS)
        if not code or code in outcomes.DOWN:
            return Later(code or str(slack_api.status_of(error)), seconds=RETRY_SECONDS)
        return Undeliverable(code)
