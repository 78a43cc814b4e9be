"""Plays everybody else as shortly as can be: what the provisioner makes is well at once."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Final

from bench import sample
from bench.site import Site
from playground import controlplane
from playground.ports import Ports
from provisioning import errors, names, resources
from provisioning.cache import Cache
from provisioning.manifest import Key, Manifest, key_of
from provisioning.queue import Queue
from provisioning.resources import Resource

PLAYED: Final = (
    resources.CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.HELM_RELEASES,
    resources.CLUSTER_RESOURCE_SETS,
    resources.DEPLOYMENTS,
)
WORKERS: Final = 8


class Player:
    """`act` gives one object the status it has at rest, and a MachineDeployment its machines."""

    def __init__(self, site: Site, server: str) -> None:
        self._site = site
        self._kubeconfig = controlplane.kubeconfig_text(server, site.plane.pki, user="tenant-admin")
        self.caches = {kind: Cache(site.kube, kind, labels=names.CAPI_CLUSTER_LABEL, packed=True) for kind in PLAYED}

    async def act(self, what: tuple[Resource, Key]) -> None:
        kind, key = what
        manifest = self.caches[kind].get(*key)
        if manifest is None or (manifest.get("status") or {}).get("conditions"):
            return
        if kind == resources.MACHINE_DEPLOYMENTS:
            await self._accompany(manifest)
        status = sample.at_rest(manifest)
        if status is not None:
            with contextlib.suppress(errors.NotFound):
                await self._site.kube.replace(kind, {**manifest, "status": status}, subresource="status")

    async def _accompany(self, deployment: Manifest) -> None:
        kinds = {kind.kind: kind for kind in (*PLAYED, resources.SECRETS)}
        for manifest in sample.company(deployment, kubeconfig=self._kubeconfig):
            with contextlib.suppress(errors.AlreadyExists):
                await self._site.kube.create(kinds[manifest["kind"]], manifest)


@contextlib.asynccontextmanager
async def playing(site: Site) -> AsyncIterator[None]:
    """Play while the block lasts. The tenants' API server is there from then on."""
    port = Ports(site.plane.state / "ports.json")["tenants"]
    serving = site.plane.pki.server("tenants")
    command = [sys.executable, "-m", "bench.tenants", str(port), str(serving.certificate), str(serving.key)]
    site.processes.start("tenants", command, tier=4)
    player, queue = Player(site, f"https://127.0.0.1:{port}"), Queue[tuple[Resource, Key]]("played")

    def listen(kind: Resource) -> None:
        player.caches[kind].listen(lambda _, after: queue.add((kind, key_of(after))) if after else None)

    for kind in PLAYED:
        listen(kind)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(cache.run()) for cache in player.caches.values()]
        tasks.append(group.create_task(queue.work(player.act, workers=WORKERS)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
