"""The end of a cluster, in the order that leaves nothing behind and gets stuck nowhere.

1. The autoscaler is stilled and the add-ons' releases are suspended, so that nobody makes anything meanwhile.
2. A tenant that answers gives back its load balancers and volumes, for a minute at most (`provisioning.farewell`).
3. The releases are deleted, for a minute at most (`provisioning.releases`).
4. The Cluster is deleted, never its parts: Cluster API takes workers, control plane and infrastructure in turn. Load
   balancer and storage controllers are owned by the Cluster, and so outlive the tenant they clean up behind.
5. What belongs to the cluster and has no owner is swept up: load balancers, volumes, virtual machines, secrets.
   Kamaji's Secret is let go of once the TenantControlPlane is proven gone (`provisioning.datastore`).
6. Only when it is proven that nothing is left does our finalizer go, and with it the TenantCluster and its quota.

Every look takes the next steps from what is there; nothing is remembered between two looks, so a step that was cut off
is taken again. A Cluster of the same name that is not ours is never touched, nor anything of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from provisioning import datastore, ending, errors, inventory, names, presence, residue, resources
from provisioning.addons import cluster_autoscaler
from provisioning.belongings import SWEPT
from provisioning.ending import Ending
from provisioning.farewell import Asks, Farewell
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.manifests.marks import NAME_LABEL, is_ours
from provisioning.releases import Releases
from provisioning.remains import Remains
from provisioning.resources import Resource
from provisioning.steady import Steady
from provisioning.sweep import Left, Sweep, Sweepings

log = structlog.get_logger()

PAUSED_ANNOTATION: Final = "cluster.x-k8s.io/paused"
_UNPAUSED: Final = {"metadata": {"annotations": {PAUSED_ANNOTATION: None}}}
PAUSABLE: Final = (
    resources.CLUSTERS,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.KUBEVIRT_CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
)
"""Kinds of which each object can be paused by itself."""
_PAUSABLE: Final = {kind.kind: kind for kind in PAUSABLE}
NAMED_AT_MOST: Final = 5


class Teardown:
    """Ends TenantClusters that are being deleted. `probe` is None where tenants are not to be asked."""

    def __init__(self, kube: Kube, *, now: Callable[[], datetime], probe: Asks | None = None) -> None:
        # A look asks dozens of things, and all of them must come through in the same look.
        self._kube = kube = Steady(kube)
        self._now = now
        self._farewell = Farewell(kube, probe=probe, now=now)
        self._releases = Releases(kube, now=now)
        self._sweep = Sweep(kube)

    async def act(self, cluster: Remains, parts: Iterable[Manifest]) -> Ending | None:
        """Take the next steps. How far it is; None when it is over. Raises `KubeError` for what only takes time."""
        try:
            return await self._step(cluster, parts)
        except (errors.Forbidden, errors.Invalid) as error:
            return self._at(f"a step of the deletion is refused: {error.message}", cluster)

    async def _step(self, cluster: Remains, parts: Iterable[Manifest]) -> Ending | None:
        there = [part for part in parts if part["metadata"].get("namespace") == cluster.meta.namespace]
        host = await self._host(cluster.key)
        ours = host is not None and _controlled_by(host, cluster.meta.uid)
        if host is not None and not ours:
            # Of all that is there only what we made for this very TenantCluster is ours.
            there = [part for part in there if _controlled_by(part, cluster.meta.uid)]
        begun = host is None or not ours or "deletionTimestamp" in host["metadata"]
        stage = "" if begun else await self._take_leave(cluster, there)
        if stage:
            return self._at(stage, cluster)
        if releases := await self.end_additions(there):
            why = await self._residue(cluster.key, releases)
            return self._at(f"the add-ons are being let go of: {_listed(releases)}", cluster, why)
        if host is None:
            return await self._clear(cluster)
        if ours:
            return await self._end_cluster(cluster, host, there)
        await self._let_go(cluster)
        return None

    async def end_additions(self, parts: Iterable[Manifest]) -> list[Manifest]:
        """Still the autoscaler, suspend and delete the releases among these parts; the releases still there."""
        there = tuple(parts)
        await self._still(there)
        return await self._releases.end(there)

    async def sweep(self, cluster: Key, kinds: Iterable[Resource] = SWEPT) -> list[Manifest]:
        """Delete what belongs to the cluster; what is there still. Raises `KubeError`."""
        found = await self._sweep.look(cluster, kinds)
        refused = await self._sweep.clear(found.left)
        if found.unknown or refused:
            raise errors.Unavailable("; ".join((*found.unknown, *refused)))
        return found.manifests

    async def _host(self, cluster: Key) -> Manifest | None:
        namespace, name = cluster
        return await presence.find(self._kube, resources.CLUSTERS, name, namespace=namespace)

    async def _take_leave(self, cluster: Remains, parts: list[Manifest]) -> str:
        """What the tenant is still giving back. Not asked any more once the releases have begun to go."""
        await self._still(parts)
        releases = await self._releases.suspend(parts)
        if any("deletionTimestamp" in release["metadata"] for release in releases):
            return ""
        control_plane = next((part for part in parts if part["kind"] == resources.KAMAJI_CONTROL_PLANES.kind), None)
        return await self._farewell.act(cluster.key, control_plane, asked=self._asked(cluster))

    async def _still(self, parts: Iterable[Manifest]) -> None:
        for deployment in _autoscalers(parts):
            await self._merge(resources.DEPLOYMENTS, deployment, {"spec": {"replicas": 0}})

    async def _end_cluster(self, cluster: Remains, host: Manifest, parts: list[Manifest]) -> Ending:
        if host["spec"].get("paused"):
            await self._merge(resources.CLUSTERS, host, {"spec": {"paused": None}})
        for part in (host, *parts):
            if part["kind"] in _PAUSABLE and PAUSED_ANNOTATION in (part["metadata"].get("annotations") or {}):
                # Cluster API does not even delete what is paused.
                await self._merge(_PAUSABLE[part["kind"]], part, _UNPAUSED)
        if "deletionTimestamp" not in host["metadata"]:
            await self._delete(resources.CLUSTERS, host)
            log.info("cluster_deletion_asked", namespace=host["metadata"]["namespace"], name=host["metadata"]["name"])
        late = residue.is_late(host, now=self._now())
        found = await self._sweep.look(cluster.key) if late else Sweepings()
        why = await self._residue(cluster.key, found.manifests, found.unknown)
        return self._at(ending.stage_of(host), cluster, why)

    async def _clear(self, cluster: Remains) -> Ending | None:
        """Sweep up what the Cluster has left behind."""
        found = await self._sweep.look(cluster.key)
        if found.nothing:
            # What somebody has taken the labels off is found by the inventory only.
            strays = await inventory.strays(self._kube, cluster, rendered=(), parts=())
            found = replace(found, left=tuple(Left(inventory.kind_of(stray), stray) for stray in strays))
        if await self._host(cluster.key) is not None:
            # Made again, by whomever, while we looked: what we have found may be of that one.
            return self._at("a Cluster of this name has been made meanwhile", cluster)
        refused = await self._sweep.clear(found.left)
        # As long as some kind cannot be told, that comes first: it may be the control plane.
        secret = None if found.unknown else await datastore.end(self._kube, cluster.key)
        if found.nothing and secret is None:
            where = {"namespace": cluster.meta.namespace, "cluster": cluster.meta.name}
            for other in found.others:
                log.info("left_alone", what=residue.name(other), **where)
            await self._let_go(cluster)
            return None
        left = found.manifests if secret is None else [*found.manifests, secret]
        stage = f"still there: {_listed(left)}" if left else "what is left is being looked for"
        return self._at(stage, cluster, await self._residue(cluster.key, left, (*found.unknown, *refused)))

    async def _residue(self, cluster: Key, left: list[Manifest], others: tuple[str, ...] = ()) -> tuple[str, ...]:
        """What should have been gone by now and why it is not, and `others` that keep us."""
        claims = [m for m in left if m["kind"] == resources.PERSISTENT_VOLUME_CLAIMS.kind]
        late = any(residue.is_late(claim, now=self._now()) for claim in claims)
        pods = (await self._kube.list(resources.PODS, namespace=cluster[0])).items if late else ()
        lines = (*residue.told(left, now=self._now(), pods=pods), *others)
        return tuple(line[: residue.LENGTH] for line in lines[: residue.TOLD_AT_MOST])

    def _at(self, stage: str, cluster: Remains, residue_: tuple[str, ...] = ()) -> Ending:
        return ending.at(stage, asked=self._asked(cluster), now=self._now(), residue=residue_)

    def _asked(self, cluster: Remains) -> datetime:
        return cluster.meta.deleted or self._now()

    async def _let_go(self, cluster: Remains) -> None:
        kept = [finalizer for finalizer in cluster.meta.finalizers if finalizer != names.FINALIZER]
        patch = {"metadata": {"finalizers": kept or None, "resourceVersion": cluster.meta.resource_version}}
        with suppress(errors.NotFound):
            await self._kube.merge(
                resources.TENANT_CLUSTERS, cluster.meta.name, patch, namespace=cluster.meta.namespace
            )
        log.info("cluster_gone", namespace=cluster.meta.namespace, name=cluster.meta.name)

    async def _merge(self, kind: Resource, manifest: Manifest, patch: Manifest) -> None:
        meta = manifest["metadata"]
        with suppress(errors.NotFound):
            await self._kube.merge(kind, meta["name"], patch, namespace=meta["namespace"])

    async def _delete(self, kind: Resource, manifest: Manifest) -> None:
        meta = manifest["metadata"]
        with suppress(errors.NotFound, errors.Conflict):
            await self._kube.delete(kind, meta["name"], namespace=meta["namespace"], uid=meta["uid"])


def _autoscalers(parts: Iterable[Manifest]) -> list[Manifest]:
    """The autoscaler's Deployments that are not stilled."""
    return [
        part
        for part in parts
        if part["kind"] == resources.DEPLOYMENTS.kind
        and is_ours(part)
        and part["metadata"]["labels"].get(NAME_LABEL) == cluster_autoscaler.NAME
        and part["spec"].get("replicas", 1) != 0
    ]


def _controlled_by(manifest: Manifest, uid: str) -> bool:
    owners = manifest["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == uid and owner.get("controller") for owner in owners)


def _listed(manifests: list[Manifest]) -> str:
    """`Service a1b2, Secret web-ca and 3 more`."""
    shown = [f"{manifest['kind']} {manifest['metadata']['name']}" for manifest in manifests[:NAMED_AT_MOST]]
    more = len(manifests) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
