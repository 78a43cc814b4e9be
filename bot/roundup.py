"""Tells in one message what went wrong with many clusters that nobody asked for here, where nobody was told of it yet.

It is noted in the first of them before it is posted that it is under way, and there last of all that it was told. So
whoever is killed half-way is followed by one who ends it, and tells nobody twice. It says how they stood then, and is
not drawn anew once that is noted: each is noted as told, without a place of its own.
"""

from __future__ import annotations

import asyncio

import structlog

from bot import digest, unasked
from bot.bulletin import Bulletin
from bot.ports import Desk
from bot.unasked import Due, Unasked
from bot.weights import Weight
from provisioning.model import Delivery, Surface

log = structlog.get_logger()


class Roundup:
    """`platform` is the platform team's channel, empty for none."""

    def __init__(self, desk: Desk, bulletin: Bulletin, *, platform: str) -> None:
        self._desk = desk
        self._bulletin = bulletin
        self._platform = platform
        self._one_at_a_time = asyncio.Lock()

    async def tell(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether this was told in one message with others. Raises what `bot.outcomes` names, and `KubeError`."""
        async with self._one_at_a_time:
            near = unasked.beside(self._desk, it, surface)
            there = [each for each in near if place in (*unasked.places(each), self._platform)]
            fresh = [(each, due) for each in there if (due := self._fresh(each, place, surface)) is not None]
            new = {each.cluster.key: each for each, _ in fresh}
            # Whoever began may have noted some already: the message goes on naming them.
            named = [each for each in there if each.cluster.key in new or self._is_named(each, place, surface)]
            first = next((each for each in there if self.is_begun(each, place, surface)), None)
            if first is None:
                if it.cluster.key not in new:
                    return True  # Whoever held the lock has told of this one as well.
                if len(fresh) <= digest.FEW:
                    return False
                first, named = fresh[0][0], [*new.values()]
                noted = self._bulletin.there(first, surface, place)
                ts = noted.ts if noted else ""
                begun = Delivery(surface=surface, channel=place, ts=ts, revision=digest.UNDER_WAY)
                await self._bulletin.note(first, begun)
            if fresh:
                await self._put(first, named, place, surface)
            # Of the first one there may be nothing to tell any more.
            self._bulletin.remember(first, Delivery(surface=surface, channel=place, ts="", heard=unasked.OVER))
            for each, due in fresh:
                told_of = Delivery(surface=surface, channel=place, ts="", revision=due.card.revision, heard=due.heard)
                self._bulletin.remember(each, told_of)
            # The first one last: until then whoever comes after us sees that there is more to note.
            for each in (*(each for each in new.values() if each is not first), first):
                await self._bulletin.save(each)
            log.info("clusters_told_together", place=place, clusters=len(fresh))
            return True

    def is_begun(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether it is the first of some that one message is about to tell of: whoever began may have ended."""
        noted = self._bulletin.there(it, surface, place)
        return noted is not None and noted.revision == digest.UNDER_WAY

    async def _put(self, first: Unasked, named: list[Unasked], place: str, surface: Surface) -> None:
        """Named after the first of them, it is the same message for whoever goes on from here."""
        noted = self._bulletin.there(first, surface, place)
        once = f"{first.cluster.meta.uid} {surface.value} together {noted.ts if noted else ''}"
        card = unasked.together(named)
        await self._bulletin.put(first, place, None, card, fresh=True, once=once, weight=Weight.FAILURE)

    def _is_named(self, it: Unasked, place: str, surface: Surface) -> bool:
        """Whether a message about many tells of it, and it has no place of its own."""
        noted = self._bulletin.there(it, surface, place)
        if noted is None or noted.ts:
            return False
        return noted.heard != unasked.OVER and noted.revision != digest.UNDER_WAY

    def _fresh(self, it: Unasked, place: str, surface: Surface) -> Due | None:
        due = unasked.trouble(it, self._bulletin.there(it, surface, place), surface)
        return due if due is not None and due.fresh else None
