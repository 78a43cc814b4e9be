"""What there is in a namespace, for `list` and `show`: clusters of ours, those made by hand, and open requests."""

from __future__ import annotations

from dataclasses import dataclass

from plugin.session import Session
from provisioning import errors, handmade, objects, resources, room
from provisioning.handmade import HandMade
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import Resource


@dataclass(frozen=True)
class Sight:
    """The objects as they are, in the order in which they are shown."""

    requests: tuple[Manifest, ...]
    """Those that wait for approval."""
    clusters: tuple[Manifest, ...]
    hosts: tuple[Manifest, ...]
    """Cluster API's Clusters that somebody made by hand."""

    @property
    def everything(self) -> tuple[Manifest, ...]:
        return (*self.requests, *self.clusters, *self.hosts)

    def named(self, name: str) -> Sight:
        """What is about the cluster of that name."""
        return Sight(
            tuple(it for it in self.requests if it["spec"]["cluster"] == name),
            tuple(it for it in self.clusters if it["metadata"]["name"] == name),
            tuple(it for it in self.hosts if it["metadata"]["name"] == name),
        )

    def waiting(self) -> tuple[Stored[ClusterRequest], ...]:
        return tuple(objects.read(ClusterRequest, it) for it in self.requests)

    def ours(self) -> tuple[Stored[TenantCluster], ...]:
        return tuple(objects.read(TenantCluster, it) for it in self.clusters)

    def by_hand(self) -> tuple[HandMade, ...]:
        # Which version its control plane runs stands in the status of an object of another kind, for each another one.
        return tuple(handmade.of(it, None) for it in self.hosts)


async def look(session: Session, *, everywhere: bool = False) -> Sight:
    """What there is in the namespace, or in all of them."""
    namespace = "" if everywhere else session.namespace
    requests = await _all(session, resources.CLUSTER_REQUESTS, namespace)
    clusters = await _all(session, resources.TENANT_CLUSTERS, namespace)
    try:
        hosts = await _all(session, resources.CLUSTERS, namespace)
    except errors.Forbidden:
        # Whoever may see our objects only sees those.
        hosts = []
    return Sight(
        tuple(it for it in requests if room.waits_for_anything(objects.read(ClusterRequest, it))),
        tuple(clusters),
        tuple(it for it in hosts if handmade.is_hand_made(it)),
    )


async def _all(session: Session, kind: Resource, namespace: str) -> list[Manifest]:
    found = (await session.kube.list(kind, namespace=namespace)).items
    return sorted(found, key=lambda it: (it["metadata"].get("namespace", ""), it["metadata"]["name"]))
