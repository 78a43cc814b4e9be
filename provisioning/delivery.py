"""Puts there what a TenantCluster consists of and takes away what it does not any more, and says what came of it.

One object that is refused keeps no other from being applied. What to render is decided in `plan`, what belongs to
the cluster in `inventory`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from provisioning import anew, errors, hibernation, inventory, observe, plan, releases, resources
from provisioning.applier import Applier
from provisioning.errors import Cause, RuleError
from provisioning.hibernation import Rest
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest, Manifests
from provisioning.manifests.marks import is_ours
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.releases import Releases
from provisioning.remains import Remains


@dataclass(frozen=True)
class Delivered:
    """What came of one delivery."""

    inventory: tuple[str, ...]
    """Everything of the cluster that is there now, or was and is not proven gone."""
    refusal: str = ""
    """Why not all of it could be applied, in plain words."""
    rest: Rest | None = None
    """Whether the cluster is to sleep; None when nobody could tell."""
    restored: tuple[str, ...] = ()
    """What somebody had changed and was put right: kind and name."""
    pruned: tuple[str, ...] = ()
    """What was taken away because nothing renders it any more."""
    again: float | None = None
    """Seconds until what was refused is to be tried again."""


class Delivery:
    """`act` delivers one cluster."""

    def __init__(self, kube: Kube, landscape: Landscape, applier: Applier, *, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._landscape = landscape
        self._applier = applier
        self._now = now
        self._releases = Releases(kube, now=now)

    async def act(self, cluster: Stored[TenantCluster]) -> Delivered:
        """Apply what should be there, delete what should not. Raises `KubeError` for what only takes time."""
        try:
            return await self._deliver(cluster)
        except RuleError as error:
            return Delivered(cluster.it.status.inventory, refusal=str(error))
        except (errors.Forbidden, errors.Invalid) as error:
            return Delivered(cluster.it.status.inventory, refusal=error.message)

    async def _deliver(self, cluster: Stored[TenantCluster]) -> Delivered:
        tenant, catalog = self._landscape.grounds(cluster.meta.namespace)
        created = cluster.meta.created or self._now()
        rest = hibernation.rest(cluster.it.spec, tenant.it.spec.lifetime, created=created, now=self._now())
        parts, before = self._landscape.parts(cluster.key), cluster.it.status.inventory
        host = _host(parts, cluster)
        if observe.is_paused(cluster, rest) or (host is not None and "deletionTimestamp" in host["metadata"]):
            # A Cluster that was deleted under it is made again once it is gone; half of it is no use.
            return Delivered(before, rest=rest)
        uid = host["metadata"]["uid"] if host is not None else ""
        planned = plan.render(
            cluster, catalog, tenant=tenant.meta.name, cluster_uid=uid, existing=parts, asleep=rest.asleep
        )
        rendered = planned.manifests
        outcome = await self._applier.bring(cluster.key, rendered, present=parts, anew=anew.is_due(cluster))
        # Without the Cluster its hosted components are not rendered, and would all look stale.
        strays = await inventory.strays(self._kube, Remains.of(cluster), rendered=rendered, parts=parts) if uid else []
        stale = await self._free(cluster, plan.stale(rendered, [*parts, *strays]), rest) if uid else []
        kept = await self._applier.prune(stale)
        pruned = [manifest for manifest in stale if all(one.manifest is not manifest for one in kept)]
        gone = [manifest for manifest in pruned if not manifest["metadata"].get("finalizers")]
        listed = inventory.lines(outcome.applied, filter(is_ours, parts), strays, without=gone)
        return Delivered(
            inventory=listed if uid else tuple(sorted({*before, *listed})[: inventory.MOST]),
            refusal="; ".join(map(str, (*planned.behind, *outcome.refusals, *kept))),
            rest=rest,
            restored=tuple(map(_name, outcome.restored)),
            pruned=tuple(map(_name, pruned)),
            again=outcome.again,
        )

    async def _free(self, cluster: Stored[TenantCluster], stale: list[Manifest], rest: Rest) -> list[Manifest]:
        """What of this may go now. What was taken off while the cluster slept is uninstalled when it wakes."""
        forgotten = releases.forgotten(stale, {add_on.name for add_on in cluster.it.spec.add_ons})
        if rest.asleep:
            return [manifest for manifest in stale if manifest not in forgotten]
        await self._releases.resume(forgotten)
        return stale


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def _host(parts: Manifests, cluster: Stored[TenantCluster]) -> Manifest | None:
    """The Cluster of this TenantCluster. Raises `RuleError` when there is one of that name that is not its."""
    host = next((part for part in parts if part["kind"] == resources.CLUSTERS.kind), None)
    if host is not None and not any(
        owner["uid"] == cluster.meta.uid and owner.get("controller")
        for owner in host["metadata"].get("ownerReferences") or ()
    ):
        raise RuleError(Cause("metadata.name", "a Cluster of this name is there already, and is not ours"))
    return host
