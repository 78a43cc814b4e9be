"""What is charged, and that what we render for a cluster is never more than the cluster was charged with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import charges, footprint, legacy, quota
from provisioning.charges import Assessor
from provisioning.machine_sizes import Unmeasurable
from provisioning.manifest import Manifest
from provisioning.model import NodePool
from provisioning.resources import (
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
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
from tests.builders import machine_deployment, machine_template
from tests.provisioning.manifests import examples
from tests.provisioning.manifests.examples import NAMESPACE, SPECIAL, UID, catalog, of_kind, only, rendered

GI = 2**30
INSTANCETYPE = {"metadata": {"name": "u1.xlarge"}, "spec": {"cpu": {"guest": 4}, "memory": {"guest": "8Gi"}}}


class Estate:
    """What stands: everything rendered for a cluster, the TenantCluster itself, and the platform's instancetype."""

    def __init__(self, manifests: list[Manifest], spec: Manifest) -> None:
        owner = {"metadata": {"name": "web", "namespace": NAMESPACE, "uid": UID}, "spec": spec}
        self.found: dict[tuple[Resource, str], Manifest] = {
            (TENANT_CLUSTERS, "web"): owner,
            (VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"): INSTANCETYPE,
        }
        for manifest in of_kind(manifests, "KubevirtMachineTemplate"):
            self.found[KUBEVIRT_MACHINE_TEMPLATES, manifest["metadata"]["name"]] = manifest

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        assert bool(namespace) is resource.namespaced
        return self.found.get((resource, name))

    def list(self, resource: Resource, *, namespace: str = "") -> Sequence[Manifest]:
        return [manifest for (kind, _), manifest in self.found.items() if kind == resource]

    def cost(self, manifest: Manifest, resource: Resource = MACHINE_DEPLOYMENTS) -> Usage:
        return Assessor(self, catalog).cost(resource, manifest)


def of_cluster(**changes: Any) -> tuple[list[Manifest], Estate]:
    manifests = rendered(**changes)
    return manifests, Estate(manifests, {**examples.SPEC, **changes})


def test_machines_of_every_kind_of_pool_are_within_what_their_cluster_is_charged_with() -> None:
    manifests, estate = of_cluster(**SPECIAL)
    deployments = of_kind(manifests, "MachineDeployment")
    assert [estate.cost(deployment) for deployment in deployments] == [Usage()] * 3


def test_of_a_deployment_with_more_machines_than_its_pool_those_that_are_more_are_charged() -> None:
    manifests, estate = of_cluster()
    deployment = only(manifests, "MachineDeployment")
    deployment["spec"]["replicas"] = 3
    assert estate.cost(deployment) == Usage(nodes=1, vcpu=2000, memory=4 * GI)


def test_more_machines_for_an_update_than_the_pool_has_are_charged_as_well() -> None:
    manifests, estate = of_cluster()
    deployment = only(manifests, "MachineDeployment")
    deployment["spec"]["rollout"]["strategy"]["rollingUpdate"]["maxSurge"] = 2
    assert estate.cost(deployment) == Usage(nodes=1, vcpu=2000, memory=4 * GI)


def test_an_instancetype_that_is_larger_than_the_flavor_says_is_charged() -> None:
    manifests, estate = of_cluster(pools=[{"name": "md0", "flavor": "typed", "replicas": 1}])
    larger = {**INSTANCETYPE, "spec": {"cpu": {"guest": 64}, "memory": {"guest": "8Gi"}}}
    estate.found[VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"] = larger
    assert estate.cost(only(manifests, "MachineDeployment")) == Usage(vcpu=120_000)


def test_a_cluster_asleep_is_charged_as_awake_and_its_machines_with_nothing() -> None:
    manifests = rendered(asleep=True)
    estate = Estate(manifests, examples.SPEC)
    assert footprint.machines(only(manifests, "MachineDeployment")) == 0
    assert estate.cost(only(manifests, "MachineDeployment")) == Usage()


@pytest.mark.parametrize("namespace", [NAMESPACE, "tenant-team-b"])
def test_machines_of_the_older_generation_are_measured_by_a_template_of_their_own_namespace(namespace: str) -> None:
    manifests, estate = of_cluster()
    said = legacy.down(only(manifests, "MachineDeployment"))
    said["spec"]["template"]["spec"]["infrastructureRef"]["namespace"] = namespace
    if namespace == NAMESPACE:
        assert estate.cost(legacy.up(said)) == Usage()
    else:
        with pytest.raises(Unmeasurable, match=f"must be {NAMESPACE}"):
            estate.cost(legacy.up(said))


def test_a_deployment_made_by_hand_is_as_large_as_the_instancetype_that_it_names() -> None:
    estate = Estate([], examples.SPEC)
    template = machine_template(devices={})
    template["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["instancetype"] = {"name": "u1.xlarge"}
    estate.found[KUBEVIRT_MACHINE_TEMPLATES, "web-md0"] = template
    assert estate.cost(machine_deployment(2, surge=0)) == Usage(nodes=2, vcpu=8000, memory=16 * GI)
    del estate.found[VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"]
    with pytest.raises(Unmeasurable, match=r"u1\.xlarge"):
        estate.cost(machine_deployment(2, surge=0))


sizes = st.one_of(
    st.fixed_dictionaries({"replicas": st.integers(0, 1000)}),
    st.integers(1, 1000).flatmap(
        lambda most: st.fixed_dictionaries({"max": st.just(most), "min": st.integers(0, most)})
    ),
)


@given(sizes, st.integers(0, 1000), st.sampled_from(["small", "large", "roomy", "gpu", "typed"]))
def test_a_pool_is_charged_with_what_its_deployment_can_come_to(size: dict[str, int], surge: int, flavor: str) -> None:
    fields = {"name": "md0", "flavor": flavor, "maxSurge": surge, "maxUnavailable": 1, **size}
    manifests = rendered(pools=[fields])
    deployment, template = only(manifests, "MachineDeployment"), only(manifests, "KubevirtMachineTemplate")
    if "replicas" not in deployment["spec"]:
        # As Cluster API's webhook fills it in.
        deployment["spec"]["replicas"] = size["min"]
    weight = footprint.of_machine(template, INSTANCETYPE) * footprint.machines(deployment)
    assert weight == quota.share(NodePool.model_validate(fields), catalog())


# --- what is made of what was charged


def thing(resource: Resource, name: str, spec: Manifest, *owners: Manifest, controller: bool = True) -> Manifest:
    """An object with these owners."""
    references = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": controller,
        }
        for owner in owners
    ]
    meta = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "ownerReferences": references}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, "spec": spec}


