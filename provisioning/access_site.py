"""The cluster that accesses lead to: what it goes by, where it answers, how long it lives. Read from the landscape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provisioning import lifetime, resources
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.manifests.marks import Owner

KINDS: Final = (resources.TENANT_CLUSTERS.kind, resources.CLUSTERS.kind)


@dataclass(frozen=True)
class Site:
    """One cluster. `owner` is the object that accesses go away with."""

    owner: Owner
    uids: frozenset[str]
    """Its TenantCluster's and its Cluster's."""
    server: str = ""
    """Its API server's address as people reach it; empty while it has none."""
    ends: datetime | None = None
    asleep: str = ""
    """Why nobody can talk to it for now; empty when that can be tried."""

    def is_meant_by(self, owners: Iterable[Manifest]) -> bool:
        """Whether an access with these owners leads here, and not to a cluster of the same name that is gone."""
        uids = {owner["uid"] for owner in owners}
        return not uids or not uids.isdisjoint(self.uids)


def find(landscape: Landscape, key: Key) -> Site | None:
    """The cluster of this namespace and name, whoever made it."""
    cluster, host = landscape.tenant_cluster(key), landscape.get(resources.CLUSTERS, *key)
    if cluster is None and host is None:
        return None
    uids = {host["metadata"]["uid"]} if host is not None else set()
    # Not the kubeconfig's server: that one is the Service's name, which nobody reaches from elsewhere.
    endpoint = ((host or {}).get("spec") or {}).get("controlPlaneEndpoint") or {}
    server = f"https://{endpoint['host']}:{endpoint['port']}" if endpoint.get("host") else ""
    if cluster is None:
        return Site(Owner(resources.CLUSTERS, key[1], *uids), frozenset(uids), server)
    created, sleeps = cluster.meta.created, cluster.it.status.asleep_since is not None
    return Site(
        Owner(resources.TENANT_CLUSTERS, key[1], cluster.meta.uid),
        frozenset(uids | {cluster.meta.uid}),
        server,
        lifetime.ends_at(created, cluster.it.spec) if created else None,
        "the cluster hibernates; this goes on once it is awake" if sleeps else "",
    )


def owners(landscape: Landscape, key: Key) -> list[Manifest]:
    """The clusters that the ClusterAccess of this namespace and name is owned by: one, or none yet."""
    manifest = landscape.get(resources.CLUSTER_ACCESSES, *key) or {"metadata": {}}
    return [owner for owner in manifest["metadata"].get("ownerReferences") or () if owner["kind"] in KINDS]
