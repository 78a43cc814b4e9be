"""The read side of the door: watch caches for the few kinds that every decision needs, the API server for the rest.

A kind that the API server does not serve has no objects. Every other failure is told to whoever asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from provisioning import errors
from provisioning.cache import Cache
from provisioning.kube import Kube
from provisioning.manifest import Manifest, Revisions
from provisioning.resources import CATALOGS, NAMESPACES, TENANTS, Resource
from webhooks import recall
from webhooks.facts import All, Answer, One, Query
from webhooks.shared import Shared

CACHED = (CATALOGS, NAMESPACES, TENANTS)
"""Few objects, seldom changed, asked for by nearly every request. Approvals and clusters are always read live."""
WATCHED = recall.KINDS
"""What is remembered as it was read last; of these only the revision is cached, for there may be very many."""
ROLL_MAX = 250
"""Objects of a kind whose revisions are asked for at once."""
LIST_MAX = 32 * 2**20
"""Bytes of a list of one namespace. Whoever writes there may put in a megabyte and a half at a time, and as often as
they like; that must not take the memory in which others are answered."""
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
        self._reads: Shared[One, Manifest | None] = Shared(self._find)
        self._rolls: Shared[Resource, Revisions | None] = Shared(self._roll)
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

    async def roll(self, kind: Resource) -> Revisions | None:
        """As `Lookup` has it."""
        try:
            return await self._rolls.of(kind)
        except errors.NotFound:
            return {}

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
            return await self._reads.of(query)
        try:
            most = LIST_MAX if query.namespace else None
            return (await self._kube.list(query.resource, namespace=query.namespace, most=most)).items
        except errors.NotFound:
            return ()

    async def _find(self, query: One) -> Manifest | None:
        return await self._kube.find(query.resource, query.name, namespace=query.namespace)

    async def _roll(self, kind: Resource) -> Revisions | None:
        return await self._kube.revisions(kind, most=ROLL_MAX)


def _revision(manifest: Manifest) -> Manifest:
    """Which object it is, and as of when."""
    kept = ("namespace", "name", "uid", "resourceVersion")
    return {"metadata": {key: value for key, value in manifest["metadata"].items() if key in kept}}
