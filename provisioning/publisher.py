"""Writes down how clusters are: the status of a TenantCluster, Events of what is new in it, metrics, a line in the log.

What the status says is decided in `observe`; here it is only written, and only when it is another.
"""

from __future__ import annotations

from typing import Final

import structlog

from provisioning import errors, metrics, news, objects, resources
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.model import ClusterStatus, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored

log = structlog.get_logger()

TRIES: Final = 3
"""Times a status is written again after somebody else wrote something beside it first."""


class Publisher:
    """`publish` writes the status of one cluster."""

    def __init__(self, kube: Kube, landscape: Landscape, recorder: Recorder) -> None:
        self._kube = kube
        self._landscape = landscape
        self._recorder = recorder

    async def publish(self, cluster: Stored[TenantCluster], status: ClusterStatus) -> None:
        """Write the status if it is another. A compare-and-swap: where it was looked at before it became another, or
        before it was to go, somebody looks again. Raises `KubeError`."""
        before = cluster.it.status
        metrics.CLUSTER_READY.labels(*cluster.key).set(conditions_of.is_true(status.conditions, "Ready"))
        manifest = self._landscape.get(resources.TENANT_CLUSTERS, *cluster.key)
        if status == before or manifest is None:
            return
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        await self._write(cluster, manifest, wire)
        told = conditions_of.find(status.conditions, "Ready")
        was = conditions_of.find(before.conditions, "Ready")
        if told is not None and (was is None or (was.status, was.reason) != (told.status, told.reason)):
            where = {"namespace": cluster.meta.namespace, "name": cluster.meta.name}
            log.info("cluster_is", ready=told.status, reason=told.reason, message=told.message or None, **where)
        stalled = conditions_of.find(status.conditions, "Stalled")
        if stalled is not None and stalled.status == "True" and not conditions_of.is_true(before.conditions, "Stalled"):
            metrics.CLUSTER_STALLED.labels(stalled.reason).inc()
        await self._recorder.tell(cluster, news.of_change(before, status))

    async def _write(self, cluster: Stored[TenantCluster], manifest: Manifest, status: Manifest) -> None:
        """Of the cluster as it was looked at: by now it may be known to go, and why. Whatever else somebody has written
        of it since then brings it here again by itself."""
        for _ in range(TRIES):
            if not _is_as_seen(manifest, cluster):
                break
            try:
                await self._kube.replace(
                    resources.TENANT_CLUSTERS, {**manifest, "status": status}, subresource="status"
                )
            except errors.Conflict:
                name, namespace = cluster.meta.name, cluster.meta.namespace
                manifest = await self._kube.get(resources.TENANT_CLUSTERS, name, namespace=namespace)
            else:
                return
        raise errors.Conflict(f"TenantCluster {cluster.meta.name} is another than was looked at")

    def forget(self, key: Key) -> None:
        """The cluster is gone."""
        for gauge in (metrics.CLUSTER_READY, metrics.CLUSTER_DELETION_ASKED):
            gauge.remove(*key)


def _is_as_seen(manifest: Manifest, cluster: Stored[TenantCluster]) -> bool:
    """Whether it has the status that the next one follows from, and goes no sooner than was known."""
    there = objects.Meta.of(manifest)
    if (there.uid, there.deleted) != (cluster.meta.uid, cluster.meta.deleted):
        return False
    return objects.parse(ClusterStatus, manifest.get("status") or {}) == cluster.it.status
