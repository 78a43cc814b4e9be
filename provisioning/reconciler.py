"""Brings clusters to what their objects say: TenantClusters wholly, Clusters made by hand their add-ons.

Level-triggered: one look reads what is there, compares, acts, and writes down what it saw. It may be called at any time
and as often as one likes. What to render and what to call ready is decided elsewhere (`plan`, `observe`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from provisioning import additions, anew, audit, errors, lifetime, metrics, names, news, resources
from provisioning.additions import Additions
from provisioning.applier import Applier
from provisioning.clearance import Clearance
from provisioning.delivery import Delivered, Delivery
from provisioning.ending import Ending
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.lifetime import Ladder
from provisioning.lookout import Lookout
from provisioning.manifest import Key
from provisioning.model import ClusterStatus, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.news import News
from provisioning.objects import Stored, parse_time
from provisioning.observe import is_paused, observe
from provisioning.prechecker import Prechecker
from provisioning.probe import Probe
from provisioning.publisher import Publisher
from provisioning.remains import Remains
from provisioning.teardown import Teardown
from provisioning.world import World

log = structlog.get_logger()

UNSETTLED_LOOK: Final = 20.0
"""Seconds between two looks at a cluster that is not ready: that something takes too long shows only by the clock."""
TEARDOWN_LOOK: Final = 1.5
TEARDOWN_LONG_LOOK: Final = 15.0
TEARDOWN_LONG: Final = timedelta(minutes=2)
LONGEST_SLEEP: Final = 86_400.0


class Reconciler:
    """`act` looks at one cluster. `probe` is None where tenants are not to be asked, and `prechecker` where nobody asks
    what an upgrade may run into."""

    def __init__(
        self,
        kube: Kube,
        landscape: Landscape,
        *,
        probe: Probe | None,
        now: Callable[[], datetime],
        prechecker: Prechecker | None = None,
        tell: audit.Tell = audit.untold,
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._now = now
        self._lookout = Lookout(kube, landscape, probe=probe, prechecker=prechecker, now=now)
        self._applier = Applier(kube, lacks=landscape.missing)
        self._delivery = Delivery(kube, landscape, self._applier, now=now)
        self._recorder = Recorder(kube, now=now)
        self._additions = Additions(kube, landscape, self._applier, self._recorder, now=now)
        self._publisher = Publisher(kube, landscape, self._recorder)
        self._clearance = Clearance(kube, landscape, self._recorder, now=now, tell=tell)
        self._teardown = Teardown(kube, now=now, probe=probe)

    async def act(self, key: Key) -> float | None:
        """Look at the cluster of this namespace and name; the seconds until it is to be looked at again."""
        host = self._landscape.get(resources.CLUSTERS, *key)
        try:
            cluster = self._landscape.tenant_cluster(key)
        except errors.Invalid:
            manifest = self._landscape.get(resources.TENANT_CLUSTERS, *key)
            if manifest is None or "deletionTimestamp" not in manifest["metadata"]:
                raise
            return await self._end_unread(Remains.of_unread(manifest))
        if cluster is None and host is None:
            self._forget(key)
        if cluster is None or (host is not None and additions.is_ending(host)):
            return await self._additions.act(key)
        if cluster.meta.deleting:
            return await self._end(cluster)
        ladder, refusal = self._ladder(cluster), ""
        # Paused or not: a pause keeps things as they are, and does not prolong anything.
        if ladder is not None and ladder.is_due(self._now()):
            refusal = await self._delete(cluster)
            if not refusal:
                return None
        if names.FINALIZER not in cluster.meta.finalizers:
            # Before the first object exists; the change brings us back here.
            await self._hold(cluster)
            return None
        return await self._reconcile(cluster, ladder, refusal)

    async def _delete(self, cluster: Stored[TenantCluster]) -> str:
        """Ask for the end of a cluster whose lifetime is over; why that is refused, or empty."""
        meta = cluster.meta
        log.info("lifetime_over", namespace=meta.namespace, name=meta.name)
        try:
            # As we know it and no other: it may have been given a longer life that we have not heard of yet.
            await self._kube.delete(
                resources.TENANT_CLUSTERS,
                meta.name,
                namespace=meta.namespace,
                uid=meta.uid,
                version=meta.resource_version,
            )
        except (errors.Forbidden, errors.Invalid) as error:
            return f"its lifetime is over, and it may not be deleted: {error.message}"
        return ""

    async def _reconcile(self, cluster: Stored[TenantCluster], ladder: Ladder | None, refusal: str) -> float:
        is_anew = anew.is_due(cluster)
        done = await self._delivery.act(cluster)
        refusal = "; ".join(filter(None, (refusal, done.refusal)))
        await self._recorder.tell(cluster, news.of_delivery(done.restored, done.pruned))
        if refusal:
            log.warning("cluster_refused", namespace=cluster.meta.namespace, name=cluster.meta.name, why=refusal)
        seen = await self._lookout.world(cluster)
        if self._lookout.awaits(cluster.key) and _was_ready(cluster):
            # A fresh leader has asked nobody yet: no reason to call a cluster unready. The answer brings us back here.
            return UNSETTLED_LOOK
        until = await self._clearance.kept_until(cluster)
        status = observe(cluster, seen, now=self._now(), refusal=refusal, rest=done.rest, ladder=ladder, until=until)
        noted: dict[str, Any] = {"inventory": done.inventory}
        if is_anew and not is_paused(cluster, done.rest):
            noted["last_handled_reconcile_at"] = anew.asked(cluster)[: names.HANDLED_MAX]
        await self._publisher.publish(cluster, status.model_copy(update=noted))
        if status.gives_up_at and parse_time(status.gives_up_at) <= self._now():
            await self._clearance.act(cluster)
        return self._next_look(status, done, ladder)

    def _ladder(self, cluster: Stored[TenantCluster]) -> Ladder | None:
        """How its life ends; None when it may live for ever."""
        policy = self._landscape.lifetime_of(cluster.meta.namespace)
        return lifetime.ladder(cluster.meta.created or self._now(), cluster.it.spec, policy)

    async def _hold(self, cluster: Stored[TenantCluster]) -> None:
        held = [*cluster.meta.finalizers, names.FINALIZER]
        patch = {"metadata": {"finalizers": held, "resourceVersion": cluster.meta.resource_version}}
        await self._kube.merge(resources.TENANT_CLUSTERS, cluster.meta.name, patch, namespace=cluster.meta.namespace)

    async def _end(self, cluster: Stored[TenantCluster]) -> float | None:
        if await self._clearance.note(cluster):
            return TEARDOWN_LOOK
        remains = Remains.of(cluster)
        ending = await self._leave(remains)
        if ending is None:
            return None
        world = World.of(self._landscape.parts(cluster.key))
        status = observe(cluster, world, now=self._now(), ladder=self._ladder(cluster), ending=ending)
        await self._publisher.publish(cluster, status)
        return self._look_at_end(remains)

    async def _end_unread(self, remains: Remains) -> float | None:
        """Of a TenantCluster that our model does not take: it may go all the same. Its status stays as it was."""
        return self._look_at_end(remains) if await self._leave(remains) is not None else None

    async def _leave(self, remains: Remains) -> Ending | None:
        """Take the next steps of its end. None where it is over, or only others hold it."""
        if names.FINALIZER not in remains.meta.finalizers:
            return None
        metrics.CLUSTER_DELETION_ASKED.labels(*remains.key).set((remains.meta.deleted or self._now()).timestamp())
        ending = await self._teardown.act(remains, self._landscape.parts(remains.key))
        if ending is None:
            gone = News("Deleted", "the cluster is gone, and nothing of it is left", "Delete")
            await self._recorder.tell(remains, [gone])
        return ending

    def _look_at_end(self, remains: Remains) -> float:
        since = self._now() - (remains.meta.deleted or self._now())
        return TEARDOWN_LONG_LOOK if since > TEARDOWN_LONG else TEARDOWN_LOOK

    def _next_look(self, status: ClusterStatus, done: Delivered, ladder: Ladder | None) -> float:
        # Whatever changes is told, the tenant's own answer too; at rest there is nothing to look for.
        settled = any(conditions_of.is_true(status.conditions, type_) for type_ in ("Ready", "Hibernated"))
        looks = [LONGEST_SLEEP if settled else UNSETTLED_LOOK]
        if done.again is not None:
            looks.append(done.again)
        moments = [done.rest.changes_at if done.rest else None, ladder.changes_at(self._now()) if ladder else None]
        if status.gives_up_at and (end := parse_time(status.gives_up_at)) > self._now():
            moments.append(end)
        looks += [max(0.0, (moment - self._now()).total_seconds()) + 1 for moment in moments if moment is not None]
        return min(looks)

    def _forget(self, key: Key) -> None:
        self._applier.forget(key)
        self._publisher.forget(key)
        self._lookout.forget(key)


def _was_ready(cluster: Stored[TenantCluster]) -> bool:
    return conditions_of.is_true(cluster.it.status.conditions, "Ready")
