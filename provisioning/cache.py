"""A list and a watch kept in memory: what the API server holds of one kind, a moment ago.

It resumes where a watch ended, lists again when the server forgot that point, and waits between tries, longer each
time. A kind whose CRD is not there counts as empty, where that is allowed, and is looked for again. Nothing here
decides anything; readers must live with what they get being a moment old.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import Protocol

import structlog

from provisioning import errors, metrics
from provisioning.indexer import Index, Indexer
from provisioning.kube import Change, Keep, Listing
from provisioning.manifest import key_of, version_of
from provisioning.resources import Resource

log = structlog.get_logger()


class Source(Protocol):
    """What a cache needs of `Kube`."""

    async def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", keep: Keep | None = None
    ) -> Listing: ...

    def watch(
        self, resource: Resource, *, since: str, namespace: str = "", labels: str = ""
    ) -> AsyncGenerator[Change, None]: ...


@dataclass(frozen=True)
class Pace:
    """Seconds between two tries: at least `least`, doubling from `first` up to `most` while nothing comes of them."""

    least: float = 0.1
    first: float = 0.5
    most: float = 30.0
    steady: float = 5.0
    """A watch that lived this long was no failure, even when nothing happened in it."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, with jitter, so that replicas do not come together."""
        if failures == 0:
            return self.least * (1 + random.random())  # noqa: S311 - jitter, no secret
        wanted = min(self.most, self.first * 2.0 ** min(failures - 1, 16))
        return wanted * (0.5 + random.random() / 2)  # noqa: S311 - jitter, no secret


class Cache(Indexer):
    """Everything of one kind (in one namespace, with these labels, when they are given). `run` fills it.

    `keep` says what of each object is kept at all.
    `optional`: the kind is somebody else's, who may not be installed. `gate` bounds how many lists are taken at once.
    """

    def __init__(
        self,
        kube: Source,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        indexes: Mapping[str, Index] | None = None,
        packed: bool = False,
        keep: Keep | None = None,
        optional: bool = False,
        gate: asyncio.Semaphore | None = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(indexes=indexes, packed=packed)
        self.resource = resource
        self.synced = asyncio.Event()
        """Set when the first list is in; it stays set, for a cache that lost its server is only older."""
        self.missing = False
        """Whether the API server does not serve this kind. Only where it is optional."""
        self.trouble = ""
        """Why the last try failed; empty while all is well."""
        self._kube = kube
        self._scope = {"namespace": namespace, "labels": labels}
        self._pace = pace or Pace()
        self._keep = keep
        self._optional = optional
        self._gate = gate or nullcontext()
        self._served: list[Callable[[], None]] = []
        self._since = ""
        self.listen(self._count)

    def when_served(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the kind is served that was missing before. Returns what ends it."""
        self._served.append(listener)
        return lambda: self._served.remove(listener)

    async def run(self) -> None:
        """Follow the API server for ever. Ends only by cancellation; what goes wrong is logged and tried again."""
        failures = 0
        while True:
            began, known = time.monotonic(), self._since
            try:
                await self._turn()
                idle = self._since == known and time.monotonic() - began < self._pace.steady
                failures = failures + 1 if idle else 0
            except errors.NotFound as error:
                self._absent()
                failures += 1
                self._note(str(error), failures)
            except errors.Gone:
                # Listing again is the cure, not the illness; but a server that forgets at once must not be hammered.
                self._since = ""
                failures += 1
                self._note("expired", failures)
            except errors.KubeError as error:
                moved = self._since != known or time.monotonic() - began >= self._pace.steady
                failures = 1 if moved else failures + 1
                self._note(str(error), failures)
            await asyncio.sleep(self._pace.delay(failures))

    async def _turn(self) -> None:
        """List if need be, then one watch until it ends."""
        if not self._since:
            async with self._gate:
                self._take(await self._kube.list(self.resource, **self._scope, keep=self._keep))
            self._present()
        async with aclosing(self._kube.watch(self.resource, since=self._since, **self._scope)) as changes:
            async for change in changes:
                self._follow(change)

    def _take(self, listing: Listing) -> None:
        self.replace(listing.items)
        self._since = listing.resource_version
        metrics.CACHE_LISTS.labels(self.resource.plural).inc()

    def _follow(self, change: Change) -> None:
        if change.type != "BOOKMARK":
            kept = change.object if self._keep is None else self._keep(change.object)
            self.put(key_of(change.object), None if change.type == "DELETED" else kept)
        self._since = version_of(change.object) or self._since

    def _present(self) -> None:
        came, self.missing, self.trouble = self.missing, False, ""
        self.synced.set()
        for listener in tuple(self._served) if came else ():
            listener()

    def _absent(self) -> None:
        """The server does not know the kind: with its CRD, its objects are gone too."""
        self._since = ""
        if self._optional:
            self._take(Listing([], ""))
            self.missing = True
            self.synced.set()

    def _count(self, *_: object) -> None:
        metrics.CACHE_OBJECTS.labels(self.resource.plural).set(len(self._objects))

    def _note(self, why: str, failures: int) -> None:
        """Once is everyday life (an API server that starts, a load balancer that cuts); the third time is news."""
        self.trouble = why
        metrics.CACHE_FAILURES.labels(self.resource.plural).inc()
        say = log.warning if failures == 3 or failures % 10 == 0 else log.debug
        say("cache_waits", kind=self.resource.kind, why=why, failures=failures)
