"""Keeps the cards in Slack what the store says: one card for each request and place, redrawn when its drawing changes.

Level-based: `redraw` looks at a request as it is now and makes the cards fit; it remembers nothing that the request
does not. One process does this at a time (a Lease); clicks are answered by all.

A card's place is written into the request right after it was posted. When a post times out nobody knows whether it
stands, and without history scopes nobody can look; it is posted again. A copy left over by that heals itself: its
buttons carry the request, and whoever presses one gets the answer and a card drawn anew (`app`, response URL).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot import approvals, cards
from bot.cards import Sight
from bot.outbox import Later, Undeliverable, Vanished
from bot.ports import Desk, Poster
from provisioning import objects
from provisioning.model import ClusterRequest, Delivery, RequestStatus, Surface
from provisioning.objects import Stored
from provisioning.queue import Queue
from provisioning.stage import Stage

log = structlog.get_logger()

Key = tuple[str, str]
EVENT = "clusterdesk_card"
PROGRESS_SECONDS = 5.0
PATIENCE_SECONDS = 3.0
RESYNC_SECONDS = 600.0
WORKERS = 2
NEWS = timedelta(hours=24)
"""What ended longer ago gets no new card."""
_ENDED = frozenset(
    (
        *(Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED),
        *(Stage.READY, Stage.ASLEEP, Stage.DELETED, Stage.GONE, Stage.SUPERSEDED),
    )
)
_ON_THE_WAY = frozenset((Stage.BUILDING, Stage.DELETING))


class Changes(Protocol):
    """A watch cache: keys of objects that are there, then of each that changes."""

    def changed(self) -> AsyncIterator[Key]: ...


class Follower:
    """Made anew each time the Lease is won."""

    def __init__(self, *, desk: Desk, poster: Poster, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._poster = poster
        self._clock = clock
        self._queue: Queue[Key] = Queue("cards")
        # Deliveries written a moment ago, until the cache shows them; those not written yet are in `_unsaved`.
        self._noted: dict[Key, dict[tuple[Surface, str], Delivery]] = {}
        self._unsaved: dict[Key, dict[tuple[Surface, str], Delivery]] = {}
        self._drawn: dict[Key, tuple[Stage, datetime]] = {}
        self._patient: set[Key] = set()

    async def run(self, requests: Changes, clusters: Changes) -> None:
        """Follow both kinds for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_requests(requests))
            group.create_task(self._watch_clusters(clusters))
            group.create_task(self._queue.work(self.redraw, workers=WORKERS))

    async def redraw(self, key: Key) -> float | None:
        """Make the cards of one request fit; the seconds after which to look again, if it must be."""
        try:
            return await self._redraw(key)
        except Later as later:
            log.warning("cards_wait", request=key[1], why=str(later), seconds=later.seconds)
            return later.seconds

    async def _redraw(self, key: Key) -> float | None:
        sight = self._sight(key)
        if sight is None:
            self._forget(key)
            return None
        if (wait := self._wait(key, sight)) is not None:
            return wait
        await self._save(key)
        for channel in await self._approver_places(key, sight):
            await self._put(key, Surface.APPROVER, channel)
        for channel in await self._requester_places(key, sight):
            await self._put(key, Surface.REQUESTER, channel)
        self._drawn[key] = (sight.stage, self._clock())
        return RESYNC_SECONDS if sight.stage is Stage.WAITING else None

    def _wait(self, key: Key, sight: Sight) -> float | None:
        """Seconds to let pass first: progress is news of little weight, and a cluster may only not be seen yet."""
        if sight.stage is Stage.GONE and key not in self._patient:
            self._patient.add(key)
            return PATIENCE_SECONDS
        before, drawn_at = self._drawn.get(key, (None, self._clock()))
        if sight.stage in _ON_THE_WAY and sight.stage is before:
            left = PROGRESS_SECONDS - (self._clock() - drawn_at).total_seconds()
            left = max(left, self._poster.calm())
            return left if left > 0 else None
        if sight.stage in _ENDED and self._is_old(sight.request):
            # Nobody waits for it; after an upgrade that draws cards differently there may be thousands of these.
            return self._poster.calm() or None
        return None

    async def _approver_places(self, key: Key, sight: Sight) -> list[str]:
        """Where approvers' cards stand, and while it waits for them, where they should."""
        standing = [d.channel for d in self._deliveries(key, sight) if d.surface is Surface.APPROVER and d.ts]
        if sight.stage is not Stage.WAITING or not approvals.asks_approvers(sight):
            return standing
        channel = sight.tenant.it.spec.channels.approvals
        if channel and not self._refused(key, sight, channel):
            return list(dict.fromkeys((*standing, channel)))
        wanted = [await self._direct(key, Surface.APPROVER, who) for who in approvals.asked(sight)]
        return list(dict.fromkeys((*standing, *(place for place in wanted if place))))

    async def _requester_places(self, key: Key, sight: Sight) -> list[str]:
        mine = [d for d in self._deliveries(key, sight) if d.surface is Surface.REQUESTER]
        if mine:
            return [d.channel for d in mine if d.ts]
        slack = approvals.account_of(sight.tenant.it.spec, sight.request.it.spec.requester)
        if not slack or (sight.stage in _ENDED and self._is_old(sight.request)):
            return []
        place = await self._direct(key, Surface.REQUESTER, slack)
        return [place] if place else []

    async def _direct(self, key: Key, surface: Surface, slack: str) -> str:
        """The direct message with somebody; empty when there can be none, which is noted under their account."""
        sight = self._sight(key)
        if sight is None or self._refused(key, sight, slack):
            return ""
        try:
            return await self._poster.direct(slack)
        except Undeliverable as refused:
            log.warning("person_not_reachable", request=key[1], slack=slack, why=refused.reason)
            await self._note(key, Delivery(surface=surface, channel=slack, ts="", revision=refused.reason))
            return ""

    async def _put(self, key: Key, surface: Surface, channel: str) -> None:
        """Post, redraw, or leave alone."""
        sight = self._sight(key)
        if sight is None:
            return
        there = next((d for d in self._deliveries(key, sight) if (d.surface, d.channel) == (surface, channel)), None)
        card = cards.draw(surface, sight)
        if there is not None and (not there.ts or there.revision == card.revision):
            return
        try:
            ts = await self._draw(there, channel, card, sight)
        except Undeliverable as refused:
            log.warning("card_not_delivered", request=key[1], channel=channel, why=refused.reason)
            await self._note(key, Delivery(surface=surface, channel=channel, ts="", revision=refused.reason))
            if surface is Surface.APPROVER and sight.stage is Stage.WAITING:
                self._queue.add(key)  # the channel is out: ask people directly
            return
        await self._note(key, Delivery(surface=surface, channel=channel, ts=ts, revision=card.revision))

    async def _draw(self, there: Delivery | None, channel: str, card: cards.Card, sight: Sight) -> str:
        if there is not None:
            try:
                await self._poster.update(channel, there.ts, card)
            except Vanished as vanished:
                # Somebody deleted it. A new one only while there is still something to say or to decide.
                if sight.stage in _ENDED:
                    raise Undeliverable(str(vanished)) from vanished
            else:
                return there.ts
        payload = {"request": sight.request.meta.uid, "name": sight.request.meta.name}
        return await self._poster.post(channel, card, metadata={"event_type": EVENT, "event_payload": payload})

    async def _note(self, key: Key, delivery: Delivery) -> None:
        place = (delivery.surface, delivery.channel)
        self._noted.setdefault(key, {})[place] = delivery
        self._unsaved.setdefault(key, {})[place] = delivery
        await self._save(key)

    async def _save(self, key: Key) -> None:
        """Write what stands where into the request. What cannot be written now is kept, and the key comes back."""
        unsaved = self._unsaved.get(key, {})
        for place, delivery in list(unsaved.items()):
            await self._desk.record_delivery(*key, delivery)
            if unsaved.get(place) is delivery:
                del unsaved[place]

    def _sight(self, key: Key) -> Sight | None:
        """The request as the cache has it, with the deliveries that it does not show yet."""
        request = self._desk.request(*key)
        if request is None:
            return None
        seen = {(d.surface, d.channel): d for d in request.it.status.deliveries}
        noted = {place: d for place, d in self._noted.get(key, {}).items() if seen.get(place) != d}
        self._noted[key] = noted
        return approvals.sight(self._desk, _with(request, tuple((seen | noted).values())))

    def _deliveries(self, key: Key, sight: Sight) -> tuple[Delivery, ...]:
        fresh = self._sight(key)
        return (fresh or sight).request.it.status.deliveries

    def _refused(self, key: Key, sight: Sight, channel: str) -> bool:
        return any(d.channel == channel and not d.ts for d in self._deliveries(key, sight))

    def _is_old(self, request: Stored[ClusterRequest]) -> bool:
        decided = request.it.status.decided_at
        since = objects.parse_time(decided) if decided else request.meta.created
        return since is not None and self._clock() - since > NEWS

    def _forget(self, key: Key) -> None:
        for memory in (self._noted, self._unsaved, self._drawn):
            memory.pop(key, None)
        self._patient.discard(key)

    async def _watch_requests(self, changes: Changes) -> None:
        async for key in changes.changed():
            self._queue.add(key)

    async def _watch_clusters(self, changes: Changes) -> None:
        async for namespace, name in changes.changed():
            tenant = self._desk.tenant_of(namespace)
            for request in self._desk.requests(tenant.meta.name) if tenant else ():
                if (request.meta.namespace, request.it.spec.cluster) == (namespace, name):
                    self._queue.add(request.key)


def _with(request: Stored[ClusterRequest], deliveries: tuple[Delivery, ...]) -> Stored[ClusterRequest]:
    status: RequestStatus = request.it.status.model_copy(update={"deliveries": deliveries})
    return Stored(request.meta, request.it.model_copy(update={"status": status}))
