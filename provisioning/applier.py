"""Puts rendered manifests there by server-side apply, and takes away what nothing renders any more.

It remembers what it applied last only to save requests: what it forgets, or what somebody changed, is applied again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from provisioning import errors, metrics, names, plan
from provisioning.cache import Key
from provisioning.kube import Kube, Manifest
from provisioning.resources import Resource

log = structlog.get_logger()

KINDS: Final[Mapping[tuple[str, str], Resource]] = {(kind.api_version, kind.kind): kind for kind in plan.KINDS}


@dataclass(frozen=True)
class _Mark:
    """What we applied, and how the object looked right after: as long as both stay, there is nothing to do."""

    content: str
    uid: str
    version: str


class Applier:
    """Applies under our field manager."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._marks: dict[Key, dict[tuple[str, str, str], _Mark]] = {}

    async def bring(self, cluster: Key, rendered: Iterable[Manifest], *, present: Iterable[Manifest]) -> None:
        """Apply all of `rendered`, in its order, that are not known to be in place. Raises `KubeError`."""
        there = {_key(manifest): manifest for manifest in present}
        marks = self._marks.setdefault(cluster, {})
        for manifest in rendered:
            key, content = _key(manifest), names.content_hash(manifest)
            found = there.get(key)
            if found is not None and _settled(marks.get(key), content, manifest, found):
                continue
            kind = KINDS[manifest["apiVersion"], manifest["kind"]]
            answer = await self._kube.apply(kind, manifest, manager=plan.field_manager(manifest))
            if found is None or _version(found) != _version(answer):
                log.info("applied", kind=kind.kind, namespace=key[1], name=key[2], new=found is None)
                metrics.APPLIED.labels(kind.kind).inc()
            marks[key] = _Mark(content, answer["metadata"]["uid"], _version(answer))

    async def prune(self, stale: Iterable[Manifest]) -> None:
        """Delete these, unless they are others by now."""
        for manifest in stale:
            meta, kind = manifest["metadata"], KINDS[manifest["apiVersion"], manifest["kind"]]
            with suppress(errors.NotFound, errors.Conflict):
                await self._kube.delete(kind, meta["name"], namespace=meta.get("namespace", ""), uid=meta["uid"])
                log.info("pruned", kind=kind.kind, namespace=meta.get("namespace", ""), name=meta["name"])
                metrics.PRUNED.labels(kind.kind).inc()

    def forget(self, cluster: Key) -> None:
        """The cluster is gone."""
        self._marks.pop(cluster, None)


def _settled(mark: _Mark | None, content: str, wanted: Manifest, found: Manifest) -> bool:
    if mark is None or mark != _Mark(content, found["metadata"]["uid"], _version(found)):
        return False
    # A generation does not move with metadata, which others may have touched.
    meta, owners = wanted["metadata"], found["metadata"].get("ownerReferences") or ()
    rest = {key: value for key, value in meta.items() if key != "ownerReferences"}
    owned = {owner["uid"] for owner in meta.get("ownerReferences", ())} <= {owner["uid"] for owner in owners}
    return owned and holds(found["metadata"], rest)


def holds(actual: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is in `actual`; maps may hold more."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(key in actual and holds(actual[key], wanted[key]) for key in wanted)
    return bool(actual == wanted)


def _version(manifest: Manifest) -> str:
    """What moves when the content does: the generation, or for kinds without one the resourceVersion."""
    meta = manifest["metadata"]
    return f"g{meta['generation']}" if "generation" in meta else meta["resourceVersion"]


def _key(manifest: Manifest) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]
