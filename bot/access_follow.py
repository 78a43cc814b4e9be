"""Keeps the card about somebody's access what the ClusterAccess says: one, in their direct message. And tells them
there that it is there after a while, and that it ends soon (`access_news` says when).

Level-based and by the elected replica, as the cards of requests are (`follow`). Who asked with `kubectl` is not told
here: their key is elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog

from bot import access_cards, access_news
from bot.access_cards import Access
from bot.cards import Card
from bot.occasions import Changes
from bot.outcomes import Earlier, Fixed, Later, Undeliverable, Vanished
from bot.ports import Accesses
from bot.posting import Poster
from provisioning.manifest import Key
from provisioning.model import Delivery, Surface, Tenant
from provisioning.objects import Stored
from provisioning.queue import Queue

log = structlog.get_logger()

EVENT = "clusterdesk_access"
WORKERS = 2


class AccessFollower:
    """Made anew each time the Lease is won. `tenant_of` says whose namespace it is."""

    def __init__(
        self,
        *,
        accesses: Accesses,
        poster: Poster,
        clock: Callable[[], datetime],
        tenant_of: Callable[[str], Stored[Tenant] | None],
    ) -> None:
        self._accesses = accesses
        self._poster = poster
        self._clock = clock
        self._tenant_of = tenant_of
        self._queue: Queue[Key] = Queue("access-cards")
        self._noted: dict[Key, dict[Surface, Delivery]] = {}
        """What was posted a moment ago: the cache need not show it yet, and the API server may not have taken it."""

    async def run(self, changes: Changes) -> None:
        """Follow them for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(changes))
            group.create_task(self._queue.work(self.redraw, workers=WORKERS))

    async def redraw(self, key: Key) -> float | None:
        """Make the card fit, and tell what is due; the seconds after which to look again, if it must be."""
        access = self._accesses.get(*key)
        if access is None:
            self._noted.pop(key, None)
            return None
        if not access.it.spec.slack:
            return None
        try:
            card_in = await self._draw(access)
            await self._ring(access)
            told_in = await self._tell(access)
        except Later as later:
            return later.seconds
        return min((each for each in (card_in, told_in) if each is not None), default=None)

    async def _draw(self, access: Access) -> float | None:
        there = await self._there(access, Surface.REQUESTER, access.it.status.delivery)
        card, ended = access_cards.draw(access, now=self._clock()), access_cards.end(access, self._clock())
        # Of what has ended there is no news, and whom Slack does not let us write to is not tried again.
        if (there is None and ended) or (there is not None and (not there.ts or there.revision == card.revision)):
            return None
        delivery = await self._put(access, there, card)
        await self._note(access, delivery)
        # One that was found again shows what it showed then.
        return 0.0 if delivery.ts and delivery.revision != card.revision else None

    async def _ring(self, access: Access) -> None:
        """Say below the card what its person has waited for."""
        there = await self._there(access, Surface.REQUESTER, access.it.status.delivery)
        if there is None or not there.ts or not access_news.is_awaited(access, there, self._clock()):
            return
        word = access_news.word(access)
        once = f"{access.meta.uid} heard {word}"
        await self._post(access, there.channel, access_cards.heard(access), once=once, thread=there.ts)
        await self._note(access, there.model_copy(update={"heard": word}))

    async def _tell(self, access: Access) -> float | None:
        """Tell that it ends soon, where its card stands: whoever has none hears of it in lists."""
        now, noted = self._clock(), await self._there(access, Surface.NEWS, access.it.status.reminder)
        card = await self._there(access, Surface.REQUESTER, access.it.status.delivery)
        mark = access_news.due(access, noted, now)
        if mark and card is not None and card.ts and not access_news.is_renewed(access, self._beside(access), now):
            once = f"{access.meta.uid} ends in {mark}"
            ts = await self._post(access, card.channel, access_cards.ends_soon(access), once=once)
            await self._note(access, Delivery(surface=Surface.NEWS, channel=card.channel, ts=ts, revision=mark))
        after = access_news.next_at(access, now)
        return max(1.0, (after - now).total_seconds()) if after else None

    async def _post(self, access: Access, channel: str, card: Card, *, once: str, thread: str = "") -> str:
        """Post what is no card; its timestamp, empty where it cannot be posted."""
        payload = {"access": access.meta.uid, "name": access.meta.name}
        metadata = {"event_type": EVENT, "event_payload": payload}
        try:
            return await self._poster.post(channel, card, metadata=metadata, once=once, thread=thread)
        except Earlier as earlier:
            return earlier.ts
        except (Undeliverable, Vanished) as refused:
            log.warning("access_news_not_delivered", access=access.meta.name, channel=channel, why=str(refused))
            return ""

    def _beside(self, access: Access) -> tuple[Access, ...]:
        tenant = self._tenant_of(access.meta.namespace)
        return self._accesses.of(tenant) if tenant else ()

    async def _there(self, access: Access, surface: Surface, shown: Delivery | None) -> Delivery | None:
        """What stands there, written down if it is not yet."""
        noted = self._noted.get(access.key, {}).get(surface)
        if noted is not None and noted != shown:
            await self._accesses.record_delivery(*access.key, noted)
        return noted or shown

    async def _note(self, access: Access, delivery: Delivery) -> None:
        self._noted.setdefault(access.key, {})[delivery.surface] = delivery
        await self._accesses.record_delivery(*access.key, delivery)

    async def _put(self, access: Access, there: Delivery | None, card: Card) -> Delivery:
        """Post it or draw it anew; where it stands now, or why it does not."""
        slack = access.it.spec.slack
        try:
            channel = there.channel if there else await self._poster.direct(slack)
            if there is not None:
                # One that stands and takes no change gets a new one below it.
                with contextlib.suppress(Fixed):
                    await self._poster.update(channel, there.ts, card)
                    heard = access_news.heard(access, there, self._clock())
                    return there.model_copy(update={"revision": card.revision, "heard": heard})
            payload = {"access": access.meta.uid, "name": access.meta.name}
            metadata = {"event_type": EVENT, "event_payload": payload}
            ts = await self._poster.post(channel, card, metadata=metadata, once=_name(access, channel, there))
        except Earlier as earlier:
            return Delivery(surface=Surface.REQUESTER, channel=channel, ts=earlier.ts, heard=access_news.WAITS)
        except (Undeliverable, Vanished) as refused:
            # Whoever deleted the card finds the access in `/cluster access list`.
            log.warning("access_card_not_delivered", access=access.meta.name, slack=slack, why=str(refused))
            return Delivery(surface=Surface.REQUESTER, channel=slack, ts="", revision=str(refused))
        heard = access_news.word(access)
        return Delivery(surface=Surface.REQUESTER, channel=channel, ts=ts, revision=card.revision, heard=heard)

    async def _watch(self, changes: Changes) -> None:
        async for key in changes.changed():
            self._queue.add(key)


def _name(access: Access, channel: str, there: Delivery | None) -> str:
    """What a card is called, so that it is the same one when it is posted again."""
    return f"{access.meta.uid} {channel}{f' {there.ts}' if there else ''}"
