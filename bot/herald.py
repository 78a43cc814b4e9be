"""Tells the news of a request's cluster: each in a message of its own, noted right after it was posted (`notes`).

What is to be told, and when, is `news`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot import news, posting
from bot.news import News
from bot.notes import Notes
from bot.outcomes import Later, Undeliverable
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning.manifest import Key
from provisioning.model import Delivery, Surface

log = structlog.get_logger()

EVENT = "clusterdesk_news"


class Herald:
    """Of one term, like the follower whose notes it shares."""

    def __init__(self, poster: Poster, notes: Notes, *, clock: Callable[[], datetime]) -> None:
        self._poster = poster
        self._notes = notes
        self._clock = clock

    async def tell(self, key: Key, sight: Sight) -> float | None:
        """Tell what is due; the seconds after which there may be more, None when only a change brings it."""
        now = self._clock()
        watched = news.of_request(sight)
        due = news.due(watched, now)
        if due is not None:
            try:
                await self._put(key, sight, due)
            except Later as later:
                return later.seconds
        after = news.changes_at(watched, now)
        return max(1.0, (after - now).total_seconds()) if after else None

    async def _put(self, key: Key, sight: Sight, due: News) -> None:
        """Where the requester's card stands. Who has none hears of it in lists."""
        noted = news.delivery(sight)
        channel = noted.channel if noted else _place(sight)
        if not channel:
            return
        ts = noted.ts if noted else ""
        request = sight.request.meta
        try:
            ts = await posting.put(
                self._poster,
                channel,
                "" if due.fresh else ts,
                due.card,
                metadata={"event_type": EVENT, "event_payload": {"request": request.uid, "name": request.name}},
                once=f"{request.uid} {due.told.dumps()}",
                weight=Weight.READY,
            )
        except Undeliverable as refused:
            log.warning("news_not_delivered", request=key[1], channel=channel, why=str(refused))
        self._notes.note(key, Delivery(surface=Surface.NEWS, channel=channel, ts=ts, revision=due.told.dumps()))
        await self._notes.save(key)


def _place(sight: Sight) -> str:
    found = (d.channel for d in sight.request.it.status.deliveries if d.surface is Surface.REQUESTER and d.ts)
    return next(found, "")
