"""A list and a watch kept in memory: what the API server holds of one kind, a moment ago.

Raw manifests without `managedFields`, looked up by key or by index; whoever cares is told which keys changed. It
resumes where a watch ended, lists again when the server forgot that point, and waits between tries, longer each time.
A kind whose CRD is not there counts as empty, where that is allowed, and is looked for again. Nothing here decides
anything; readers must not change what they get, and must live with its being a moment old.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from provisioning import errors, metrics
from provisioning.kube import Change, Keep, Listing
from provisioning.manifest import Key, Manifest, Manifests, key_of
from provisioning.resources import Resource

log = structlog.get_logger()

Index = Callable[[Manifest], Iterable[str]]
"""The values under which a manifest is found."""
Listener = Callable[[Manifest | None, Manifest | None], None]
"""Called with the manifest before and after a change; None when it was not there."""


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


def by_label(label: str) -> Index:
    """An index over the values of one label."""

    def values(manifest: Manifest) -> Iterable[str]:
        value = (manifest["metadata"].get("labels") or {}).get(label)
        return () if value is None else (value,)

    return values


class Cache:
    """Everything of one kind (in one namespace, with these labels, when they are given). `run` fills it.

    `packed` keeps the objects as text: a tenth of the memory, and each reader gets a copy that is parsed for it. `keep`
    says what of each is kept at all.
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
        self._packed = packed
        self._keep = keep
        self._optional = optional
        self._gate = gate or nullcontext()
        self._objects: dict[Key, _Held] = {}
        self._namespaces: dict[str, dict[Key, None]] = {}
        self._indexes = dict(indexes or {})
        self._entries: dict[str, dict[str, dict[Key, None]]] = {name: {} for name in self._indexes}
        self._listeners: list[Listener] = []
        self._served: list[Callable[[], None]] = []
        self._since = ""
        self._changes = 0

    @property
    def changes(self) -> int:
        """How many there were: as long as it stays, everything is as it was."""
        return self._changes

    def get(self, namespace: str, name: str) -> Manifest | None:
        """One object; `namespace` is "" for kinds that have none."""
        held = self._objects.get((namespace, name))
        return held.manifest() if held is not None else None

    def list(self, namespace: str | None = None) -> Manifests:
        """All objects, or those of one namespace."""
        if namespace is None:
            return [held.manifest() for held in self._objects.values()]
        return [self._objects[key].manifest() for key in self._namespaces.get(namespace, ())]

    def by(self, index: str, value: str) -> Manifests:
        """The objects that the index files under this value."""
        return [self._objects[key].manifest() for key in self._entries[index].get(value, ())]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` at every change from now on, from within the loop; it must be quick and must not raise.

        Returns what ends it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def when_served(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the kind is served that was missing before. Returns what ends it."""
        self._served.append(listener)
        return lambda: self._served.remove(listener)

    async def changed(self) -> AsyncGenerator[Key, None]:
        """Keys of objects, first of all that are there, then of each that changes; a key that waits is not doubled."""
        pending = dict.fromkeys(self._objects)
        awake = asyncio.Event()

        def note(before: Manifest | None, after: Manifest | None) -> None:
            there = after if after is not None else before
            if there is not None:
                pending[key_of(there)] = None
                awake.set()

        stop = self.listen(note)
        try:
            while True:
                while pending:
                    key = next(iter(pending))
                    del pending[key]
                    yield key
                awake.clear()
                await awake.wait()
        finally:
            stop()

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
        """Put a whole list in place of what was there; only what differs is told."""
        fresh = {key_of(item): item for item in listing.items}
        for gone in [key for key in self._objects if key not in fresh]:
            self._put(gone, None)
        for key, item in fresh.items():
            known = self._objects.get(key)
            if known is None or known.version != _version(item):
                self._put(key, item)
        self._since = listing.resource_version
        metrics.CACHE_LISTS.labels(self.resource.plural).inc()

    def _follow(self, change: Change) -> None:
        if change.type != "BOOKMARK":
            kept = change.object if self._keep is None else self._keep(change.object)
            self._put(key_of(change.object), None if change.type == "DELETED" else kept)
        self._since = _version(change.object) or self._since

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

    def _put(self, key: Key, manifest: Manifest | None) -> None:
        held = self._objects.pop(key, None)
        if held is None and manifest is None:
            return
        before = held.manifest() if held is not None else None
        if before is not None:
            self._file(key, before, present=False)
        if manifest is not None:
            manifest["metadata"].pop("managedFields", None)
            self._objects[key] = _Held.of(manifest, packed=self._packed)
            self._file(key, manifest, present=True)
        metrics.CACHE_OBJECTS.labels(self.resource.plural).set(len(self._objects))
        self._changes += 1
        for listener in tuple(self._listeners):
            listener(before, manifest)

    def _file(self, key: Key, manifest: Manifest, *, present: bool) -> None:
        _enter(self._namespaces, key[0], key, present=present)
        for name, values in self._indexes.items():
            for value in values(manifest):
                _enter(self._entries[name], value, key, present=present)

    def _note(self, why: str, failures: int) -> None:
        """Once is everyday life (an API server that starts, a load balancer that cuts); the third time is news."""
        self.trouble = why
        metrics.CACHE_FAILURES.labels(self.resource.plural).inc()
        say = log.warning if failures == 3 or failures % 10 == 0 else log.debug
        say("cache_waits", kind=self.resource.kind, why=why, failures=failures)


@dataclass(frozen=True, slots=True)
class _Held:
    """An object as it is kept: a manifest, or its text."""

    version: str
    content: Manifest | bytes

    @classmethod
    def of(cls, manifest: Manifest, *, packed: bool) -> _Held:
        return cls(_version(manifest), msgspec.json.encode(manifest) if packed else manifest)

    def manifest(self) -> Manifest:
        if isinstance(self.content, bytes):
            unpacked: Manifest = msgspec.json.decode(self.content)
            return unpacked
        return self.content


def _version(manifest: Manifest) -> str:
    version: str = manifest["metadata"].get("resourceVersion", "")
    return version


def _enter(entries: dict[str, dict[Key, None]], value: str, key: Key, *, present: bool) -> None:
    if present:
        entries.setdefault(value, {})[key] = None
    elif value in entries:
        entries[value].pop(key, None)
        if not entries[value]:
            del entries[value]
