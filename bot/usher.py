"""Tells whoever decides instead of somebody that they do, and when that ends early: once each, in a direct message.

Level-based: `look` holds what lasts now against what was told, which stands in a memo that outlives the process. So a
new leader neither repeats nor forgets, and what ended while nobody led is told as well. That something is over at the
time that was told is no news. What must never live here: what is said (`delegations`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog

from bot import delegations as drawing
from bot.cards import Card
from bot.occasions import Changes
from bot.outcomes import Earlier, Later, Undeliverable
from bot.ports import Desk
from bot.posting import Poster
from bot.weights import Weight
from provisioning import delegations, names
from provisioning.delegations import Delegation
from provisioning.memo import Memo
from provisioning.model import Person
from provisioning.objects import parse_time
from provisioning.queue import Queue

log = structlog.get_logger()

EVENT: Final = "clusterdesk_delegation"
SETTLE_SECONDS: Final = 2.0
"""A delegation is an object in each namespace, written one after the other: this is for one message about them."""
LOOK_SECONDS: Final = 600.0
"""For what changes elsewhere: an approver whom a tenant lists no longer."""
MOST: Final = 100_000
"""Characters that the memo may come to. Who is put in whose place beyond that sees it in App Home."""

Place = tuple[str, str, str]
"""A namespace, and the user names of who is decided for and who decides there."""


@dataclass(frozen=True)
class Told:
    """What was told and is not over, place by place."""

    of: Mapping[Place, Delegation] = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> Told:
        """Nothing, where it says nothing that we can read."""
        try:
            return cls(by_place(_read(each) for each in json.loads(line or "[]")))
        except (ValueError, TypeError, AttributeError):
            log.warning("memo_not_read", of="delegations")
            return cls()

    def written(self) -> str:
        return json.dumps([_written(it) for it in _together(self.of.values())], separators=(",", ":"))

    def begun(self, now: Mapping[Place, Delegation]) -> tuple[Delegation, ...]:
        """Of those that last now, what was not told, or was told with another end."""
        return _together(it for at, it in now.items() if at not in self.of or self.of[at].until != it.until)

    def ended(self, now: Mapping[Place, Delegation], moment: datetime) -> tuple[Delegation, ...]:
        """What was told to last longer, and does not last now."""
        return _together(it for at, it in self.of.items() if at not in now and parse_time(it.until) > moment)

    def after(self, begun: Delegation, moment: datetime) -> Told:
        """Once this was told; without what is over."""
        lasting = {at: it for at, it in self.of.items() if parse_time(it.until) > moment}
        return Told({**lasting, **by_place([begun])})

    def without(self, ended: Delegation) -> Told:
        """Once its end was told."""
        gone = by_place([ended])
        return Told({at: it for at, it in self.of.items() if at not in gone})


class Usher:
    """Of one term. `memo` is what leaders leave to one another, in `most` characters; `clock` is the time of day."""

    def __init__(
        self, *, desk: Desk, poster: Poster, memo: Memo, clock: Callable[[], datetime], most: int = MOST
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._memo = memo
        self._clock = clock
        self._most = most
        self._queue: Queue[str] = Queue("delegations")

    async def run(self, changes: Changes) -> None:
        """For ever. Ends only by cancellation."""
        self._queue.add(EVENT)  # What ended while nobody led changes nothing any more.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(changes))
            group.create_task(self._queue.work(self.look, workers=1))

    async def look(self, _: str = EVENT) -> float:
        """Tell what is news; the seconds after which to look again. Raises `OutboxError` and `KubeError`."""
        try:
            await self._look()
        except Later as later:
            return later.seconds
        return LOOK_SECONDS

    async def _look(self) -> None:
        moment, told = self._clock(), Told.read(await self._memo.read())
        counting = delegations.counting(self._desk.voting.everybodys(), self._desk.tenant_of)
        now = by_place(it for it in delegations.lasting(counting, moment) if it.delegate.slack)
        for it in told.ended(now, moment):
            await self._tell(it, drawing.ended(it, self._desk), word="ended")
            told = told.without(it)
            await self._memo.write(told.written())
        for it in told.begun(now):
            after = told.after(it, moment)
            if len(after.written()) > self._most:
                log.warning("delegate_not_told", to=it.delegate.user, why="too many delegations are noted")
                continue
            await self._tell(it, drawing.begun(it, self._desk), word="begun")
            told = after
            await self._memo.write(told.written())

    async def _tell(self, it: Delegation, card: Card, *, word: str) -> None:
        """In a direct message. Who takes none is not tried again."""
        slack = it.delegate.slack
        metadata = {"event_type": EVENT, "event_payload": {"to": slack}}
        once = f"{word} {slack} {names.content_hash(sorted(it.marks.items()))}"
        try:
            channel = await self._poster.direct(slack, weight=Weight.DECISION)
            await self._poster.post(channel, card, metadata=metadata, once=once, weight=Weight.DECISION)
        except Earlier:
            return
        except Undeliverable as refused:
            log.warning("delegate_not_told", to=it.delegate.user, why=refused.reason)

    async def _watch(self, changes: Changes) -> None:
        async for _ in changes.changed():
            self._queue.add(EVENT, after=SETTLE_SECONDS)


def by_place(found: Iterable[Delegation]) -> dict[Place, Delegation]:
    """Each in each of its namespaces. Of two between the same two people the one counts that ends last."""
    return {
        (namespace, it.approver.user, it.delegate.user): replace(it, marks={namespace: mark})
        for it in sorted(found, key=lambda it: parse_time(it.until))
        for namespace, mark in it.marks.items()
    }


def _together(found: Iterable[Delegation]) -> tuple[Delegation, ...]:
    """Those that say the same of the same two people as one."""
    made: dict[tuple[Person, Person, str], Delegation] = {}
    for it in found:
        key = (it.approver, it.delegate, it.until)
        made[key] = replace(it, marks={**made[key].marks, **it.marks}) if key in made else it
    return tuple(made.values())


def _written(it: Delegation) -> list[Any]:
    return [it.approver.user, it.approver.slack, it.delegate.user, it.delegate.slack, it.until, dict(it.marks)]


def _read(written: list[Any]) -> Delegation:
    approver, approver_slack, delegate, delegate_slack, until, marks = written
    parse_time(until)
    return Delegation(
        Person(user=approver, slack=approver_slack), Person(user=delegate, slack=delegate_slack), until, dict(marks)
    )