class Yard(Estate):
    """Things that were made by hand and by controllers, one after another."""

    def __init__(self, *things: Manifest) -> None:
        super().__init__([], examples.SPEC)
        self.found[KUBEVIRT_MACHINE_TEMPLATES, "web-md0"] = machine_template()
        for number, one in enumerate(things):
            one["metadata"]["creationTimestamp"] = f"2026-11-29T12:00:{number:02}Z"
            kind = next(kind for kind in (*charges.KINDS, MACHINES) if kind.kind == one["kind"])
            self.found[kind, one["metadata"]["name"]] = one

    def settled(self) -> dict[str, Usage]:
        """What each of the things costs when all are there, by kind and name; those that cost nothing are left out."""
        assessor = Assessor(self, catalog, settled=True)
        things = {key: one for key, one in self.found.items() if key[0] in charges.KINDS and key[1] != "web"}
        costs = {f"{kind.plural}/{name}": assessor.cost(kind, one) for (kind, name), one in things.items()}
        return {name: cost for name, cost in costs.items() if cost != Usage()}


ONE = Usage(nodes=1, vcpu=2000, memory=4 * GI)
"""A machine of the template."""
MADE_FROM = {"template": {"spec": {"infrastructureRef": {"kind": "KubevirtMachineTemplate", "name": "web-md0"}}}}


def pool(replicas: int = 2, surge: int = 1) -> Manifest:
    made = machine_deployment(replicas, surge=surge)
    made["metadata"] |= {"uid": "uid-pool", "namespace": NAMESPACE}
    return made


