"""Tells people of what waits for them beside the cards: reminders, questions, answers, and that nobody can decide.

Level-based, like the cards: `look` reads from a request what was told and what is due by now, tells it and writes that
down (`provisioning.records`). So a new leader neither repeats nor forgets. One process does this at a time, the one
that draws the cards. What must never live here: what a message says (`messages`), or whether it was sent (`courier`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot import approvers, messages, sights
from bot.courier import Courier
from bot.occasions import Changes
from bot.outcomes import Later, Undeliverable, Vanished
from bot.ports import Desk
from bot.posting import Poster
from bot.prompter import LOOK_SECONDS, Directory, Prompter
from bot.sights import Sight
from bot.weights import Weight
from provisioning import room
from provisioning.manifest import Key
from provisioning.model import Message
from provisioning.queue import Queue
from provisioning.records import AnswerTold, QuestionTold
from provisioning.stage import Stage

log = structlog.get_logger()

WORKERS = 2


class Messenger:
    """Made anew each time the Lease is won. `platform` is the channel that hears of what nobody can decide."""

    def __init__(
        self, *, desk: Desk, poster: Poster, directory: Directory, clock: Callable[[], datetime], platform: str = ""
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._courier = Courier(poster)
        self._prompter = Prompter(desk=desk, courier=self._courier, directory=directory, clock=clock, platform=platform)
        self._queue: Queue[Key] = Queue("messages")

    async def run(self, requests: Changes) -> None:
        """For ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(requests))
            group.create_task(self._queue.work(self.look, workers=WORKERS))

    async def look(self, key: Key) -> float | None:
        """Tell what is due about one request; the seconds after which to look again, if it must be."""
        request = self._desk.request(*key)
        if request is None:
            self._courier.forget(key)
            return None
        status, waits = request.it.status, room.waits_for_anything(request)
        if not waits and not status.questions and not status.unreachable:
            return None
        sight = sights.of(self._desk, request)
        if sight is None:
            return LOOK_SECONDS if waits or status.questions else None  # its tenant or the catalog may come back
        try:
            for number in range(len(status.questions)):
                await self._tell_of_question(sight, number)
            if not waits:
                await self._prompter.note_missing(sight, ())  # nobody is waited for any more
                return None
            if room.waits(request):
                await self._prompter.whereabouts(sight, ())  # nobody is asked, and whoever asked may be gone
                return LOOK_SECONDS
            if sight.stage is not Stage.WAITING or not approvers.are_needed(sight):
                return None
            return await self._prompter.prompt(sight)
        except Later as later:
            log.debug("message_waits", request=key[1], why=str(later), seconds=later.seconds)
            return later.seconds

    async def _tell_of_question(self, sight: Sight, number: int) -> None:
        """The message to the requester as it should stand now, and the one to whoever asked."""
        it = sight.request.it.status.questions[number]
        card = messages.question(sight, number)
        told = it.told
        if told is None:
            account = approvers.account_of(sight.tenant.it.spec, sight.request.it.spec.requester)
            channel = await self._courier.direct(account)
            ts = await self._courier.send(sight, f"question {number}", channel, "", card, weight=Weight.DECISION)
            await self._prompter.record(
                sight, QuestionTold(number, Message(channel=channel, ts=ts, revision=card.revision))
            )
        elif told.ts and told.revision != card.revision:
            try:
                await self._poster.update(told.channel, told.ts, card)
            except (Undeliverable, Vanished) as refused:
                log.info("message_not_redrawn", request=sight.request.meta.name, question=number, why=str(refused))
            await self._prompter.record(
                sight, QuestionTold(number, Message(channel=told.channel, ts=told.ts, revision=card.revision))
            )
        if it.answer and not it.answer_told:
            place = await self._courier.card_of(sight, it.asker.slack) if it.asker.slack else None
            # Who has no card, because their channel takes none or they saw it in App Home, is told all the same.
            place = place or (await self._courier.direct(it.asker.slack), "")
            answer = messages.answer(sight, number)
            await self._courier.send(sight, f"answer {number}", *place, answer, weight=Weight.DECISION)
            await self._prompter.record(sight, AnswerTold(number))

    async def _watch(self, requests: Changes) -> None:
        async for key in requests.changed():
            self._queue.add(key)
