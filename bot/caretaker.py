"""Tells the platform team what only they can put right: a channel that takes no cards, quotas that nobody enforces.

In their channel, where there is one; without it the log says the same. Of a channel once a day: that it was told is
noted with the refusal, in the request whose card was not taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from bot import cards, replies
from bot.cards import Card
from bot.outbox import Earlier, OutboxError
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning.canary import Trouble
from provisioning.model import ClusterRequest
from provisioning.objects import Stored

log = structlog.get_logger()

EVENT = "clusterdesk_platform"
TOLD = ", told "
PAUSE_SECONDS = 15.0
TRIES = 20
"""How often the platform is tried to be told of its quotas. Of a channel it is tried with the channel itself."""


def noted(requests: Iterable[Stored[ClusterRequest]], channel: str) -> set[str]:
    """What is noted of this channel in these requests, where it took no card. Pure."""
    return {d.revision for r in requests for d in r.it.status.deliveries if d.channel == channel and not d.ts}


class Caretaker:
    """`channel` is the platform team's; `clock` is the time of day, `pause` the seconds before a second try."""

    def __init__(
        self, poster: Poster, *, channel: str, clock: Callable[[], datetime], pause: float = PAUSE_SECONDS
    ) -> None:
        self._poster = poster
        self._channel = channel
        self._clock = clock
        self._pause = pause
        self._told: set[str] = set()

    async def channel_out(
        self, sight: Sight, requests: Iterable[Stored[ClusterRequest]], *, channel: str, reason: str
    ) -> str:
        """Tell that a tenant's channel takes no cards; what to note with the refusal."""
        day = f"{self._clock():%Y-%m-%d}"
        before, mine = noted(requests, channel), noted([sight.request], channel)
        if any(each.endswith(f"{TOLD}{day}") for each in before | mine) or f"{channel} {day}" in self._told:
            # What was told in this request stays noted in it.
            return next((each for each in mine if each.startswith(reason)), reason)
        self._told.add(f"{channel} {day}")
        card = cards.say(replies.channel_out(f"<#{channel}>", sight.tenant.meta.name, reason))
        if await self._tell(card, once=f"{channel} {day}"):
            return f"{reason}{TOLD}{day}"
        self._told.discard(f"{channel} {day}")
        return reason

    async def enforcement(self, trouble: Trouble | None) -> None:
        """Tell that approvals are paused, or that they go on."""
        if trouble is None:
            log.info("approvals_go_on")
            words = replies.APPROVALS_GO_ON
        else:
            log.error("approvals_paused", why=trouble.value)
            words = replies.APPROVALS_PAUSED_BECAUSE[trouble]
        # One name for all tries: of one that was answered too late nobody knows whether it stands.
        once = f"{self._channel} {trouble} {self._clock():%Y-%m-%dT%H:%M:%S}"
        for _ in range(TRIES if self._channel else 0):
            if await self._tell(cards.say(words), once=once):
                return
            await asyncio.sleep(self._pause)

    async def _tell(self, card: Card, *, once: str) -> bool:
        if not self._channel:
            return False
        metadata = {"event_type": EVENT, "event_payload": {}}
        try:
            await self._poster.post(self._channel, card, metadata=metadata, once=once, weight=Weight.FAILURE)
        except Earlier:
            return True
        except OutboxError as refused:
            log.warning("platform_not_told", channel=self._channel, why=str(refused))
            return False
        return True