def set_of(owner: Manifest, name: str, replicas: int) -> Manifest:
    return thing(MACHINE_SETS, name, {"replicas": replicas, **MADE_FROM}, owner)


LARGER = machine_template(name="larger", cpu={"cores": 4}, memory={"guest": "4Gi"})


def older_set(replicas: int) -> Manifest:
    """A set of the pool from when its machines were larger."""
    old = set_of(pool(), "old", replicas)
    reference = {"kind": "KubevirtMachineTemplate", "name": "larger"}
    return {**old, "spec": {"replicas": replicas, "template": {"spec": {"infrastructureRef": reference}}}}


def size(cores: int = 2, memory: str = "4Gi") -> Manifest:
    domain = {"cpu": {"cores": cores}, "memory": {"guest": memory}}
    return {"template": {"spec": {"domain": domain}}}


def worker(name: str, machine_set: Manifest, *, cores: int = 2) -> list[Manifest]:
    """A Machine of the set, and its KubevirtMachine."""
    machine = thing(MACHINES, name, {"infrastructureRef": {"name": name}}, machine_set)
    return [machine, thing(KUBEVIRT_MACHINES, name, {"virtualMachineTemplate": {"spec": size(cores)}}, machine)]


def test_the_sets_of_a_deployment_share_what_it_was_charged_with() -> None:
    owner = pool()
    old, new = set_of(owner, "old", 2), set_of(owner, "new", 1)
    yard = Yard(owner, old, new)
    assert [yard.cost(one, MACHINE_SETS) for one in (old, new)] == [Usage(), Usage()]
    new["spec"]["replicas"] = 2
    assert yard.cost(new, MACHINE_SETS) == ONE
    assert yard.settled() == {"machinedeployments/hand-md0": ONE * 3, "machinesets/new": ONE}


def test_a_roll_to_a_smaller_size_finds_its_room_though_the_quota_is_full() -> None:
    owner, old = pool(replicas=3, surge=1), older_set(3)
    new = set_of(owner, "new", 1)
    yard = Yard(owner, old, *(one for n in range(3) for one in worker(f"m{n}", old, cores=4)), new)
    yard.found[KUBEVIRT_MACHINE_TEMPLATES, "larger"] = LARGER
    fresh = thing(KUBEVIRT_MACHINES, "fresh", {"virtualMachineTemplate": {"spec": size()}}, new, controller=False)
    assert yard.cost(new, MACHINE_SETS) == Usage()
    assert yard.cost(fresh, KUBEVIRT_MACHINES) == Usage()
    # What the old machines are larger by is charged once, and all of it together is no more than it was before.
    assert yard.settled() == {"machinedeployments/hand-md0": ONE * 4, "machinesets/old": Usage(vcpu=2000) * 3}


def test_machines_of_a_set_that_was_charged_beside_its_deployment_are_not_charged_again() -> None:
    owner = pool(replicas=1, surge=0)
    made_of = set_of(owner, "set", 2)
    yard = Yard(owner, made_of, *worker("m0", made_of), *worker("m1", made_of))
    assert yard.settled() == {"machinedeployments/hand-md0": ONE, "machinesets/set": ONE}


def test_a_namespace_is_listed_once_however_many_clusters_are_in_it() -> None:
    class Counting(Yard):
        lists = 0

        def list(self, resource: Resource, *, namespace: str = "") -> Sequence[Manifest]:
            self.lists += 1
            return super().list(resource, namespace=namespace)

    things: list[Manifest] = []
    for number in range(20):
        owner = pool(replicas=2)
        owner["metadata"] |= {"name": f"pool-{number}", "uid": f"uid-pool-{number}"}
        made_of = set_of(owner, f"set-{number}", 2)
        things += [owner, made_of, *worker(f"a{number}", made_of), *worker(f"b{number}", made_of)]
    yard = Counting(*things)
    assert yard.settled() == {f"machinedeployments/pool-{number}": ONE * 3 for number in range(20)}
    assert yard.lists <= 4


