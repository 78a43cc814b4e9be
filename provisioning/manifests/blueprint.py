"""Everything that the manifests of one TenantCluster are rendered from, checked once. Pure: values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning import names, resources, resting, strangers, upgrades
from provisioning.errors import Cause, RuleError
from provisioning.manifest import Manifest
from provisioning.manifests import core
from provisioning.manifests.core import Core
from provisioning.manifests.marks import Owner, labels
from provisioning.model import CatalogSpec, ClusterSpec, Flavor, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.resting import Resting
from provisioning.upgrades import Versions

FLAVOR_ANNOTATION: Final = f"{resources.GROUP}/flavor"
"""On a MachineDeployment: the flavor that its machines have."""


@dataclass(frozen=True)
class Blueprint:
    """One cluster, ready to be drawn: the completed spec, the Catalog's answers to the names in it, and how far it is.

    `versions` trail behind the spec's while the cluster is being upgraded.
    """

    name: str
    namespace: str
    tenant: str
    owner: Owner
    spec: ClusterSpec
    versions: Versions
    rest: Resting
    workers_image: str
    core: Core
    pods: str
    services: str
    data_store: str
    flavors: Mapping[str, Flavor]
    standing: Mapping[str, Manifest]
    """Pools whose machines the Catalog can no longer describe, with the MachineDeployments that stand: they go on."""
    behind: tuple[Cause, ...]
    """Why the cluster cannot be all that it is to be for now."""
    sizes: Mapping[str, int]
    """How many workers the MachineDeployments that stand are to have, by their names."""

    @property
    def labels(self) -> dict[str, str]:
        return labels(cluster=self.name, tenant=self.tenant)

    @property
    def pools(self) -> tuple[NodePool, ...]:
        """By name, so that the order in the spec changes nothing."""
        return tuple(sorted(self.spec.pools, key=lambda pool: pool.name))

    @property
    def described(self) -> tuple[NodePool, ...]:
        """The pools whose templates can be rendered."""
        return tuple(pool for pool in self.pools if pool.name not in self.standing)

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


def draw(
    cluster: Stored[TenantCluster],
    catalog: CatalogSpec,
    *,
    tenant: str,
    existing: Iterable[Manifest] = (),
    asleep: bool = False,
) -> Blueprint:
    """The blueprint of a cluster, `existing` being what stands of it already.

    What leaves the Catalog is no longer on offer, but goes on where it stands. Raises `RuleError` with everything that
    keeps the cluster from being rendered.
    """
    spec, there, network = cluster.it.spec, tuple(existing), cluster.it.spec.network
    if not (spec.version and network.pods and network.services):
        raise RuleError(*_left_out(spec))
    rest = resting.decide(there, asleep=asleep)
    # Nor while it wakes: Kamaji asks the API server before it upgrades one, and starts none before it has an answer.
    versions = upgrades.versions(spec.version, catalog.versions, there, hold=rest.workers)
    release = catalog.release(versions.workers)
    unknown = tuple(pool for pool in spec.pools if release is None or catalog.flavor(pool.flavor) is None)
    standing = dict(_standing(cluster.meta.name, unknown, there, versions.workers))
    causes = tuple(_lost(spec, catalog, versions.workers, {pool.name for pool in unknown} - standing.keys()))
    if causes:
        raise RuleError(*causes)
    late = {name: version for name, one in standing.items() if (version := version_of(one)) != versions.workers}
    return Blueprint(
        name=cluster.meta.name,
        namespace=cluster.meta.namespace,
        tenant=tenant,
        owner=Owner(resources.TENANT_CLUSTERS, cluster.meta.name, cluster.meta.uid),
        spec=spec,
        versions=versions,
        rest=rest,
        workers_image=release.image if release else "",
        core=core.decide(spec, catalog, there, version=versions.control_plane),
        pods=network.pods,
        services=network.services,
        data_store=_data_store(there) or catalog.data_store,
        flavors={flavor.name: flavor for flavor in catalog.flavors},
        standing=standing,
        behind=(
            *_behind(spec, catalog, versions.workers, late),
            *strangers.in_the_way(there, versions, wanted=spec.version, asleep=asleep),
        ),
        sizes=dict(_sizes(there)),
    )


def pool_template(blueprint: Blueprint, pool: NodePool, content: Manifest) -> str:
    """The name of an immutable template of this pool: another content has another name."""
    return f"{names.machine_deployment(blueprint.name, pool.name)}-{names.content_hash(content)}"


def version_of(deployment: Manifest) -> str:
    """The Kubernetes version that a MachineDeployment's machines are to have; empty for what is none."""
    return upgrades.tidy(deployment["spec"]["template"]["spec"].get("version"))


