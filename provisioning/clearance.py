"""Gives up clusters that failed before they were ever ready and that nobody chooses about. Runs on the leader only.

Which those are, `unattended` decides: by what is remembered at each look, and once more by what the API server itself
has before anything is done. The deletion is of the cluster as it was read there and of no other, and the webhooks judge
it again; so whoever chooses first has chosen. That it goes for this reason is written into its status before it goes,
and told from there: it holds the cluster until that is done, so whoever is stopped in between loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from provisioning import attention, audit, audit_events, errors, names, news, objects, resources, standing, unattended
from provisioning.events import Recorder
from provisioning.insight import Insight
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.losses import Losses
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored
from provisioning.resources import Resource

log = structlog.get_logger()

TOLD_MAX: Final = 1000
"""Clusters that go of which it is known that they were told of."""


class Clearance:
    """`kept_until` and `act` look at one cluster, `note` at one that goes."""

    def __init__(
        self, kube: Kube, landscape: Landscape, recorder: Recorder, *, now: Callable[[], datetime], tell: audit.Tell
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._insight = Insight(kube)
        self._recorder = recorder
        self._now = now
        self._tell = tell
        self._told: deque[str] = deque(maxlen=TOLD_MAX)
        """Uids. Where nobody lets it be noted, it is not told at each look."""

    async def kept_until(self, cluster: Stored[TenantCluster]) -> datetime | None:
        """Until when it is kept, by what is remembered; None where it is not given up."""
        namespace, name = cluster.key
        if not unattended.may_go(cluster) or self._kept_until(cluster, None) is None:
            return None  # Whatever is in it.
        losses: Losses | None = None
        try:
            losses = await self._insight.losses(namespace, name)
        except errors.KubeError as error:
            # It is asked again before anything is done.
            log.warning("losses_not_seen", namespace=namespace, name=name, why=error.message)
        return self._kept_until(cluster, losses)

    def _kept_until(self, cluster: Stored[TenantCluster], losses: Losses | None) -> datetime | None:
        namespace = cluster.meta.namespace
        accesses = self._landscape.caches[resources.CLUSTER_ACCESSES].list(namespace)
        requests = self._landscape.requests_about(cluster.key)
        about = attention.of(cluster, requests=requests, accesses=accesses, losses=losses)
        return unattended.kept_until(cluster, self._landscape.lifetime_of(namespace), about, now=self._now())

    async def act(self, cluster: Stored[TenantCluster]) -> None:
        """Give it up, if that is due by what the API server has now. Raises `KubeError` when it cannot be asked."""
        namespace, name = cluster.key
        found, requests, accesses, losses = await asyncio.gather(
            self._kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace),
            self._kube.list(resources.CLUSTER_REQUESTS, namespace=namespace),
            self._kube.list(resources.CLUSTER_ACCESSES, namespace=namespace),
            self._insight.losses(namespace, name),
        )
        if found is None:
            return
        there = objects.read(TenantCluster, found)
        about = attention.of(there, requests=requests.items, accesses=accesses.items, losses=losses)
        if unattended.is_due(there, self._landscape.lifetime_of(namespace), about, now=self._now()):
            with contextlib.suppress(errors.NotFound):  # Somebody has deleted it at this very moment.
                await self._give_up(there, found)

    async def note(self, cluster: Stored[TenantCluster]) -> bool:
        """Tell that a cluster goes because nobody chose: in the request that it came of, in the trail, by an Event.

        True where that was written into its status, and so is to be looked at again. Raises `KubeError` for what may be
        otherwise in a moment; whatever else keeps it from being written must not hold the cluster.
        """
        manifest = self._landscape.get(resources.TENANT_CLUSTERS, *cluster.key)
        requests = self._landscape.requests_about(cluster.key)
        if manifest is None or not unattended.is_to_be_told(cluster, requests):
            return False
        await self._note_in_request(cluster)
        if cluster.meta.uid not in self._told:
            # Before it is noted: who is stopped in between has it told once more.
            self._tell(audit_events.given_up(cluster))
            await self._recorder.tell(cluster, [news.of_giving_up()])
            self._told.append(cluster.meta.uid)
        told = conditions_of.wire(unattended.told(cluster.it.status.conditions))
        try:
            await self._write(resources.TENANT_CLUSTERS, manifest, {"conditions": told})
        except (errors.Forbidden, errors.Invalid) as error:
            log.warning("given_up_not_noted", namespace=cluster.key[0], name=cluster.key[1], why=error.message)
            return False
        return True

    async def _note_in_request(self, cluster: Stored[TenantCluster]) -> None:
        key = (cluster.meta.namespace, cluster.meta.annotations.get(names.REQUEST_ANNOTATION, ""))
        manifest = self._landscape.get(resources.CLUSTER_REQUESTS, *key)
        if manifest is None:
            return
        try:
            request = objects.read(ClusterRequest, manifest)
            if request.it.spec.cluster != cluster.meta.name or standing.is_given_up(request):
                return
            noted = conditions_of.wire(standing.given_up(request, now=self._now()))
            await self._write(resources.CLUSTER_REQUESTS, manifest, {"conditions": noted})
        except (errors.Forbidden, errors.Invalid, errors.NotFound) as error:
            log.warning("given_up_not_noted", namespace=key[0], name=key[1], why=error.message)

    async def _give_up(self, cluster: Stored[TenantCluster], manifest: Manifest) -> None:
        """Raises `KubeError`: what is refused is tried again later each time."""
        namespace, name = cluster.key
        delete = partial(self._kube.delete, resources.TENANT_CLUSTERS, name, namespace=namespace, uid=cluster.meta.uid)
        # Who refuses it does so before anything is written: our own write would have us try again at once.
        await delete(version=cluster.meta.resource_version, dry_run=True)
        said = conditions_of.wire(unattended.given_up(cluster.it.status.conditions))
        written = await self._write(resources.TENANT_CLUSTERS, manifest, {"conditions": said})
        try:
            # As it was read and no other: somebody may choose at this very moment.
            await delete(version=written["metadata"]["resourceVersion"])
        except (errors.Conflict, errors.Forbidden, errors.Invalid):
            await self._take_back(cluster)
            raise
        log.info("cluster_given_up", namespace=namespace, name=name)

    async def _take_back(self, cluster: Stored[TenantCluster]) -> None:
        """Who deletes it now is somebody else. What keeps this from being written hides nothing of why it is: the next
        look writes it anew."""
        namespace, name = cluster.key
        try:
            found = await self._kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace)
            if found is not None and found["metadata"]["uid"] == cluster.meta.uid:
                said = conditions_of.wire(cluster.it.status.conditions)
                await self._write(resources.TENANT_CLUSTERS, found, {"conditions": said})
        except errors.KubeError as error:
            log.warning("given_up_not_taken_back", namespace=namespace, name=name, why=error.message)

    async def _write(self, kind: Resource, manifest: Manifest, status: Manifest) -> Manifest:
        """These fields of a status. A compare-and-swap."""
        changed = {**manifest, "status": {**(manifest.get("status") or {}), **status}}
        return await self._kube.replace(kind, changed, subresource="status")
