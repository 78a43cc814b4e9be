"""Tells of clusters that nobody asked for here: what went wrong with one, and that it ends; once each, at each place.

Level-based and by the elected replica, as the cards of requests are (`follow`). What was told stands in the cluster,
noted right after it was posted, so that a new leader neither repeats nor forgets. What must never live here: what is
told, and to whom (`unasked`, `news`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot import digest, news, unasked
from bot.cards import Card
from bot.news import Word
from bot.notes import Key
from bot.occasions import Changes
from bot.outcomes import Earlier, Later, Undeliverable, Vanished
from bot.ports import Desk
from bot.posting import Poster
from bot.unasked import Due, Unasked
from bot.weights import Weight
from provisioning import told
from provisioning.model import Delivery, Surface
from provisioning.queue import Queue
from provisioning.stage import Stage

log = structlog.get_logger()

EVENT = "clusterdesk_cluster"
WORKERS = 2
LOOK_SECONDS = 60.0
"""How soon one that is on its way is looked at anew, though nothing changed but the time."""
_ON_THE_WAY = (Stage.BUILDING, Stage.STALLED, Stage.DELETING)
Place = tuple[Surface, str]


@dataclass
class Notes:
    """What was posted about one cluster a moment ago: `noted` until the caches show it, `unsaved` until it is written
    down."""

    uid: str
    noted: dict[Place, Delivery] = field(default_factory=dict)
    unsaved: dict[Place, Delivery] = field(default_factory=dict)


class Crier:
    """Made anew each time the Lease is won. `platform` is the platform team's channel, empty for none."""

    def __init__(self, *, desk: Desk, poster: Poster, clock: Callable[[], datetime], platform: str = "") -> None:
        self._desk = desk
        self._poster = poster
        self._clock = clock
        self._platform = platform
        self._queue: Queue[Key] = Queue("clusters")
        self._notes: dict[Key, Notes] = {}
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
        it = unasked.at(self._desk, key, now=self._clock())
        if it is None:
            self._notes.pop(key, None)
            return None
        await self._save(it)
        tells = [(tell, place) for place in unasked.places(it) for tell in (self._end, self._trouble)]
        tells += [(self._alarm, self._platform)] if self._platform else []
        # One place that has to wait keeps no other waiting.
        waits = [wait for tell, place in tells if (wait := await self._reach(it, place, tell)) is not None]
        if it.stage in _ON_THE_WAY and not it.is_asked:
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
            self._closed[place] = now + timedelta(seconds=later.seconds)
            return later.seconds
        return None

    async def _end(self, it: Unasked, place: str) -> None:
        """The news of its end. What stands there is kept true, also once a card tells of it."""
        noted = self._there(it, Surface.NEWS, place)
        watched = unasked.watched(it, noted)
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
        due = unasked.trouble(it, noted, surface)
        if due is None or (due.fresh and it.is_asked):
            return
        if due.fresh and await self._tell_together(it, place, surface):
            return
        # Named after the one before, it is the same message for whoever goes on from here.
        once = f"{it.cluster.meta.uid} {surface.value} {noted.ts if noted else ''}"
        ts = await self._put(it, place, noted, due.card, fresh=due.fresh, once=once, weight=Weight.FAILURE)
        standing = Delivery(surface=surface, channel=place, ts=ts, revision=due.card.revision, heard=due.heard)
        await self._note(it, standing)

    async def _tell_together(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether this was told in one message with many others of the tenant, of which nobody was told there either.

        That one says how they stood then, and is not drawn anew: each is noted as told, without a place of its own.
        """
        async with self._one_at_a_time:
            there = (
                each for each in unasked.beside(self._desk, it) if place in (*unasked.places(each), self._platform)
            )
            fresh = [(each, due) for each in there if (due := self._fresh(each, place, surface)) is not None]
            if all(each.cluster.key != it.cluster.key for each, _ in fresh):
                return True  # Whoever held the lock has told of this one as well.
            begun = next((each for each, _ in fresh if self._is_begun(each, place, surface)), None)
            if begun is None and len(fresh) <= digest.FEW:
                return False
            first = begun or fresh[0][0]
            if begun is None:
                noted = self._there(first, surface, place)
                ts = noted.ts if noted else ""
                await self._note(first, Delivery(surface=surface, channel=place, ts=ts, revision=digest.UNDER_WAY))
            noted = self._there(first, surface, place)
            once = f"{first.cluster.meta.uid} {surface.value} together {noted.ts if noted else ''}"
            card = unasked.together([each for each, _ in fresh])
            await self._put(first, place, None, card, fresh=True, once=once, weight=Weight.FAILURE)
            for each, due in fresh:
                told_of = Delivery(surface=surface, channel=place, ts="", revision=due.card.revision, heard=due.heard)
                self._remember(each, told_of)
            # The first one last: until then whoever comes after us sees that there is more to note.
            for each in (*(each for each, _ in fresh if each is not first), first):
                await self._save(each)
            log.info("clusters_told_together", place=place, clusters=len(fresh))
            return True

    def _is_begun(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether it is the first of some that one message is about to tell of: whoever began may have ended."""
        noted = self._there(it, surface, place)
        return noted is not None and noted.revision == digest.UNDER_WAY

    def _fresh(self, it: Unasked, place: str, surface: Surface) -> Due | None:
        due = unasked.trouble(it, self._there(it, surface, place), surface)
        return due if due is not None and due.fresh else None

    async def _put(
        self, it: Unasked, place: str, noted: Delivery | None, card: Card, *, fresh: bool, once: str, weight: Weight
    ) -> str:
        """Post it, or draw anew what stands there; its timestamp, empty where it cannot be posted."""
        ts = noted.ts if noted else ""
        if not fresh and not ts:
            return ""
        try:
            channel = place if place[0] in "CG" else await self._poster.direct(place, weight=weight)
            if not fresh:
                await self._poster.update(channel, ts, card, weight=weight)
                return ts
            payload = {"cluster": it.cluster.meta.uid, "name": it.cluster.meta.name}
            metadata = {"event_type": EVENT, "event_payload": payload}
            return await self._poster.post(channel, card, metadata=metadata, once=f"{once} {place}", weight=weight)
        except Earlier as earlier:
            return earlier.ts
        except (Undeliverable, Vanished) as refused:
            log.warning("cluster_not_told", cluster=it.cluster.meta.name, place=place, why=str(refused))
            return "" if fresh else ts

    def _there(self, it: Unasked, surface: Surface, place: str) -> Delivery | None:
        """What stands there, as far as we know."""
        standing = {(each.surface, each.channel): each for each in told.of(it.cluster.meta)}
        noted = self._of(it).noted
        for at in [at for at, each in noted.items() if standing.get(at) == each]:
            del noted[at]
        return (standing | noted).get((surface, place))

    async def _note(self, it: Unasked, delivery: Delivery) -> None:
        self._remember(it, delivery)
        await self._save(it)

    def _remember(self, it: Unasked, delivery: Delivery) -> None:
        """This stands there now; `_save` writes it down."""
        mine = self._of(it)
        mine.noted[delivery.surface, delivery.channel] = mine.unsaved[delivery.surface, delivery.channel] = delivery

    async def _save(self, it: Unasked) -> None:
        """Write down what is not yet. What cannot be written now is kept. Raises `KubeError`."""
        unsaved = self._of(it).unsaved
        for at, delivery in list(unsaved.items()):
            await self._desk.note_told(it.cluster, delivery)
            if unsaved.get(at) is delivery:
                del unsaved[at]

    def _of(self, it: Unasked) -> Notes:
        """Of another cluster of the same name there are none."""
        known, uid = self._notes.get(it.cluster.key), it.cluster.meta.uid
        if known is None or known.uid != uid:
            known = self._notes[it.cluster.key] = Notes(uid)
        return known

    async def _watch(self, clusters: Changes) -> None:
        async for key in clusters.changed():
            self._queue.add(key)
