"""From the objects of a cluster to what people are told about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioning import steps
from provisioning.model import ClusterStatus, Step, StepState
from provisioning.model.conditions import find, is_true
from provisioning.objects import format_time, parse_time
from provisioning.observe import observe
from provisioning.world import World
from tests.provisioning import worlds
from tests.provisioning.manifests.examples import AUTOSCALED, CREATED, cluster
from tests.provisioning.worlds import Scene, condition, finished

NOW = CREATED + timedelta(seconds=30)


def look(scene: Scene | World, *, now: datetime = NOW, refusal: str = "", **changes: Any) -> ClusterStatus:
    world = scene.world() if isinstance(scene, Scene) else scene
    return observe(cluster(**changes), world, now=now, refusal=refusal)


def states(status: ClusterStatus) -> dict[str, str]:
    return {step.name: step.state.value for step in status.steps}


def ready_message(status: ClusterStatus) -> str:
    ready = find(status.conditions, "Ready")
    assert ready is not None
    return ready.message


def step(status: ClusterStatus, name: str) -> Step:
    return next(step for step in status.steps if step.name == name)


# --- the way to Ready


def test_before_anything_is_there_the_cluster_waits_to_be_accepted() -> None:
    status = look(World())
    assert states(status) == {
        "Accepted": "Running",
        "Control plane": "Waiting",
        "Network": "Waiting",
        "Workers": "Waiting",
        "Add-ons": "Waiting",
    }
    assert is_true(status.conditions, "Reconciling")
    assert not is_true(status.conditions, "Ready")


def test_network_and_workers_come_about_together_once_the_control_plane_is_up() -> None:
    status = look(Scene().control_plane_up())
    assert states(status) == {
        "Accepted": "Done",
        "Control plane": "Done",
        "Network": "Running",
        "Workers": "Running",
        "Add-ons": "Waiting",
    }
    assert step(status, "Workers").message == "0 of 2 workers are ready"
    reason = find(status.conditions, "Ready").reason  # type: ignore[union-attr]
    assert reason == "NetworkRunning"


def test_the_reason_of_a_condition_is_one_word_for_every_step_and_state() -> None:
    said = {steps.word(Step(name=name, state=state)) for name in steps.NEEDS for state in StepState}
    assert {"ControlPlaneRunning", "AddOnsFailed"} <= said
    assert all(word.isalpha() for word in said)


def test_add_ons_begin_when_the_network_is_there_even_while_workers_join() -> None:
    status = look(Scene().control_plane_up().released("web-cilium"))
    assert states(status)["Add-ons"] == "Running"
    assert states(status)["Workers"] == "Running"


def test_a_cluster_is_ready_when_every_step_is_done() -> None:
    status = look(finished(), lifetime="168h")
    assert set(states(status).values()) == {"Done"}
    assert is_true(status.conditions, "Ready")
    assert not is_true(status.conditions, "Reconciling")
    assert not is_true(status.conditions, "Stalled")
    assert status.version == "v1.34.4"
    assert status.endpoint == "https://192.0.2.7:6443"
    assert status.kubeconfig_secret == "web-kubeconfig"
    assert (status.nodes.ready, status.nodes.wanted) == (2, 2)
    assert status.expires_at == "2026-08-10T09:00:00Z"
    assert {c.observed_generation for c in status.conditions} == {status.observed_generation} == {1}


def test_the_steps_times_are_those_that_the_objects_tell() -> None:
    times = [(s.name, s.started_at, s.ended_at) for s in look(finished()).steps]
    created = format_time(CREATED)
    assert times == [
        ("Accepted", created, worlds.MADE),
        ("Control plane", worlds.MADE, worlds.UP),
        ("Network", worlds.UP, worlds.NETWORKED),
        ("Workers", worlds.UP, worlds.JOINED),
        ("Add-ons", worlds.NETWORKED, worlds.INSTALLED),
    ]


def test_a_status_that_was_lost_is_made_again_the_same() -> None:
    first = look(finished())
    again = observe(cluster(status=first.wire()), finished().world(), now=NOW + timedelta(hours=3))
    assert again == first


@pytest.mark.parametrize(
    "undone",
    [
        lambda scene: scene["KamajiControlPlane", "web"]["status"].update(ready=False),
        lambda scene: scene["KamajiControlPlane", "web"]["status"].update(readyReplicas=1),
        lambda scene: scene["KamajiControlPlane", "web"]["status"].update(version="v1.33.8"),
        lambda scene: scene["MachineDeployment", "web-md0"]["status"].update(availableReplicas=1),
        lambda scene: scene["MachineDeployment", "web-md0"]["status"].update(upToDateReplicas=1),
        lambda scene: scene["MachineDeployment", "web-md0"]["status"].update(replicas=3),
        lambda scene: scene["MachineDeployment", "web-md0"]["metadata"].update(generation=2),
        lambda scene: scene["MachineDeployment", "web-md0"]["spec"].update(replicas=3),
        lambda scene: scene["HelmRelease", "web-cilium"]["metadata"].update(generation=2),
        lambda scene: scene["HelmRelease", "web-metrics-server"].update(status={}),
        lambda scene: scene["Deployment", "web-csi-controller"].update(status={}),
        lambda scene: scene.objects.pop(("HelmRelease", "web-metrics-server")),
        lambda scene: scene.objects.pop(("MachineDeployment", "web-md0")),
        lambda scene: scene.objects.pop(("KamajiControlPlane", "web")),
    ],
)
def test_a_cluster_is_not_ready_while_anything_is_missing_or_behind(undone: Any) -> None:
    scene = finished()
    undone(scene)
    status = look(scene)
    assert not is_true(status.conditions, "Ready")
    assert ready_message(status)


def test_a_pool_that_is_being_removed_keeps_the_cluster_from_ready() -> None:
    pools = [{"name": "md0", "flavor": "small", "replicas": 2}, {"name": "old", "flavor": "small", "replicas": 2}]
    assert not is_true(look(finished(pools=pools)).conditions, "Ready")


def test_an_autoscaled_pool_is_as_large_as_the_autoscaler_says() -> None:
    scene = finished(**AUTOSCALED).workers_up(count=4)
    status = look(scene, **AUTOSCALED)
    assert is_true(status.conditions, "Ready")
    assert (status.nodes.ready, status.nodes.wanted) == (4, 4)


def test_a_catalog_without_a_network_add_on_has_no_network_to_wait_for() -> None:
    scene = finished(addOns=[{"name": "cilium"}, {"name": "metrics-server"}])
    for (kind, _), release in scene.objects.items():
        if kind == "HelmRelease":
            release["metadata"]["labels"].pop("clusterdesk.dev/cni", None)
    assert is_true(look(scene).conditions, "Ready")


def test_a_cluster_without_add_ons_gets_ready_too() -> None:
    scene = Scene(addOns=[]).control_plane_up().workers_up().hosted_up()
    assert is_true(look(scene, addOns=[]).conditions, "Ready")


# --- what is in the way


def test_the_api_server_without_an_address_is_named_as_the_cause() -> None:
    scene = Scene()
    scene["KamajiControlPlane", "web"]["status"] = {
        "ready": False,
        "version": "v1.34.4",
        "conditions": [
            condition("TenantControlPlaneAddressReady", "False", message="the Service has no address yet"),
            condition("KamajiControlPlaneIsReady", "False", message="not ready"),
        ],
    }
    status = look(scene)
    assert ready_message(status) == "the API server has no address yet: the Service has no address yet"
    assert states(status)["Control plane"] == "Running"


def machine(kind: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    meta = {"name": "web-md0-x", "namespace": "tenant-team-a"}
    return {"apiVersion": "x/v1", "kind": kind, "metadata": meta, "status": {"conditions": list(conditions)}}


def test_a_worker_that_finds_no_room_is_told_instead_of_what_waits_for_it() -> None:
    scene = Scene().control_plane_up()
    text = "0/3 nodes are available: 3 Insufficient memory."
    scene.add(machine("KubevirtMachine", condition("VMProvisioned", "False", reason="Unschedulable", message=text)))
    scene.add(machine("Machine", condition("NodeHealthy", "False", reason="NodeNotHealthy", message="later")))
    assert ready_message(look(scene)) == "the network is being installed"
    scene.released("web-cilium")
    assert step(look(scene), "Workers").message == f"a worker finds no room in the management cluster: {text}"


def test_an_add_on_that_waits_for_another_is_not_what_is_in_the_way() -> None:
    scene = finished()
    waiting = condition("Ready", "False", reason="DependencyNotReady", message="dependency is not ready")
    scene["HelmRelease", "web-metrics-server"]["status"]["conditions"] = [waiting]
    assert ready_message(look(scene)) == "0 of 1 add-ons are installed"


def test_components_beside_the_control_plane_that_have_not_started_are_spoken_of_as_such() -> None:
    scene = finished()
    scene["Deployment", "web-csi-controller"]["status"] = {}
    assert ready_message(look(scene)) == "what runs beside the control plane is starting"
    down = condition("Available", "False", message="ImagePullBackOff")
    scene["Deployment", "web-csi-controller"]["status"] = {"conditions": [down]}
    assert ready_message(look(scene)) == "web-csi-controller does not run: ImagePullBackOff"


def test_something_that_stays_in_the_way_makes_the_step_fail_after_a_while() -> None:
    scene = finished()
    failing = condition("Ready", "False", reason="InstallFailed", message="ImagePullBackOff", at=worlds.INSTALLED)
    scene["HelmRelease", "web-metrics-server"]["status"]["conditions"] = [failing]
    soon, late = look(scene), look(scene, now=parse_time(worlds.INSTALLED) + timedelta(minutes=10))
    assert (states(soon)["Add-ons"], states(late)["Add-ons"]) == ("Running", "Failed")
    assert is_true(soon.conditions, "Reconciling")
    assert is_true(late.conditions, "Stalled")
    assert ready_message(late) == "add-on metrics-server: ImagePullBackOff"


def test_what_flux_has_given_up_fails_at_once() -> None:
    scene = finished()
    stalled = condition("Stalled", reason="InvalidSpec", message="no such chart")
    scene["HelmRelease", "web-cilium"]["status"]["conditions"] = [stalled]
    status = look(scene)
    assert states(status)["Network"] == "Failed"
    assert ready_message(status) == "add-on cilium: no such chart"


def test_a_step_of_which_nobody_says_anything_fails_by_the_clock() -> None:
    status = look(Scene(), now=CREATED + timedelta(minutes=31))
    assert states(status)["Control plane"] == "Failed"
    assert "longer than 30 minutes" in ready_message(status)


def test_a_step_that_failed_goes_on_when_what_was_in_the_way_has_gone() -> None:
    failed = look(Scene(), now=CREATED + timedelta(minutes=31))
    scene = Scene().control_plane_up()
    up = condition("KamajiControlPlaneIsReady", at=format_time(CREATED + timedelta(minutes=31, seconds=40)))
    scene["KamajiControlPlane", "web"]["status"]["conditions"] = [up]
    healed = observe(cluster(status=failed.wire()), scene.world(), now=CREATED + timedelta(minutes=32))
    assert states(healed)["Control plane"] == "Done"
    assert is_true(healed.conditions, "Reconciling")
    assert not is_true(healed.conditions, "Stalled")


def test_a_roll_out_of_many_workers_may_take_long() -> None:
    pools = [{"name": "md0", "flavor": "small", "replicas": 100}]
    scene = finished(pools=pools)
    begun = look(scene, pools=pools)
    later = observe(cluster(status=begun.wire(), pools=pools), scene.world(), now=CREATED + timedelta(hours=12))
    assert states(later)["Workers"] == "Running"


def test_a_refusal_is_told_in_its_own_words_and_does_not_hide_what_runs() -> None:
    fresh = look(World(), refusal="quota exceeded: vCPU asks for 12, 4 of 20 free")
    assert states(fresh)["Accepted"] == "Failed"
    running = look(finished(), refusal="quota exceeded: vCPU asks for 12, 4 of 20 free")
    assert set(states(running).values()) == {"Done"}
    for status in (fresh, running):
        assert is_true(status.conditions, "Stalled")
        assert not is_true(status.conditions, "Ready")
        assert ready_message(status).startswith("quota exceeded")


def test_a_message_of_any_length_fits_into_the_status() -> None:
    scene = finished()
    failing = condition("Ready", "False", reason="InstallFailed", message="x" * 5000)
    scene["HelmRelease", "web-metrics-server"]["status"]["conditions"] = [failing]
    ClusterStatus.model_validate(look(scene).model_dump())
    ClusterStatus.model_validate(look(finished(), refusal="y" * 5000).model_dump())


# --- later on


def test_an_api_server_that_stops_answering_undoes_its_step_and_starts_its_clock_anew() -> None:
    was = look(finished())
    scene = finished()
    lost = condition("RemoteConnectionProbe", "False", message="no answer for 50 s", at="2026-08-03T12:00:00Z")
    scene["Cluster", "web"]["status"]["conditions"] = [lost]
    now = parse_time("2026-08-03T12:00:10Z")
    status = observe(cluster(status=was.wire()), scene.world(), now=now)
    assert states(status)["Control plane"] == "Running"
    assert step(status, "Control plane").started_at == format_time(now)
    assert step(status, "Control plane").ended_at is None
    assert states(status)["Workers"] == "Done"
    assert ready_message(status) == "the API server does not answer: no answer for 50 s"


def test_what_a_look_at_the_tenant_itself_finds_counts_as_well() -> None:
    silent = look(finished().world(silence="its API server does not answer"))
    assert ready_message(silent) == "its API server does not answer"
    fewer = look(finished().world(nodes_ready=1))
    assert ready_message(fewer) == "1 of 2 workers are ready"
    assert is_true(look(finished().world(nodes_ready=2)).conditions, "Ready")


def test_an_upgrade_shows_as_a_control_plane_that_is_on_its_way() -> None:
    scene = finished(version="v1.35.1", workers_version="v1.34.4")
    scene["KamajiControlPlane", "web"]["status"]["version"] = "v1.34.4"
    status = look(scene, version="v1.35.1")
    assert ready_message(status) == "the control plane is being upgraded to v1.35.1"
    assert status.version == "v1.34.4"
    scene["KamajiControlPlane", "web"]["status"]["version"] = "v1.35.1"
    assert states(look(scene, version="v1.35.1"))["Workers"] == "Running"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WaitingForWorkersDeletion", "the workers are being deleted"),
        ("WaitingForControlPlaneDeletion", "the control plane is being deleted"),
        ("Anything", "the cluster is being deleted"),
    ],
)
def test_a_cluster_that_is_being_deleted_says_how_far_that_is(reason: str, words: str) -> None:
    was = look(finished())
    scene = finished()
    scene["Cluster", "web"]["status"]["conditions"] = [condition("Deleting", reason=reason)]
    before = cluster(status=was.wire())
    status = observe(replace(before, meta=replace(before.meta, deleting=True)), scene.world(), now=NOW)
    assert ready_message(status) == words
    assert status.steps == was.steps
    assert is_true(status.conditions, "Reconciling")


def test_a_condition_keeps_its_time_while_its_truth_stays() -> None:
    was = look(Scene())
    later = observe(cluster(status=was.wire()), Scene().control_plane_up().world(), now=NOW + timedelta(seconds=9))
    done = observe(cluster(status=later.wire()), finished().world(), now=NOW + timedelta(seconds=20))
    times = [find(s.conditions, "Ready").last_transition_time for s in (was, later, done)]  # type: ignore[union-attr]
    assert times[0] == times[1] == format_time(NOW)
    assert times[2] == format_time(NOW + timedelta(seconds=20))
