"""Finds what is left of a cluster, and deletes it. Asks the API server itself: caches have not the last word here.

A kind that cannot be listed is told as such, and is no proof that nothing of it is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from provisioning import errors, names, presence
from provisioning.belongings import SWEPT, belongs
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.resources import Resource


@dataclass(frozen=True)
class Left:
    """An object that is still there."""

    kind: Resource
    manifest: Manifest


@dataclass(frozen=True)
class Sweepings:
    """What one look found: of the cluster, of others who used its label, and what could not be looked at and why."""

    left: tuple[Left, ...] = ()
    others: tuple[Manifest, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def manifests(self) -> list[Manifest]:
        return [left.manifest for left in self.left]

    @property
    def nothing(self) -> bool:
        """Whether it is proven that nothing of the cluster is left."""
        return not self.left and not self.unknown


class Sweep:
    """`look` finds, `clear` deletes what was found."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def look(self, cluster: Key, kinds: Iterable[Resource] = SWEPT) -> Sweepings:
        """Everything of these kinds that carries the cluster's label."""
        asked = tuple(kinds)
        answers = await asyncio.gather(*(self._list(kind, cluster) for kind in asked))
        labelled = [Left(kind, m) for kind, found in zip(asked, answers, strict=True) for m in found.items]
        return Sweepings(
            left=tuple(left for left in labelled if belongs(left.manifest, cluster[1])),
            others=tuple(left.manifest for left in labelled if not belongs(left.manifest, cluster[1])),
            unknown=tuple(found.why for found in answers if found.why),
        )

    async def clear(self, left: Iterable[Left]) -> tuple[str, ...]:
        """Delete what is not being deleted already; what was refused, and why. Raises `KubeError`."""
        refused: list[str] = []
        for one in left:
            meta = one.manifest["metadata"]
            if "deletionTimestamp" in meta:
                continue
            try:
                with suppress(errors.NotFound, errors.Conflict):
                    await self._kube.delete(one.kind, meta["name"], namespace=meta["namespace"], uid=meta["uid"])
            except (errors.Forbidden, errors.Invalid) as error:
                refused.append(f"{one.kind.kind} {meta['name']} may not be deleted: {error.message}")
        return tuple(refused)

    async def _list(self, kind: Resource, cluster: Key) -> _Listed:
        namespace, name = cluster
        labels = f"{names.CAPI_CLUSTER_LABEL}={name}"
        try:
            return _Listed(await presence.everything(self._kube, kind, namespace=namespace, labels=labels))
        except errors.KubeError as error:
            return _Listed([], f"whether {kind.plural} are left cannot be told: {error.message}")


@dataclass(frozen=True)
class _Listed:
    items: list[Manifest]
    why: str = ""
    """Why they could not be listed."""
