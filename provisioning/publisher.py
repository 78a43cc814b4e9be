"""Writes down how clusters are: the status of a TenantCluster, Events of what is new in it, metrics, a line in the log.

What the status says is decided in `observe`; here it is only written, and only when it is another.
"""

from __future__ import annotations

from contextlib import suppress

import structlog

from provisioning import metrics, news, resources
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key
from provisioning.model import ClusterStatus, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored

log = structlog.get_logger()


class Publisher:
    """`publish` writes the status of one cluster."""

    def __init__(self, kube: Kube, landscape: Landscape, recorder: Recorder) -> None:
        self._kube = kube
        self._landscape = landscape
        self._recorder = recorder

    async def publish(self, cluster: Stored[TenantCluster], status: ClusterStatus) -> None:
        """Write the status if it is another. A compare-and-swap: who is late looks again. Raises `KubeError`."""
        before = cluster.it.status
        metrics.CLUSTER_READY.labels(*cluster.key).set(conditions_of.is_true(status.conditions, "Ready"))
        manifest = self._landscape.get(resources.TENANT_CLUSTERS, *cluster.key)
        if status == before or manifest is None:
            return
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        # Of the cluster as it was looked at: by now it may be known to go, and why.
        meta = {**manifest["metadata"], "resourceVersion": cluster.meta.resource_version}
        seen = {**manifest, "metadata": meta, "status": wire}
        await self._kube.replace(resources.TENANT_CLUSTERS, seen, subresource="status")
        told = conditions_of.find(status.conditions, "Ready")
        was = conditions_of.find(before.conditions, "Ready")
        if told is not None and (was is None or (was.status, was.reason) != (told.status, told.reason)):
            where = {"namespace": cluster.meta.namespace, "name": cluster.meta.name}
            log.info("cluster_is", ready=told.status, reason=told.reason, message=told.message or None, **where)
        stalled = conditions_of.find(status.conditions, "Stalled")
        if stalled is not None and stalled.status == "True" and not conditions_of.is_true(before.conditions, "Stalled"):
            metrics.CLUSTER_STALLED.labels(stalled.reason).inc()
        await self._recorder.tell(cluster, news.of_change(before, status))

    def forget(self, key: Key) -> None:
        """The cluster is gone."""
        for gauge in (metrics.CLUSTER_READY, metrics.CLUSTER_DELETION_ASKED):
            with suppress(KeyError):
                gauge.remove(*key)
