"""Workers: sizes, roll-outs, health."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.manifests import health_check
from provisioning.manifests.machine_deployment import MAX_SIZE_ANNOTATION, MIN_SIZE_ANNOTATION
from provisioning.model import NodePool
from tests.provisioning.manifests.examples import AUTOSCALED, TWO_POOLS, of_kind, only, rendered


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
    assert annotations["capacity.cluster-autoscaler.kubernetes.io/memory"] == "4Gi"
    assert annotations["capacity.cluster-autoscaler.kubernetes.io/labels"] == "clusterdesk.dev/pool=md0"


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
def test_small_pools_are_healed_whole_and_large_ones_up_to_half(size: dict[str, Any], tolerated: int | str) -> None:
    assert health_check.tolerated(NodePool(name="md0", flavor="small", **size)) == tolerated


def test_a_health_check_looks_at_the_machines_of_its_own_pool() -> None:
    manifests = rendered(**TWO_POOLS)
    selectors = {m["metadata"]["name"]: m["spec"]["selector"] for m in of_kind(manifests, "MachineDeployment")}
    assert {m["metadata"]["name"]: m["spec"]["selector"] for m in of_kind(manifests, "MachineHealthCheck")} == selectors
