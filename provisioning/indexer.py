"""Manifests of one kind in memory, looked up by key or by index; whoever cares is told which keys changed.

Without `managedFields`, which nobody reads. Readers must not change what they get. Where the manifests come from is not
known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from provisioning.manifest import Key, Manifest, Manifests, key_of, version_of

Index = Callable[[Manifest], Iterable[str]]
"""The values under which a manifest is found."""
Listener = Callable[[Manifest | None, Manifest | None], None]
"""Called with the manifest before and after a change; None when it was not there."""


class Indexer:
    """`packed` keeps the objects as text: a tenth of the memory, and each reader gets a copy that is parsed for it."""

    def __init__(self, *, indexes: Mapping[str, Index] | None = None, packed: bool = False) -> None:
        self._packed = packed
        self._objects: dict[Key, _Held] = {}
        self._namespaces: dict[str, dict[Key, None]] = {}
        self._indexes = dict(indexes or {})
        self._entries: dict[str, dict[str, dict[Key, None]]] = {name: {} for name in self._indexes}
        self._listeners: list[Listener] = []
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

    def replace(self, manifests: Manifests) -> None:
        """Put them in place of all that was there; only what differs is told."""
        fresh = {key_of(manifest): manifest for manifest in manifests}
        for gone in [key for key in self._objects if key not in fresh]:
            self.put(gone, None)
        for key, manifest in fresh.items():
            known = self._objects.get(key)
            if known is None or known.version != version_of(manifest):
                self.put(key, manifest)

    def put(self, key: Key, manifest: Manifest | None) -> None:
        """Put one in place of what was there; None takes it away."""
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
        self._changes += 1
        for listener in tuple(self._listeners):
            listener(before, manifest)

    def _file(self, key: Key, manifest: Manifest, *, present: bool) -> None:
        _enter(self._namespaces, key[0], key, present=present)
        for name, values in self._indexes.items():
            for value in values(manifest):
                _enter(self._entries[name], value, key, present=present)


@dataclass(frozen=True, slots=True)
class _Held:
    """An object as it is kept: a manifest, or its text."""

    version: str
    content: Manifest | bytes

    @classmethod
    def of(cls, manifest: Manifest, *, packed: bool) -> _Held:
        return cls(version_of(manifest), msgspec.json.encode(manifest) if packed else manifest)

    def manifest(self) -> Manifest:
        if isinstance(self.content, bytes):
            unpacked: Manifest = msgspec.json.decode(self.content)
            return unpacked
        return self.content


def _enter(entries: dict[str, dict[Key, None]], value: str, key: Key, *, present: bool) -> None:
    if present:
        entries.setdefault(value, {})[key] = None
    elif value in entries:
        entries[value].pop(key, None)
        if not entries[value]:
            del entries[value]
