"""Prompts those for whom a request waits: reminds them, hands it on, and tells the platform where nobody can decide.

What must never live here: what is due (`provisioning.reminders`, `provisioning.escalation`), or what a message says
(`messages`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Protocol

import structlog

from bot import approvers, messages, places
from bot.courier import Courier
from bot.people import Whereabouts, zone_of
from bot.ports import Desk
from bot.sights import Sight
from bot.weights import Weight
from provisioning import escalation, lifetime, reminders, seats
from provisioning.objects import format_time, parse_time
from provisioning.records import Handed, Missing, Record, Reminded, RemindsNext, Stranded
from provisioning.reminders import Plan

log = structlog.get_logger()

LOOK_SECONDS = 600.0
"""How often what waits is looked at anew: somebody may have left meanwhile."""
MENTIONED = 100
"""People whom one message calls by name: well within 3000 characters."""
REMINDED = 500
"""People of whom a request can note that they were reminded, or are not there."""
STRANDED = "stranded"
"""What the message to the platform is called."""


class Directory(Protocol):
    """Where people are, as `bot.people.People` knows it."""

    async def whereabouts(self, slack: str) -> Whereabouts: ...


class Prompter:
    """`platform` is the channel that hears of what nobody can decide."""

    def __init__(
        self, *, desk: Desk, courier: Courier, directory: Directory, clock: Callable[[], datetime], platform: str
    ) -> None:
        self._desk = desk
        self._courier = courier
        self._directory = directory
        self._clock = clock
        self._platform = platform

    async def prompt(self, sight: Sight) -> float:
        """Hand it on when that is due, and remind those who were asked."""
        now, request, tenant = self._clock(), sight.request, sight.deciding
        asked = approvers.asked(sight)[:REMINDED]
        found = await self.whereabouts(sight, asked)
        unreachable = tuple(who for who, each in found.items() if not each.is_there)
        await self._hand_on(sight, unreachable, now)
        zones = {who: zone for who, each in found.items() if (zone := zone_of(each.zone))}
        # Who is in a group Slack alone knows: it is called by its name, where all of it looks.
        groups = approvers.asked_groups(sight) if places.has_shared_card(sight) else ()
        plan = self._plan(sight, {who for who in (*asked, *groups) if who not in unreachable}, zones, now)
        for place, accounts in (await self._by_card(sight, plan.due)).items():
            for at in range(0, len(accounts), MENTIONED):
                await self._remind(sight, place, accounts[at : at + MENTIONED], now)
        if (format_time(plan.next_at) if plan.next_at else None) != request.it.status.next_reminder_at:
            await self.record(sight, RemindsNext(plan.next_at))
        moments = [at for at in (plan.next_at, escalation.next_at(request, tenant)) if at is not None]
        return max(1.0, min([LOOK_SECONDS, *((at - now).total_seconds() for at in moments)]))

    async def whereabouts(self, sight: Sight, asked: tuple[str, ...]) -> dict[str, Whereabouts]:
        """Where these are, and whoever asked for it. Who is not there is noted."""
        requester = approvers.account_of(sight.deciding, sight.request.it.spec.requester)
        found = {who: await self._directory.whereabouts(who) for who in dict.fromkeys((requester, *asked)) if who}
        await self.note_missing(sight, tuple(who for who, each in found.items() if not each.is_there)[:REMINDED])
        return found

    async def note_missing(self, sight: Sight, accounts: tuple[str, ...]) -> None:
        if accounts != sight.request.it.status.unreachable:
            await self.record(sight, Missing(accounts))

    async def _hand_on(self, sight: Sight, unreachable: tuple[str, ...], now: datetime) -> None:
        """Take the step that is due; without one, tell the platform when nobody is left who could decide."""
        request, tenant = sight.request, sight.deciding
        step = escalation.due(request, tenant, unreachable=unreachable, now=now)
        if step is not None:
            log.info("request_handed_on", request=request.meta.name, step=step.step, why=step.why.value)
            await self.record(sight, Handed(step))
            return
        stranded = escalation.is_stranded(request, tenant, unreachable=unreachable)
        if stranded and not request.it.status.stranded_at:
            await self._tell_platform(sight, now)
        elif not stranded and request.it.status.stranded_at:
            await self.record(sight, Stranded(None))

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
            subject.slack or subject.slack_group: parse_time(each.at)
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
            if place := await self._courier.card_of(sight, who):
                found[place] = (*found.get(place, ()), who)
        return found

    async def _remind(self, sight: Sight, place: tuple[str, str], accounts: tuple[str, ...], now: datetime) -> None:
        before = {each.slack: each.times for each in sight.request.it.status.reminders}
        times = {who: before.get(who, 0) + 1 for who in accounts}
        each = {who: f"reminder {times[who]} of {who}" for who in accounts}
        fresh = tuple(who for who in accounts if not self._courier.has_sent(sight.request.key, each[who]))
        if fresh:
            what = ", ".join(each[who] for who in fresh)
            ts = await self._courier.send(sight, what, *place, messages.reminder(sight, fresh), weight=Weight.PROGRESS)
            self._courier.note(sight.request.key, [each[who] for who in fresh], ts)
        await self.record(sight, Reminded(times, now))

    async def _tell_platform(self, sight: Sight, now: datetime) -> None:
        log.warning("nobody_can_decide", request=sight.request.meta.name, tenant=sight.tenant.meta.name)
        if self._platform:
            # Where Slack knows a message by its name, the next time needs another one.
            what = f"{STRANDED} {now:%Y-%m-%dT%H}"
            await self._courier.send(sight, what, self._platform, "", messages.stranded(sight), weight=Weight.FAILURE)
        await self.record(sight, Stranded(now))

    async def record(self, sight: Sight, record: Record) -> None:
        """Note it in the request."""
        await self._desk.waiting.record(*sight.request.key, record)
