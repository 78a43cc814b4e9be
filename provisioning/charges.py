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
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from provisioning import footprint, kinship, names, objects, quota
from provisioning.errors import Cause, Invalid, MalformedQuantity, RuleError
from provisioning.kinship import MachineSets, Surroundings
from provisioning.kube import Manifest
from provisioning.model import CatalogSpec, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage

OVERHEAD: Final = 10
"""Per cent that a claim may be larger than its DataVolume: room for a file system, which the importer adds (6 by
default). It is not what was asked for, so nobody is charged with it."""


class Unmeasurable(RuleError):
    """The object does not say how large it is, or refers to something that is not there."""


class TemplateMissing(Unmeasurable):
    """The template that says how large its machines are is not there yet."""


@dataclass(frozen=True)
class _Share:
    """What machines of a MachineDeployment may come to that nobody pays for again.

    While it is rolled to a smaller size, its old machines are larger than the new ones. What they are larger by is a
    charge of its own (`larger`, of their MachineSets), or they would take the room (`alike`) in which the new ones come
    up, and nothing could be rolled in a full quota. `each` is a machine of the present size.
    """

    each: Usage
    alike: Usage
    larger: Usage


class Assessor:
    """Says what objects cost, for as long as what else there is stays as it is: it remembers what it has looked up.

    Others that share an owner's charge go before the one that is asked about: all of them, so that what is written now
    pays for what it takes beyond; or, for what is there already (`settled`), those that are older. Either way all that
    is beyond the owner's charge is charged once at least.
    """

    def __init__(self, there: Surroundings, catalog: Callable[[], CatalogSpec], *, settled: bool = False) -> None:
        self._there = there
        self._catalog = catalog
        self._settled = settled
        self._earlier: dict[str, dict[str, Usage]] = {}
        self._sets: dict[str, MachineSets] = {}
        self._shares: dict[str, _Share] = {}
        self._sizes: dict[tuple[str, str], Usage] = {}
        self._families: dict[tuple[Resource, str], dict[str, list[Manifest]]] = {}

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
        return _beyond(weight, quota.front(owner.it.spec)) if owner is not None else weight

    def _tenant_control_plane(self, manifest: Manifest) -> Usage:
        weight = footprint.of_tenant_control_plane(manifest)
        owner = self._owner(manifest, KAMAJI_CONTROL_PLANES)
        inside = owner is not None and _name(owner) == _name(manifest)
        return _beyond(weight, footprint.of_control_plane(owner)) if owner is not None and inside else weight

    def _machine_deployment(self, manifest: Manifest) -> Usage:
        weight = self._deployed(manifest)
        owner = self._owner(manifest, TENANT_CLUSTERS)
        pools = _pools_named(_name(manifest), objects.read(TenantCluster, owner)) if owner is not None else ()
        self._need_flavors(pools)
        return _beyond(weight, *(quota.share(pool, self._catalog()) for pool in pools))

    def _machine_set(self, manifest: Manifest) -> Usage:
        deployment = self._owner(manifest, MACHINE_DEPLOYMENTS)
        if deployment is None:
            return self._machine(manifest) * footprint.scalable(manifest)
        each, count = self._machine(deployment), footprint.replicas(manifest)
        weight = self._stood_up(manifest)
        alike = weight.least(each * count)

        def weigh(one: Manifest) -> Usage:
            return self._stood_up(one).least(each * footprint.replicas(one))

        family = partial(self._children, deployment, MACHINE_SETS)
        taken = self._taken(f"sets/{_uid(deployment)}", manifest, family, weigh)
        return (weight - alike) + _beyond(alike, each * footprint.machines(deployment), taken=taken)

    def _kubevirt_machine(self, manifest: Manifest) -> Usage:
        weight, namespace = self._sized(manifest), manifest["metadata"]["namespace"]
        made_for = self._machine_sets(namespace).of(manifest)
        if made_for is None:
            return weight
        deployment = self._owner(made_for, MACHINE_DEPLOYMENTS)
        top = deployment or made_for
        share = self._share(top, deployment)

        @cache
        def siblings() -> list[Manifest]:
            sets = {_uid(one) for one in (made_for, *self._sets_of(deployment))}
            made = self._made(namespace)
            # A set that is gone left its machines behind, and another makes new ones for them. Once they are all there,
            # those that were left are charged as what they are: nobody's.
            left = [] if self._settled else [f"left/{(made_for.get('spec') or {}).get('clusterName')}"]
            return [machine for family in (*sets, *left) for machine in made.get(family, ())]

        def weigh(one: Manifest) -> Usage:
            return self._sized(one).least(share.each)

        def weigh_larger(one: Manifest) -> Usage:
            return self._sized(one) - weigh(one)

        taken = self._taken(f"machines/{_uid(top)}", manifest, siblings, weigh)
        taken_larger = self._taken(f"larger/{_uid(top)}", manifest, siblings, weigh_larger)
        alike = weight.least(share.each)
        return _beyond(alike, share.alike, taken=taken) + _beyond(weight - alike, share.larger, taken=taken_larger)

    # Of KubeVirt, its importer, and the core.

    def _virtual_machine(self, manifest: Manifest) -> Usage:
        # The provider gives it the KubevirtMachine's name, and no owner: there is one of a name, so it has one source.
        source = self._there.get(KUBEVIRT_MACHINES, _name(manifest), namespace=manifest["metadata"]["namespace"])
        return _beyond(self._sized(manifest), *([self._sized(source)] if source is not None else []))

    def _instance(self, manifest: Manifest) -> Usage:
        weight = footprint.of_instance(manifest)
        owner = self._owner(manifest, VIRTUAL_MACHINES)
        inside = owner is not None and _name(owner) == _name(manifest)
        return _beyond(weight, self._sized(owner)) if owner is not None and inside else weight

    def _data_volume(self, manifest: Manifest) -> Usage:
        return _beyond(footprint.of_data_volume(manifest), *self._disk_of_machine(manifest))

    def _volume_claim(self, manifest: Manifest) -> Usage:
        weight, volume = footprint.of_volume_claim(manifest), self._owner(manifest, DATA_VOLUMES)
        if volume is not None and _name(volume) == _name(manifest):
            return _beyond(weight, _with_overhead(footprint.of_data_volume(volume)))
        filled = self._owner(manifest, PERSISTENT_VOLUME_CLAIMS)
        if filled is not None and _is_filled_by(filled, manifest):
            return _beyond(weight, footprint.of_volume_claim(filled))
        # The importer may take a DataVolume away when it is done, and gives its claim to its machine.
        return _beyond(weight, *map(_with_overhead, self._disk_of_machine(manifest)))

    def _service(self, manifest: Manifest) -> Usage:
        weight, owner = footprint.of_service(manifest), self._owner(manifest, TENANT_CONTROL_PLANES)
        if owner is None or weight == Usage():
            return weight
        family = partial(self._children, owner, SERVICES)
        taken = self._taken(f"services/{_uid(owner)}", manifest, family, footprint.of_service)
        return _beyond(weight, footprint.of_tenant_control_plane(owner), taken=taken)

    # What the others are counted by.

    def _owner(self, manifest: Manifest, kind: Resource) -> Manifest | None:
        return kinship.owner(manifest, kind, self._there)

    def _namesake(self, manifest: Manifest, *, controlling: bool = True) -> Stored[TenantCluster] | None:
        """The TenantCluster of the same name that owns the object."""
        found = kinship.owner(manifest, TENANT_CLUSTERS, self._there, controlling=controlling)
        return objects.read(TenantCluster, found) if found is not None and _name(found) == _name(manifest) else None

    def _need_flavors(self, pools: Iterable[NodePool]) -> None:
        gone = sorted({pool.flavor for pool in pools if self._catalog().flavor(pool.flavor) is None})
        if self._settled and gone:
            text = f"there is no flavor {', '.join(gone)} in the Catalog to measure by"
            raise Unmeasurable(Cause("spec.pools", text))

    def _sets_of(self, deployment: Manifest | None) -> list[Manifest]:
        return self._children(deployment, MACHINE_SETS) if deployment is not None else []

    def _children(self, parent: Manifest, kind: Resource) -> list[Manifest]:
        """All of the kind that name this living object as their controller; worked out once for a whole namespace."""
        key = (kind, parent["metadata"]["namespace"])
        if key not in self._families:
            self._families[key] = kinship.families(kind, self._there, namespace=key[1])
        return self._families[key].get(_uid(parent), [])

    def _made(self, namespace: str) -> dict[str, list[Manifest]]:
        """The KubevirtMachines of a namespace, by the uid of the MachineSet that they were made for, or by the cluster
        that they were left in."""
        key = (KUBEVIRT_MACHINES, namespace)
        if key not in self._families:
            sets, made = self._machine_sets(namespace), self._there.list(KUBEVIRT_MACHINES, namespace=namespace)
            families: dict[str, list[Manifest]] = {}
            for one in made:
                its = sets.of(one)
                families.setdefault(_uid(its) if its is not None else f"left/{sets.left_of(one)}", []).append(one)
            self._families[key] = families
        return self._families[key]

    def _share(self, top: Manifest, deployment: Manifest | None) -> _Share:
        """What the machines of a MachineDeployment, or of a MachineSet without one, have been charged with so far."""
        known = self._shares.get(_uid(top))
        if known is None:
            each = self._machine(top)
            entitled = each * (footprint.machines(top) if deployment is not None else footprint.scalable(top))
            alike, larger = Usage(), Usage()
            for one in self._sets_of(deployment):
                weight = _leniently(self._stood_up, one)
                usual = weight.least(each * weight.nodes)
                alike, larger = alike + usual, larger + (weight - usual)
            known = self._shares[_uid(top)] = _Share(each, entitled.most(alike), larger)
        return known

    def _deployed(self, deployment: Manifest) -> Usage:
        """A MachineDeployment, by itself."""
        return self._machine(deployment) * footprint.machines(deployment)

    def _stood_up(self, machine_set: Manifest) -> Usage:
        """A MachineSet of a MachineDeployment, by itself: the autoscaler's marks on it are copies."""
        count = footprint.replicas(machine_set)
        return self._machine(machine_set) * count if count else Usage()

    def _machine(self, manifest: Manifest) -> Usage:
        """One machine of a MachineDeployment or a MachineSet."""
        template = _template(manifest, self._there)
        key = manifest["metadata"]["namespace"], _name(template)
        if key not in self._sizes:
            self._sizes[key] = self._sized(template)
        return self._sizes[key]

    def _sized(self, manifest: Manifest) -> Usage:
        named = footprint.instancetype_of(manifest)
        found = self._there.get(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, named) if named else None
        return footprint.of_machine(manifest, found)

    def _machine_sets(self, namespace: str) -> MachineSets:
        if namespace not in self._sets:
            self._sets[namespace] = MachineSets(self._there, namespace)
        return self._sets[namespace]

    def _disk_of_machine(self, manifest: Manifest) -> list[Usage]:
        """What the virtual machine that controls a volume says of the disk of this name."""
        owner = self._owner(manifest, VIRTUAL_MACHINES)
        size = footprint.disks(owner).get(_name(manifest)) if owner is not None else None
        return [Usage(storage=size)] if size is not None else []

    def _taken(
        self,
        family: str,
        manifest: Manifest,
        members: Callable[[], Iterable[Manifest]],
        weigh: Callable[[Manifest], Usage],
    ) -> Usage:
        """What others of the family take of what they share."""
        if not self._settled:
            others = (one for one in members() if _name(one) != _name(manifest))
            return sum((_leniently(weigh, one) for one in others), Usage())
        if family not in self._earlier:
            total, earlier = Usage(), {}
            for one in sorted(members(), key=_age):
                earlier[_name(one)] = total
                total += _leniently(weigh, one)
            self._earlier[family] = earlier
        return self._earlier[family].get(_name(manifest), Usage())


