"""What an object of the API is charged with in its tenant's ledger. Pure: other objects are asked for.

Charged are roots: a TenantCluster with its whole envelope, a Cluster, a MachineDeployment or a volume made by hand.
What follows from one (its machines, their disks, the address of its API server) is within that charge already, if it
really is: owner, number and size are checked, not believed. Whatever is beyond what its owner was charged with is
charged as a root of its own, and so is what has no owner.

Who makes what of what: cluster-api's `core/reconcilers`, its KubeVirt provider's `pkg/kubevirt`, KubeVirt's
`pkg/virt-controller/watch`, containerized-data-importer's `pkg/controller` and Kamaji's `internal/resources`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from provisioning import footprint, kinship, names, objects, quota
from provisioning.errors import Cause, Invalid, MalformedQuantity
from provisioning.families import Families, beyond
from provisioning.kinship import Surroundings, name_of, uid_of
from provisioning.machine_families import MachineFamilies
from provisioning.machine_sizes import MachineSizes, Own, Unmeasurable
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage

OVERHEAD: Final = 10
"""Per cent that a claim may be larger than its DataVolume: room for a file system, which the importer adds (6 by
default). It is not what was asked for, so nobody is charged with it."""

FILLING: Final = "prime-"
"""What the importer puts before the uid of a claim, for the name of the claim that it fills for it."""


class Assessor:
    """Says what objects cost, for as long as what else there is stays as it is: it remembers what it has looked up.

    `settled` is for what is there already; see `Families`. `own` is for `MachineSizes`.
    """

    def __init__(
        self,
        there: Surroundings,
        catalog: Callable[[], CatalogSpec],
        *,
        settled: bool = False,
        own: Own = footprint.of_machine,
    ) -> None:
        self._there = there
        self._catalog = catalog
        self._settled = settled
        self._sizes = MachineSizes(there, own)
        self._families = Families(there, settled=settled)
        self._machines = MachineFamilies(there, self._families, self._sizes)

    def cost(self, resource: Resource, manifest: Manifest) -> Usage:
        """What this object costs. Raises `Unmeasurable` with every cause; what the surroundings raise climbs.

        What is there already is unmeasurable also where a flavor has left the Catalog: what was charged by its size
        then must not become cheap by that.
        """
        try:
            return _COSTS[resource](self, manifest)
        except MalformedQuantity as error:
            raise Unmeasurable(Cause("spec", str(error))) from error
        except Invalid as error:
            raise Unmeasurable(*(error.causes or (Cause("spec", error.message),))) from error

    # Of Cluster API.

    def _tenant_cluster(self, manifest: Manifest) -> Usage:
        spec = objects.read(TenantCluster, manifest).it.spec
        self._need_flavors(spec.pools)
        return quota.envelope(spec, self._catalog())

    def _cluster(self, manifest: Manifest) -> Usage:
        inside = self._namesake(manifest) is not None
        return Usage() if inside else footprint.of_cluster(manifest)

    def _control_plane(self, manifest: Manifest) -> Usage:
        weight = footprint.of_control_plane(manifest)
        # Cluster API makes the Cluster the controller; the TenantCluster is an owner beside it.
        owner = self._namesake(manifest, controlling=False)
        return beyond(weight, quota.front(owner.it.spec)) if owner is not None else weight

    def _tenant_control_plane(self, manifest: Manifest) -> Usage:
        weight = footprint.of_tenant_control_plane(manifest)
        owner = self._owner(manifest, KAMAJI_CONTROL_PLANES)
        inside = owner is not None and name_of(owner) == name_of(manifest)
        return beyond(weight, footprint.of_control_plane(owner)) if owner is not None and inside else weight

    def _machine_deployment(self, manifest: Manifest) -> Usage:
        weight = self._sizes.deployed(manifest)
        owner = self._owner(manifest, TENANT_CLUSTERS)
        pools = _pools_named(name_of(manifest), objects.read(TenantCluster, owner)) if owner is not None else ()
        self._need_flavors(pools)
        return beyond(weight, *(quota.share(pool, self._catalog()) for pool in pools))

    def _machine_set(self, manifest: Manifest) -> Usage:
        return self._machines.of_set(manifest)

    def _kubevirt_machine(self, manifest: Manifest) -> Usage:
        return self._machines.of_machine(manifest)

    # Of KubeVirt, its importer, and the core.

    def _virtual_machine(self, manifest: Manifest) -> Usage:
        # The provider gives it the KubevirtMachine's name, and no owner: there is one of a name, so it has one source.
        source = self._there.get(KUBEVIRT_MACHINES, name_of(manifest), namespace=manifest["metadata"]["namespace"])
        return beyond(self._sizes.of(manifest), *([self._sizes.of(source)] if source is not None else []))

    def _instance(self, manifest: Manifest) -> Usage:
        weight = footprint.of_instance(manifest)
        owner = self._owner(manifest, VIRTUAL_MACHINES)
        inside = owner is not None and name_of(owner) == name_of(manifest)
        return beyond(weight, self._sizes.of(owner)) if owner is not None and inside else weight

    def _data_volume(self, manifest: Manifest) -> Usage:
        return beyond(footprint.of_data_volume(manifest), *self._disk_of_machine(manifest))

    def _volume_claim(self, manifest: Manifest) -> Usage:
        weight, volume = footprint.of_volume_claim(manifest), self._owner(manifest, DATA_VOLUMES)
        if volume is not None and name_of(volume) == name_of(manifest):
            return beyond(weight, _with_overhead(footprint.of_data_volume(volume)))
        filled = self._owner(manifest, PERSISTENT_VOLUME_CLAIMS)
        if filled is not None and _is_filled_by(filled, manifest):
            return beyond(weight, footprint.of_volume_claim(filled))
        # The importer may take a DataVolume away when it is done, and gives its claim to its machine.
        return beyond(weight, *map(_with_overhead, self._disk_of_machine(manifest)))

    def _service(self, manifest: Manifest) -> Usage:
        weight, owner = footprint.of_service(manifest), self._owner(manifest, TENANT_CONTROL_PLANES)
        if owner is None or weight == Usage():
            return weight
        family = partial(self._families.children, owner, SERVICES)
        taken = self._families.taken(f"services/{uid_of(owner)}", manifest, family, footprint.of_service)
        return beyond(weight, footprint.of_tenant_control_plane(owner), taken=taken)

    # What the others are counted by.

    def _owner(self, manifest: Manifest, kind: Resource) -> Manifest | None:
        return kinship.owner(manifest, kind, self._there)

    def _namesake(self, manifest: Manifest, *, controlling: bool = True) -> Stored[TenantCluster] | None:
        """The TenantCluster of the same name that owns the object."""
        found = kinship.owner(manifest, TENANT_CLUSTERS, self._there, controlling=controlling)
        return objects.read(TenantCluster, found) if found is not None and name_of(found) == name_of(manifest) else None

    def _need_flavors(self, pools: Iterable[NodePool]) -> None:
        gone = sorted({pool.flavor for pool in pools if self._catalog().flavor(pool.flavor) is None})
        if self._settled and gone:
            text = f"there is no flavor {', '.join(gone)} in the Catalog to measure by"
            raise Unmeasurable(Cause("spec.pools", text))

    def _disk_of_machine(self, manifest: Manifest) -> list[Usage]:
        """What the virtual machine that controls a volume says of the disk of this name."""
        owner = self._owner(manifest, VIRTUAL_MACHINES)
        size = footprint.disks(owner).get(name_of(manifest)) if owner is not None else None
        return [Usage(storage=size)] if size is not None else []


def _pools_named(name: str, owner: Stored[TenantCluster]) -> tuple[NodePool, ...]:
    pools = owner.it.spec.pools
    return tuple(pool for pool in pools if names.machine_deployment(owner.meta.name, pool.name) == name)


def _with_overhead(usage: Usage) -> Usage:
    return Usage(storage=usage.storage + usage.storage * OVERHEAD // 100)


def _is_filled_by(claim: Manifest, other: Manifest) -> bool:
    """Whether the other claim is what the importer fills for this one: its volume becomes this one's, which has none
    until then. Source: CDI, `pkg/controller/populators`."""
    volume, filled = ((one.get("spec") or {}).get("volumeName") for one in (claim, other))
    return name_of(other) == f"{FILLING}{uid_of(claim)}" and (not volume or volume == filled)


_COSTS: Final[Mapping[Resource, Callable[[Assessor, Manifest], Usage]]] = {
    TENANT_CLUSTERS: Assessor._tenant_cluster,
    CLUSTERS: Assessor._cluster,
    KAMAJI_CONTROL_PLANES: Assessor._control_plane,
    TENANT_CONTROL_PLANES: Assessor._tenant_control_plane,
    MACHINE_DEPLOYMENTS: Assessor._machine_deployment,
    MACHINE_SETS: Assessor._machine_set,
    KUBEVIRT_MACHINES: Assessor._kubevirt_machine,
    VIRTUAL_MACHINES: Assessor._virtual_machine,
    VIRTUAL_MACHINE_INSTANCES: Assessor._instance,
    DATA_VOLUMES: Assessor._data_volume,
    PERSISTENT_VOLUME_CLAIMS: Assessor._volume_claim,
    SERVICES: Assessor._service,
}
KINDS: Final = tuple(_COSTS)
"""Every kind that is charged. A Machine is charged by its KubevirtMachine."""
