"""When the cards of a request are worth another look: it changed, or its cluster, or who decides, or what is enforced.

What must never live here: what is done about it (`follow`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from bot.caretaker import Caretaker
from bot.ports import Desk
from provisioning.manifest import Key
from provisioning.model import ClusterRequest, Phase
from provisioning.objects import Stored
from provisioning.queue import Queue


class Changes(Protocol):
    """A watch cache: keys of objects that are there, then of each that changes."""

    def changed(self) -> AsyncIterator[Key]: ...


class Occasions:
    """Puts into the queue what is worth a look; `caretaker` tells the platform why nothing is approved."""

    def __init__(self, desk: Desk, queue: Queue[Key], caretaker: Caretaker) -> None:
        self._desk = desk
        self._queue = queue
        self._caretaker = caretaker

    async def run(self, requests: Changes, clusters: Changes, delegations: Changes) -> None:
        """Watch for ever. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_requests(requests))
            group.create_task(self._watch_clusters(clusters))
            group.create_task(self._watch_delegations(delegations))
            group.create_task(self._watch_quotas())

    async def _watch_requests(self, changes: Changes) -> None:
        async for key in changes.changed():
            self._queue.add(key)

    async def _watch_clusters(self, changes: Changes) -> None:
        async for namespace, name in changes.changed():
            for request in self._desk.requests_about(namespace, name):
                self._queue.add(request.key)

    async def _watch_delegations(self, changes: Changes) -> None:
        """Whoever decides instead of somebody from now on is asked at once."""
        async for namespace, _ in changes.changed():
            for request in self._requests(namespace):
                if request.it.status.phase is Phase.PENDING:
                    self._queue.add(request.key)

    async def _watch_quotas(self) -> None:
        """What waits for approvers says when nothing is approved, and when it is again."""
        paused, telling = False, None  # What an older leader told last, the caretaker knows.
        async with asyncio.TaskGroup() as group:
            async for trouble in self._desk.canary.troubles():
                if trouble or paused:
                    for tenant in self._desk.all_tenants():
                        for request in self._desk.requests(tenant.meta.name):
                            if request.it.status.phase is Phase.PENDING:
                                self._queue.add(request.key)
                if telling:
                    telling.cancel()  # what it tells is not true any more
                telling = group.create_task(self._caretaker.enforcement(trouble))
                paused = trouble is not None

    def _requests(self, namespace: str) -> Iterator[Stored[ClusterRequest]]:
        tenant = self._desk.tenant_of(namespace)
        for request in self._desk.requests(tenant.meta.name) if tenant else ():
            if request.meta.namespace == namespace:
                yield request
