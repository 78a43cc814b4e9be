"""Tells of clusters that nobody asked for here: what went wrong with one, and that it ends; once each, at each place.

Level-based and by the elected replica, as the cards of requests are (`follow`). What was told stands in the cluster,
noted right after it was posted, so that a new leader neither repeats nor forgets; but of one that is gone only who has
seen it says so. What must never live here: what is told, and to whom (`unasked`, `news`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot import digest, news, unasked
from bot.cards import Card
from bot.news import Word
from bot.notes import Key, Noted, Place
from bot.occasions import Changes
from bot.outcomes import Earlier, Later, Undeliverable, Unknown, Vanished
from bot.ports import Desk
from bot.posting import Poster
from bot.unasked import Due, Unasked
from bot.weights import Weight
from provisioning import told
from provisioning.model import Delivery, Surface
from provisioning.queue import Queue

log = structlog.get_logger()

EVENT = "clusterdesk_cluster"
WORKERS = 2
LOOK_SECONDS = 60.0
"""How soon one that is on its way is looked at anew, though nothing changed but the time."""
AGAIN_SECONDS = 5.0
"""When a place is tried again of which nobody knows whether a message stands there."""
RESYNC_SECONDS = 600.0
"""How often a place is tried again that took none."""


@dataclass
class Known:
    """A cluster as it was seen last, and what was posted about it a moment ago."""

    it: Unasked
    notes: Noted = field(default_factory=Noted)


class Crier:
    """Made anew each time the Lease is won. `platform` is the platform team's channel, empty for none."""

    def __init__(self, *, desk: Desk, poster: Poster, clock: Callable[[], datetime], platform: str = "") -> None:
        self._desk = desk
        self._poster = poster
        self._clock = clock
        self._platform = platform
        self._queue: Queue[Key] = Queue("clusters")
        self._known: dict[Key, dict[str, Known]] = {}
        """By uid: one that is gone stays until its end is told, though another one has its name by then."""
        self._one_at_a_time = asyncio.Lock()
        self._closed: dict[str, datetime] = {}
        """Until when a place takes nothing: what many clusters would ask one by one, one asks."""

    async def run(self, clusters: Changes) -> None:
        """Follow them for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(clusters))
            group.create_task(self._queue.work(self.look, workers=WORKERS))

    async def look(self, key: Key) -> float | None:
        """Tell what is due of one cluster; the seconds after which to look again, if it must be."""
        now, here = self._clock(), self._known.setdefault(key, {})
        there = unasked.at(self._desk, key, now=now)
        if there is not None:
            self._of(there).it = there
        waits = []
        for uid, known in list(here.items()):
            if known.it is not there:
                if not unasked.is_gone(self._desk, known.it):
                    del here[uid]  # Nobody knows whose it is, or of what.
                    continue
                known.it = replace(known.it, now=now, gone=known.it.gone or now)
            waits.append(wait := await self._tell_all(known.it))
            if known.it.gone and (wait is None or now - known.it.gone > unasked.NEWS):
                del here[uid]
        if not here:
            self._known.pop(key, None)
        return min((wait for wait in waits if wait is not None), default=None)

    async def _tell_all(self, it: Unasked) -> float | None:
        """Tell what is due of it everywhere; the seconds after which to look again, if it must be."""
        await self._save(it)
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
        noted = self._there(it, Surface.NEWS, place)
        watched = unasked.watched(it, noted, self._standing(it).values())
        due = news.due(watched, self._clock())
        if due is None:
            await self._let_go(it, noted, watched)
            return
        if due.fresh and it.is_asked:
            return
        once = f"{it.cluster.meta.uid} {due.told.dumps()}"
        ts = await self._put(it, place, noted, due.card, fresh=due.fresh, once=once, weight=Weight.READY)
        await self._note(it, Delivery(surface=Surface.NEWS, channel=place, ts=ts, revision=due.told.dumps()))

    async def _let_go(self, it: Unasked, noted: Delivery | None, watched: news.Watched) -> None:
        """Somebody let it go, at whichever place: the message says so at all of them."""
        if noted is None or watched.told is None or watched.told.word is not Word.LET_GO or noted.heard == Word.LET_GO:
            return
        if (after := news.let_go(watched)) is not None:
            await self._put(it, noted.channel, noted, after.card, fresh=False, once="", weight=Weight.READY)
            await self._note(it, noted.model_copy(update={"heard": Word.LET_GO.value}))

    async def _trouble(self, it: Unasked, place: str) -> None:
        """What went wrong, to its people."""
        await self._tell(it, place, Surface.NOTICE)

    async def _alarm(self, it: Unasked, place: str) -> None:
        """That it hangs, to the platform team."""
        await self._tell(it, place, Surface.PLATFORM)

    async def _tell(self, it: Unasked, place: str, surface: Surface) -> None:
        noted = self._there(it, surface, place)
        due, begun = unasked.trouble(it, noted, surface), noted is not None and noted.revision == digest.UNDER_WAY
        is_new = due is not None and due.fresh and not it.is_asked
        if (begun or is_new) and await self._tell_together(it, place, surface):
            return
        if due is None or (due.fresh and it.is_asked):
            return
        # Named after the one before, it is the same message for whoever goes on from here.
        once = f"{it.cluster.meta.uid} {surface.value} {noted.ts if noted else ''}"
        ts = await self._put(it, place, noted, due.card, fresh=due.fresh, once=once, weight=Weight.FAILURE)
        standing = Delivery(surface=surface, channel=place, ts=ts, revision=due.card.revision, heard=due.heard)
        await self._note(it, standing)

    async def _tell_together(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether this was told in one message with many others, of which nobody was told there either.

        That one says how they stood then, and is not drawn anew once that is noted: each is noted as told, without a
        place of its own.
        """
        async with self._one_at_a_time:
            near = unasked.beside(self._desk, it, surface)
            there = [each for each in near if place in (*unasked.places(each), self._platform)]
            fresh = [(each, due) for each in there if (due := self._fresh(each, place, surface)) is not None]
            new = {each.cluster.key: each for each, _ in fresh}
            # Whoever began may have noted some already: the message goes on naming them.
            named = [each for each in there if each.cluster.key in new or self._is_named(each, place, surface)]
            first = next((each for each in there if self._is_begun(each, place, surface)), None)
            if first is None:
                if it.cluster.key not in new:
                    return True  # Whoever held the lock has told of this one as well.
                if len(fresh) <= digest.FEW:
                    return False
                first, named = fresh[0][0], [*new.values()]
                noted = self._there(first, surface, place)
                ts = noted.ts if noted else ""
                await self._note(first, Delivery(surface=surface, channel=place, ts=ts, revision=digest.UNDER_WAY))
            noted = self._there(first, surface, place)
            once = f"{first.cluster.meta.uid} {surface.value} together {noted.ts if noted else ''}"
            if fresh:
                card = unasked.together(named)
                await self._put(first, place, None, card, fresh=True, once=once, weight=Weight.FAILURE)
            # Of the first one there may be nothing to tell any more.
            self._remember(first, Delivery(surface=surface, channel=place, ts="", heard=unasked.OVER))
            for each, due in fresh:
                told_of = Delivery(surface=surface, channel=place, ts="", revision=due.card.revision, heard=due.heard)
                self._remember(each, told_of)
            # The first one last: until then whoever comes after us sees that there is more to note.
            for each in (*(each for each in new.values() if each is not first), first):
                await self._save(each)
            log.info("clusters_told_together", place=place, clusters=len(fresh))
            return True

    def _is_begun(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether it is the first of some that one message is about to tell of: whoever began may have ended."""
        noted = self._there(it, surface, place)
        return noted is not None and noted.revision == digest.UNDER_WAY

    def _is_named(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether a message about many tells of it, and it has no place of its own."""
        noted = self._there(it, surface, place)
        if noted is None or noted.ts:
            return False
        return noted.heard != unasked.OVER and noted.revision != digest.UNDER_WAY

    def _fresh(self, it: Unasked, place: str, surface: Surface) -> Due | None:
        due = unasked.trouble(it, self._there(it, surface, place), surface)
        return due if due is not None and due.fresh else None

    async def _put(
        self, it: Unasked, place: str, noted: Delivery | None, card: Card, *, fresh: bool, once: str, weight: Weight
    ) -> str:
        """Post it, or draw anew what stands there; its timestamp, empty where it cannot be posted."""
        ts = noted.ts if noted and not fresh else ""
        if not fresh and not ts:
            return ""
        channel = place if place[0] in "CG" else await self._poster.direct(place, weight=weight)
        payload = {"cluster": it.cluster.meta.uid, "name": it.cluster.meta.name}
        metadata = {"event_type": EVENT, "event_payload": payload}
        once = f"{once} {place}"
        with contextlib.suppress(Vanished):
            try:
                if fresh:
                    return await self._poster.post(channel, card, metadata=metadata, once=once, weight=weight)
            except Earlier as earlier:
                ts = earlier.ts  # What it says is of then.
            await self._poster.update(channel, ts, card, weight=weight)
        return ts

    def _there(self, it: Unasked, surface: Surface, place: str) -> Delivery | None:
        """What stands there, as far as we know."""
        return self._standing(it).get((surface, place))

    def _standing(self, it: Unasked) -> dict[Place, Delivery]:
        return self._of(it).notes.over(told.of(it.cluster.meta))

    async def _note(self, it: Unasked, delivery: Delivery) -> None:
        self._remember(it, delivery)
        await self._save(it)

    def _remember(self, it: Unasked, delivery: Delivery) -> None:
        """This stands there now; `_save` writes it down."""
        self._of(it).notes.note(delivery, told.of(it.cluster.meta))

    async def _save(self, it: Unasked) -> None:
        """Write down what is not yet. What cannot be written now is kept. Raises `KubeError`."""
        await self._of(it).notes.save(lambda delivery: self._desk.note_told(it.cluster, delivery))

    def _of(self, it: Unasked) -> Known:
        """Of another cluster of the same name nothing is known."""
        return self._known.setdefault(it.cluster.key, {}).setdefault(it.cluster.meta.uid, Known(it))

    async def _watch(self, clusters: Changes) -> None:
        async for key in clusters.changed():
            self._queue.add(key)
