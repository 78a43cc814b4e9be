"""The end of a cluster, in the order that leaves nothing behind and gets stuck nowhere.

1. The autoscaler is stilled, so that nobody makes workers meanwhile.
2. The add-ons' releases are suspended, then deleted: suspended, Flux lets go without talking to a tenant whose API
   may be dead. What it holds on to longer than `RELEASE_PATIENCE` is taken from it.
3. The Cluster is deleted, never its parts: Cluster API takes workers, control plane and infrastructure in turn. Load
   balancer and storage controllers are owned by the Cluster, and so outlive the tenant they clean up behind.
4. What carries the cluster's label and has no owner is swept up: load balancers, volumes, virtual machines, secrets.
5. Only when nothing labelled is left does our finalizer go, and with it the TenantCluster and its quota.

Every look takes the next steps from what is there; nothing is remembered between two looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from provisioning import errors, names, objects, plan, resources, world
from provisioning.addons import cluster_autoscaler
from provisioning.cache import Key
from provisioning.kube import Kube, Manifest
from provisioning.manifests.marks import NAME_LABEL, is_ours
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.resources import Resource

log = structlog.get_logger()

RELEASE_PATIENCE: Final = timedelta(seconds=60)
"""How long Flux may take to let go of a suspended release."""
FLUX_FINALIZER: Final = "finalizers.fluxcd.io"
PAUSED_ANNOTATION: Final = "cluster.x-k8s.io/paused"
SWEPT: Final[tuple[Resource, ...]] = (
    resources.SERVICES,
    resources.PERSISTENT_VOLUME_CLAIMS,
    resources.DATA_VOLUMES,
    resources.VIRTUAL_MACHINES,
    *{
        kind: None
        for kind in (*plan.KINDS, *world.KINDS, resources.MACHINE_SETS, resources.KUBEADM_CONFIGS, resources.SECRETS)
        if kind != resources.CLUSTERS
    },
)
"""Everything that may carry the label of a cluster, what costs money first."""
NAMED_AT_MOST: Final = 5


class Teardown:
    """Ends TenantClusters that are being deleted."""

    def __init__(self, kube: Kube, *, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._now = now

    async def act(self, cluster: Stored[TenantCluster], parts: Iterable[Manifest]) -> str:
        """Take the next steps. What is waited for, in plain words; empty when it is over. Raises `KubeError`."""
        there = [part for part in parts if part["metadata"].get("namespace") == cluster.meta.namespace]
        releases = await self.end_additions(there)
        if releases:
            return f"the add-ons are being let go of: {_listed(releases)}"
        host = await self._kube.find(resources.CLUSTERS, cluster.meta.name, namespace=cluster.meta.namespace)
        if host is not None and _controlled_by(host, cluster.meta.uid):
            await self._end_cluster(host)
            return "the cluster is being deleted"
        left = [] if host is not None else await self.sweep(cluster.key)
        if left:
            return f"still there: {_listed(left)}"
        await self._let_go(cluster)
        return ""

    async def end_additions(self, parts: Iterable[Manifest]) -> list[Manifest]:
        """Still the autoscaler, suspend and delete the releases among these parts; the releases still there."""
        there = tuple(parts)
        for deployment in _autoscalers(there):
            await self._merge(resources.DEPLOYMENTS, deployment, {"spec": {"replicas": 0}})
        releases = [part for part in there if part["kind"] == resources.HELM_RELEASES.kind and is_ours(part)]
        for release in releases:
            await self._end_release(release)
        return releases

    async def _end_release(self, release: Manifest) -> None:
        meta = release["metadata"]
        if not release["spec"].get("suspend"):
            await self._merge(resources.HELM_RELEASES, release, {"spec": {"suspend": True}})
        if "deletionTimestamp" not in meta:
            await self._delete(resources.HELM_RELEASES, release)
        elif self._now() - objects.parse_time(meta["deletionTimestamp"]) >= RELEASE_PATIENCE:
            kept = [finalizer for finalizer in meta.get("finalizers") or () if finalizer != FLUX_FINALIZER]
            log.warning("release_taken_from_flux", namespace=meta["namespace"], name=meta["name"])
            await self._merge(resources.HELM_RELEASES, release, {"metadata": {"finalizers": kept or None}})

    async def _end_cluster(self, host: Manifest) -> None:
        paused = host["spec"].get("paused") or PAUSED_ANNOTATION in (host["metadata"].get("annotations") or {})
        if paused:
            # Cluster API does not even delete what is paused.
            unpaused = {"spec": {"paused": None}, "metadata": {"annotations": {PAUSED_ANNOTATION: None}}}
            await self._merge(resources.CLUSTERS, host, unpaused)
        if "deletionTimestamp" not in host["metadata"]:
            await self._delete(resources.CLUSTERS, host)
            log.info("cluster_deletion_asked", namespace=host["metadata"]["namespace"], name=host["metadata"]["name"])

    async def sweep(self, cluster: Key, kinds: Iterable[Resource] = SWEPT) -> list[Manifest]:
        """Delete what carries the label; what is there still. Asks the API server itself, for the last word."""
        found: list[Manifest] = []
        namespace, name = cluster
        labels = f"{names.CAPI_CLUSTER_LABEL}={name}"
        for kind in kinds:
            # A kind that is not served has no objects; every other error is one, and no proof of absence.
            with suppress(errors.NotFound):
                for item in (await self._kube.list(kind, namespace=namespace, labels=labels)).items:
                    found.append(item)
                    if "deletionTimestamp" not in item["metadata"]:
                        await self._delete(kind, item)
        return found

    async def _let_go(self, cluster: Stored[TenantCluster]) -> None:
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
