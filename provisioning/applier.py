"""Puts rendered manifests there by server-side apply, and takes away what nothing renders any more.

Each object says in an annotation what was applied to it last, so that a fresh process has nothing to write where all
is well. What it remembers beside saves requests only: what it forgets, or what somebody changed, is applied again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import structlog

from provisioning import errors, metrics, names, plan, resources
from provisioning.errors import Cause, RuleError
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.quarrels import Quarrels
from provisioning.refusals import Refusal, Refusals, is_refusal, names_one_of
from provisioning.resources import Resource

log = structlog.get_logger()

KINDS: Final[Mapping[tuple[str, str], Resource]] = {(kind.api_version, kind.kind): kind for kind in plan.KINDS}
USERS: Final = frozenset(
    kind.kind
    for kind in (
        resources.CLUSTERS,
        resources.MACHINE_DEPLOYMENTS,
        resources.MACHINE_HEALTH_CHECKS,
        resources.CLUSTER_RESOURCE_SETS,
        resources.HELM_RELEASES,
        resources.ROLE_BINDINGS,
        resources.DEPLOYMENTS,
    )
)
"""Kinds that name other objects. They are applied after those: nothing is pointed to a template that was refused."""
AT_ONCE: Final = 6
"""Objects of one cluster that are applied at the same time."""


@dataclass(frozen=True)
class _Mark:
    """What we applied, and how the object looked right after, where the API server writes it in other words than we."""

    content: str
    uid: str
    version: str


@dataclass(frozen=True)
class Outcome:
    """What came of bringing something about."""

    applied: tuple[Manifest, ...]
    """What of it is there now, as far as is known."""
    refusals: tuple[Refusal, ...]
    restored: tuple[Manifest, ...]
    """What others had changed, and is again as it should be."""
    again: float | None
    """Seconds until the first of what was refused is tried again, or of what others change all the time put right."""


@dataclass(frozen=True)
class Kept:
    """An object that was to go and may not."""

    manifest: Manifest
    why: str

    def __str__(self) -> str:
        return f"{self.manifest['kind']} {self.manifest['metadata']['name']} may not be deleted: {self.why}"


class Applier:
    """Applies under our field manager. `lacks` says why these manifests cannot be had here, or nothing."""

    def __init__(
        self,
        kube: Kube,
        *,
        lacks: Callable[[Iterable[Manifest]], str] = lambda _: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._lacks = lacks
        self._clock = clock
        self._marks: dict[Key, dict[tuple[str, str, str], _Mark]] = {}
        self._refusals: dict[Key, Refusals] = {}
        self._quarrels: dict[Key, Quarrels] = {}

    async def bring(
        self, cluster: Key, rendered: Iterable[Manifest], *, present: Iterable[Manifest], anew: bool = False
    ) -> Outcome:
        """Apply all of `rendered` that are not known to be in place, what others name first; with `anew`, all.

        An object that is refused keeps no other from being applied, and is tried again later each time; so it is with
        one that somebody else changes again and again. Raises `RuleError`, with nothing written, when the management
        cluster lacks a provider; and `KubeError` for the rest.
        """
        rendered = list(rendered)
        if lack := self._lacks(rendered):
            raise RuleError(Cause("", lack))
        there = {_key(manifest): manifest for manifest in present}
        marks = self._marks.setdefault(cluster, {})
        refusals = self._refusals.setdefault(cluster, Refusals(clock=self._clock))
        quarrels = self._quarrels.setdefault(cluster, Quarrels(clock=self._clock))
        signed = [*map(_signed, rendered)]
        wanted = [m for m in signed if anew or not _settled(marks.get(_key(m)), m, there.get(_key(m)))]
        refusals.keep(map(_key, wanted))
        quarrels.keep(map(_key, signed))
        drifted = [_key(m) for m in wanted if not anew and _drifted(m, there.get(_key(m)))]
        waits = {key: seconds for key in drifted if (seconds := quarrels.waits(key))}
        gate, restored = asyncio.Semaphore(AT_ONCE), list[Manifest]()
        for _, wave in groupby(sorted(wanted, key=_names_others), key=_names_others):
            due = [
                m
                for m in wave
                if (anew or refusals.is_due(_key(m), _signature(m)))
                and _key(m) not in waits
                and not names_one_of(refusals, m)
            ]
            applied = (self._apply(manifest, there.get(_key(manifest)), marks, gate) for manifest in due)
            # All of them have their say before the first error is told: a retry has the less to do.
            for manifest, result in zip(due, await asyncio.gather(*applied, return_exceptions=True), strict=True):
                if isinstance(result, errors.KubeError) and is_refusal(result):
                    refusals.note(_key(manifest), _signature(manifest), result)
                    continue
                if isinstance(result, BaseException):
                    raise result
                refusals.forget(_key(manifest))
                if result:
                    quarrels.note(_key(manifest), result)
                    restored.append(manifest)
        return Outcome(
            applied=tuple(m for m in signed if _key(m) not in refusals or _key(m) in there),
            refusals=refusals.told(),
            restored=tuple(restored),
            again=min((s for s in (refusals.again(), *waits.values()) if s is not None), default=None),
        )

    async def _apply(
        self,
        manifest: Manifest,
        found: Manifest | None,
        marks: dict[tuple[str, str, str], _Mark],
        gate: asyncio.Semaphore,
    ) -> str:
        """Apply one; the version that puts right what somebody else had done to it, or empty."""
        kind, key = KINDS[manifest["apiVersion"], manifest["kind"]], _key(manifest)
        async with gate:
            answer = await self._kube.apply(kind, manifest, manager=plan.field_manager(manifest))
        moved = found is None or _version(found) != _version(answer)
        if moved:
            log.info("applied", kind=kind.kind, namespace=key[1], name=key[2], new=found is None)
            metrics.APPLIED.labels(kind.kind).inc()
        marks.pop(key, None)
        if not _stands(manifest, answer):
            marks[key] = _Mark(_signature(manifest), answer["metadata"]["uid"], _version(answer))
        drifted = found is not None and _drifted(manifest, found) and (moved or not _meta_stands(manifest, found))
        return str(answer["metadata"]["resourceVersion"]) if drifted else ""

    async def prune(self, stale: Iterable[Manifest]) -> tuple[Kept, ...]:
        """Delete these, unless they are others by now; those that may not be deleted. Raises `KubeError` for the rest.

        One that is kept keeps no other from going.
        """
        kept: list[Kept] = []
        for manifest in stale:
            meta, kind = manifest["metadata"], KINDS[manifest["apiVersion"], manifest["kind"]]
            try:
                with suppress(errors.NotFound, errors.Conflict):
                    await self._kube.delete(kind, meta["name"], namespace=meta.get("namespace", ""), uid=meta["uid"])
                    log.info("pruned", kind=kind.kind, namespace=meta.get("namespace", ""), name=meta["name"])
                    metrics.PRUNED.labels(kind.kind).inc()
            except errors.KubeError as error:
                if not is_refusal(error):
                    raise
                kept.append(Kept(manifest, error.message))
        return tuple(kept)

    def forget(self, cluster: Key) -> None:
        """The cluster is gone."""
        self._marks.pop(cluster, None)
        self._refusals.pop(cluster, None)
        self._quarrels.pop(cluster, None)


def _signed(manifest: Manifest) -> Manifest:
    """The manifest with the hash of its content in an annotation."""
    meta = manifest["metadata"]
    annotations = {**meta.get("annotations", {}), names.APPLIED_ANNOTATION: names.content_hash(manifest)}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


def _signature(manifest: Manifest) -> str:
    signature: str = (manifest["metadata"].get("annotations") or {}).get(names.APPLIED_ANNOTATION, "")
    return signature


def _drifted(wanted: Manifest, found: Manifest | None) -> bool:
    """Whether somebody else has changed it: it bears our signature, and lacks some of its content."""
    return found is not None and _signature(found) == _signature(wanted) and not _stands(wanted, found)


def _settled(mark: _Mark | None, wanted: Manifest, found: Manifest | None) -> bool:
    """Whether there is nothing to apply: this very content was, and nobody has changed any of it since.

    The signature alone tells of a field that we do not want any more; the content alone of one that others changed.
    """
    if found is None or _signature(found) != _signature(wanted):
        return False
    if _stands(wanted, found):
        return True
    # A generation does not move with metadata, which others may have touched.
    same = mark == _Mark(_signature(wanted), found["metadata"]["uid"], _version(found))
    return same and _meta_stands(wanted, found)


def _stands(wanted: Manifest, found: Manifest) -> bool:
    rest = {key: value for key, value in wanted.items() if key != "metadata"}
    return _meta_stands(wanted, found) and holds(found, rest)


def _meta_stands(wanted: Manifest, found: Manifest) -> bool:
    meta, owners = wanted["metadata"], found["metadata"].get("ownerReferences") or ()
    rest = {key: value for key, value in meta.items() if key != "ownerReferences"}
    owned = {owner["uid"] for owner in meta.get("ownerReferences", ())} <= {owner["uid"] for owner in owners}
    return owned and holds(found["metadata"], rest)


def _names_others(manifest: Manifest) -> bool:
    return manifest["kind"] in USERS


def holds(actual: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is in `actual`; maps may hold more, those in lists too (defaults)."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(key in actual and holds(actual[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(actual) == len(wanted) and all(map(holds, actual, wanted))
    return bool(actual == wanted)


def _version(manifest: Manifest) -> str:
    """What moves when the content does: the generation, or for kinds without one the resourceVersion."""
    meta = manifest["metadata"]
    return f"g{meta['generation']}" if "generation" in meta else meta["resourceVersion"]


def _key(manifest: Manifest) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]
