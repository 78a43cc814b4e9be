"""How Flux lets go of a cluster's add-ons at its end, without talking to a tenant whose API server may be dead.

A release that is suspended when it is deleted is not uninstalled; one that is only taken off a living cluster has to
be, so it is resumed first. What Flux holds on to longer than `PATIENCE` all the
same is taken from it: all that its finalizer guards goes with the tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from provisioning import errors, objects, resources
from provisioning.addons.target import ADD_ON_LABEL
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.manifests.marks import is_ours

log = structlog.get_logger()

KIND: Final = resources.HELM_RELEASES
PATIENCE: Final = timedelta(seconds=60)
"""How long Flux may take to let go of a suspended release."""
FINALIZER: Final = "finalizers.fluxcd.io"


def forgotten(stale: Iterable[Manifest], wanted: Collection[str]) -> list[Manifest]:
    """Releases among these that would leave in the tenant what they installed, if they were deleted as they are.

    `wanted` are the add-ons that the cluster is to have: what installs one of those goes over to another engine.
    """
    return [
        manifest
        for manifest in stale
        if manifest["kind"] == KIND.kind
        and manifest["spec"].get("suspend")
        and manifest["metadata"]["labels"].get(ADD_ON_LABEL) not in wanted
    ]


class Releases:
    """`suspend` and `end` take the releases of ours among some parts of a cluster, and return those still there."""

    def __init__(self, kube: Kube, *, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._now = now

    async def suspend(self, parts: Iterable[Manifest]) -> list[Manifest]:
        """Keep Flux from installing anything more. Raises `KubeError`."""
        releases = [part for part in parts if part["kind"] == KIND.kind and is_ours(part)]
        for release in releases:
            if not release["spec"].get("suspend"):
                await self._merge(release, {"spec": {"suspend": True}})
        return releases

    async def resume(self, releases: Iterable[Manifest]) -> None:
        """Let Flux work on these again. Raises `KubeError`."""
        for release in releases:
            await self._merge(release, {"spec": {"suspend": None}})

    async def end(self, parts: Iterable[Manifest]) -> list[Manifest]:
        """Have them go, without uninstalling anything. Raises `KubeError`."""
        releases = await self.suspend(parts)
        for release in releases:
            meta = release["metadata"]
            if "deletionTimestamp" not in meta:
                with suppress(errors.NotFound, errors.Conflict):
                    await self._kube.delete(KIND, meta["name"], namespace=meta["namespace"], uid=meta["uid"])
            elif self._now() - objects.parse_time(meta["deletionTimestamp"]) >= PATIENCE:
                await self._take(release)
        return releases

    async def _take(self, release: Manifest) -> None:
        meta = release["metadata"]
        held = meta.get("finalizers") or ()
        kept = [finalizer for finalizer in held if finalizer != FINALIZER]
        if len(kept) < len(held):
            log.warning("release_taken_from_flux", namespace=meta["namespace"], name=meta["name"])
            await self._merge(release, {"metadata": {"finalizers": kept or None}})

    async def _merge(self, release: Manifest, patch: Manifest) -> None:
        meta = release["metadata"]
        with suppress(errors.NotFound):
            await self._kube.merge(KIND, meta["name"], patch, namespace=meta["namespace"])
