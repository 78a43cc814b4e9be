"""What people do about requests that wait, in memory: a `bot.ports.Waiting` by the rules of the real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from provisioning import questions, records, reminders
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, RequestStatus
from provisioning.objects import Stored, parse_time
from provisioning.records import Record
from tests.bot import samples

if TYPE_CHECKING:
    from tests.bot.fake_desk import FakeDesk


class FakeWaiting:
    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk
        self.now: datetime = parse_time(samples.LATER)
        self.records: list[Record] = []

    async def check_asker(self, namespace: str, name: str, asker: Person, *, digest: str) -> None:
        try:
            await self._desk.voting.check(namespace, name, asker, digest=digest)
        except Refused as refused:
            if refused.reason not in (Reason.ALREADY_VOTED, Reason.APPROVER_VOTED):
                raise

    async def question(
        self, namespace: str, name: str, asker: Person, words: str, *, digest: str
    ) -> Stored[ClusterRequest]:
        await self.check_asker(namespace, name, asker, digest=digest)
        return await self._write(namespace, name, lambda it: questions.ask(it, asker, words, now=self.now))

    async def answer(
        self, namespace: str, name: str, person: Person, number: int, words: str
    ) -> Stored[ClusterRequest]:
        return await self._write(namespace, name, lambda it: questions.answer(it, person, number, words, now=self.now))

    async def nudge(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        return await self._write(namespace, name, lambda it: reminders.nudge(it, person, now=self.now))

    async def record(self, namespace: str, name: str, record: Record) -> Stored[ClusterRequest]:
        found = await self._write(namespace, name, lambda it: records.recorded(it.it.status, record))
        self.records.append(record)
        return found

    async def _write(
        self, namespace: str, name: str, decide: Callable[[Stored[ClusterRequest]], RequestStatus]
    ) -> Stored[ClusterRequest]:
        await self._desk.reach()
        found = self._desk.stored.get((namespace, name))
        if found is None:
            raise Refused(Reason.GONE)
        status = decide(found)
        if status == found.it.status:
            return found
        return self._desk.put(Stored(found.meta, found.it.model_copy(update={"status": status})))
