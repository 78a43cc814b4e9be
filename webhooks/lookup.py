"""The read side of the door: watch caches for the few kinds that every decision needs, the API server for the rest.

A kind that the API server does not serve has no objects. Every other failure is told to whoever asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from provisioning import errors
from provisioning.cache import Cache
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CATALOGS, NAMESPACES, TENANTS, Resource
from webhooks import recall
from webhooks.facts import All, Answer, One, Query

CACHED = (CATALOGS, NAMESPACES, TENANTS)
"""Few objects, seldom changed, asked for by nearly every request. Approvals and clusters are always read live."""
WATCHED = recall.KINDS
"""What is remembered as it was read last; of these only the revision is cached, for there may be very many."""
TURN = 0.5
"""Seconds that a read waits at the most for the one before it."""
WAITING_MAX = 64
"""Questions for what is so after a while; of more, nobody else would be answered."""


class KubeLookup:
    """A `Lookup` on a real API server. `run` keeps the caches; until they are filled, everything is read live."""

    def __init__(self, kube: Kube, *, cached: tuple[Resource, ...] = CACHED) -> None:
        self._kube = kube
        self._caches: Mapping[Resource, Cache] = {resource: Cache(kube, resource) for resource in cached}
        self._watched: Mapping[Resource, Cache] = {
            resource: Cache(kube, resource, keep=_revision, optional=True) for resource in WATCHED
        }
        self._coming: dict[One, asyncio.Task[Manifest | None]] = {}
        """Reads that have not been sent yet, so that whoever asks now is answered by what is so from now on."""
        self._sent: dict[One, asyncio.Task[Manifest | None]] = {}
        self._waiting = 0

    async def run(self) -> None:
        """Follow the API server, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for cache in (*self._caches.values(), *self._watched.values()):
                group.create_task(cache.run())

    def shows(self, query: Query, answer: Answer) -> bool:
        """As `Near` has it: of what is remembered, and not cached."""
        cache = self._watched.get(query.resource)
        if cache is None or not isinstance(query, One) or not isinstance(answer, dict):
            return False
        return cache.get(query.namespace, query.name) == _revision(answer)

    def why_not_ready(self) -> str | None:
        """None when every cache has its first list."""
        behind = [r.plural for r, cache in self._caches.items() if not cache.synced.is_set()]
        return f"not yet listed: {', '.join(behind)}" if behind else None

    def cached(self, query: Query) -> Answer | None:
        """As `Near` has it."""
        cache = self._caches.get(query.resource)
        if cache is None or not cache.synced.is_set() or (isinstance(query, All) and query.after):
            return None
        # What the cache has not seen may have been made just now.
        return cache.list(query.namespace or None) if isinstance(query, All) else cache.get(query.namespace, query.name)

    async def find(self, query: Query, *, live: bool) -> Answer:
        if isinstance(query, All) and query.after:
            await self._wait(query.after)
            return await self._read(query)
        found = None if live else self.cached(query)
        return found if found is not None else await self._read(query)

    async def _wait(self, seconds: float) -> None:
        if self._waiting >= WAITING_MAX:
            raise TimeoutError
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1

    async def _read(self, query: Query) -> Answer:
        if isinstance(query, One):
            return await self._shared(query)
        try:
            return (await self._kube.list(query.resource, namespace=query.namespace)).items
        except errors.NotFound:
            return ()

    async def _shared(self, query: One) -> Manifest | None:
        """One read for all who ask while the one before is under way: many reviews at once are about one template."""
        coming = self._coming.get(query)
        if coming is None:
            coming = asyncio.create_task(self._after(self._sent.get(query), query))
            coming.add_done_callback(
                lambda task: task.cancelled() or task.exception()
            )  # Perhaps nobody waits any more.
            self._coming[query] = coming
        return await asyncio.shield(coming)

    async def _after(self, before: asyncio.Task[Manifest | None] | None, query: One) -> Manifest | None:
        if before is not None:
            await asyncio.wait([before], timeout=TURN)
        this = self._sent[query] = self._coming.pop(query)
        try:
            return await self._kube.find(query.resource, query.name, namespace=query.namespace)
        finally:
            if self._sent.get(query) is this:
                del self._sent[query]


def _revision(manifest: Manifest) -> Manifest:
    """Which object it is, and as of when."""
    kept = ("namespace", "name", "uid", "resourceVersion")
    return {"metadata": {key: value for key, value in manifest["metadata"].items() if key in kept}}