def test_a_set_without_a_deployment_is_charged_with_what_it_may_be_scaled_to() -> None:
    lone = thing(MACHINE_SETS, "lone", {"replicas": 2, **MADE_FROM})
    lone["metadata"]["annotations"] = {footprint.MIN_SIZE: "1", footprint.MAX_SIZE: "5"}
    assert Yard(lone).cost(lone, MACHINE_SETS) == ONE * 5


def test_an_old_set_whose_template_is_gone_stands_in_nobodys_way() -> None:
    owner = pool()
    old, new = set_of(owner, "old", 1), set_of(owner, "new", 2)
    old["spec"]["template"] = {"spec": {"infrastructureRef": {"kind": "KubevirtMachineTemplate", "name": "gone"}}}
    assert Yard(owner, old, new).cost(new, MACHINE_SETS) == Usage()


def test_machines_of_a_deployment_are_within_its_charge_from_their_making_to_their_end() -> None:
    owner = pool(replicas=1, surge=1)
    made_of = set_of(owner, "set", 1)
    before, after = worker("m0", made_of)[1], worker("m1", made_of)
    # At first a KubevirtMachine names the set only; then its Machine takes it over.
    fresh = thing(KUBEVIRT_MACHINES, "m2", before["spec"], made_of, controller=False)
    yard = Yard(owner, made_of, *worker("m0", made_of), fresh)
    assert yard.cost(fresh, KUBEVIRT_MACHINES) == Usage()
    full = Yard(owner, made_of, *worker("m0", made_of), *after)
    assert full.cost(fresh, KUBEVIRT_MACHINES) == ONE
    assert full.settled() == {"machinedeployments/hand-md0": ONE * 2}


def test_machines_that_a_set_left_behind_take_the_room_of_those_that_are_made_for_them() -> None:
    owner = pool(replicas=2, surge=0)
    gone, made_of = set_of(owner, "gone", 2), set_of(owner, "set", 2)
    made_of["spec"]["clusterName"] = "hand"
    left = [*worker("m0", gone), *worker("m1", gone)]
    for machine in left[::2]:
        machine["spec"]["clusterName"] = "hand"
    fresh = thing(KUBEVIRT_MACHINES, "m2", {"virtualMachineTemplate": {"spec": size()}}, made_of, controller=False)
    yard = Yard(owner, made_of, *left)
    assert yard.cost(fresh, KUBEVIRT_MACHINES) == ONE
    # What is there already is charged once.
    yard = Yard(owner, made_of, *left, fresh)
    strays = dict.fromkeys(("kubevirtmachines/m0", "kubevirtmachines/m1"), ONE)
    assert yard.settled() == {"machinedeployments/hand-md0": ONE * 2, **strays}
    # Machines of another cluster, or of nobody, are in nobody's way.
    for machine in left[::2]:
        machine["spec"]["clusterName"] = "other"
    assert Yard(owner, made_of, *left).cost(fresh, KUBEVIRT_MACHINES) == Usage()


def test_a_machine_larger_than_its_deployments_is_charged_with_what_it_is_larger_by() -> None:
    owner = pool(replicas=1, surge=0)
    made_of = set_of(owner, "set", 1)
    machines = worker("m0", made_of, cores=8)
    assert Yard(owner, made_of, *machines).cost(machines[1], KUBEVIRT_MACHINES) == Usage(vcpu=6000)


@pytest.mark.parametrize("forged", ["uid", "no deployment", "second machine", "no set"])
def test_a_forged_owner_gains_a_machine_nothing(forged: str) -> None:
    owner = pool()
    made_of = set_of(owner, "set", 2)
    machine, kubevirt_machine = worker("m0", made_of)
    reference = kubevirt_machine["metadata"]["ownerReferences"][0]
    if forged == "uid":
        reference["uid"] = "uid-of-nobody"
    elif forged == "no deployment":
        made_of["metadata"]["ownerReferences"] = []
        made_of["spec"]["replicas"] = 0
    elif forged == "second machine":
        kubevirt_machine["metadata"]["name"] = "m1"
    else:
        machine["metadata"]["ownerReferences"][0]["uid"] = "uid-elsewhere"
    yard = Yard(owner, made_of, machine, kubevirt_machine)
    assert yard.cost(kubevirt_machine, KUBEVIRT_MACHINES) == ONE


