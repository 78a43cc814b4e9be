"""Tells somebody of many requests in one message, where they were told of none of them (`digest` says when).

It is noted in the first of them before it is posted that it is under way, and there last of all where it stands. So
whoever is killed half-way is followed by one who ends it, and tells nobody twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot import approvers, chimes, digest, places, sights
from bot.cards import Card
from bot.digest import Requests
from bot.notes import Notes
from bot.outcomes import Earlier, Undeliverable
from bot.ports import Desk
from bot.posting import Poster
from bot.sights import Sight
from provisioning.manifest import Key
from provisioning.model import ClusterRequest, Delivery, Surface
from provisioning.objects import Stored

log = structlog.get_logger()

EVENT = "clusterdesk_digest"
Request = Stored[ClusterRequest]


class Meanwhile:
    """`is_news` says whether somebody may still wait for news of a request."""

    def __init__(self, desk: Desk, poster: Poster, notes: Notes, *, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._poster = poster
        self._notes = notes
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._sent: dict[Key, Delivery] = {}
        """What was posted and is not noted in all yet, by the first of them."""

    async def tell(self, sight: Sight, is_news: Callable[[Requests], Requests]) -> tuple[Key, ...]:
        """The requests that were told together with this one; empty when it is to have a card of its own."""
        if not self._flood(sight, is_news):
            return ()
        async with self._one_at_a_time:
            # Whoever held the lock may have told of this one as well.
            found = self._flood(sight, is_news)
            if not found:
                return ()
            first = next(filter(digest.is_begun, found), found[0])
            try:
                told = await self._told(first, found, account=places.account_of_requester(sight))
            except Undeliverable:
                # Each finds that out for itself, and notes it.
                return ()
            # The first one last: until then whoever comes after us sees that there is more to note.
            for request in (*(each for each in found if each is not first), first):
                await self._note(request, told)
            self._sent.pop(first.key, None)
            return tuple(request.key for request in found)

    async def _told(self, first: Request, found: Requests, *, account: str) -> Delivery:
        """Post the message; where it stands. Named after the first of them, it is the same message for whoever goes on
        from here, though more requests have come meanwhile."""
        if first.key in self._sent:
            return self._sent[first.key]
        channel = await self._poster.direct(account)
        begins = Delivery(surface=Surface.REQUESTER, channel=channel, ts="", revision=digest.UNDER_WAY)
        if not digest.is_begun(first):
            await self._note(first, begins)
        card, metadata = self._drawn(found), {"event_type": EVENT, "event_payload": {"requests": len(found)}}
        once = f"{first.meta.uid} {digest.UNDER_WAY}"
        try:
            ts, revision = await self._poster.post(channel, card, metadata=metadata, once=once), card.revision
        except Earlier as earlier:
            ts, revision = earlier.ts, ""
        except Undeliverable as refused:
            await self._note(first, begins.model_copy(update={"revision": refused.reason}))
            raise
        log.info("told_together", slack=account, requests=len(found))
        return self._sent.setdefault(first.key, begins.model_copy(update={"ts": ts, "revision": revision}))

    async def _note(self, request: Request, delivery: Delivery) -> None:
        sight = sights.of(self._desk, request) if delivery.ts else None
        heard = chimes.word(sight) if sight else ""
        self._notes.note(request.key, delivery.model_copy(update={"heard": heard}))
        await self._notes.save(request.key)

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
