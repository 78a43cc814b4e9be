"""Keeps the card about somebody's access what the ClusterAccess says: one, in their direct message.

Level-based and by the elected replica, as the cards of requests are (`follow`). Who asked with `kubectl` is not told
here: their key is elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot import access_cards
from bot.access_cards import Access
from bot.cards import Card
from bot.occasions import Changes
from bot.outbox import Earlier, Later, Undeliverable, Vanished
from bot.ports import Accesses
from bot.posting import Poster
from provisioning.model import Delivery, Surface
from provisioning.queue import Queue

log = structlog.get_logger()

Key = tuple[str, str]
EVENT = "clusterdesk_access"
WORKERS = 2


class AccessFollower:
    """Made anew each time the Lease is won."""

    def __init__(self, *, accesses: Accesses, poster: Poster, clock: Callable[[], datetime]) -> None:
        self._accesses = accesses
        self._poster = poster
        self._clock = clock
        self._queue: Queue[Key] = Queue("access-cards")
        self._noted: dict[Key, Delivery] = {}
        """What was posted a moment ago: the cache need not show it yet, and the API server may not have taken it."""

    async def run(self, changes: Changes) -> None:
        """Follow them for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(changes))
            group.create_task(self._queue.work(self.redraw, workers=WORKERS))

    async def redraw(self, key: Key) -> float | None:
        """Make the card fit; the seconds after which to try again, if it must be."""
        access = self._accesses.get(*key)
        if access is None:
            self._noted.pop(key, None)
            return None
        if not access.it.spec.slack:
            return None
        there = self._noted.get(key) or access.it.status.delivery
        if there != access.it.status.delivery and there is not None:
            await self._accesses.record_delivery(*key, there)
        card, ended = access_cards.draw(access, now=self._clock()), access_cards.end(access, self._clock())
        # Of what has ended there is no news, and whom Slack does not let us write to is not tried again.
        if (there is None and ended) or (there is not None and (not there.ts or there.revision == card.revision)):
            return None
        try:
            delivery = await self._put(access, there, card)
        except Later as later:
            return later.seconds
        self._noted[key] = delivery
        await self._accesses.record_delivery(*key, delivery)
        # One that was found again shows what it showed then.
        return 0.0 if delivery.ts and delivery.revision != card.revision else None

    async def _put(self, access: Access, there: Delivery | None, card: Card) -> Delivery:
        """Post it or draw it anew; where it stands now, or why it does not."""
        slack = access.it.spec.slack
        try:
            channel = there.channel if there else await self._poster.direct(slack)
            if there is not None:
                await self._poster.update(channel, there.ts, card)
                return there.model_copy(update={"revision": card.revision})
            payload = {"access": access.meta.uid, "name": access.meta.name}
            metadata = {"event_type": EVENT, "event_payload": payload}
            ts = await self._poster.post(channel, card, metadata=metadata, once=f"{access.meta.uid} {channel}")
        except Earlier as earlier:
            return Delivery(surface=Surface.REQUESTER, channel=channel, ts=earlier.ts)
        except (Undeliverable, Vanished) as refused:
            # Whoever deleted the card finds the access in `/cluster access list`.
            log.warning("access_card_not_delivered", access=access.meta.name, slack=slack, why=str(refused))
            return Delivery(surface=Surface.REQUESTER, channel=slack, ts="", revision=str(refused))
        return Delivery(surface=Surface.REQUESTER, channel=channel, ts=ts, revision=card.revision)

    async def _watch(self, changes: Changes) -> None:
        async for key in changes.changed():
            self._queue.add(key)