def test_a_virtual_machine_is_its_kubevirt_machines_and_what_runs_is_its_own() -> None:
    source = thing(KUBEVIRT_MACHINES, "m0", {"virtualMachineTemplate": {"spec": size()}})
    virtual = thing(VIRTUAL_MACHINES, "m0", {"runStrategy": "Always", **size()})
    # As KubeVirt makes it: with how far the guest could grow while it runs.
    domain = {"cpu": {"cores": 2, "sockets": 1, "maxSockets": 4}, "memory": {"guest": "4Gi", "maxGuest": "16Gi"}}
    running = thing(VIRTUAL_MACHINE_INSTANCES, "m0", {"domain": domain}, virtual)
    yard = Yard(source, virtual, running)
    assert yard.settled() == {"kubevirtmachines/m0": ONE}
    assert [yard.cost(virtual, VIRTUAL_MACHINES), yard.cost(running, VIRTUAL_MACHINE_INSTANCES)] == [Usage()] * 2
    grown = thing(VIRTUAL_MACHINES, "m0", size(cores=4))
    assert yard.cost(grown, VIRTUAL_MACHINES) == Usage(vcpu=2000)
    stray = thing(VIRTUAL_MACHINE_INSTANCES, "m1", {"domain": domain}, virtual)
    assert yard.cost(stray, VIRTUAL_MACHINE_INSTANCES) == ONE
    assert Yard().cost(virtual, VIRTUAL_MACHINES) == ONE


def asking(amount: str) -> Manifest:
    return {"resources": {"requests": {"storage": amount}}}


def test_disks_of_a_virtual_machine_are_part_of_it_and_their_claims_part_of_them() -> None:
    disk = {"metadata": {"name": "m0-data"}, "spec": {"storage": asking("20Gi")}}
    virtual = thing(VIRTUAL_MACHINES, "m0", {**size(), "dataVolumeTemplates": [disk]})
    volume = thing(DATA_VOLUMES, "m0-data", {"storage": asking("20Gi")}, virtual)
    filled = thing(PERSISTENT_VOLUME_CLAIMS, "m0-data", asking("21.3Gi"), volume)
    prime = thing(PERSISTENT_VOLUME_CLAIMS, "prime-uid-m0-data", asking("21.3Gi"), filled)
    yard = Yard(virtual, volume, filled, prime)
    assert yard.cost(virtual, VIRTUAL_MACHINES) == ONE + Usage(storage=20 * GI)
    assert yard.cost(volume, DATA_VOLUMES) == Usage()
    assert [yard.cost(one, PERSISTENT_VOLUME_CLAIMS) for one in (filled, prime)] == [Usage(), Usage()]
    # When it is filled, the volume is the first one's, and another would be one more.
    prime["spec"]["volumeName"] = filled["spec"]["volumeName"] = "pv-1"
    assert yard.cost(prime, PERSISTENT_VOLUME_CLAIMS) == Usage()
    prime["spec"]["volumeName"] = "pv-2"
    assert yard.cost(prime, PERSISTENT_VOLUME_CLAIMS).storage > 21 * GI
    other = thing(DATA_VOLUMES, "other", {"storage": asking("1Gi")}, virtual)
    assert yard.cost(other, DATA_VOLUMES) == Usage(storage=GI)
    larger = thing(PERSISTENT_VOLUME_CLAIMS, "m0-data", asking("32Gi"), volume)
    assert yard.cost(larger, PERSISTENT_VOLUME_CLAIMS) == Usage(storage=10 * GI)
    # The importer may take the DataVolume away, and leave its claim to the machine.
    left = thing(PERSISTENT_VOLUME_CLAIMS, "m0-data", asking("21.3Gi"), virtual)
    assert Yard(virtual, left).cost(left, PERSISTENT_VOLUME_CLAIMS) == Usage()


def test_a_volume_that_takes_its_size_from_its_source_is_charged_by_its_claim() -> None:
    volume = thing(DATA_VOLUMES, "clone", {"storage": {}, "source": {"pvc": {"name": "golden"}}})
    filled = thing(PERSISTENT_VOLUME_CLAIMS, "clone", asking("5Gi"), volume)
    yard = Yard(volume, filled)
    assert yard.cost(volume, DATA_VOLUMES) == Usage()
    assert yard.cost(filled, PERSISTENT_VOLUME_CLAIMS) == Usage(storage=5 * GI)


