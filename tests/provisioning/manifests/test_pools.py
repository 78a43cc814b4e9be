"""Workers: sizes, roll-outs, health."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import quantity
from provisioning.manifest import Manifest
from provisioning.manifests import health_check
from provisioning.manifests.capacity import CAPACITY
from provisioning.manifests.machine_deployment import MAX_SIZE_ANNOTATION, MIN_SIZE_ANNOTATION
from provisioning.manifests.machine_template import DISK_DEVICE
from provisioning.model import NodePool
from tests.provisioning.manifests.examples import AUTOSCALED, TWO_POOLS, catalog, of_kind, only, rendered


def pool(flavor: str = "small", **fields: Any) -> Manifest:
    """A cluster of one pool, as `rendered` takes it."""
    size = {} if "min" in fields else {"replicas": 2}
    return {"pools": [{"name": "md0", "flavor": flavor, **size, **fields}]}


def machine(flavor: str) -> Manifest:
    """The virtual machine of a pool of this flavor."""
    template = only(rendered(**pool(flavor)), "KubevirtMachineTemplate")["spec"]["template"]["spec"]
    spec: Manifest = template["virtualMachineTemplate"]["spec"]
    return spec


def bootstrap(**fields: Any) -> Manifest:
    template: Manifest = only(rendered(**pool(**fields)), "KubeadmConfigTemplate")["spec"]["template"]["spec"]
    return template


def registration(**fields: Any) -> Manifest:
    node: Manifest = bootstrap(**fields)["joinConfiguration"]["nodeRegistration"]
    return node


def capacity(flavor: str, **fields: Any) -> dict[str, str]:
    """What the autoscaler is told of a new machine of a pool that may have none."""
    deployment = only(rendered(**pool(flavor, min=0, max=3, **fields)), "MachineDeployment")
    annotations: dict[str, str] = deployment["metadata"]["annotations"]
    return {key.rpartition("/")[2]: value for key, value in annotations.items() if key.startswith(f"{CAPACITY}/")}


def test_a_fixed_pool_says_how_many_workers_it_has() -> None:
    deployment = only(rendered(), "MachineDeployment")
    assert deployment["spec"]["replicas"] == 2
    assert MIN_SIZE_ANNOTATION not in deployment["metadata"]["annotations"]


def test_a_pool_of_no_workers_says_so_too() -> None:
    deployment = only(rendered(pools=[{"name": "md0", "flavor": "small", "replicas": 0}]), "MachineDeployment")
    assert deployment["spec"]["replicas"] == 0


def test_the_number_of_an_autoscaled_pool_is_left_to_the_autoscaler() -> None:
    deployment = only(rendered(**AUTOSCALED), "MachineDeployment")
    annotations = deployment["metadata"]["annotations"]
    assert "replicas" not in deployment["spec"]
    assert (annotations[MIN_SIZE_ANNOTATION], annotations[MAX_SIZE_ANNOTATION]) == ("0", "5")
    assert annotations["capacity.cluster-autoscaler.kubernetes.io/cpu"] == "2"
    assert annotations["capacity.cluster-autoscaler.kubernetes.io/labels"] == "clusterdesk.dev/pool=md0"


def test_a_pool_that_has_grown_beyond_a_new_maximum_is_brought_down_to_it_once() -> None:
    grown = rendered(**AUTOSCALED)
    only(grown, "MachineDeployment")["spec"]["replicas"] = 8
    lowered = rendered(**AUTOSCALED, existing=grown)
    assert only(lowered, "MachineDeployment")["spec"]["replicas"] == 5
    assert "replicas" not in only(rendered(**AUTOSCALED, existing=lowered), "MachineDeployment")["spec"]


def test_a_roll_out_takes_no_worker_away_before_its_successor_is_there() -> None:
    rolling = only(rendered(), "MachineDeployment")["spec"]["rollout"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


def test_machines_do_not_carry_the_label_by_which_we_prune() -> None:
    template = only(rendered(), "MachineDeployment")["spec"]["template"]
    assert "app.kubernetes.io/managed-by" not in template["metadata"]["labels"]


def test_machines_stay_in_the_namespace_of_their_tenant() -> None:
    for template in of_kind(rendered(**TWO_POOLS), "KubevirtMachineTemplate"):
        machine = template["spec"]["template"]["spec"]
        assert machine["virtualMachineTemplate"]["metadata"] == {"namespace": "tenant-team-a"}
        assert machine["virtualMachineBootstrapCheck"] == {"checkStrategy": "none"}


@pytest.mark.parametrize(
    ("size", "tolerated"),
    [
        ({"replicas": 0}, 1),
        ({"replicas": 1}, 1),
        ({"replicas": 3}, 3),
        ({"replicas": 4}, "50%"),
        ({"min": 0, "max": 2}, 2),
        ({"min": 0, "max": 5}, 3),
        ({"min": 0, "max": 9}, 4),
    ],
)
def test_pools_are_healed_whole_while_they_are_small_and_up_to_half_when_they_are_large(
    size: dict[str, Any], tolerated: int | str
) -> None:
    assert health_check.tolerated(NodePool(name="md0", flavor="small", **size)) == tolerated


def test_a_health_check_looks_at_the_machines_of_its_own_pool() -> None:
    manifests = rendered(**TWO_POOLS)
    selectors = {m["metadata"]["name"]: m["spec"]["selector"] for m in of_kind(manifests, "MachineDeployment")}
    assert {m["metadata"]["name"]: m["spec"]["selector"] for m in of_kind(manifests, "MachineHealthCheck")} == selectors


def test_neither_a_slow_first_boot_nor_a_short_silence_costs_a_worker() -> None:
    checks = only(rendered(), "MachineHealthCheck")["spec"]["checks"]
    # A first boot may import a disk: ten minutes were too short for others, who made and deleted machines in turn.
    assert checks["nodeStartupTimeoutSeconds"] == 1200
    silence = {(c["type"], c["status"]): c["timeoutSeconds"] for c in checks["unhealthyNodeConditions"]}
    assert silence == {("Ready", "Unknown"): 300, ("Ready", "False"): 300}


def test_a_machine_that_kubevirt_cannot_run_is_replaced_by_what_it_says_of_itself() -> None:
    # Cluster API no longer looks at `failureReason`, by which the provider tells of it.
    (condition,) = only(rendered(), "MachineHealthCheck")["spec"]["checks"]["unhealthyMachineConditions"]
    assert (condition["type"], condition["status"]) == ("InfrastructureReady", "False")


# --- labels, taints, devices, disks


def test_nodes_join_with_the_labels_of_their_pool() -> None:
    (value,) = [
        argument["value"]
        for argument in registration(labels={"team": "blue", "example.com/disk": ""})["kubeletExtraArgs"]
        if argument["name"] == "node-labels"
    ]
    assert value == "clusterdesk.dev/pool=md0,example.com/disk=,team=blue"


def test_nodes_join_with_the_taints_of_their_pool() -> None:
    taints = [{"key": "gpu", "effect": "NoSchedule"}, {"key": "dedicated", "value": "ci", "effect": "NoExecute"}]
    assert registration(taints=taints)["taints"] == [taints[1], taints[0]]
    assert "taints" not in registration()


def test_nodes_wait_for_the_cloud_controller_manager() -> None:
    assert {"name": "cloud-provider", "value": "external"} in registration()["kubeletExtraArgs"]


def test_the_autoscaler_knows_what_a_pool_of_no_machines_would_bring() -> None:
    assert capacity("small") == {"cpu": "2", "memory": "3758Mi", "maxPods": "110", "labels": "clusterdesk.dev/pool=md0"}
    taints = [{"key": "gpu", "effect": "NoSchedule"}, {"key": "dedicated", "value": "ci", "effect": "NoExecute"}]
    told = capacity("gpu", labels={"a": "b"}, taints=taints)
    assert told["labels"] == "clusterdesk.dev/pool=md0,a=b"
    assert told["taints"] == "dedicated=ci:NoExecute,gpu:NoSchedule"
    assert (told["gpu-type"], told["gpu-count"]) == ("nvidia.com/gpu", "2")
    assert capacity("roomy")["ephemeral-disk"] == "85Gi"
    assert (capacity("typed")["cpu"], capacity("typed")["memory"]) == ("4", "7772Mi")


@given(st.integers(1, 2**20), st.sampled_from(["Mi", "Gi", "M", "k", ""]))
def test_the_autoscaler_is_never_told_that_a_machine_has_all_of_its_memory_for_pods(amount: int, unit: str) -> None:
    offer = catalog(flavors=[{"name": "some", "vcpu": 1, "memory": f"{amount}{unit}"}])
    deployment = only(rendered(offer=offer, **pool("some", min=0, max=1)), "MachineDeployment")
    told = quantity.byte_count(deployment["metadata"]["annotations"][f"{CAPACITY}/memory"])
    assert told < quantity.byte_count(f"{amount}{unit}")


def test_the_autoscaler_is_told_of_the_first_kind_of_device_only_since_it_knows_one() -> None:
    devices = [
        {"device": "nvidia.com/A", "count": 2},
        {"device": "amd.com/B", "resource": "amd.com/gpu"},
        {"device": "nvidia.com/C"},
    ]
    offer = catalog(flavors=[{"name": "mixed", "vcpu": 1, "memory": "1Gi", "gpus": devices}])
    manifests = rendered(offer=offer, **pool("mixed", min=0, max=1))
    annotations = only(manifests, "MachineDeployment")["metadata"]["annotations"]
    assert (annotations[f"{CAPACITY}/gpu-type"], annotations[f"{CAPACITY}/gpu-count"]) == ("nvidia.com/gpu", "3")


def test_a_machine_gets_its_devices_each_under_a_name_of_its_own() -> None:
    devices = machine("gpu")["template"]["spec"]["domain"]["devices"]["gpus"]
    assert devices == [{"name": f"gpu{n}", "deviceName": "nvidia.com/GA102GL_A10"} for n in (0, 1)]
    assert "gpus" not in machine("small")["template"]["spec"]["domain"]["devices"]


def test_a_machine_says_its_size_once() -> None:
    typed, small = machine("typed"), machine("small")
    assert typed["instancetype"] == {"kind": "VirtualMachineClusterInstancetype", "name": "u1.xlarge"}
    assert not {"cpu", "memory", "resources"} & typed["template"]["spec"]["domain"].keys()
    assert "instancetype" not in small
    assert small["template"]["spec"]["domain"]["memory"] == {"guest": "4Gi"}


def test_a_disk_of_its_own_is_made_for_each_machine_and_found_by_its_serial_number() -> None:
    roomy = machine("roomy")
    (volume,) = roomy["dataVolumeTemplates"]
    assert volume["spec"]["storage"] == {"resources": {"requests": {"storage": "100Gi"}}, "storageClassName": "fast"}
    assert volume["metadata"]["labels"] == {"cluster.x-k8s.io/cluster-name": "web"}
    inside = roomy["template"]["spec"]
    assert {"name": "data", "dataVolume": {"name": volume["metadata"]["name"]}} in inside["volumes"]
    (disk,) = [disk for disk in inside["domain"]["devices"]["disks"] if disk["name"] == "data"]
    assert DISK_DEVICE.endswith(f"virtio-{disk['serial']}")
    assert "dataVolumeTemplates" not in machine("small")


def test_the_platforms_default_storage_is_taken_where_none_is_named() -> None:
    offer = catalog(flavors=[{"name": "plain", "vcpu": 1, "memory": "1Gi", "disk": "10Gi"}])
    template = only(rendered(offer=offer, **pool("plain")), "KubevirtMachineTemplate")
    (volume,) = template["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["dataVolumeTemplates"]
    assert "storageClassName" not in volume["spec"]["storage"]


def test_containers_and_volumes_live_on_that_disk_before_the_node_joins() -> None:
    content = bootstrap(flavor="roomy")
    (system,) = content["diskSetup"]["filesystems"]
    assert (system["device"], system["partition"]) == (DISK_DEVICE, "none")
    assert len(system["label"]) <= 16
    # A file system that is there already is kept: it may hold the images of the boot before.
    assert "overwrite" not in system
    mounts = {mount[1]: mount[0] for mount in content["mounts"]}
    assert mounts["/mnt/data"] == f"LABEL={system['label']}"
    for what in ("containerd", "kubelet"):
        assert mounts[f"/var/lib/{what}"] == f"/mnt/data/{what}"
    commands = content["preKubeadmCommands"]
    assert commands[0] == "systemctl stop containerd.service"
    assert commands[-1] == "systemctl start containerd.service"
    assert "diskSetup" not in bootstrap()


# --- roll-outs


@pytest.mark.parametrize(("timeout", "seconds"), [("5m", 300), ("1h30m", 5400), ("1500ms", 2), ("1ms", 1), ("0s", 1)])
def test_pods_have_their_time_to_leave_and_never_for_ever(timeout: str, seconds: int) -> None:
    deployment = only(rendered(**pool(drainTimeout=timeout)), "MachineDeployment")
    # Cluster API takes 0 for no limit.
    assert deployment["spec"]["template"]["spec"]["deletion"]["nodeDrainTimeoutSeconds"] == seconds


def test_a_pool_says_how_many_machines_come_and_go_at_once() -> None:
    deployment = only(rendered(**pool(maxSurge=0, maxUnavailable=2)), "MachineDeployment")
    assert deployment["spec"]["rollout"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 2}
