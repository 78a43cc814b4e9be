"""Says below the card of whoever asked what they wait for, once: Slack makes no sound for a card that is edited.

When, and in which words, is `chimes`'s. What became of much at once is said in one message and not in many, so that
after an outage there is no flood. What was said is noted right after it was posted (`notes`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import structlog

from bot import approvers, chimes, digest, places, sights, weights
from bot.cards import Card
from bot.notes import Notes
from bot.outcomes import Earlier, Later, Undeliverable, Vanished
from bot.ports import Desk
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning.manifest import Key
from provisioning.model import ClusterRequest, Surface
from provisioning.objects import Stored

log = structlog.get_logger()

EVENT = "clusterdesk_chime"


class Ringer:
    """Of one term, like the follower whose notes it shares. `is_old` says of a request that nobody waits any more."""

    def __init__(
        self,
        desk: Desk,
        poster: Poster,
        notes: Notes,
        *,
        clock: Callable[[], datetime],
        is_old: Callable[[Stored[ClusterRequest]], bool],
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._notes = notes
        self._clock = clock
        self._is_old = is_old
        self._one_at_a_time = asyncio.Lock()

    async def ring(self, key: Key) -> float | None:
        """Say what is due about this request; the seconds after which to try again, None when all is said."""
        if self._due(key) is None:
            return None
        async with self._one_at_a_time:
            # Whoever held the lock may have said this as well.
            sight = self._due(key)
            if sight is None:
                return None
            together = tuple(self._together(sight))
            if len(together) <= digest.FEW:
                together = (sight,)
            try:
                await self._say(together)
            except Later as later:
                return later.seconds
            # The first one last: until then whoever comes after us sees that there is more to note.
            for each in reversed(together):
                await self._note(each)
        return None

    def _due(self, key: Key) -> Sight | None:
        request = self._notes.request(key)
        if request is None or self._is_old(request):
            return None
        sight = sights.of(self._desk, request, now=self._clock())
        return sight if sight is not None and chimes.is_due(sight) else None

    def _together(self, sight: Sight) -> Iterator[Sight]:
        """All that is due for the same person, the oldest first: whoever goes on from here names it the same."""
        account, tenant = places.account_of_requester(sight), sight.tenant
        for request in self._desk.requests(tenant.meta.name):
            theirs = approvers.account_of(tenant.it.spec, request.it.spec.requester) == account
            if theirs and (due := self._due(request.key)) is not None:
                yield due

    async def _say(self, together: Sequence[Sight]) -> None:
        first, *others = together
        there = chimes.delivery(first.request)
        if there is None:
            return
        card, thread = (chimes.together(together), "") if others else (chimes.line(first), there.ts)
        try:
            try:
                await self._post(first, there.channel, card, thread=thread)
            except Vanished:
                # Somebody deleted the card that it belongs below.
                await self._post(first, there.channel, card)
        except (Undeliverable, Vanished) as refused:
            log.warning("chime_not_delivered", request=first.request.meta.name, channel=there.channel, why=str(refused))

    async def _post(self, sight: Sight, channel: str, card: Card, *, thread: str = "") -> None:
        request = sight.request.meta
        # The cards themselves go first: they tell the same, and what is to be decided.
        weight = max(Weight.FAILURE, weights.of_card(Surface.REQUESTER, sight.stage, old=False))
        with contextlib.suppress(Earlier):
            await self._poster.post(
                channel,
                card,
                metadata={"event_type": EVENT, "event_payload": {"request": request.uid, "name": request.name}},
                once=chimes.name(sight),
                thread=thread,
                weight=weight,
            )

    async def _note(self, sight: Sight) -> None:
        key = sight.request.key
        request = self._notes.request(key)
        there = chimes.delivery(request) if request else None
        if there is not None:
            self._notes.note(key, there.model_copy(update={"heard": chimes.word(sight)}))
            await self._notes.save(key)
