"""Keeps the cards in Slack what the store says: one card for each request and place, redrawn when its drawing changes.

Level-based: `redraw` looks at a request as it is now and makes the cards fit; it remembers nothing that the request
does not, but for how to go about it. One process does this at a time (a Lease); clicks are answered by all.

A card's place is written into the request right after it was posted (`notes`). When a post times out nobody knows
whether it stands, and without history scopes nobody can look; it is posted again under the same `client_msg_id`, by
which Slack may know it. A copy left over all the same is taken away when somebody presses a button of it (`door`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot import chimes, places, request_cards, sights, weights
from bot.cards import Card
from bot.caretaker import Caretaker
from bot.digest import Requests
from bot.herald import Herald
from bot.meanwhile import Meanwhile
from bot.notes import Notes, Shown
from bot.occasions import Changes, Occasions
from bot.outcomes import Busy, Earlier, Fixed, Later, Undeliverable, Vanished
from bot.pace import Pace
from bot.places import Target
from bot.ports import Desk
from bot.posting import Poster
from bot.ringer import Ringer
from bot.sights import Sight
from bot.weights import Weight
from provisioning import objects, standing
from provisioning.manifest import Key
from provisioning.memo import Memo
from provisioning.model import Action, ClusterRequest, Delivery, Surface
from provisioning.objects import Stored
from provisioning.queue import Queue
from provisioning.stage import Stage

log = structlog.get_logger()

EVENT = "clusterdesk_card"
RESYNC_SECONDS = 600.0
"""How often what waits for approvers is looked at anew, and a place that took no card tried again."""
WORKERS = 8
ROOM = {Surface.APPROVER: 70, Surface.NOTICE: 95}
"""Places of a request up to which another one of these is noted: its status has 100. Whoever gets no card finds the
request in App Home."""
NEWS = timedelta(hours=24)
"""What ended longer ago gets no new card."""
_AGAIN = {
    Stage.WAITING: RESYNC_SECONDS,
    **dict.fromkeys((Stage.ACCEPTED, Stage.NO_ROOM, Stage.BUILDING, Stage.STALLED, Stage.DELETING), 60.0),
}
"""Seconds after which a card is looked at anew, though nothing changed but the time."""


class Follower:
    """Made anew each time the Lease is won. `platform` is the platform team's channel, empty for none; `memo` is what
    the leader before has left."""

    def __init__(
        self,
        *,
        desk: Desk,
        poster: Poster,
        clock: Callable[[], datetime],
        platform: str = "",
        shown: Shown = lambda *_: None,
        memo: Memo | None = None,
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._clock = clock
        self._platform = platform
        self._queue: Queue[Key] = Queue("cards")
        self._notes = Notes(desk, shown=shown)
        self._pace = Pace(clock=clock)
        self._refusals: dict[tuple[Key, str], datetime] = {}
        self._caretaker = Caretaker(poster, channel=platform, clock=clock, memo=memo)
        self._occasions = Occasions(desk, self._queue, self._caretaker)
        self._meanwhile = Meanwhile(desk, poster, self._notes, clock=clock)
        self._ringer = Ringer(desk, poster, self._notes, clock=clock, is_old=self._is_old)
        self._herald = Herald(poster, self._notes, clock=clock)

    async def run(self, requests: Changes, clusters: Changes, delegations: Changes) -> None:
        """Follow these kinds for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._occasions.run(requests, clusters, delegations))
            group.create_task(self._queue.work(self.redraw, workers=WORKERS))

    async def redraw(self, key: Key) -> float | None:
        """Make the cards of one request fit; the seconds after which to look again, if it must be."""
        sight = self._sight(key)
        if sight is None:
            self._forget(key)
            # Its tenant or the catalog may come back.
            return RESYNC_SECONDS if self._desk.request(*key) else None
        if (wait := self._pace.wait(key, sight.stage)) is not None:
            return wait
        await self._notes.save(key)
        # One place that has to wait keeps no other waiting.
        waits = [wait for target in self._targets(key) if (wait := await self._reach(key, target)) is not None]
        if not waits:
            self._pace.drawn(key, sight.stage)
        rung_in = await self._ringer.ring(key)
        news_in = await self._herald.tell(key, self._sight(key) or sight)
        again = min(waits) if waits else _again(sight)
        return min((each for each in (again, rung_in, news_in) if each is not None), default=None)

    def _targets(self, key: Key) -> tuple[Target, ...]:
        sight = self._sight(key)
        if sight is None:
            return ()
        refused = {d.channel for d in sight.request.it.status.deliveries if not d.ts and self._lately(key, d.channel)}
        old = self._is_old(sight.request)
        return tuple(dict.fromkeys(places.targets(sight, refused=refused, old=old, platform=self._platform)))

    async def _reach(self, key: Key, target: Target) -> float | None:
        """Make the card at one place fit; the seconds after which to try again, None when it is as it should be."""
        try:
            if target.account and target.surface is Surface.REQUESTER and await self._tell_together(key):
                return None
            if not self._has_room(key, target):
                return None
            channel = target.channel or await self._direct(key, target)
            if channel:
                await self._put(key, target.surface, channel)
        except Later as later:
            # Our own budget being spent is everyday life; what Slack says is worth a line.
            say = log.debug if isinstance(later, Busy) else log.warning
            say("card_waits", request=key[1], why=str(later), seconds=later.seconds)
            return later.seconds
        return None

    def _has_room(self, key: Key, target: Target) -> bool:
        """Whether a card may be noted there. Those that stand are targets by their channel."""
        sight, room = self._sight(key), ROOM.get(target.surface)
        if sight is None or room is None or (target.channel and _find(sight, target.surface, target.channel)):
            return True
        return len(sight.request.it.status.deliveries) < room

    async def _direct(self, key: Key, target: Target) -> str:
        """The direct message with somebody; empty when there can be none, which is noted under their account."""
        sight = self._sight(key)
        if sight is None:
            return ""
        try:
            return await self._poster.direct(target.account, weight=self._weight(target.surface, sight))
        except Undeliverable as refused:
            log.warning("person_not_reachable", request=key[1], slack=target.account, why=refused.reason)
            await self._refuse(key, target.surface, target.account, refused.reason)
            return ""

    async def _put(self, key: Key, surface: Surface, channel: str) -> None:
        """Post, redraw, or leave alone."""
        sight = self._sight(key)
        if sight is None:
            return
        there = _find(sight, surface, channel)
        card = self._card(surface, sight, there)
        if there is not None and there.ts and there.revision == card.revision:
            return
        heard = chimes.word(sight)
        try:
            ts, revision = await self._draw(there, surface, channel, card, sight), card.revision
        except Earlier as earlier:
            # The answer to a first post was lost, and what it showed is of then.
            ts, revision, heard = earlier.ts, "", chimes.ASKED
            self._queue.add(key)
        except Undeliverable as refused:
            log.warning("card_not_delivered", request=key[1], channel=channel, why=refused.reason)
            await self._refuse(key, surface, channel, refused.reason)
            if surface is Surface.APPROVER and sight.stage is Stage.WAITING:
                self._queue.add(key)  # the channel is out: ask people directly
            return
        stands = Delivery(surface=surface, channel=channel, ts=ts, revision=revision)
        await self._note(key, self._heard(key, stands, heard) if surface is Surface.REQUESTER else stands)

    def _heard(self, key: Key, delivery: Delivery, heard: str) -> Delivery:
        """With what is heard of by now: an older card that was only drawn anew made no sound. Where that was not noted
        before, how it stands now counts as heard, so that an upgrade is silent."""
        request = self._notes.request(key)
        there = chimes.delivery(request) if request else None
        stood = there.heard if there and there.ts == delivery.ts else ""
        return delivery.model_copy(update={"heard": stood or heard})

    def _card(self, surface: Surface, sight: Sight, there: Delivery | None) -> Card:
        """The card of the request, or of all those that the same message tells of."""
        shared = self._meanwhile.card(sight, there) if surface is Surface.REQUESTER and there and there.ts else None
        return shared or request_cards.draw(surface, sight)

    async def _draw(self, there: Delivery | None, surface: Surface, channel: str, card: Card, sight: Sight) -> str:
        weight, replaced = self._weight(surface, sight), there.ts if there else ""
        if replaced:
            try:
                await self._poster.update(channel, replaced, card, weight=weight)
            except Vanished as vanished:
                stands = isinstance(vanished, Fixed)
                if stands and weight >= Weight.PROGRESS:
                    return replaced  # not worth a message each time
                # Somebody deleted it: a new one only while there is still something to say or to decide. One that
                # stands and says what is over gets a new one below it. Never one for each request that it told of.
                if (sight.stage in places.ENDED and not stands) or (there and self._meanwhile.card(sight, there)):
                    raise Undeliverable(str(vanished)) from vanished
            else:
                return replaced
        request = sight.request.meta
        payload = {"request": request.uid, "name": request.name}
        return await self._poster.post(
            channel,
            card,
            metadata={"event_type": EVENT, "event_payload": payload},
            once=f"{request.uid} {surface.value} {channel} {replaced}",
            weight=weight,
        )

    async def _tell_together(self, key: Key) -> bool:
        """Whether this was told in one message with other requests that somebody was not told of."""
        sight = self._sight(key)
        told = await self._meanwhile.tell(sight, self._news) if sight else ()
        for each in told:
            self._queue.add(each)  # each writes down where it is told of
        return bool(told)

    def _news(self, requests: Requests) -> Requests:
        return [each for each in requests if not self._is_old(each) and not self._is_told_elsewhere(each)]

    def _is_told_elsewhere(self, request: Stored[ClusterRequest]) -> bool:
        sight = self._sight(request.key) if request.it.spec.action is Action.DELETE else None
        return sight is not None and sight.told_elsewhere

    def _weight(self, surface: Surface, sight: Sight) -> Weight:
        return weights.of_card(surface, sight.stage, old=sight.stage in places.ENDED and self._is_old(sight.request))

    async def _refuse(self, key: Key, surface: Surface, where: str, reason: str) -> None:
        self._refusals[key, where] = self._clock()
        sight = self._sight(key)
        if sight and places.is_channel_of(sight.tenant.it.spec, surface, where):
            others = self._desk.requests(sight.tenant.meta.name)
            reason = await self._caretaker.channel_out(sight, others, channel=where, reason=reason)
        await self._note(key, Delivery(surface=surface, channel=where, ts="", revision=reason))

    def _lately(self, key: Key, where: str) -> bool:
        """Whether a place took no card a short time ago; one that we only read of counts from now."""
        at = self._refusals.setdefault((key, where), self._clock())
        return 0 <= (self._clock() - at).total_seconds() < RESYNC_SECONDS

    async def _note(self, key: Key, delivery: Delivery) -> None:
        sight = self._sight(key)
        if sight is None or delivery in sight.request.it.status.deliveries:
            return
        self._notes.note(key, delivery)
        await self._notes.save(key)

    def _sight(self, key: Key) -> Sight | None:
        request = self._notes.request(key)
        return sights.of(self._desk, request, now=self._clock()) if request else None

    def _is_old(self, request: Stored[ClusterRequest]) -> bool:
        ended = standing.ended_at(request)
        since = objects.parse_time(ended) if ended else request.meta.created
        return since is not None and self._clock() - since > NEWS

    def _forget(self, key: Key) -> None:
        self._notes.forget(key)
        self._pace.forget(key)
        self._refusals = {at: when for at, when in self._refusals.items() if at[0] != key}


def _again(sight: Sight) -> float | None:
    going = sight.stage is Stage.GIVEN_UP and sight.cluster is not None and sight.cluster.meta.deleting
    return _AGAIN.get(Stage.DELETING if going else sight.stage)


def _find(sight: Sight, surface: Surface, channel: str = "") -> Delivery | None:
    """What is noted of a place, or of the first of a surface."""
    found = (d for d in sight.request.it.status.deliveries if d.surface is surface)
    return next((d for d in found if channel in ("", d.channel)), None)