def _standing(
    cluster: str, pools: Iterable[NodePool], existing: Iterable[Manifest], version: str
) -> Iterator[tuple[str, Manifest]]:
    """Those of the pools whose machines stand with the flavor that is wanted, each with its MachineDeployment.

    Machines may be older than they are to be, and no newer.
    """
    kind = resources.MACHINE_DEPLOYMENTS.kind
    found = {manifest["metadata"]["name"]: manifest for manifest in existing if manifest["kind"] == kind}
    for pool in pools:
        deployment = found.get(names.machine_deployment(cluster, pool.name))
        stands = version_of(deployment) if deployment is not None else ""
        if deployment is None or not stands or upgrades.numbers(stands) > upgrades.numbers(version):
            continue
        if (deployment["metadata"].get("annotations") or {}).get(FLAVOR_ANNOTATION) == pool.flavor:
            yield pool.name, deployment


def _sizes(existing: Iterable[Manifest]) -> Iterator[tuple[str, int]]:
    for manifest in existing:
        if manifest["kind"] == resources.MACHINE_DEPLOYMENTS.kind:
            yield manifest["metadata"]["name"], manifest["spec"].get("replicas", 0)


def _data_store(existing: Iterable[Manifest]) -> str:
    """Where the data of a cluster is that stands: Kamaji would take another name for an order to move it there."""
    kind = resources.KAMAJI_CONTROL_PLANES.kind
    control_plane: Manifest = next((manifest for manifest in existing if manifest["kind"] == kind), {"spec": {}})
    name: str = control_plane["spec"].get("dataStoreName") or ""
    return name


def _left_out(spec: ClusterSpec) -> Iterator[Cause]:
    # Nothing is filled in here: a default that moves in the Catalog must not move a running cluster.
    network = spec.network
    for field, value in (
        ("version", spec.version),
        ("network.pods", network.pods),
        ("network.services", network.services),
    ):
        if not value:
            yield Cause(f"spec.{field}", "is missing; the admission webhook completes it")


def _lost(spec: ClusterSpec, catalog: CatalogSpec, version: str, lost: set[str]) -> Iterator[Cause]:
    """Why pools can neither be rendered nor go on as they stand."""
    if lost and catalog.release(version) is None:
        yield Cause("spec.version", f"the catalog has no image for workers of {version}")
    for index, pool in enumerate(spec.pools):
        if pool.name in lost and catalog.flavor(pool.flavor) is None:
            yield Cause(f"spec.pools[{index}].flavor", f"the catalog has no flavor {pool.flavor}")


def _behind(spec: ClusterSpec, catalog: CatalogSpec, version: str, late: Mapping[str, str]) -> Iterator[Cause]:
    """Why pools stay at a version that is not the workers' any more. `late`: their names and versions."""
    if late and catalog.release(version) is None:
        stay = ", ".join(sorted(set(late.values()), key=upgrades.numbers))
        yield Cause("spec.version", f"the catalog has no image for workers of {version}; they stay at {stay}")
    for index, pool in enumerate(spec.pools):
        if pool.name in late and catalog.flavor(pool.flavor) is None:
            text = f"the catalog has no flavor {pool.flavor} any more, so its machines stay at {late[pool.name]}"
            yield Cause(f"spec.pools[{index}].flavor", f"{text}; take another flavor, or put that one back")
