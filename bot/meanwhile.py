"""Tells somebody of many requests in one message, where they were told of none of them (`digest` says when).

Killed half-way, those requests that the message was not noted in are told of once more; nothing is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot import approvers, digest, places, sights
from bot.cards import Card
from bot.digest import Requests
from bot.notes import Key, Notes
from bot.outbox import Earlier, Undeliverable
from bot.ports import Desk
from bot.posting import Poster
from bot.sights import Sight
from provisioning.model import Delivery, Surface

log = structlog.get_logger()

EVENT = "clusterdesk_digest"


class Meanwhile:
    """`is_news` says whether somebody may still wait for news of a request."""

    def __init__(self, desk: Desk, poster: Poster, notes: Notes, *, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._poster = poster
        self._notes = notes
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def tell(self, sight: Sight, is_news: Callable[[Requests], Requests]) -> tuple[Key, ...]:
        """The requests that were told together with this one; empty when it is to have a card of its own."""
        if not self._flood(sight, is_news):
            return ()
        async with self._one_at_a_time:
            # Whoever held the lock may have told of this one as well.
            found = self._flood(sight, is_news)
            if not found:
                return ()
            account, card = places.account_of_requester(sight), self._drawn(found)
            metadata = {"event_type": EVENT, "event_payload": {"requests": len(found)}}
            once = " ".join(sorted(request.meta.uid for request in found))
            try:
                channel = await self._poster.direct(account)
                ts, revision = await self._poster.post(channel, card, metadata=metadata, once=once), card.revision
            except Earlier as earlier:
                ts, revision = earlier.ts, ""
            except Undeliverable:
                # Each finds that out for itself, and notes it.
                return ()
            log.info("told_together", slack=account, requests=len(found))
            for request in found:
                told = Delivery(surface=Surface.REQUESTER, channel=channel, ts=ts, revision=revision)
                self._notes.note(request.key, told)
            return tuple(request.key for request in found)

    def card(self, sight: Sight, delivery: Delivery) -> Card | None:
        """What a message shows that tells of several requests; None for a card of one."""
        found = digest.sharing(self._requests(sight), delivery)
        return self._drawn(found) if len(found) > 1 else None

    def _flood(self, sight: Sight, is_news: Callable[[Requests], Requests]) -> Requests:
        account = places.account_of_requester(sight)
        mine = [
            request
            for request in is_news(digest.untold(self._requests(sight)))
            if approvers.account_of(sight.tenant.it.spec, request.it.spec.requester) == account
        ]
        this = any(request.key == sight.request.key for request in mine)
        return mine if this and digest.is_flood(mine, now=self._clock()) else ()

    def _requests(self, sight: Sight) -> Requests:
        """Those of the tenant, oldest first."""
        return [self._notes.up_to_date(request) for request in self._desk.requests(sight.tenant.meta.name)]

    def _drawn(self, requests: Requests) -> Card:
        shown = (sights.of(self._desk, request) for request in requests[: digest.LINES])
        return digest.card([sight for sight in shown if sight], hidden=max(0, len(requests) - digest.LINES))
