"""How a cluster that sleeps is rendered, on its way there and back."""

from __future__ import annotations

import copy

from provisioning.manifest import Manifest
from provisioning.manifests.capacity import CAPACITY
from provisioning.manifests.machine_deployment import MAX_SIZE_ANNOTATION, MIN_SIZE_ANNOTATION
from provisioning.resting import ASLEEP_ANNOTATION
from tests.provisioning.manifests.examples import AUTOSCALED, TWO_POOLS, catalog, of_kind, only, rendered

MACHINE: Manifest = {"kind": "Machine", "metadata": {"name": "web-md0-x"}, "spec": {"version": "v1.34.4"}}


def control_planes(manifests: list[Manifest]) -> int:
    replicas: int = only(manifests, "KamajiControlPlane")["spec"]["replicas"]
    return replicas


def workers(manifests: list[Manifest]) -> list[int | None]:
    return [deployment["spec"].get("replicas") for deployment in of_kind(manifests, "MachineDeployment")]


def hosted(manifests: list[Manifest]) -> dict[str, int]:
    """How many run of each component beside the control plane."""
    return {d["metadata"]["name"].removeprefix("web-"): d["spec"]["replicas"] for d in of_kind(manifests, "Deployment")}


def answering(manifests: list[Manifest]) -> list[Manifest]:
    """The same, its control plane ready."""
    there = copy.deepcopy(manifests)
    control_plane = only(there, "KamajiControlPlane")
    version, replicas = control_plane["spec"]["version"], control_plane["spec"]["replicas"]
    control_plane["status"] = {"version": version, "ready": bool(replicas), "readyReplicas": replicas}
    return there


def test_a_night_of_a_cluster() -> None:
    evening = answering(rendered(**TWO_POOLS))
    assert workers(evening) == [None, 6]
    assert set(hosted(evening).values()) == {1}

    dusk = answering(rendered(**TWO_POOLS, existing=[*evening, MACHINE], asleep=True))
    assert (control_planes(dusk), workers(dusk)) == (3, [0, 0])
    # What grows pools must not wake them; what takes Nodes and volumes away still has to do.
    assert hosted(dusk) == {"cloud-controller-manager": 1, "csi-controller": 1, "cluster-autoscaler": 0}

    night = answering(rendered(**TWO_POOLS, existing=dusk, asleep=True))
    assert (control_planes(night), workers(night)) == (0, [0, 0])

    midnight = answering(rendered(**TWO_POOLS, existing=night, asleep=True))
    assert set(hosted(midnight).values()) == {0}
    assert answering(rendered(**TWO_POOLS, existing=midnight, asleep=True)) == midnight

    dawn = rendered(**TWO_POOLS, existing=midnight)
    assert (control_planes(dawn), workers(dawn)) == (3, [0, 0])
    # Nobody would answer them yet.
    assert set(hosted(dawn).values()) == {0}

    assert rendered(**TWO_POOLS, existing=answering(dawn)) == rendered(**TWO_POOLS)


def test_a_pool_that_rests_is_none_of_the_autoscalers_business_and_stays_measured() -> None:
    annotations = only(rendered(**AUTOSCALED, asleep=True), "MachineDeployment")["metadata"]["annotations"]
    assert MIN_SIZE_ANNOTATION not in annotations
    assert MAX_SIZE_ANNOTATION not in annotations
    assert annotations[ASLEEP_ANNOTATION] == "true"
    assert annotations[f"{CAPACITY}/cpu"] == "2"


def test_a_pool_whose_flavor_leaves_the_catalog_in_its_sleep_wakes_as_it_fell_asleep() -> None:
    awake = answering(rendered(**AUTOSCALED))
    asleep = answering(rendered(**AUTOSCALED, existing=awake, asleep=True))
    offer = catalog(flavors=[{"name": "other", "vcpu": 1, "memory": "1Gi"}])
    waking = answering(rendered(**AUTOSCALED, existing=asleep, offer=offer))
    after = rendered(**AUTOSCALED, existing=waking, offer=offer)
    assert only(after, "MachineDeployment") == only(awake, "MachineDeployment")


def test_a_pool_that_is_added_while_the_cluster_wakes_waits_like_the_others() -> None:
    asleep = answering(rendered(asleep=True))
    more = [{"name": "md0", "flavor": "small", "replicas": 2}, {"name": "new", "flavor": "small", "replicas": 1}]
    assert workers(rendered(pools=more, existing=asleep)) == [0, 0]


def test_no_upgrade_begins_in_a_clusters_sleep_or_before_its_api_server_answers_again() -> None:
    there = answering(rendered())
    asleep = answering(rendered(version="v1.35.1", existing=there, asleep=True))
    assert only(asleep, "KamajiControlPlane")["spec"]["version"] == "v1.34.4"
    asleep = answering(rendered(version="v1.35.1", existing=asleep, asleep=True))
    waking = rendered(version="v1.35.1", existing=asleep)
    assert (control_planes(waking), only(waking, "KamajiControlPlane")["spec"]["version"]) == (2, "v1.34.4")
    awake = rendered(version="v1.35.1", existing=answering(waking))
    assert only(awake, "KamajiControlPlane")["spec"]["version"] == "v1.35.1"


def test_sleep_rolls_no_machine() -> None:
    kinds = ("KubevirtMachineTemplate", "KubeadmConfigTemplate")
    asleep, awake = rendered(**TWO_POOLS, asleep=True), rendered(**TWO_POOLS)
    for kind in kinds:
        assert of_kind(asleep, kind) == of_kind(awake, kind)
    templates = [[d["spec"]["template"] for d in of_kind(m, "MachineDeployment")] for m in (asleep, awake)]
    assert templates[0] == templates[1]
