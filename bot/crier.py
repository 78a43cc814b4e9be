"""Tells of clusters that nobody asked for here: what went wrong with one, and that it ends; once each, at each place.

Level-based and by the elected replica, as the cards of requests are (`follow`). What was told stands in the cluster,
noted right after it was posted, so that a new leader neither repeats nor forgets. But of one that is gone only who has
seen it says so: nothing of it is left that could keep what was told, and nobody's cluster, nor its room in the quota,
is held for Slack until it is. Whoever leads next leaves the message as it stands: that it is being deleted.
What must never live here: what is told, and to whom (`unasked`, `news`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot import news, unasked
from bot.bulletin import Bulletin
from bot.news import Word
from bot.occasions import Changes
from bot.outcomes import Later, Undeliverable, Unknown
from bot.ports import Desk
from bot.posting import Poster
from bot.roundup import Roundup
from bot.unasked import Unasked
from bot.weights import Weight
from provisioning.manifest import Key
from provisioning.model import Delivery, Surface
from provisioning.queue import Queue

log = structlog.get_logger()

WORKERS = 2
LOOK_SECONDS = 60.0
"""How soon one that is on its way is looked at anew, though nothing changed but the time."""
AGAIN_SECONDS = 5.0
"""When a place is tried again of which nobody knows whether a message stands there."""
RESYNC_SECONDS = 600.0
"""How often a place is tried again that took none."""


class Crier:
    """Made anew each time the Lease is won. `platform` is the platform team's channel, empty for none."""

    def __init__(self, *, desk: Desk, poster: Poster, clock: Callable[[], datetime], platform: str = "") -> None:
        self._desk = desk
        self._clock = clock
        self._platform = platform
        self._queue: Queue[Key] = Queue("clusters")
        self._bulletin = Bulletin(desk, poster)
        self._roundup = Roundup(desk, self._bulletin, platform=platform)
        self._closed: dict[str, datetime] = {}
        """Until when a place takes nothing: what many clusters would ask one by one, one asks."""

    async def run(self, clusters: Changes) -> None:
        """Follow them for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(clusters))
            group.create_task(self._queue.work(self.look, workers=WORKERS))

    async def look(self, key: Key) -> float | None:
        """Tell what is due of one cluster; the seconds after which to look again, if it must be."""
        now = self._clock()
        waits = []
        for it in self._bulletin.seen(key, unasked.at(self._desk, key, now=now), now=now):
            waits.append(wait := await self._tell_all(it))
            if it.gone and (wait is None or now - it.gone > unasked.NEWS):
                self._bulletin.forget(it)
        return min((wait for wait in waits if wait is not None), default=None)

    async def _tell_all(self, it: Unasked) -> float | None:
        """Tell what is due of it everywhere; the seconds after which to look again, if it must be."""
        await self._bulletin.save(it)
        tells = [(tell, place) for place in unasked.places(it) for tell in (self._end, self._trouble)]
        tells += [(self._alarm, self._platform)] if self._platform else []
        # One place that has to wait keeps no other waiting.
        waits = [wait for tell, place in tells if (wait := await self._reach(it, place, tell)) is not None]
        if it.stage in unasked.ON_THE_WAY and not it.is_asked:
            waits.append(LOOK_SECONDS)
        if after := news.changes_at(unasked.watched(it, None), self._clock()):
            waits.append(max(1.0, (after - self._clock()).total_seconds()))
        return min(waits, default=None)

    async def _reach(self, it: Unasked, place: str, tell: Callable[[Unasked, str], Awaitable[None]]) -> float | None:
        """Tell it there; the seconds after which to try again, None when it is told."""
        now = self._clock()
        if (wait := (self._closed.get(place, now) - now).total_seconds()) > 0:
            return wait
        try:
            await tell(it, place)
        except Later as later:
            return self._close(place, later.seconds)
        except Unknown:
            return self._close(place, AGAIN_SECONDS)
        except Undeliverable as refused:
            log.warning("cluster_not_told", cluster=it.cluster.meta.name, place=place, why=refused.reason)
            return self._close(place, RESYNC_SECONDS)
        return None

    def _close(self, place: str, seconds: float) -> float:
        self._closed[place] = self._clock() + timedelta(seconds=seconds)
        return seconds

    async def _end(self, it: Unasked, place: str) -> None:
        """The news of its end. What stands there is kept true, also once a card tells of it."""
        noted = self._bulletin.there(it, Surface.NEWS, place)
        watched = unasked.watched(it, noted, self._bulletin.standing(it).values())
        due = news.due(watched, self._clock())
        if due is None:
            await self._let_go(it, noted, watched)
            return
        if due.fresh and it.is_asked:
            return
        once = f"{it.cluster.meta.uid} {due.told.dumps()}"
        ts = await self._bulletin.put(it, place, noted, due.card, fresh=due.fresh, once=once, weight=Weight.READY)
        await self._bulletin.note(it, Delivery(surface=Surface.NEWS, channel=place, ts=ts, revision=due.told.dumps()))

    async def _let_go(self, it: Unasked, noted: Delivery | None, watched: news.Watched) -> None:
        """Somebody let it go, at whichever place: the message says so at all of them."""
        if noted is None or watched.told is None or watched.told.word is not Word.LET_GO or noted.heard == Word.LET_GO:
            return
        if (after := news.let_go(watched)) is not None:
            place, weight = noted.channel, Weight.READY
            await self._bulletin.put(it, place, noted, after.card, fresh=False, once="", weight=weight)
            await self._bulletin.note(it, noted.model_copy(update={"heard": Word.LET_GO.value}))

    async def _trouble(self, it: Unasked, place: str) -> None:
        """What went wrong, to its people."""
        await self._tell(it, place, Surface.NOTICE)

    async def _alarm(self, it: Unasked, place: str) -> None:
        """That it hangs, to the platform team."""
        await self._tell(it, place, Surface.PLATFORM)

    async def _tell(self, it: Unasked, place: str, surface: Surface) -> None:
        noted = self._bulletin.there(it, surface, place)
        due, begun = unasked.trouble(it, noted, surface), self._roundup.is_begun(it, place, surface)
        is_new = due is not None and due.fresh and not it.is_asked
        if (begun or is_new) and await self._roundup.tell(it, place, surface):
            return
        if due is None or (due.fresh and it.is_asked):
            return
        # Named after the one before, it is the same message for whoever goes on from here.
        once = f"{it.cluster.meta.uid} {surface.value} {noted.ts if noted else ''}"
        ts = await self._bulletin.put(it, place, noted, due.card, fresh=due.fresh, once=once, weight=Weight.FAILURE)
        standing = Delivery(surface=surface, channel=place, ts=ts, revision=due.card.revision, heard=due.heard)
        await self._bulletin.note(it, standing)

    async def _watch(self, clusters: Changes) -> None:
        async for key in clusters.changed():
            self._queue.add(key)
