"""From the objects of a cluster to what people are told about it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioning import lifetime, names, obstacles, steps
from provisioning.ending import Ending
from provisioning.hibernation import Rest
from provisioning.manifest import Manifest
from provisioning.model import ClusterStatus, HoldingBudget, LifetimePolicy, Precheck, Step, StepState, TenantCluster
from provisioning.model.conditions import find, is_true
from provisioning.objects import Stored, format_time, parse_time
from provisioning.observe import observe
from provisioning.world import World
from tests.provisioning import worlds
from tests.provisioning.manifests.examples import AUTOSCALED, CREATED, cluster
from tests.provisioning.worlds import Scene, condition, finished

NOW = CREATED + timedelta(seconds=30)


def look(
    scene: Scene | World, *, now: datetime = NOW, refusal: str = "", rest: Rest | None = None, **changes: Any
) -> ClusterStatus:
    world, it = scene.world() if isinstance(scene, Scene) else scene, cluster(**changes)
    ladder = lifetime.ladder(CREATED, it.it.spec, LifetimePolicy(hibernation="24h"))
    return observe(it, world, now=now, refusal=refusal, rest=rest, ladder=ladder)


def states(status: ClusterStatus) -> dict[str, str]:
    return {step.name: step.state.value for step in status.steps}


def truths(status: ClusterStatus) -> dict[str, str]:
    return {condition.type: condition.status for condition in status.conditions}


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
        "Storage and load balancers": "Waiting",
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
        "Storage and load balancers": "Running",
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
    assert (status.expires_at, status.deletes_at) == ("2026-08-10T09:00:00Z", "2026-08-11T09:00:00Z")
    assert {c.observed_generation for c in status.conditions} == {status.observed_generation} == {1}


def test_the_steps_times_are_those_that_the_objects_tell() -> None:
    times = [(s.name, s.started_at, s.ended_at) for s in look(finished()).steps]
    created = format_time(CREATED)
    assert times == [
        ("Accepted", created, worlds.MADE),
        ("Control plane", worlds.MADE, worlds.UP),
        ("Network", worlds.UP, worlds.NETWORKED),
        ("Workers", worlds.UP, worlds.JOINED),
        ("Storage and load balancers", worlds.UP, worlds.JOINED),
        ("Add-ons", worlds.NETWORKED, worlds.INSTALLED),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "v1.33.8"),
        ("infrastructureRef", {"kind": "KubevirtMachineTemplate", "name": "web-md0-before"}),
        ("bootstrap", {"configRef": {"kind": "KubeadmConfigTemplate", "name": "web-md0-before"}}),
    ],
)
def test_workers_of_before_are_not_up_to_date_though_cluster_api_still_counts_them_so(field: str, value: Any) -> None:
    scene = finished()
    deployment = scene["MachineDeployment", "web-md0"]
    made = copy.deepcopy({**deployment, "kind": "MachineSet"})
    scene.add(made)
    made["metadata"]["labels"]["cluster.x-k8s.io/deployment-name"] = "web-md0"
    assert is_true(look(scene).conditions, "Ready")
    made["spec"]["template"]["spec"][field] = value
    assert not is_true(look(scene).conditions, "Ready")
    made["spec"]["replicas"], made["status"] = 0, {"replicas": 0}
    assert is_true(look(scene).conditions, "Ready")


def test_it_is_noted_from_the_beginning_whether_a_cluster_was_ready_once_and_for_ever() -> None:
    building, ready = World(), finished()
    first = look(building)
    assert first.initialized is False
    assert look(building, status=first.wire()).initialized is False
    once = look(ready, status=first.wire())
    assert once.initialized is True
    assert look(building, status=once.wire()).initialized is True


def test_that_a_worker_was_ready_once_is_noted_for_ever_and_that_none_ever_was_by_whoever_saw_it_begin() -> None:
    first = look(World())
    assert first.had_ready_node is False
    up = Scene().control_plane_up()
    assert look(up, status=first.wire()).had_ready_node is False
    assert look(up).had_ready_node is None, "its status was lost"
    one = replace(up.world(), nodes_ready=1)
    once = look(one, status=first.wire())
    assert (once.initialized, once.had_ready_node) == (False, True)
    assert look(World(), status=once.wire()).had_ready_node is True


def test_what_a_newer_version_has_noted_is_left_out_and_the_rest_is_read() -> None:
    noted = look(finished())
    wire = noted.wire()
    newer = {**wire, "ofTomorrow": 1, "nodes": {**wire["nodes"], "ofTomorrow": 1}, "precheck": {"ofTomorrow": 1}}
    assert ClusterStatus.model_validate(newer) == noted.model_copy(update={"precheck": Precheck()})


def test_nobody_claims_that_a_cluster_was_never_ready_who_has_not_seen_it_begin() -> None:
    from_before = look(World()).model_copy(update={"initialized": None})
    assert look(World(), status=from_before.wire()).initialized is None
    up = Scene().control_plane_up()
    assert look(up).initialized is None, "its status was lost: somebody may work with it"
    assert look(up, status=look(World()).wire()).initialized is False
    assert look(finished()).initialized is True


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
    failing = condition("Ready", "False", reason="InstallFailed", message="context deadline exceeded")
    scene["HelmRelease", "web-cilium"]["status"] = {"conditions": [failing]}
    status = look(scene)
    assert ready_message(status) == f"a worker finds no room in the management cluster: {text}"
    assert step(status, "Workers").hint.startswith("make room on the nodes")
    assert find(status.conditions, "Reconciling").message.endswith(f"; what to do: {step(status, 'Workers').hint}")  # type: ignore[union-attr]


def test_a_node_that_is_not_healthy_for_want_of_a_network_is_not_what_is_spoken_of() -> None:
    scene = Scene().control_plane_up()
    scene.add(machine("Machine", condition("NodeHealthy", "False", reason="NodeNotHealthy", message="cni plugin")))
    assert ready_message(look(scene)) == "worker web-md0-x is not healthy: cni plugin"
    failing = condition("Ready", "False", reason="InstallFailed", message="ImagePullBackOff")
    scene["HelmRelease", "web-cilium"]["status"] = {"conditions": [failing]}
    assert ready_message(look(scene)) == "add-on cilium: ImagePullBackOff"


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


NO_ADDRESS = "the Service of type LoadBalancer has no address yet"
PULL = "Failed to pull the container disk: ErrImagePull: not found"
FULL = 'pods "web-ccm-x" is forbidden: exceeded quota: compute, requested: cpu=2, used: cpu=8, limited: cpu=8'
FORBIDDEN = 'kamajicontrolplanes "web" is forbidden: User "capi-kubeadm-bootstrap-manager" cannot get resource'
BLOCKED = "Scaling up from 1 to 2 replicas is blocked because KubevirtMachineTemplate does not exist"


def control_plane_says(type_: str, message: str) -> Callable[[Scene], None]:
    def breaks(scene: Scene) -> None:
        scene["KamajiControlPlane", "web"]["status"].update(
            ready=False, conditions=[condition(type_, "False", message=message)]
        )

    return breaks


def cluster_says(type_: str, message: str, status: str = "False", reason: str = "") -> Callable[[Scene], None]:
    def breaks(scene: Scene) -> None:
        scene["Cluster", "web"]["status"]["conditions"] = [condition(type_, status, message=message, reason=reason)]

    return breaks


def machine_says(kind: str, *conditions: Manifest) -> Callable[[Scene], None]:
    def breaks(scene: Scene) -> None:
        scene["MachineDeployment", "web-md0"]["status"].update(readyReplicas=1, availableReplicas=1)
        scene.add(machine(kind, *conditions))

    return breaks


def says(kind: str, name: str, *conditions: Manifest) -> Callable[[Scene], None]:
    def breaks(scene: Scene) -> None:
        scene[kind, name]["status"] = {"observedGeneration": 1, "conditions": list(conditions)}

    return breaks


@pytest.mark.parametrize(
    ("breaks", "told", "hint"),
    [
        # What the playground can play, by its words: no-address, datastore, freeze, unschedulable, image-pull.
        (control_plane_says("TenantControlPlaneAddressReady", NO_ADDRESS), "no address yet", "load balancers"),
        (control_plane_says("TenantControlPlaneCreated", "DataStore default is not ready"), "DataStore", "datastores"),
        (cluster_says("RemoteConnectionProbe", "timeout"), "the API server does not answer", "NetworkPolicy"),
        (
            machine_says("KubevirtMachine", condition("VMProvisioned", "False", reason="Unschedulable")),
            "a worker finds no room",
            "make room",
        ),
        (
            machine_says("KubevirtMachine", condition("VM", "False", reason="DVImagePullFailed", message=PULL)),
            "a worker's disk image cannot be pulled",
            "image of the Catalog exists",
        ),
        (
            says("HelmRelease", "web-cilium", condition("Ready", "False", message="Pods: ImagePullBackOff")),
            "add-on cilium",
            "image of the Catalog exists",
        ),
        (
            says("Deployment", "web-csi-controller", condition("Available", "False", message="ImagePullBackOff: x")),
            "web-csi-controller does not run",
            "image of the Catalog exists",
        ),
        # What happens elsewhere.
        (control_plane_says("TenantControlPlaneCreated", "unable to upgrade: v1.36"), "not made yet", "Kamaji"),
        (
            cluster_says("InfrastructureReady", "no versions matching contract versions", "Unknown", "InternalError"),
            "Cluster API cannot work with this cluster",
            "contract labels",
        ),
        (
            machine_says("KubevirtMachine", condition("VM", "False", reason="DVNotReady", message="ImportInProgress")),
            "a worker's disk is not ready",
            "importer Pod",
        ),
        (
            machine_says("KubevirtMachine", condition("VM", "False", reason="VMCreateFailed", message=FULL)),
            "a worker's virtual machine could not be made",
            "ResourceQuota",
        ),
        (
            machine_says("KubevirtMachine", condition("B", "False", reason="BootstrapFailed")),
            "a worker does not join",
            "console",
        ),
        (
            machine_says("Machine", condition("BootstrapConfigReady", "False", message=FORBIDDEN)),
            "does not get what it needs to join",
            "a right is missing",
        ),
        (
            machine_says("Machine", condition("HealthCheckSucceeded", "False", reason="NodeStartupTimeout")),
            "worker web-md0-x is given up",
            "health check",
        ),
        (machine_says("MachineSet", condition("ScalingUp", message=BLOCKED)), "makes no workers", "named here"),
        (
            says(
                "HelmRelease",
                "web-cilium",
                condition("Ready", "False", reason="ArtifactFailed", message="Secret 'web-kubeconfig' not found"),
            ),
            "add-on cilium",
            "Secret with the kubeconfig",
        ),
        (
            lambda scene: scene["HelmRelease", "web-cilium"].update(status={}, spec={"suspend": True}),
            "is suspended",
            "resume",
        ),
        (
            says("Deployment", "web-csi-controller", condition("ReplicaFailure", message=FULL)),
            "web-csi-controller does not run",
            "ResourceQuota",
        ),
        (
            lambda scene: scene.add(machine("ClusterResourceSet", condition("ResourcesApplied", "False"))),
            "is not applied to the cluster",
            "clusterresourceset",
        ),
    ],
)
def test_whatever_is_in_the_way_is_told_with_what_to_do_about_it(
    breaks: Callable[[Scene], None], told: str, hint: str
) -> None:
    scene = finished()
    breaks(scene)
    status = look(scene)
    assert truths(status) == {"Ready": "False", "Reconciling": "True", "Stalled": "False"}
    assert told in ready_message(status)
    (advised,) = {step.hint for step in status.steps if step.hint}
    assert hint in advised


@pytest.mark.parametrize(
    ("refusal", "hint"),
    [
        ('MachineDeployment web-md0: admission webhook "x.example.org" denied the request: no', "forbids it"),
        (
            "the management cluster lacks what this cluster needs: Flux's helm-controller is not installed",
            "kubectl clusterdesk preflight",
        ),
        ("Deployment web: failed calling webhook x: context deadline exceeded", "does not answer"),
        ('Deployment web: deployments.apps "web" is forbidden: exceeded quota: objects', "ResourceQuota"),
        ('its kubeconfig may not be read: secrets "web-kubeconfig" is forbidden', "a right is missing"),
    ],
)
def test_a_refusal_comes_with_what_to_do_about_it(refusal: str, hint: str) -> None:
    status = look(finished(), refusal=refusal)
    stalled = find(status.conditions, "Stalled")
    assert stalled is not None
    assert stalled.message.startswith(f"{refusal}; what to do: ")
    assert hint in stalled.message


def test_what_a_bootstrap_config_says_before_its_turn_is_nothing_wrong() -> None:
    scene = Scene().control_plane_up().released("web-cilium")
    early = "KubeadmConfig status.initialization.dataSecretCreated is false"
    scene.add(machine("Machine", condition("BootstrapConfigReady", "False", message=early)))
    assert step(look(scene), "Workers").message == "0 of 2 workers are ready"


def pod(name: str, reason: str, message: str) -> Manifest:
    waiting = {"state": {"waiting": {"reason": reason, "message": message}}}
    return {"metadata": {"name": name}, "status": {"containerStatuses": [waiting]}}


def test_what_a_deployment_does_not_say_its_pods_do() -> None:
    scene = finished()
    down = condition("Available", "False", message="Deployment does not have minimum availability.")
    scene["Deployment", "web-csi-controller"]["status"] = {"conditions": [down]}
    pods = (
        pod("web-csi-controller-5d-a", "ImagePullBackOff", 'Back-off pulling image "x"'),
        pod("web-cloud-controller-manager-7c-b", "CrashLoopBackOff", "other"),
    )
    status = look(scene.world(pods=pods))
    assert ready_message(status) == 'web-csi-controller does not run: ImagePullBackOff: Back-off pulling image "x"'
    assert "image of the Catalog" in step(status, "Storage and load balancers").hint


def test_a_pod_that_is_only_being_made_says_nothing() -> None:
    scene = finished()
    down = condition("Available", "False", message="Deployment does not have minimum availability.")
    scene["Deployment", "web-csi-controller"]["status"] = {"conditions": [down]}
    status = look(scene.world(pods=(pod("web-csi-controller-5d-a", "ContainerCreating", ""),)))
    assert ready_message(status) == f"web-csi-controller does not run: {down['message']}"


def test_an_api_server_whose_pod_finds_no_room_says_so() -> None:
    scene = Scene()
    bad = condition("KamajiControlPlaneIsReady", "False", message="not ready")
    scene["KamajiControlPlane", "web"]["status"] = {"ready": False, "version": "v1.34.4", "conditions": [bad]}
    nowhere = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    pods = (
        pod("web-csi-controller-5d-a", "ImagePullBackOff", "another matter"),
        {"metadata": {"name": "web-5d-a"}, "status": {"conditions": [nowhere]}},
    )
    assert ready_message(look(scene.world(pods=pods))) == "the API server is not ready yet: Unschedulable: 0/3 nodes"


def test_a_dead_cloud_controller_manager_is_named_with_the_workers_that_wait_for_it() -> None:
    scene = finished()
    down = condition("Available", "False", message="Deployment does not have minimum availability.")
    scene["Deployment", "web-cloud-controller-manager"]["status"] = {"conditions": [down]}
    status = look(scene.world(probed=True, nodes_ready=2, uninitialised=("n1", "n2")))
    assert ready_message(status).startswith(
        "web-cloud-controller-manager does not run, so 2 workers are not taken over and cannot be used: Deployment"
    )
    assert not is_true(status.conditions, "Ready")


# --- our own probe


def test_a_cluster_that_is_asked_is_ready_only_when_it_says_so_itself() -> None:
    unasked = look(finished().world(probed=True))
    assert states(unasked)["Probe"] == "Running"
    assert ready_message(unasked) == "the cluster is being asked"
    fine = look(finished().world(probed=True, nodes_ready=2))
    assert states(fine)["Probe"] == "Done"
    assert is_true(fine.conditions, "Ready")


def test_who_starts_anew_raises_no_alarm_before_anybody_was_asked() -> None:
    was = look(finished().world(probed=True, nodes_ready=2))
    status = observe(cluster(status=was.wire()), finished().world(probed=True), now=NOW + timedelta(hours=1))
    assert status == was


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"uninitialised": ("n1",)}, "1 worker is not taken over by the cloud controller manager: n1"),
        ({"unready": ("kube-dns: 0 of 2 Pods are ready (CrashLoopBackOff)",)}, "in the cluster: kube-dns: 0 of 2 Pods"),
        ({"nodes_ready": 1}, "1 of 2 workers are ready"),
        ({"nodes_ready": None, "silence": "its kubeconfig is not there"}, "its kubeconfig is not there"),
    ],
)
def test_what_the_cluster_itself_lacks_keeps_it_from_ready(seen: dict[str, Any], told: str) -> None:
    status = look(finished().world(**{"probed": True, "nodes_ready": 2, **seen}))
    assert not is_true(status.conditions, "Ready")
    assert ready_message(status).startswith(told)


SEEN = Precheck(checked_at="2026-08-03T11:00:00Z", budgets=(HoldingBudget(namespace="shop", name="web"),))


@pytest.mark.parametrize(
    ("before", "seen", "told"),
    [
        (None, {}, None),
        (None, {"precheck": SEEN}, SEEN),
        # Who starts anew, or finds it asleep, has not looked yet.
        (SEEN, {}, SEEN),
        (SEEN, {"precheck": Precheck(checked_at="2026-08-03T12:00:00Z")}, Precheck(checked_at="2026-08-03T12:00:00Z")),
        (SEEN, {"silence": "it is silent"}, SEEN.model_copy(update={"unseen": ("it is silent",)})),
        (None, {"silence": "it is silent"}, Precheck(unseen=("it is silent",))),
        (None, {"silence": "x" * 5000}, Precheck(unseen=("x" * 1000,))),
    ],
)
def test_what_an_upgrade_runs_into_stays_as_it_was_seen_last(
    before: Precheck | None, seen: dict[str, Any], told: Precheck | None
) -> None:
    was = ClusterStatus(precheck=before)
    status = observe(cluster(status=was.wire()), finished().world(probed=True, **seen), now=NOW)

    assert status.precheck == told
    assert ClusterStatus.model_validate(status.wire()) == status


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
    assert "not tried again" in step(status, "Network").hint


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


def test_an_upgrade_over_several_versions_says_which_is_next_and_what_it_waits_for() -> None:
    scene = finished(version="v1.35.1", workers_version="v1.34.4")
    control_plane = scene["KamajiControlPlane", "web"]
    control_plane["status"]["version"] = "v1.34.4"
    on_its_way = "the control plane is being upgraded to v1.35.1, on its way to v1.36.0"
    assert ready_message(look(scene, version="v1.36.0")) == on_its_way
    control_plane["status"]["version"] = "v1.35.1"
    waiting = "the control plane has reached v1.35.1, and goes on to v1.36.0 when every worker has"
    assert ready_message(look(scene, version="v1.36.0")) == waiting


def deleted(before: Stored[TenantCluster]) -> Stored[TenantCluster]:
    return replace(before, meta=replace(before.meta, deleting=True))


def test_a_cluster_that_is_being_deleted_says_how_far_that_is_and_keeps_its_steps() -> None:
    was = look(finished())
    ending = Ending("the workers are being deleted", ("Machine web-md0-x: its node is drained",))
    status = observe(deleted(cluster(status=was.wire())), finished().world(), now=NOW, ending=ending)
    assert ready_message(status) == "the workers are being deleted"
    assert status.residue == ending.residue
    assert status.steps == was.steps
    assert truths(status) == {"Ready": "False", "Reconciling": "True", "Stalled": "False"}
    stuck = observe(deleted(cluster()), World(), now=NOW, ending=replace(ending, stuck=True))
    assert truths(stuck) == {"Ready": "False", "Reconciling": "False", "Stalled": "True"}


def test_a_condition_keeps_its_time_while_its_truth_stays() -> None:
    was = look(Scene())
    later = observe(cluster(status=was.wire()), Scene().control_plane_up().world(), now=NOW + timedelta(seconds=9))
    done = observe(cluster(status=later.wire()), finished().world(), now=NOW + timedelta(seconds=20))
    times = [find(s.conditions, "Ready").last_transition_time for s in (was, later, done)]  # type: ignore[union-attr]
    assert times[0] == times[1] == format_time(NOW)
    assert times[2] == format_time(NOW + timedelta(seconds=20))


# --- left alone, asleep, waking


def paused(before: Stored[TenantCluster], *, generation: int = 1) -> Stored[TenantCluster]:
    annotations = {names.PAUSED_ANNOTATION: "true"}
    return replace(before, meta=replace(before.meta, annotations=annotations, generation=generation))


def test_a_paused_cluster_says_so_and_takes_no_new_spec_for_seen() -> None:
    was = look(finished())
    status = observe(paused(cluster(status=was.wire()), generation=2), finished().world(), now=NOW)
    assert truths(status) == {"Ready": "True", "Reconciling": "False", "Stalled": "False", "Paused": "True"}
    assert {c.observed_generation for c in status.conditions} == {status.observed_generation} == {1}


def test_a_paused_cluster_that_is_not_ready_is_neither_at_work_nor_stalled() -> None:
    status = observe(paused(cluster()), Scene().world(), now=CREATED + timedelta(hours=5))
    assert truths(status) == {"Ready": "False", "Reconciling": "False", "Stalled": "False", "Paused": "True"}
    assert ready_message(status).startswith("nothing is done while it is paused; ")


def test_only_the_word_true_pauses() -> None:
    before = cluster()
    running = replace(before, meta=replace(before.meta, annotations={names.PAUSED_ANNOTATION: "false"}))
    assert truths(observe(running, finished().world(), now=NOW))["Ready"] == "True"
    assert "Paused" not in truths(observe(deleted(paused(before)), finished().world(), now=NOW))


SLEEP = Rest(asleep=True, reason="Scheduled", why="it sleeps by its schedule, until 2026-08-04T05:00:00Z")
AWAKE = Rest(asleep=False, reason="Awake")


def slept() -> Scene:
    scene = finished()
    scene["KamajiControlPlane", "web"]["spec"]["replicas"] = 0
    scene["KamajiControlPlane", "web"]["status"] = {"ready": False, "version": "v1.34.4"}
    return scene.workers_up(count=0)


def test_a_cluster_asleep_is_not_ready_and_nothing_is_wrong_with_it() -> None:
    was = look(finished())
    status = observe(cluster(status=was.wire()), slept().world(), now=NOW, rest=SLEEP)
    assert truths(status) == {"Ready": "False", "Reconciling": "False", "Stalled": "False", "Hibernated": "True"}
    assert ready_message(status) == f"asleep: {SLEEP.why}"
    assert find(status.conditions, "Ready").reason == "Hibernated"  # type: ignore[union-attr]
    assert status.asleep_since == format_time(NOW)
    assert status.steps == was.steps
    later = observe(cluster(status=status.wire()), slept().world(), now=NOW + timedelta(hours=9), rest=SLEEP)
    assert later == status


def test_while_it_falls_asleep_and_wakes_it_is_at_work_and_hibernated_is_unknown() -> None:
    was = look(finished(), rest=AWAKE)
    assert truths(was)["Hibernated"] == "False"
    scene = finished()
    scene.add(machine("Machine"))
    falling = observe(cluster(status=was.wire()), scene.world(), now=NOW, rest=SLEEP)
    assert truths(falling) == {"Ready": "False", "Reconciling": "True", "Stalled": "False", "Hibernated": "Unknown"}
    assert ready_message(falling) == "going to sleep: 1 worker is left"
    asleep = observe(cluster(status=falling.wire()), slept().world(), now=NOW, rest=SLEEP)
    waking = observe(cluster(status=asleep.wire()), slept().world(), now=NOW, rest=AWAKE)
    assert truths(waking) == {"Ready": "False", "Reconciling": "True", "Stalled": "False", "Hibernated": "Unknown"}
    assert waking.asleep_since is None
    awake = observe(cluster(status=waking.wire()), finished().world(), now=NOW, rest=AWAKE)
    assert truths(awake) == {"Ready": "True", "Reconciling": "False", "Stalled": "False", "Hibernated": "False"}


@pytest.mark.parametrize("begun", [True, False], ids=["half made in the evening", "asleep from the start"])
def test_a_cluster_that_was_never_ready_has_its_whole_time_when_it_wakes(begun: bool) -> None:
    was = look(Scene(), rest=AWAKE) if begun else ClusterStatus()
    asleep = observe(cluster(status=was.wire()), slept().world(), now=NOW, rest=SLEEP)
    morning = NOW + timedelta(hours=9)
    waking = observe(cluster(status=asleep.wire()), Scene().world(), now=morning, rest=AWAKE)
    assert step(waking, "Control plane").started_at == format_time(morning)
    later = observe(cluster(status=waking.wire()), Scene().world(), now=morning + timedelta(minutes=29), rest=AWAKE)
    assert states(later)["Control plane"] == "Running"
    stuck = observe(cluster(status=later.wire()), Scene().world(), now=morning + timedelta(minutes=31), rest=AWAKE)
    assert truths(stuck)["Stalled"] == "True"


def test_a_cluster_that_was_paused_while_it_was_made_has_its_whole_time_afterwards() -> None:
    was = observe(paused(cluster()), Scene().world(), now=CREATED + timedelta(hours=5))
    after = observe(cluster(status=was.wire()), Scene().world(), now=CREATED + timedelta(hours=6))
    assert truths(after) == {"Ready": "False", "Reconciling": "True", "Stalled": "False"}


def test_a_cluster_that_cannot_fall_asleep_is_stalled_after_a_while() -> None:
    falling = observe(cluster(), finished().world(), now=NOW, rest=SLEEP)
    still = observe(cluster(status=falling.wire()), finished().world(), now=NOW + timedelta(minutes=31), rest=SLEEP)
    assert truths(still)["Stalled"] == "True"
    assert "too long" in ready_message(still)
    again = observe(cluster(status=still.wire()), finished().world(), now=NOW + timedelta(minutes=32), rest=SLEEP)
    assert again == still


# --- the end of a life


def test_a_cluster_that_does_not_live_for_ever_says_when_its_end_is_near() -> None:
    assert "Expiring" not in truths(look(finished()))
    assert truths(look(finished(), lifetime="168h"))["Expiring"] == "False"
    near = find(look(finished(), lifetime="168h", now=CREATED + timedelta(hours=150)).conditions, "Expiring")
    assert near is not None
    assert (near.status, near.reason) == ("True", "EndsSoon")
    assert "which counts from when it was made: 168h now" in near.message


def test_the_status_of_a_protected_cluster_names_no_time_of_deletion() -> None:
    status = look(finished(), lifetime="168h", deletionProtection=True)
    assert (status.expires_at, status.deletes_at) == ("2026-08-10T09:00:00Z", None)


def test_a_pause_keeps_a_cluster_awake_that_is_to_sleep() -> None:
    was = look(finished(), rest=AWAKE)
    status = observe(paused(cluster(status=was.wire())), finished().world(), now=NOW, rest=SLEEP)
    assert truths(status)["Ready"] == "True"
    assert truths(status)["Hibernated"] == "False"
    asleep = observe(paused(cluster(status=was.wire())), slept().world(), now=NOW, rest=SLEEP)
    assert truths(asleep)["Hibernated"] == "True"


def test_no_pause_keeps_a_cluster_awake_whose_lifetime_is_over() -> None:
    was = look(finished(), rest=AWAKE)
    over = Rest(asleep=True, reason="LifetimeOver", why="its lifetime was over at 2026-08-03T08:00:00Z")
    status = observe(paused(cluster(status=was.wire())), finished().world(), now=NOW, rest=over)
    assert find(status.conditions, "Ready").reason == "FallingAsleep"  # type: ignore[union-attr]
    assert "Paused" not in truths(status)


def test_an_add_on_by_another_engine_counts_when_it_is_in_this_very_cluster() -> None:
    scene = finished()
    release = scene.objects.pop(("HelmRelease", "web-metrics-server"))
    ready = {"observedGeneration": 1, "conditions": [condition("Ready")]}
    scene.add({**release, "kind": "HelmChartProxy", "status": ready})
    assert not is_true(look(scene).conditions, "Ready")
    scene["HelmChartProxy", "web-metrics-server"]["status"] = {**ready, "matchingClusters": [{"name": "web"}]}
    assert is_true(look(scene).conditions, "Ready")


def test_why_another_engine_does_not_install_is_read_where_it_is_said() -> None:
    scene = finished()
    release = scene.objects.pop(("HelmRelease", "web-metrics-server"))
    vague = condition("Ready", "False", reason="HelmReleaseProxiesNotReady", message="not every release is installed")
    scene.add({**release, "kind": "HelmChartProxy", "status": {"conditions": [vague]}})
    exact = condition("Ready", "False", reason="HelmInstallOrUpgradeFailed", message="0 of 1 Pods: ImagePullBackOff")
    labels = {obstacles.MADE_BY: "web-metrics-server"}
    proxy = machine("HelmReleaseProxy", exact)
    scene.add({**proxy, "metadata": {**proxy["metadata"], "labels": labels}})
    assert ready_message(look(scene)) == "add-on metrics-server: 0 of 1 Pods: ImagePullBackOff"


# --- as Flux and `kubectl wait` read it


def kstatus(status: ClusterStatus, *, generation: int = 1) -> str:
    """What kstatus calls an object with these conditions (sigs.k8s.io/cli-utils, `checkGenericProperties`)."""
    if status.observed_generation != generation:
        return "InProgress"
    if is_true(status.conditions, "Stalled"):
        return "Failed"
    ready = find(status.conditions, "Ready")
    at_work = is_true(status.conditions, "Reconciling") or ready is None or ready.status != "True"
    return "InProgress" if at_work else "Current"


def test_flux_takes_a_cluster_for_what_it_is() -> None:
    ready = look(finished())
    assert kstatus(look(Scene())) == "InProgress"
    assert kstatus(ready) == "Current"
    assert kstatus(ready, generation=2) == "InProgress"
    assert kstatus(look(finished(), refusal="no machines today")) == "Failed"
    assert kstatus(look(Scene(), now=CREATED + timedelta(minutes=31))) == "Failed"
    held = observe(paused(cluster(status=ready.wire()), generation=2), finished().world(), now=NOW)
    assert kstatus(held, generation=2) == "InProgress"


def test_no_cluster_is_ever_both_at_work_and_stalled_or_ready_and_either() -> None:
    every = [
        look(Scene()),
        look(finished()),
        look(finished(), refusal="x"),
        look(Scene(), now=CREATED + timedelta(minutes=31)),
        look(slept(), rest=SLEEP),
        observe(paused(cluster()), Scene().world(), now=NOW),
        observe(deleted(cluster()), World(), now=NOW),
    ]
    for status in every:
        assert [truths(status)[type_] for type_ in ("Ready", "Reconciling", "Stalled")].count("True") <= 1
