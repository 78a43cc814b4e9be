"""Keeps App Home what the desk says, for those who looked at it within a day.

Level-based: `redraw` draws somebody's Home from the caches as they are now, and publishes it when it differs from what
it published last. Slack tells of an opening to one replica only, so each keeps the Homes that were opened at it, and
none has to lead. The hash finds out where two of them keep one: whoever comes second draws it once more, a moment
later. After a restart a Home stays as it is until somebody looks at it again.
What must never live here: what a Home says (`home`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from bot import docket, home, replies, witness
from bot.audience import Audience, Seen
from bot.blocks import Block
from bot.occasions import Changes
from bot.outcomes import Later, Undeliverable, Unknown
from bot.ports import Desk
from bot.posting import Publisher
from bot.publishing import Overtaken
from bot.refusals import Refusal, Unwelcome
from bot.weights import Weight
from provisioning import audit, names
from provisioning.errors import NoCatalog
from provisioning.health import Waits
from provisioning.lifecycle import Refused
from provisioning.model import Person
from provisioning.queue import Queue

log = structlog.get_logger()

SETTLE_SECONDS: Final = 0.5
"""Changes come in flocks, and what a press did is in the caches a moment later."""
EVERY_SECONDS: Final = 2.0
"""Between two drawings of one Home."""
SELDOM_SECONDS: Final = 60.0
"""The same when nobody has looked at it for `FRESH_SECONDS`: Slack does not say when somebody looks away."""
FRESH_SECONDS: Final = 600.0
RESYNC_SECONDS: Final = 1800.0
"""For what only the clock changes: the life that is left, what is late, who was put into a tenant."""
UNSURE_SECONDS: Final = 300.0
"""The same where Slack has not told yet of all user groups whether somebody decides by them."""
RETRY_SECONDS: Final = 5.0
WORKERS: Final = 2
TOLD_SECONDS: Final = 3600.0
"""For which one line of the audit trail says that somebody saw what others asked for."""
AHEAD: Final = -3600.0
"""Seconds from now at which the Home of somebody who looks at it is due: before those of all who only may."""


@dataclass(frozen=True)
class Drawing:
    """A Home as it should be: `again` is the seconds until it should be looked at again, `person` whose it is, where
    that is known, and `groups` by which user groups of Slack they decide."""

    view: Block
    again: float
    person: Person | None = None
    groups: frozenset[str] = frozenset()


class Who(Protocol):
    """Whose Slack account it is, as `bot.people.People` knows it."""

    async def who(self, slack: str) -> Person:
        """Raises `Unwelcome`."""
        ...


class Homes:
    """`platform` are the Slack accounts of those who see all tenants; `team` is the workspace.

    `clock` counts seconds, `now` is the time.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        people: Who,
        publisher: Publisher,
        platform: frozenset[str] = frozenset(),
        waits: Waits = lambda: "",
        tell: audit.Tell = audit.untold,
        team: str = "",
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.audience = Audience(clock=clock)
        self._desk = desk
        self._people = people
        self._publisher = publisher
        self._platform = platform
        self._waits = waits
        self._tell = tell
        self._team = team
        self._clock = clock
        self._now = now
        self._queue: Queue[str] = Queue("homes")

    def opened(self, slack: str, hash_: str) -> None:
        """Somebody looks at their Home. `hash_` is Slack's of what they see, empty when they see nothing yet."""
        self.audience.look(slack, hash_)
        self._queue.add(slack, after=AHEAD)

    def used(self, slack: str, hash_: str) -> None:
        """Somebody pressed something in their Home, so it may be another one in a moment."""
        self.audience.look(slack, hash_)
        self._queue.add(slack, after=SETTLE_SECONDS)

    async def run(self, *, tenants: Changes, requests: Changes, clusters: Changes, delegations: Changes) -> None:
        """Follow all four kinds for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_tenants(tenants))
            group.create_task(self._watch(requests))
            group.create_task(self._watch(clusters))
            group.create_task(self._watch_delegations(delegations))
            group.create_task(self._watch_quotas())
            group.create_task(self._queue.work(self.redraw, workers=WORKERS))

    async def redraw(self, slack: str) -> float | None:
        """Make somebody's Home fit; the seconds after which to look again."""
        seen, now = self.audience.get(slack), self._clock()
        if seen is None:
            return None
        pause = EVERY_SECONDS if now - seen.looked < FRESH_SECONDS else SELDOM_SECONDS
        if seen.drawn and (early := seen.at + pause - now) > 0:
            return early
        seen.at = now
        drawing = await self._draw(slack)
        view, again, drawn = drawing.view, drawing.again, names.content_hash(drawing.view)
        if drawn == seen.drawn:
            self._saw(slack, seen, drawing)
            return again
        # Whoever looks at nothing, or at something old, goes before those who may not look at all.
        weight = Weight.PROGRESS if seen.drawn else Weight.DECISION
        try:
            seen.hash = await self._publisher.publish(slack, view, hash_=seen.hash, weight=weight)
        except Later as later:
            return later.seconds
        except (Overtaken, Unknown) as unsure:
            log.info("home_in_doubt", slack=slack, why=str(unsure))
            seen.doubt()
            return EVERY_SECONDS
        except Undeliverable as refused:
            log.warning("home_not_published", slack=slack, why=refused.reason)
            self.audience.forget(slack)
            return None
        seen.drawn = drawn
        self._saw(slack, seen, drawing)
        return again

    async def _draw(self, slack: str) -> Drawing:
        """The Home as it should be now."""
        if self._waits():
            return Drawing(home.told(replies.NOT_READY), RETRY_SECONDS)
        try:
            person = await self._person(slack)
            groups, are_all = await self._groups(person) if person else (frozenset(), True)
            platform = slack in self._platform
            view = home.view(person, desk=self._desk, now=self._now(), platform=platform, slack_groups=groups)
        except Unwelcome as unwelcome:
            self.audience.tell(slack, frozenset())
            if unwelcome.refusal is Refusal.UNCERTAIN:
                return Drawing(home.told(unwelcome.refusal), RETRY_SECONDS)
            account = slack if unwelcome.refusal is Refusal.UNMAPPED else ""
            refused = home.refused(unwelcome.refusal, account=account, ask=sorted(self._platform))
            return Drawing(refused, RESYNC_SECONDS)
        except NoCatalog:
            return Drawing(home.told(replies.NO_CATALOG), RESYNC_SECONDS)
        self.audience.tell(slack, self._tenants(person, groups, platform=platform))
        return Drawing(view, RESYNC_SECONDS if are_all else UNSURE_SECONDS, person, groups)

    def _saw(self, slack: str, seen: Seen, drawing: Drawing) -> None:
        """Tell what others asked for and somebody sees who has looked, once in a while."""
        person = drawing.person
        if person is None or seen.looked - seen.told < TOLD_SECONDS:
            return
        found = home.of_others(person, desk=self._desk, now=self._now(), slack_groups=drawing.groups)
        if found:
            seen.told = seen.looked
            self._tell(witness.saw(found, person, slack=slack, team=self._team))

    async def _person(self, slack: str) -> Person | None:
        """None for whom no tenant names and who looks after the platform."""
        try:
            return await self._people.who(slack)
        except Unwelcome as unwelcome:
            if unwelcome.refusal is Refusal.UNMAPPED and slack in self._platform:
                return None
            raise

    async def _groups(self, person: Person) -> tuple[frozenset[str], bool]:
        """By which user groups of Slack this person decides, and whether these are all. Those that Slack does not tell
        of now show with a later drawing; the cards are there meanwhile."""
        held: set[str] = set()
        are_all = True
        for tenant in self._desk.all_tenants():
            try:
                held.update(await self._desk.voting.groups_of(tenant.it.spec.namespaces[0], person, patient=True))
            except Refused:
                are_all = False
        return frozenset(held), are_all

    def _tenants(self, person: Person | None, groups: Collection[str], *, platform: bool) -> frozenset[str]:
        """Of which tenants this Home tells something."""
        found = self._desk.all_tenants() if platform else ()
        if person and not platform:
            found = (*self._desk.tenants_of(person), *docket.tenants(person, self._desk, slack_groups=groups))
        return frozenset(tenant.meta.name for tenant in found)

    async def _watch_tenants(self, changes: Changes) -> None:
        async for _, name in changes.changed():
            self._changed(name)

    async def _watch(self, changes: Changes) -> None:
        async for namespace, _ in changes.changed():
            tenant = self._desk.tenant_of(namespace) if self.audience else None
            if tenant:
                self._changed(tenant.meta.name)

    async def _watch_delegations(self, changes: Changes) -> None:
        """Whose it was nobody knows once it is gone, and whoever decides from now on has seen nothing of the tenant."""
        async for _ in changes.changed():
            self._everybody()

    async def _watch_quotas(self) -> None:
        """Every Home says when nothing is approved, and when it is again."""
        async for _ in self._desk.canary.troubles():
            self._everybody()

    def _everybody(self) -> None:
        for slack in self.audience.everybody():
            self._queue.add(slack, after=SETTLE_SECONDS)

    def _changed(self, tenant: str) -> None:
        for slack in self.audience.of(tenant):
            self._queue.add(slack, after=SETTLE_SECONDS)
