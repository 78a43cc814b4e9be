"""What hand-made Cluster API objects cost: measured strictly, or refused."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import footprint
from provisioning.errors import MalformedQuantity
from provisioning.footprint import MAX_SIZE, MIN_SIZE
from provisioning.usage import Usage
from tests.builders import machine_deployment, machine_template

GI = 2**30
sizes = st.integers(0, 10_000)
surges = st.one_of(st.none(), st.integers(0, 100), st.integers(0, 300).map(lambda n: f"{n}%"))


def test_a_cluster_made_by_hand_is_one_cluster() -> None:
    assert footprint.of_cluster({"spec": {}}) == Usage(clusters=1)


def of_all(deployment: dict[str, Any], template: dict[str, Any]) -> Usage:
    """The most machines it can come to, each as large as its template says."""
    return footprint.of_machine(template) * footprint.machines(deployment)


def test_a_machine_deployment_costs_its_machines_and_the_surge() -> None:
    assert of_all(machine_deployment(2), machine_template()) == Usage(0, 3, 6000, 12 * GI)


@pytest.mark.parametrize(
    ("replicas", "annotations", "surge", "machines"),
    [
        (0, {}, None, 0),
        (None, {}, None, 2),
        (3, {}, 0, 3),
        (3, {}, 2, 5),
        (4, {}, "50%", 6),
        (3, {}, "1%", 4),
        (3, {}, "100%", 6),
        (1, {MIN_SIZE: "1", MAX_SIZE: "5"}, None, 6),
        (9, {MIN_SIZE: "1", MAX_SIZE: "5"}, None, 10),
        (0, {MIN_SIZE: "0", MAX_SIZE: "5"}, None, 6),
        (1, {MIN_SIZE: "8", MAX_SIZE: "5"}, None, 9),
        (1, {MAX_SIZE: "5"}, None, 6),
        (2**31 - 1, {}, 0, 2**31 - 1),
    ],
)
def test_the_most_machines_it_can_come_to_count(
    replicas: Any, annotations: dict[str, str], surge: Any, machines: int
) -> None:
    assert footprint.machines(machine_deployment(replicas, annotations=annotations, surge=surge)) == machines


def test_one_that_updates_on_delete_has_no_surge() -> None:
    assert footprint.machines(machine_deployment(3, surge=5, kind="OnDelete")) == 3


def test_the_older_place_of_the_strategy_counts_as_well() -> None:
    manifest = machine_deployment(3)
    manifest["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 7}}
    del manifest["spec"]["rollout"]
    assert footprint.machines(manifest) == 10


@pytest.mark.parametrize("replicas", ["3", "", 3.5, -1, 2**31, 2**63, True, [], {"a": 1}])
def test_replicas_that_are_no_number_of_machines_are_refused(replicas: Any) -> None:
    with pytest.raises(MalformedQuantity):
        footprint.machines(machine_deployment(replicas))


@pytest.mark.parametrize("bound", ["ten", "-1", "", "1.5", "1e3", "\u0661", "99999999999", " 3", "3\n", 3, None])
def test_autoscaler_bounds_that_are_no_numbers_are_refused(bound: Any) -> None:
    for marks in ({MIN_SIZE: "1", MAX_SIZE: bound}, {MIN_SIZE: bound, MAX_SIZE: "3"}):
        with pytest.raises(MalformedQuantity):
            footprint.machines(machine_deployment(1, annotations=marks))


def test_a_minimum_without_a_maximum_is_refused() -> None:
    with pytest.raises(MalformedQuantity, match="max-size"):
        footprint.machines(machine_deployment(1, annotations={MIN_SIZE: "1"}))


@pytest.mark.parametrize("surge", ["3", "x%", "-1%", "%", -1, 1.5, "1.5%"])
def test_a_surge_that_is_no_number_or_percentage_is_refused(surge: Any) -> None:
    with pytest.raises(MalformedQuantity):
        footprint.machines(machine_deployment(1, surge=surge))


@pytest.mark.parametrize(
    ("domain", "vcpu"),
    [
        ({"cpu": {"cores": 2, "threads": 2, "sockets": 3}}, 12_000),
        ({"cpu": {"cores": 2, "sockets": 1, "maxSockets": 4}}, 8_000),
        ({"cpu": {"model": "host-passthrough"}}, 1_000),
        ({"cpu": {"cores": 0}}, 1_000),
        ({"cpu": None, "resources": {"requests": {"cpu": "1500m"}}}, 2_000),
        ({"cpu": None, "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": 6}}}, 6_000),
        ({"cpu": {"cores": 2}, "resources": {"requests": {"cpu": "4"}}}, 4_000),
    ],
)
def test_the_most_processors_that_a_machine_can_come_to_count(domain: dict[str, Any], vcpu: int) -> None:
    template = machine_template(**{"memory": {"guest": "1Gi"}, **domain})
    assert footprint.of_machine(template).vcpu == vcpu


@pytest.mark.parametrize(
    ("domain", "vcpu"),
    [
        ({"cpu": {"cores": 2, "dedicatedCpuPlacement": True, "isolateEmulatorThread": True}}, 4_000),
        ({"cpu": {"cores": 2}, "ioThreads": {"supplementalPoolThreadCount": 6}}, 8_000),
        ({"cpu": {"cores": 2}, "ioThreads": {}}, 2_000),
    ],
)
def test_what_works_for_a_guest_beside_its_processors_counts_with_them(domain: dict[str, Any], vcpu: int) -> None:
    assert footprint.of_machine(machine_template(memory={"guest": "1Gi"}, **domain)).vcpu == vcpu


def test_empty_disks_count_as_storage_in_a_template_and_in_what_runs() -> None:
    template = machine_template()
    machine = template["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"]
    machine["volumes"] = [
        {"name": "a", "emptyDisk": {"capacity": "3Gi"}},
        {"name": "b", "emptyDisk": {}},
        {"name": "c"},
    ]
    assert footprint.of_machine(template).storage == 3 * GI
    assert footprint.of_instance({"spec": machine}) == footprint.of_machine(template)
    machine["volumes"][0]["emptyDisk"]["capacity"] = "-3Gi"
    with pytest.raises(MalformedQuantity):
        footprint.of_machine(template)


@pytest.mark.parametrize(
    ("domain", "memory"),
    [
        ({"memory": {"guest": "4Gi"}}, 4 * GI),
        ({"memory": {"guest": "4Gi", "maxGuest": "16Gi"}}, 16 * GI),
        ({"memory": {"guest": "4Gi", "reservedOverhead": {"addedOverhead": "60Gi"}}}, 64 * GI),
        ({"resources": {"requests": {"memory": "2Gi"}}}, 2 * GI),
        ({"memory": {"guest": "2Gi"}, "resources": {"limits": {"memory": "8Gi"}}}, 8 * GI),
    ],
)
def test_the_most_memory_that_a_machine_can_come_to_counts(domain: dict[str, Any], memory: int) -> None:
    assert footprint.of_machine(machine_template(**{"cpu": {"cores": 1}, **domain})).memory == memory


@pytest.mark.parametrize(
    "domain",
    [
        {"cpu": {"cores": 2}},
        {"memory": {"guest": "4Gi"}},
        {"cpu": {"cores": -1}, "memory": {"guest": "4Gi"}},
        {"cpu": {"cores": "two"}, "memory": {"guest": "4Gi"}},
        {"cpu": {"cores": 1}, "memory": {"guest": "-4Gi"}},
        {"cpu": {"cores": 1}, "memory": {"guest": "lots"}},
        {"cpu": {"cores": 1}, "memory": {"guest": "1e30"}},
        {"cpu": {"cores": 1}, "memory": {"guest": "0"}},
        {"cpu": {"cores": 1}, "memory": {"guest": "4Gi"}, "resources": {"limits": {"cpu": "-1"}}},
    ],
)
def test_a_machine_whose_size_cannot_be_read_is_refused(domain: dict[str, Any]) -> None:
    with pytest.raises(MalformedQuantity):
        footprint.of_machine(machine_template(**domain))


# --- a size by instancetype


def typed(matcher: dict[str, Any], **domain: Any) -> dict[str, Any]:
    """A template whose machines are as large as an instancetype says."""
    template = machine_template(devices={}, **domain)
    template["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["instancetype"] = matcher
    return template


def instancetype(guest: Any = 4, memory: Any = "8Gi", **cpu: Any) -> dict[str, Any]:
    return {"spec": {"cpu": {"guest": guest, **cpu}, "memory": {"guest": memory}}}


U1 = {"name": "u1.xlarge"}


@pytest.mark.parametrize("kind", [None, "", "VirtualMachineClusterInstancetype", "virtualmachineclusterinstancetype"])
def test_a_machine_is_as_large_as_the_platforms_instancetype_says(kind: str | None) -> None:
    template = typed({**U1, "kind": kind})
    assert footprint.instancetype_of(template) == "u1.xlarge"
    assert footprint.of_machine(template, instancetype()) == Usage(nodes=1, vcpu=4000, memory=8 * GI)


def test_what_an_instancetype_may_grow_to_counts() -> None:
    larger = instancetype(maxSockets=16)
    larger["spec"]["memory"]["maxGuest"] = "32Gi"
    assert footprint.of_machine(typed(U1), larger) == Usage(nodes=1, vcpu=16_000, memory=32 * GI)


def test_what_works_beside_a_guest_counts_whether_its_instancetype_says_so_or_its_template() -> None:
    pinned = instancetype(isolateEmulatorThread=True)
    pinned["spec"]["ioThreads"] = {"supplementalPoolThreadCount": 3}
    assert footprint.of_machine(typed(U1), pinned).vcpu == 9_000
    assert footprint.of_machine(typed(U1, ioThreads={"supplementalPoolThreadCount": 2}), instancetype()).vcpu == 6_000


def test_a_template_that_says_its_size_itself_names_no_instancetype() -> None:
    assert footprint.instancetype_of(machine_template()) == ""


@pytest.mark.parametrize(
    ("matcher", "why"),
    [
        ({**U1, "kind": "VirtualMachineInstancetype"}, "larger later"),
        ({**U1, "revisionName": "web-1"}, "instancetype.name"),
        ({"inferFromVolume": "system"}, "instancetype.name"),
        ({"kind": "VirtualMachineClusterInstancetype"}, "instancetype.name"),
    ],
)
def test_an_instancetype_that_is_not_the_platforms_word_is_refused(matcher: dict[str, Any], why: str) -> None:
    with pytest.raises(MalformedQuantity, match=why):
        footprint.instancetype_of(typed(matcher))


def test_an_instancetype_that_is_not_there_is_refused() -> None:
    with pytest.raises(MalformedQuantity, match=r"VirtualMachineClusterInstancetype u1\.xlarge"):
        footprint.of_machine(typed(U1))


@pytest.mark.parametrize("domain", [{"cpu": {"cores": 1}}, {"memory": {"guest": "1Gi"}}])
def test_a_size_that_is_said_twice_is_refused(domain: dict[str, Any]) -> None:
    with pytest.raises(MalformedQuantity, match="twice"):
        footprint.of_machine(typed(U1, **domain), instancetype())


@pytest.mark.parametrize(
    "broken", [{}, {"spec": {}}, instancetype(guest=0), instancetype(memory="0"), instancetype(-1)]
)
def test_an_instancetype_whose_size_cannot_be_read_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedQuantity):
        footprint.of_machine(typed(U1), broken)


@pytest.mark.parametrize("path", [("spec",), ("spec", "template"), ("spec", "template", "spec")])
def test_a_template_without_its_inside_is_refused(path: tuple[str, ...]) -> None:
    template = copy.deepcopy(machine_template())
    holder = template
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = None
    with pytest.raises(MalformedQuantity):
        footprint.of_machine(template)


@given(sizes, sizes, sizes, surges, st.integers(0, 50))
def test_a_machine_deployment_with_more_of_anything_never_costs_less(
    replicas: int, low: int, high: int, surge: Any, more: int
) -> None:
    def cost(replicas: int, low: int, high: int, surge: Any) -> Usage:
        annotations = {MIN_SIZE: str(low), MAX_SIZE: str(high)}
        manifest = machine_deployment(replicas, annotations=annotations, surge=surge)
        return of_all(manifest, machine_template())

    now = cost(replicas, low, high, surge)
    assert Usage().within(now)
    for larger in (
        cost(replicas + more, low, high, surge),
        cost(replicas, low + more, high, surge),
        cost(replicas, low, high + more, surge),
    ):
        assert now.within(larger)
    if isinstance(surge, int):
        assert now.within(cost(replicas, low, high, surge + more))


counts = st.integers(1, 64)


@given(st.lists(counts, min_size=5, max_size=5), st.integers(0, 4), counts)
def test_a_machine_with_more_of_anything_never_costs_less(row: list[int], at: int, more: int) -> None:
    def cost(row: list[int]) -> Usage:
        cores, threads, sockets, most, memory = row
        cpu = {"cores": cores, "threads": threads, "sockets": sockets, "maxSockets": most}
        return footprint.of_machine(machine_template(cpu=cpu, memory={"guest": f"{memory}Mi"}))

    larger = [*row]
    larger[at] += more
    assert Usage(nodes=1).within(cost(row))
    assert cost(row).within(cost(larger))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["guest", "cores", "x"]), inner),
    max_leaves=4,
)


@given(replicas=json_values, low=json_values, high=json_values, surge=json_values)
def test_nothing_that_json_can_say_breaks_the_measure_or_makes_it_negative(
    replicas: Any, low: Any, high: Any, surge: Any
) -> None:
    manifest = machine_deployment(replicas, annotations={MIN_SIZE: low, MAX_SIZE: high}, surge=surge)
    with contextlib.suppress(MalformedQuantity):
        assert footprint.machines(manifest) >= 0


@given(st.lists(st.sampled_from(["spec", "rollout", "strategy", "rollingUpdate"]), max_size=4), json_values)
def test_a_manifest_of_any_shape_is_measured_or_refused(path: list[str], value: Any) -> None:
    manifest: dict[str, Any] = {"metadata": value}
    for target in (manifest, template := machine_template()):
        holder: Any = target
        for part in path:
            following = holder.get(part)
            holder[part] = holder = dict(following) if isinstance(following, dict) else {}
        holder["template"] = holder["maxSurge"] = holder["virtualMachineTemplate"] = value
    with contextlib.suppress(MalformedQuantity):
        assert Usage().within(of_all(manifest, template))


@given(st.sampled_from(["cpu", "memory", "resources", "x"]), json_values)
def test_a_machine_of_any_shape_is_measured_or_refused(part: str, value: Any) -> None:
    with contextlib.suppress(MalformedQuantity):
        assert Usage(nodes=1).within(footprint.of_machine(machine_template(**{part: value, "y": 1})))


# --- what is no machine, or is one already


def test_a_running_instance_costs_what_its_guest_has_and_not_what_it_could_be_enlarged_to() -> None:
    domain = {"cpu": {"cores": 2, "maxSockets": 8}, "memory": {"guest": "4Gi", "maxGuest": "16Gi"}}
    devices = {"devices": {"gpus": [{"name": "gpu0", "deviceName": "x/y"}]}}
    running = {"spec": {"domain": {**domain, **devices}}}
    assert footprint.of_instance(running) == Usage(nodes=1, vcpu=2000, memory=4 * GI, gpus=1)
    with pytest.raises(MalformedQuantity):
        footprint.of_instance({"spec": {"domain": {"cpu": {"cores": 2}}}})


@pytest.mark.parametrize(
    ("spec", "cost"),
    [
        ({}, Usage(control_plane_replicas=2, load_balancers=1)),
        ({"replicas": 0}, Usage(load_balancers=1)),
        (
            {"replicas": 3, "network": {"serviceType": "LoadBalancer"}},
            Usage(control_plane_replicas=3, load_balancers=1),
        ),
        ({"replicas": 3, "network": {"serviceType": "NodePort"}}, Usage(control_plane_replicas=3)),
    ],
)
def test_a_control_plane_costs_its_replicas_and_its_address(spec: dict[str, Any], cost: Usage) -> None:
    assert footprint.of_control_plane({"spec": spec}) == cost
    made = {"deployment": {"replicas": spec.get("replicas")}, "service": spec.get("network") or {}}
    assert footprint.of_tenant_control_plane({"spec": {"controlPlane": made}}) == cost


@pytest.mark.parametrize("replicas", ["3", -1, 2**31, 1.5, True])
def test_a_control_plane_with_no_number_of_replicas_is_refused(replicas: Any) -> None:
    with pytest.raises(MalformedQuantity):
        footprint.of_control_plane({"spec": {"replicas": replicas}})


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "ExternalName", None])
def test_services_that_are_no_load_balancers_cost_nothing(kind: str | None) -> None:
    assert footprint.of_service({"spec": {"type": kind}}) == Usage()


def test_a_virtual_machine_may_name_the_revision_that_kubevirt_took_and_a_template_may_not() -> None:
    spec = {"instancetype": {**U1, "revisionName": "m0-u1-1"}, "template": {"spec": {"domain": {"devices": {}}}}}
    assert footprint.instancetype_of({"kind": "VirtualMachine", "spec": spec}) == "u1.xlarge"
    with pytest.raises(MalformedQuantity):
        footprint.instancetype_of({"kind": "KubevirtMachine", "spec": {"virtualMachineTemplate": {"spec": spec}}})


amounts = st.integers(0, 2**40)


@given(amounts, amounts, st.sampled_from(["storage", "pvc"]))
def test_a_volume_that_asks_for_more_never_costs_less(one: int, other: int, place: str) -> None:
    less, more = sorted((one, other))

    def volume(size: int) -> dict[str, Any]:
        return {"spec": {place: {"resources": {"requests": {"storage": str(size)}}}}}

    def claim(size: int) -> dict[str, Any]:
        return {"spec": volume(size)["spec"][place]}

    assert footprint.of_data_volume(volume(less)).within(footprint.of_data_volume(volume(more)))
    assert footprint.of_volume_claim(claim(more)) == footprint.of_data_volume(volume(more)) == Usage(storage=more)
