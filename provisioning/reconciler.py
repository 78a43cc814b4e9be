"""Brings clusters to what their objects say: TenantClusters wholly, Clusters made by hand their add-ons.

Level-triggered: one look reads what is there, compares, acts, and writes down what it saw. It may be called at any time
and as often as one likes. What to render and what to call ready is decided elsewhere (`plan`, `observe`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from provisioning import additions, errors, lifetime, metrics, names, plan, resources, sights
from provisioning.additions import Additions
from provisioning.applier import Applier
from provisioning.cache import Key, Manifests
from provisioning.errors import Cause, RuleError
from provisioning.kube import Kube, Manifest
from provisioning.landscape import Landscape
from provisioning.model import ClusterStatus, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored
from provisioning.observe import observe
from provisioning.probe import Probe
from provisioning.publisher import Publisher
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
    """`act` looks at one cluster. `probe` is None where tenants are not to be asked."""

    def __init__(self, kube: Kube, landscape: Landscape, *, probe: Probe | None, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._landscape = landscape
        self._probe = probe
        self._now = now
        self._applier = Applier(kube, lacks=landscape.missing)
        self._additions = Additions(kube, landscape, self._applier, now=now)
        self._publisher = Publisher(kube, landscape)
        self._teardown = Teardown(kube, now=now, probe=probe)

    async def act(self, key: Key) -> float | None:
        """Look at the cluster of this namespace and name; the seconds until it is to be looked at again."""
        cluster, host = self._landscape.tenant_cluster(key), self._landscape.get(resources.CLUSTERS, *key)
        if cluster is None and host is None:
            self._forget(key)
        if cluster is None or (host is not None and additions.is_ending(host)):
            return await self._additions.act(key)
        if cluster.meta.deleting:
            return await self._end(cluster)
        if lifetime.is_over(cluster.meta.created or self._now(), cluster.it.spec, now=self._now()):
            log.info("lifetime_over", namespace=key[0], name=key[1])
            await self._kube.delete(resources.TENANT_CLUSTERS, key[1], namespace=key[0], uid=cluster.meta.uid)
            return None
        if names.FINALIZER not in cluster.meta.finalizers:
            # Before the first object exists; the change brings us back here.
            await self._hold(cluster)
            return None
        return await self._reconcile(cluster)

    async def _reconcile(self, cluster: Stored[TenantCluster]) -> float:
        refusal = ""
        try:
            await self._bring(cluster)
        except RuleError as error:
            refusal = str(error)
        except (errors.Forbidden, errors.Invalid) as error:
            refusal = error.message
        if refusal:
            log.warning("cluster_refused", namespace=cluster.meta.namespace, name=cluster.meta.name, why=refusal)
        seen = self._world(cluster)
        status = observe(cluster, seen, now=self._now(), refusal=refusal)
        await self._publisher.publish(cluster, status)
        return self._next_look(cluster, status)

    async def _bring(self, cluster: Stored[TenantCluster]) -> None:
        """Apply what should be there, delete what should not. Raises `RuleError` with what keeps us from it."""
        tenant, catalog = self._landscape.grounds(cluster.meta.namespace)
        parts = self._landscape.parts(cluster.key)
        host = _of_kind(parts, resources.CLUSTERS.kind)
        if host is not None and not _owned(host, cluster.meta.uid):
            raise RuleError(Cause("metadata.name", "a Cluster of this name is there already, and is not ours"))
        if host is not None and "deletionTimestamp" in host["metadata"]:
            # Somebody deleted it under the TenantCluster. Once it is gone it is made again; half of it is no use.
            return
        uid = host["metadata"]["uid"] if host is not None else ""
        rendered = plan.render(cluster, catalog, tenant=tenant.meta.name, cluster_uid=uid, existing=parts)
        await self._applier.bring(cluster.key, rendered, present=parts)
        if uid:
            # Without the Cluster its hosted components are not rendered, and would all look stale.
            await self._applier.prune(plan.stale(rendered, parts))

    def _world(self, cluster: Stored[TenantCluster]) -> World:
        """What there is, our own look at the tenant's API server included once there should be one."""
        seen = World.of(self._landscape.parts(cluster.key))
        up = ((seen.control_plane or {}).get("status") or {}).get("ready") is True
        if self._probe is None:
            return seen
        if not up:
            self._probe.forget(cluster.key)
            return seen
        answer = self._probe.answer(cluster.key, nodes=sights.nodes(cluster, seen).wanted, sign=sights.of_life(seen))
        return replace(seen, silence=answer.obstacle, nodes_ready=answer.nodes_ready)

    async def _hold(self, cluster: Stored[TenantCluster]) -> None:
        held = [*cluster.meta.finalizers, names.FINALIZER]
        patch = {"metadata": {"finalizers": held, "resourceVersion": cluster.meta.resource_version}}
        await self._kube.merge(resources.TENANT_CLUSTERS, cluster.meta.name, patch, namespace=cluster.meta.namespace)

    async def _end(self, cluster: Stored[TenantCluster]) -> float | None:
        if names.FINALIZER not in cluster.meta.finalizers:
            return None
        asked = cluster.meta.deleted or self._now()
        metrics.CLUSTER_DELETION_ASKED.labels(*cluster.key).set(asked.timestamp())
        ending = await self._teardown.act(cluster, self._landscape.parts(cluster.key))
        if ending is None:
            return None
        world = World.of(self._landscape.parts(cluster.key))
        await self._publisher.publish(cluster, observe(cluster, world, now=self._now(), ending=ending))
        return TEARDOWN_LONG_LOOK if self._now() - asked > TEARDOWN_LONG else TEARDOWN_LOOK

    def _next_look(self, cluster: Stored[TenantCluster], status: ClusterStatus) -> float:
        # Whatever changes is told, the tenant's own answer too; at rest there is nothing to look for.
        look = LONGEST_SLEEP if conditions_of.is_true(status.conditions, "Ready") else UNSETTLED_LOOK
        end = lifetime.ends_at(cluster.meta.created, cluster.it.spec) if cluster.meta.created else None
        return look if end is None else min(look, max(0.0, (end - self._now()).total_seconds()) + 1)

    def _forget(self, key: Key) -> None:
        self._applier.forget(key)
        self._publisher.forget(key)
        if self._probe is not None:
            self._probe.forget(key)


def _of_kind(parts: Manifests, kind: str) -> Manifest | None:
    return next((part for part in parts if part["kind"] == kind), None)


def _owners(manifest: Manifest) -> Manifests:
    owners: Manifests = manifest["metadata"].get("ownerReferences") or []
    return owners


def _owned(manifest: Manifest, uid: str) -> bool:
    return any(owner["uid"] == uid and owner.get("controller") for owner in _owners(manifest))
