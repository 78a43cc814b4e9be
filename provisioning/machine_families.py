"""What machines of Cluster API are charged with beside their MachineDeployment: its MachineSets and KubevirtMachines.

Pure: other objects are asked for. Who makes what of what: cluster-api's `core/reconcilers/machineset`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from provisioning import footprint, kinship
from provisioning.families import Families, beyond, leniently
from provisioning.kinship import MachineSets, Surroundings, uid_of
from provisioning.machine_sizes import MachineSizes
from provisioning.manifest import Manifest
from provisioning.resources import KUBEVIRT_MACHINES, MACHINE_DEPLOYMENTS, MACHINE_SETS
from provisioning.usage import Usage


@dataclass(frozen=True)
class Share:
    """What machines of a MachineDeployment may come to that nobody pays for again.

    While it is rolled to a smaller size, its old machines are larger than the new ones. What they are larger by is a
    charge of its own (`larger`, of their MachineSets), or they would take the room (`alike`) in which the new ones come
    up, and nothing could be rolled in a full quota. `each` is a machine of the present size.
    """

    each: Usage
    alike: Usage
    larger: Usage


class MachineFamilies:
    """Remembers what it has looked up, for as long as what there is stays as it is."""

    def __init__(self, there: Surroundings, families: Families, sizes: MachineSizes) -> None:
        self._there = there
        self._families = families
        self._sizes = sizes
        self._made_for: dict[str, MachineSets] = {}
        self._made: dict[str, dict[str, list[Manifest]]] = {}
        self._shares: dict[str, Share] = {}

    def of_set(self, manifest: Manifest) -> Usage:
        """What a MachineSet is charged with."""
        deployment = kinship.owner(manifest, MACHINE_DEPLOYMENTS, self._there)
        if deployment is None:
            return self._sizes.each(manifest) * footprint.scalable(manifest)
        each, count = self._sizes.each(deployment), footprint.replicas(manifest)
        weight = self._sizes.stood_up(manifest)
        alike = weight.least(each * count)

        def weigh(one: Manifest) -> Usage:
            return self._sizes.stood_up(one).least(each * footprint.replicas(one))

        family = partial(self._families.children, deployment, MACHINE_SETS)
        taken = self._families.taken(f"sets/{uid_of(deployment)}", manifest, family, weigh)
        return (weight - alike) + beyond(alike, each * footprint.machines(deployment), taken=taken)

    def of_machine(self, manifest: Manifest) -> Usage:
        """What a KubevirtMachine is charged with."""
        weight, namespace = self._sizes.of(manifest), manifest["metadata"]["namespace"]
        made_for = self._machine_sets(namespace).of(manifest)
        if made_for is None:
            return weight
        deployment = kinship.owner(made_for, MACHINE_DEPLOYMENTS, self._there)
        top = deployment or made_for
        share = self._share(top, deployment)

        @cache
        def siblings() -> list[Manifest]:
            sets = {uid_of(one) for one in (made_for, *self._sets_of(deployment))}
            made = self._machines_in(namespace)
            # A set that is gone left its machines behind, and another makes new ones for them. Once they are all there,
            # those that were left are charged as what they are: nobody's.
            left = [] if self._families.settled else [f"left/{(made_for.get('spec') or {}).get('clusterName')}"]
            return [machine for family in (*sets, *left) for machine in made.get(family, ())]

        def weigh(one: Manifest) -> Usage:
            return self._sizes.of(one).least(share.each)

        def weigh_larger(one: Manifest) -> Usage:
            return self._sizes.of(one) - weigh(one)

        taken = self._families.taken(f"machines/{uid_of(top)}", manifest, siblings, weigh)
        taken_larger = self._families.taken(f"larger/{uid_of(top)}", manifest, siblings, weigh_larger)
        alike = weight.least(share.each)
        return beyond(alike, share.alike, taken=taken) + beyond(weight - alike, share.larger, taken=taken_larger)

    def _sets_of(self, deployment: Manifest | None) -> list[Manifest]:
        return self._families.children(deployment, MACHINE_SETS) if deployment is not None else []

    def _machines_in(self, namespace: str) -> dict[str, list[Manifest]]:
        """The KubevirtMachines of a namespace, by the uid of the MachineSet that they were made for, or by the cluster
        that they were left in."""
        if namespace not in self._made:
            sets, made = self._machine_sets(namespace), self._there.list(KUBEVIRT_MACHINES, namespace=namespace)
            families: dict[str, list[Manifest]] = {}
            for one in made:
                its = sets.of(one)
                families.setdefault(uid_of(its) if its is not None else f"left/{sets.left_of(one)}", []).append(one)
            self._made[namespace] = families
        return self._made[namespace]

    def _share(self, top: Manifest, deployment: Manifest | None) -> Share:
        """What the machines of a MachineDeployment, or of a MachineSet without one, have been charged with so far."""
        known = self._shares.get(uid_of(top))
        if known is None:
            each = self._sizes.each(top)
            entitled = each * (footprint.machines(top) if deployment is not None else footprint.scalable(top))
            alike, larger = Usage(), Usage()
            for one in self._sets_of(deployment):
                weight = leniently(self._sizes.stood_up, one)
                usual = weight.least(each * weight.nodes)
                alike, larger = alike + usual, larger + (weight - usual)
            known = self._shares[uid_of(top)] = Share(each, entitled.most(alike), larger)
        return known

    def _machine_sets(self, namespace: str) -> MachineSets:
        if namespace not in self._made_for:
            self._made_for[namespace] = MachineSets(self._there, namespace)
        return self._made_for[namespace]
