"""A cluster that add-ons and hosted components are for: one of ours, or one made by hand. Pure: values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.manifests.machine_deployment import MAX_SIZE_ANNOTATION, MIN_SIZE_ANNOTATION
from provisioning.manifests.marks import Owner, is_ours, labels
from provisioning.model import CatalogSpec, ClusterAddOn, ClusterSpec
from provisioning.resources import Resource

ADD_ON_LABEL: Final = f"{resources.GROUP}/add-on"
"""On a HelmRelease or HelmChartProxy: the add-on that it installs."""
CARRIERS: Final = (resources.HELM_RELEASES, resources.HELM_CHART_PROXIES)
"""Kinds that install add-ons."""


@dataclass(frozen=True)
class Target:
    """`owner` is what goes into the tenant goes away with. `host`, the Cluster, is what the hosted components go away
    with: the last thing of a tenant to go, so that load balancers and volumes are cleaned up behind it."""

    cluster: str
    namespace: str
    tenant: str
    owner: Owner
    host: Owner | None
    add_ons: tuple[ClusterAddOn, ...]
    autoscaled: bool
    fewest: int
    """Nodes the cluster has at least."""
    most: int
    """Nodes the cluster has at most."""
    existing: tuple[Manifest, ...] = ()
    """What stands of it already; an add-on that has left the Catalog goes on as it stands."""
    asleep: bool = False
    """Whether the cluster is to have neither workers nor a running control plane."""

    def standing(self, kind: Resource, name: str) -> Manifest | None:
        """The object of that kind and name, if it is there."""
        return next((m for m in self.existing if m["kind"] == kind.kind and m["metadata"]["name"] == name), None)

    @property
    def control_plane(self) -> Manifest | None:
        """The control plane that Kamaji runs, if it is there."""
        kind = resources.KAMAJI_CONTROL_PLANES.kind
        return next((manifest for manifest in self.existing if manifest["kind"] == kind), None)

    def metadata(self, name: str, owner: Owner) -> Manifest:
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": labels(cluster=self.cluster, tenant=self.tenant),
            "ownerReferences": [owner.reference()],
        }


def of_tenant_cluster(
    owner: Owner,
    spec: ClusterSpec,
    *,
    namespace: str,
    tenant: str,
    host_uid: str,
    existing: Iterable[Manifest] = (),
    asleep: bool = False,
) -> Target:
    """The target that a TenantCluster is; without the uid of its Cluster, nothing can be hosted for it yet."""
    return Target(
        cluster=owner.name,
        namespace=namespace,
        tenant=tenant,
        owner=owner,
        host=Owner(resources.CLUSTERS, owner.name, host_uid) if host_uid else None,
        add_ons=spec.add_ons,
        autoscaled=any(pool.autoscaled for pool in spec.pools),
        fewest=sum(pool.min if pool.min is not None else pool.most for pool in spec.pools),
        most=sum(pool.most for pool in spec.pools),
        existing=tuple(existing),
        asleep=asleep,
    )


def of_cluster(cluster: Manifest, existing: Iterable[Manifest], *, catalog: CatalogSpec, tenant: str) -> Target:
    """The target that a Cluster made by hand is: it gets the Catalog's default add-ons, and keeps those it has.

    It has no spec of ours in which somebody could have said that one is to go.
    """
    there = tuple(existing)
    meta = cluster["metadata"]
    owner = Owner(resources.CLUSTERS, meta["name"], meta["uid"])
    sizes = [_bounds(manifest) for manifest in there if manifest["kind"] == resources.MACHINE_DEPLOYMENTS.kind]
    wanted = {add_on.name for add_on in catalog.add_ons if add_on.default} | set(_installed(there))
    return Target(
        cluster=meta["name"],
        namespace=meta["namespace"],
        tenant=tenant,
        owner=owner,
        host=owner,
        add_ons=tuple(ClusterAddOn(name=name) for name in sorted(wanted)),
        autoscaled=any(autoscaled for autoscaled, _, _ in sizes),
        fewest=sum(fewest for _, fewest, _ in sizes),
        most=sum(most for _, _, most in sizes),
        existing=there,
    )


def _installed(existing: Iterable[Manifest]) -> Iterator[str]:
    """The add-ons whose carriers we have put there."""
    kinds = {kind.kind for kind in CARRIERS}
    for manifest in existing:
        labels_ = manifest["metadata"].get("labels") or {}
        if manifest["kind"] in kinds and is_ours(manifest) and ADD_ON_LABEL in labels_:
            yield labels_[ADD_ON_LABEL]


def _bounds(deployment: Manifest) -> tuple[bool, int, int]:
    """Whether the autoscaler looks after a MachineDeployment, and how small and large it may be."""
    annotations: dict[str, str] = deployment["metadata"].get("annotations") or {}
    low, high = annotations.get(MIN_SIZE_ANNOTATION, ""), annotations.get(MAX_SIZE_ANNOTATION, "")
    if low.isdecimal() and high.isdecimal():
        return True, int(low), int(high)
    replicas: int = deployment["spec"].get("replicas", 1)
    return False, replicas, replicas
