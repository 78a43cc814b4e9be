"""Tells people of what waits for them beside the cards: reminders, questions, answers, and that nobody can decide.

Level-based, like the cards: `look` reads from a request what was told and what is due by now, tells it and writes that
down (`provisioning.records`). So a new leader neither repeats nor forgets. What was sent is remembered until the
request shows it, so that nothing is told twice because a write failed or a cache lags behind.
One process does this at a time, the one that draws the cards. What must never live here: what is due
(`provisioning.reminders`, `provisioning.escalation`), or what a message says (`messages`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Protocol

import structlog

from bot import approvers, messages, sights
from bot.cards import Card
from bot.occasions import Changes
from bot.outcomes import Earlier, Later, Undeliverable, Vanished
from bot.people import Whereabouts, zone_of
from bot.ports import Desk
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning import escalation, lifetime, reminders, room, seats
from provisioning.model import Message, Surface
from provisioning.objects import format_time, parse_time
from provisioning.queue import Queue
from provisioning.records import AnswerTold, Handed, Missing, QuestionTold, Record, Reminded, RemindsNext, Stranded
from provisioning.reminders import Plan
from provisioning.stage import Stage

log = structlog.get_logger()

Key = tuple[str, str]
EVENT = "clusterdesk_message"
LOOK_SECONDS = 600.0
"""How often what waits is looked at anew: somebody may have left meanwhile."""
WORKERS = 2
MENTIONED = 100
"""People whom one message calls by name: well within 3000 characters."""
REMINDED = 500
"""People of whom a request can note that they were reminded, or are not there."""
STRANDED = "stranded"
"""What the message to the platform is called."""


class Directory(Protocol):
    """Where people are, as `bot.people.People` knows it."""

    async def whereabouts(self, slack: str) -> Whereabouts: ...


class Messenger:
    """Made anew each time the Lease is won. `platform` is the channel that hears of what nobody can decide."""

    def __init__(
        self, *, desk: Desk, poster: Poster, directory: Directory, clock: Callable[[], datetime], platform: str = ""
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._directory = directory
        self._clock = clock
        self._platform = platform
        self._queue: Queue[Key] = Queue("messages")
        self._sent: dict[Key, dict[str, str]] = {}

    async def run(self, requests: Changes) -> None:
        """For ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(requests))
            group.create_task(self._queue.work(self.look, workers=WORKERS))

    async def look(self, key: Key) -> float | None:
        """Tell what is due about one request; the seconds after which to look again, if it must be."""
        request = self._desk.request(*key)
        if request is None:
            self._sent.pop(key, None)
            return None
        status, waits = request.it.status, room.waits_for_anything(request)
        if not waits and not status.questions and not status.unreachable:
            return None
        sight = sights.of(self._desk, request)
        if sight is None:
            return LOOK_SECONDS  # its tenant or the catalog may come back
        try:
            for number in range(len(status.questions)):
                await self._tell_of_question(sight, number)
            if not waits:
                await self._note_missing(sight, ())  # nobody is waited for any more
                return None
            if room.waits(request):
                await self._whereabouts(sight, ())  # nobody is asked, and whoever asked may be gone
                return LOOK_SECONDS
            if sight.stage is not Stage.WAITING or not approvers.are_needed(sight):
                return None
            return await self._wait(sight)
        except Later as later:
            log.debug("message_waits", request=key[1], why=str(later), seconds=later.seconds)
            return later.seconds

    async def _wait(self, sight: Sight) -> float:
        """Hand it on when that is due, and remind those who were asked."""
        now, request, tenant = self._clock(), sight.request, sight.deciding
        asked = approvers.asked(sight)[:REMINDED]
        found = await self._whereabouts(sight, asked)
        unreachable = tuple(who for who, each in found.items() if not each.is_there)
        await self._hand_on(sight, unreachable, now)
        zones = {who: zone for who, each in found.items() if (zone := zone_of(each.zone))}
        plan = self._plan(sight, {who for who in asked if who not in unreachable}, zones, now)
        for place, accounts in (await self._by_card(sight, plan.due)).items():
            for at in range(0, len(accounts), MENTIONED):
                await self._remind(sight, place, accounts[at : at + MENTIONED], now)
        if (format_time(plan.next_at) if plan.next_at else None) != request.it.status.next_reminder_at:
            await self._record(sight, RemindsNext(plan.next_at))
        moments = [at for at in (plan.next_at, escalation.next_at(request, tenant)) if at is not None]
        return max(1.0, min([LOOK_SECONDS, *((at - now).total_seconds() for at in moments)]))

    async def _whereabouts(self, sight: Sight, asked: tuple[str, ...]) -> dict[str, Whereabouts]:
        """Where these are, and whoever asked for it. Who is not there is noted."""
        requester = approvers.account_of(sight.deciding, sight.request.it.spec.requester)
        found = {who: await self._directory.whereabouts(who) for who in dict.fromkeys((requester, *asked)) if who}
        await self._note_missing(sight, tuple(who for who, each in found.items() if not each.is_there)[:REMINDED])
        return found

    async def _note_missing(self, sight: Sight, accounts: tuple[str, ...]) -> None:
        if accounts != sight.request.it.status.unreachable:
            await self._record(sight, Missing(accounts))

    async def _hand_on(self, sight: Sight, unreachable: tuple[str, ...], now: datetime) -> None:
        """Take the step that is due; without one, tell the platform when nobody is left who could decide."""
        request, tenant = sight.request, sight.deciding
        step = escalation.due(request, tenant, unreachable=unreachable, now=now)
        if step is not None:
            log.info("request_handed_on", request=request.meta.name, step=step.step, why=step.why.value)
            await self._record(sight, Handed(step))
            return
        stranded = escalation.is_stranded(request, tenant, unreachable=unreachable)
        if stranded and not request.it.status.stranded_at:
            await self._tell_platform(sight, now)
        elif not stranded and request.it.status.stranded_at:
            await self._record(sight, Stranded(None))

    def _plan(self, sight: Sight, reachable: set[str], zones: Mapping[str, tzinfo], now: datetime) -> Plan:
        request, policy = sight.request, sight.tenant.it.spec.approval
        created = request.meta.created
        if created is None:
            return Plan()
        tenant = sight.deciding
        voted = {
            who.slack for vote in request.it.status.votes for who in seats.speakers(vote, tenant, sight.delegations)
        }
        handed = {
            subject.slack: parse_time(each.at)
            for each, step in escalation.noted(request, tenant)
            for subject in step.approvers
        }
        asked = {who: handed.get(who, created) for who in sorted(reachable - voted)}
        ends_at = lifetime.expires_at(created, policy)
        return reminders.plan(request.it.status, policy.reminders, asked=asked, zones=zones, ends_at=ends_at, now=now)

    async def _by_card(self, sight: Sight, accounts: tuple[str, ...]) -> dict[tuple[str, str], tuple[str, ...]]:
        """The cards below which these are to be told, each with whom; whoever has no card is left out."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for who in accounts:
            if place := await self._card_of(sight, who):
                found[place] = (*found.get(place, ()), who)
        return found

    async def _card_of(self, sight: Sight, account: str) -> tuple[str, str] | None:
        """Channel and timestamp of the approvers' card that somebody has: their own, else that of all."""
        deliveries = sight.request.it.status.deliveries
        standing = {d.channel: d.ts for d in deliveries if d.surface is Surface.APPROVER and d.ts}
        shared = sight.tenant.it.spec.channels.approvals
        if len(standing) == 1 and shared in standing:
            return shared, standing[shared]
        try:
            own = await self._poster.direct(account)
        except Undeliverable:
            own = ""
        place = own if own in standing else shared
        return (place, standing[place]) if place in standing else None

    async def _remind(self, sight: Sight, place: tuple[str, str], accounts: tuple[str, ...], now: datetime) -> None:
        before = {each.slack: each.times for each in sight.request.it.status.reminders}
        times = {who: before.get(who, 0) + 1 for who in accounts}
        sent = self._sent.setdefault(sight.request.key, {})
        each = {who: f"reminder {times[who]} of {who}" for who in accounts}
        fresh = tuple(who for who in accounts if each[who] not in sent)
        if fresh:
            what = ", ".join(each[who] for who in fresh)
            ts = await self._send(sight, what, *place, messages.reminder(sight, fresh), weight=Weight.PROGRESS)
            sent.update({each[who]: ts for who in fresh})
        await self._record(sight, Reminded(times, now))

    async def _tell_platform(self, sight: Sight, now: datetime) -> None:
        log.warning("nobody_can_decide", request=sight.request.meta.name, tenant=sight.tenant.meta.name)
        if self._platform:
            # Where Slack knows a message by its name, the next time needs another one.
            what = f"{STRANDED} {now:%Y-%m-%dT%H}"
            await self._send(sight, what, self._platform, "", messages.stranded(sight), weight=Weight.FAILURE)
        await self._record(sight, Stranded(now))

    async def _tell_of_question(self, sight: Sight, number: int) -> None:
        """The message to the requester as it should stand now, and the one to whoever asked."""
        it = sight.request.it.status.questions[number]
        card = messages.question(sight, number)
        told = it.told
        if told is None:
            account = approvers.account_of(sight.tenant.it.spec, sight.request.it.spec.requester)
            channel = await self._direct(account)
            ts = await self._send(sight, f"question {number}", channel, "", card, weight=Weight.DECISION)
            await self._record(sight, QuestionTold(number, Message(channel=channel, ts=ts, revision=card.revision)))
        elif told.ts and told.revision != card.revision:
            try:
                await self._poster.update(told.channel, told.ts, card)
            except (Undeliverable, Vanished) as refused:
                log.info("message_not_redrawn", request=sight.request.meta.name, question=number, why=str(refused))
            await self._record(
                sight, QuestionTold(number, Message(channel=told.channel, ts=told.ts, revision=card.revision))
            )
        if it.answer and not it.answer_told:
            place = await self._card_of(sight, it.asker.slack) if it.asker.slack else None
            if place:
                answer = messages.answer(sight, number)
                await self._send(sight, f"answer {number}", *place, answer, weight=Weight.DECISION)
            await self._record(sight, AnswerTold(number))

    async def _direct(self, account: str) -> str:
        """The direct message with somebody; empty when there can be none."""
        try:
            return await self._poster.direct(account) if account else ""
        except Undeliverable:
            return ""

    async def _send(self, sight: Sight, what: str, channel: str, thread: str, card: Card, *, weight: Weight) -> str:
        """Post a message that was not sent yet; its timestamp, empty where it cannot be posted."""
        sent = self._sent.setdefault(sight.request.key, {})
        if what in sent or not channel:
            return sent.get(what, "")
        meta = sight.request.meta
        try:
            sent[what] = await self._poster.post(
                channel,
                card,
                metadata={"event_type": EVENT, "event_payload": {"request": meta.uid, "name": meta.name}},
                once=f"{meta.uid} {what}",
                thread=thread,
                weight=weight,
            )
        except Earlier as earlier:
            sent[what] = earlier.ts
        except (Undeliverable, Vanished) as refused:
            if thread and isinstance(refused, Vanished):
                # Somebody deleted the card that it belongs to.
                return await self._send(sight, what, channel, "", card, weight=weight)
            log.warning("message_not_delivered", request=meta.name, what=what, channel=channel, why=str(refused))
            sent[what] = ""
        return sent[what]

    async def _record(self, sight: Sight, record: Record) -> None:
        await self._desk.waiting.record(*sight.request.key, record)

    async def _watch(self, requests: Changes) -> None:
        async for key in requests.changed():
            self._queue.add(key)