def _beyond(weight: Usage, *entitled: Usage, taken: Usage | None = None) -> Usage:
    """The part of the weight that is more than is left of what the owner was charged with."""
    left = sum(entitled, Usage()) - (taken or Usage())
    return (weight - left.rises()).rises()


def _leniently(weigh: Callable[[Manifest], Usage], manifest: Manifest) -> Usage:
    """A sibling that cannot be measured any more (its template is gone) stands in nobody's way; its slot keeps what it
    was charged with."""
    try:
        return weigh(manifest)
    except (MalformedQuantity, RuleError):
        return Usage()


def _pools_named(name: str, owner: Stored[TenantCluster]) -> tuple[NodePool, ...]:
    pools = owner.it.spec.pools
    return tuple(pool for pool in pools if names.machine_deployment(owner.meta.name, pool.name) == name)


def _with_overhead(usage: Usage) -> Usage:
    return Usage(storage=usage.storage + usage.storage * OVERHEAD // 100)


def _is_filled_by(claim: Manifest, other: Manifest) -> bool:
    """Whether the other claim is what the importer fills for this one: its volume becomes this one's, which has none
    until then. Source: CDI, `pkg/controller/populators`."""
    volume, filled = ((one.get("spec") or {}).get("volumeName") for one in (claim, other))
    return _name(other) == f"prime-{_uid(claim)}" and (not volume or volume == filled)


def _template(manifest: Manifest, there: Surroundings) -> Manifest:
    at = "spec.template.spec.infrastructureRef"
    spec: Mapping[str, Any] = ((manifest.get("spec") or {}).get("template") or {}).get("spec") or {}
    reference = spec.get("infrastructureRef") or {}
    kind, name = reference.get("kind"), reference.get("name", "")
    if kind != KUBEVIRT_MACHINE_TEMPLATES.kind:
        wanted = KUBEVIRT_MACHINE_TEMPLATES.kind
        raise Unmeasurable(Cause(f"{at}.kind", f"must be {wanted}: others cannot be measured"))
    namespace = manifest["metadata"]["namespace"]
    if reference.get("namespace", namespace) != namespace:
        # Only references of the older generation of APIs name one.
        raise Unmeasurable(Cause(f"{at}.namespace", f"must be {namespace}: a template elsewhere is not measured"))
    template = there.get(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=namespace)
    if template is None:
        text = f"there is no {kind} {name} in {namespace} to measure by; make it first"
        raise TemplateMissing(Cause(f"{at}.name", text))
    return template


def _age(manifest: Manifest) -> tuple[str, str]:
    meta = manifest["metadata"]
    return str(meta.get("creationTimestamp", "")), str(meta["uid"])


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _uid(manifest: Manifest) -> str:
    return str(manifest["metadata"]["uid"])


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
