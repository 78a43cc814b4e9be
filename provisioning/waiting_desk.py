"""What people do about a request that waits, short of deciding: ask and answer, nudge; and what the bot tells of it.

Each write is one compare-and-swap that decides again when it was lost. Raises `Refused` or `KubeError`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from provisioning import questions, records, reminders, request_status
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, RequestStatus
from provisioning.objects import Stored
from provisioning.records import Record
from provisioning.voting_desk import VotingDesk

_HEARD = frozenset((Reason.ALREADY_VOTED, Reason.APPROVER_VOTED))
"""Whoever has voted may still ask."""


class WaitingDesk:
    """`voting` knows who decides, `now` is the time of day."""

    def __init__(self, kube: Kube, *, voting: VotingDesk, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._voting = voting
        self._now = now

    async def check_asker(self, namespace: str, name: str, asker: Person, *, digest: str) -> None:
        """Raises `Refused` when this person does not decide about the request, and so has nothing to ask."""
        try:
            await self._voting.check(namespace, name, asker, digest=digest)
        except Refused as refused:
            if refused.reason not in _HEARD:
                raise

    async def question(
        self, namespace: str, name: str, asker: Person, words: str, *, digest: str
    ) -> Stored[ClusterRequest]:
        """Keep a question of somebody who decides. `digest` is what was shown."""
        await self.check_asker(namespace, name, asker, digest=digest)

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            return questions.ask(request, asker, words, now=self._now())

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def answer(
        self, namespace: str, name: str, person: Person, number: int, words: str
    ) -> Stored[ClusterRequest]:
        """Keep the requester's answer to the question of that number."""

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            return questions.answer(request, person, number, words, now=self._now())

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def nudge(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        """Have everybody reminded who was asked."""

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            return reminders.nudge(request, person, now=self._now())

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def record(self, namespace: str, name: str, record: Record) -> Stored[ClusterRequest]:
        """Write down what people were told."""

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            return records.recorded(request.it.status, record)

        return await request_status.rewrite(self._kube, namespace, name, decide)