def test_a_control_plane_is_part_of_its_cluster_and_its_address_part_of_it() -> None:
    estate = Yard()
    cluster = {
        "apiVersion": TENANT_CLUSTERS.api_version,
        "kind": "TenantCluster",
        **estate.found[TENANT_CLUSTERS, "web"],
    }
    front = thing(KAMAJI_CONTROL_PLANES, "web", {"replicas": 2}, cluster, controller=False)
    tenant = thing(TENANT_CONTROL_PLANES, "web", {"controlPlane": {"deployment": {"replicas": 2}}}, front)
    service = thing(SERVICES, "web", {"type": "LoadBalancer"}, tenant)
    for kind, one in ((KAMAJI_CONTROL_PLANES, front), (TENANT_CONTROL_PLANES, tenant), (SERVICES, service)):
        estate.found[kind, "web"] = one
        assert estate.cost(one, kind) == Usage(), kind.kind
    front["spec"]["replicas"] = 3
    assert estate.cost(front, KAMAJI_CONTROL_PLANES) == Usage(control_plane_replicas=1)
    second = thing(SERVICES, "second", {"type": "LoadBalancer"}, tenant)
    assert estate.cost(second, SERVICES) == Usage(load_balancers=1)
    hand = thing(KAMAJI_CONTROL_PLANES, "hand", {"network": {"serviceType": "ClusterIP"}}, cluster, controller=False)
    assert estate.cost(hand, KAMAJI_CONTROL_PLANES) == Usage(control_plane_replicas=2)


@given(st.tuples(*[st.integers(0, 4)] * 4), st.lists(st.integers(1, 5), max_size=4), st.lists(st.integers(1, 5)))
def test_nothing_of_a_deployment_is_left_out_while_it_is_rolled_to_another_size(
    counts: tuple[int, ...], olds: list[int], news: list[int]
) -> None:
    replicas, surge, old_count, new_count = counts
    owner, old = pool(replicas, surge), older_set(old_count)
    new = set_of(owner, "new", new_count)
    of_old = [worker(f"o{number}", old, cores=cores) for number, cores in enumerate(olds)]
    of_new = [worker(f"n{number}", new, cores=cores) for number, cores in enumerate(news[:4])]
    yard = Yard(owner, old, new, *(one for pair in (*of_old, *of_new) for one in pair))
    yard.found[KUBEVIRT_MACHINE_TEMPLATES, "larger"] = LARGER
    charged = sum(yard.settled().values(), Usage())
    sets = ONE.having(vcpu=4000) * old_count + ONE * new_count
    machines = sum((footprint.of_machine(one) for _, one in (*of_old, *of_new)), Usage())
    assert sets.most(machines).within(charged)


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 4), st.integers(0, 2), st.randoms())
def test_whatever_machines_a_deployment_has_all_of_them_are_charged_in_any_order(
    cores: list[int], replicas: int, surge: int, random: Any
) -> None:
    owner = pool(replicas, surge)
    made_of = set_of(owner, "set", replicas)
    made = [worker(f"m{number}", made_of, cores=count + 1) for number, count in enumerate(cores)]
    random.shuffle(made)
    yard = Yard(owner, made_of, *(one for pair in made for one in pair))
    entitled = yard.cost(owner)
    weights = [footprint.of_machine(kubevirt_machine) for _, kubevirt_machine in made]
    there = sum(weights, Usage())
    assert there.within(sum(yard.settled().values(), Usage()))
    if made:
        # And what is written last pays for all that is beyond by it; each of the others paid for its own size.
        paid = yard.cost(made[-1][1], KUBEVIRT_MACHINES)
        alike = sum((weight.least(ONE) for weight in weights[:-1]), Usage())
        larger = sum((weight - weight.least(ONE) for weight in weights[:-1]), Usage())
        assert (there - entitled).rises().within((alike - entitled).rises() + larger + paid)
