"""Everything that the manifests of one TenantCluster are rendered from, checked once. Pure: values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioning import names, resources
from provisioning.errors import Cause, RuleError
from provisioning.manifests.marks import Manifest, Owner, labels
from provisioning.model import CatalogSpec, ClusterSpec, Flavor, NodePool, TenantCluster
from provisioning.objects import Stored


@dataclass(frozen=True)
class Blueprint:
    """One cluster, ready to be drawn: the completed spec, and the Catalog's answers to the names in it.

    `workers_version` trails `version` while the control plane is being upgraded: workers must never be newer.
    """

    name: str
    namespace: str
    tenant: str
    owner: Owner
    spec: ClusterSpec
    version: str
    workers_version: str
    workers_image: str
    pods: str
    services: str
    data_store: str
    flavors: dict[str, Flavor]

    @property
    def labels(self) -> dict[str, str]:
        return labels(cluster=self.name, tenant=self.tenant)

    @property
    def pools(self) -> tuple[NodePool, ...]:
        """By name, so that the order in the spec changes nothing."""
        return tuple(sorted(self.spec.pools, key=lambda pool: pool.name))

    def flavor(self, pool: NodePool) -> Flavor:
        return self.flavors[pool.flavor]

    def metadata(self, name: str, *, controlled: bool = True) -> Manifest:
        """Name, labels and owner. `controlled` is false where Cluster API makes itself the controller."""
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": self.labels,
            "ownerReferences": [self.owner.reference(controller=controlled)],
        }


def draw(cluster: Stored[TenantCluster], catalog: CatalogSpec, *, tenant: str, workers_version: str) -> Blueprint:
    """The blueprint of a cluster. Raises `RuleError` with everything that keeps it from being rendered."""
    spec = cluster.it.spec
    causes = tuple(_obstacles(spec, catalog, workers_version))
    release = catalog.release(workers_version)
    network = spec.network
    if causes or release is None or not (spec.version and network.pods and network.services):
        raise RuleError(*causes)
    return Blueprint(
        name=cluster.meta.name,
        namespace=cluster.meta.namespace,
        tenant=tenant,
        owner=Owner(resources.TENANT_CLUSTERS, cluster.meta.name, cluster.meta.uid),
        spec=spec,
        version=spec.version,
        workers_version=workers_version,
        workers_image=release.image,
        pods=network.pods,
        services=network.services,
        data_store=catalog.data_store,
        flavors={flavor.name: flavor for flavor in catalog.flavors},
    )


def pool_template(blueprint: Blueprint, pool: NodePool, content: Manifest) -> str:
    """The name of an immutable template of this pool: another content has another name."""
    return f"{names.machine_deployment(blueprint.name, pool.name)}-{names.content_hash(content)}"


def _obstacles(spec: ClusterSpec, catalog: CatalogSpec, workers_version: str) -> Iterator[Cause]:
    # Nothing is filled in here: a default that moves in the Catalog must not move a running cluster.
    if not spec.version:
        yield Cause("spec.version", "is missing; the admission webhook completes it")
    for field, cidr in (("pods", spec.network.pods), ("services", spec.network.services)):
        if not cidr:
            yield Cause(f"spec.network.{field}", "is missing; the admission webhook completes it")
    if catalog.release(workers_version) is None:
        yield Cause("spec.version", f"the workers run {workers_version}, which the catalog no longer has an image for")
    for index, pool in enumerate(spec.pools):
        if catalog.flavor(pool.flavor) is None:
            yield Cause(f"spec.pools[{index}].flavor", f"the catalog no longer has the flavor {pool.flavor}")
    for index, add_on in enumerate(spec.add_ons):
        if catalog.add_on(add_on.name) is None:
            yield Cause(f"spec.addOns[{index}].name", f"the catalog no longer has the add-on {add_on.name}")
