"""The end of a cluster: in order, bounded, nothing left behind, nothing of others touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from provisioning import belongings, ending, names, releases, resources, teardown
from provisioning.manifest import Manifest
from provisioning.objects import parse_time
from provisioning.resources import Resource
from tests import builders
from tests.builders import NAMESPACE
from tests.fakes.api_server import Fault
from tests.provisioning.backstage import CAPI_FINALIZER, FLUX_FINALIZER, Backstage, at_work
from tests.provisioning.waiting import until

LABELS = {names.CAPI_CLUSTER_LABEL: "web", names.CLUSTER_LABEL: "web"}
"""As what our hosted components make for a tenant carries them."""
LATE = timedelta(minutes=2)
KAMAJI_FINALIZER = "finalizer.kamaji.clastix.io"
SECRET_FINALIZER = "finalizer.kamaji.clastix.io/datastore-secret"


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    """With one cluster, wholly made, and everything that holds on to it in real life."""
    async with at_work() as working:
        working.cluster()
        await until(lambda: working.there(resources.DEPLOYMENTS, "web-csi-controller"))
        working.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": [CAPI_FINALIZER]}})
        working.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": [FLUX_FINALIZER]}})
        await working.caught_up()
        yield working


def delete(stage: Backstage) -> None:
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)


def deleting(stage: Backstage, resource: Resource, name: str = "web") -> bool:
    found = stage.server.get(resource, name, NAMESPACE)
    return found is None or "deletionTimestamp" in found["metadata"]


def flux_lets_go(stage: Backstage) -> None:
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": None}})


def cluster_api_is_done(stage: Backstage) -> None:
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": None}})


def leave_behind(stage: Backstage, resource: Resource, name: str, **meta: object) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS, **meta}
    return stage.put(resource, {"metadata": metadata, "spec": {}})


def kamaji_leaves_behind(stage: Backstage) -> None:
    """A control plane and the Secret by which its data is reached, each held by Kamaji's finalizer."""
    control_plane = leave_behind(stage, resources.TENANT_CONTROL_PLANES, "web", finalizers=[KAMAJI_FINALIZER])
    owner = {
        "apiVersion": resources.TENANT_CONTROL_PLANES.api_version,
        "kind": "TenantControlPlane",
        "name": "web",
        "uid": control_plane["metadata"]["uid"],
    }
    labels = {"kamaji.clastix.io/name": "web"}
    secret = {"labels": labels, "finalizers": [SECRET_FINALIZER], "ownerReferences": [owner]}
    leave_behind(stage, resources.SECRETS, "web-datastore-config", **secret)


def residue(stage: Backstage) -> list[str]:
    found = stage.server.get(resources.TENANT_CLUSTERS, "web", NAMESPACE) or {}
    told: list[str] = (found.get("status") or {}).get("residue") or []
    return told


async def gone(stage: Backstage) -> None:
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))


# --- the order


async def test_it_goes_in_order_and_leaves_nothing(stage: Backstage) -> None:
    for kind, name in (
        (resources.SERVICES, "lb"),
        (resources.DATA_VOLUMES, "pvc-data"),
        (resources.PERSISTENT_VOLUME_CLAIMS, "pvc-data"),
        (resources.VIRTUAL_MACHINES, "vm"),
        (resources.SECRETS, "web-ca"),
        (resources.CLUSTER_RESOURCE_SETS, "web-crs"),
        (resources.HELM_RELEASE_PROXIES, "web-metrics"),
    ):
        leave_behind(stage, kind, name)
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    assert stage.get(resources.HELM_RELEASES, "web-cilium")["spec"]["suspend"] is True
    await until(lambda: "HelmRelease web-cilium" in stage.condition()["message"])
    assert not deleting(stage, resources.CLUSTERS)
    flux_lets_go(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    assert stage.there(resources.DEPLOYMENTS, "web-csi-controller")
    assert stage.there(resources.SERVICES, "lb")
    await until(lambda: "being deleted" in stage.condition()["message"])
    cluster_api_is_done(stage)
    await gone(stage)
    assert [kind.kind for kind in belongings.SWEPT if stage.server.all(kind, NAMESPACE)] == []


async def test_releases_are_suspended_before_they_are_deleted(stage: Backstage) -> None:
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    path = f"/namespaces/{NAMESPACE}/helmreleases/web-cilium"
    asked = [method for method, asked in stage.server.requests if asked.endswith(path) and method != "GET"]
    assert asked[-2:] == ["PATCH", "DELETE"]


async def test_the_autoscaler_is_stilled_first(stage: Backstage) -> None:
    pool = {"name": "md0", "flavor": "small", "min": 1, "max": 3}
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [pool]}})
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cluster-autoscaler"))
    await stage.caught_up()
    delete(stage)
    await until(lambda: stage.get(resources.DEPLOYMENTS, "web-cluster-autoscaler")["spec"]["replicas"] == 0)
    assert not deleting(stage, resources.CLUSTERS)


async def test_what_flux_holds_on_to_is_taken_from_it_in_the_end(stage: Backstage) -> None:
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    stage.clock.ahead = releases.PATIENCE + timedelta(seconds=1)
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: deleting(stage, resources.CLUSTERS))


async def test_a_paused_cluster_is_woken_to_be_deleted(stage: Backstage) -> None:
    stage.patch(resources.CLUSTERS, "web", {"spec": {"paused": True}})
    await stage.caught_up()
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    assert "paused" not in stage.get(resources.CLUSTERS)["spec"]


@pytest.mark.parametrize("kind", [resources.CLUSTERS, resources.MACHINE_DEPLOYMENTS, resources.KAMAJI_CONTROL_PLANES])
async def test_parts_that_somebody_paused_are_woken_too(stage: Backstage, kind: Resource) -> None:
    name = "web-md0" if kind == resources.MACHINE_DEPLOYMENTS else "web"
    stage.patch(kind, name, {"metadata": {"annotations": {teardown.PAUSED_ANNOTATION: ""}}})
    await stage.caught_up()
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    assert teardown.PAUSED_ANNOTATION not in (stage.get(kind, name)["metadata"].get("annotations") or {})


async def test_a_release_that_others_hold_is_told(stage: Backstage) -> None:
    others = "backup.example.com/kept"
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": [FLUX_FINALIZER, others]}})
    await stage.caught_up()
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    stage.clock.ahead = LATE
    await until(lambda: stage.get(resources.HELM_RELEASES, "web-cilium")["metadata"]["finalizers"] == [others])
    await until(lambda: f"{others}; see that whoever set it runs" in "".join(residue(stage)))


# --- what is left, and why


async def test_what_does_not_go_is_named_and_holds_the_tenant_cluster(stage: Backstage) -> None:
    leave_behind(stage, resources.SERVICES, "lb", finalizers=["cloud.example.com/address"])
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: stage.condition()["message"] == "still there: Service lb")
    assert residue(stage) == []
    stage.clock.ahead = LATE
    await until(lambda: len(residue(stage)) == 1)
    assert "held by the finalizer cloud.example.com/address" in residue(stage)[0]
    assert residue(stage)[0] in stage.condition()["message"]
    assert stage.condition("Stalled")["status"] == "False"
    stage.patch(resources.SERVICES, "lb", {"metadata": {"finalizers": None}})
    await gone(stage)


async def test_a_deletion_that_takes_too_long_is_stalled(stage: Backstage) -> None:
    leave_behind(stage, resources.SERVICES, "lb", finalizers=["cloud.example.com/address"])
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: stage.condition()["message"] == "still there: Service lb")
    assert stage.condition("Reconciling")["status"] == "True"
    stage.clock.ahead = ending.PATIENCE
    await until(lambda: stage.condition("Stalled")["status"] == "True")
    assert stage.condition("Reconciling")["status"] == "False"
    assert "Service lb" in stage.condition("Stalled")["message"]


async def test_what_cluster_api_waits_for_is_passed_on_with_what_is_stuck_below(stage: Backstage) -> None:
    leave_behind(
        stage, resources.VIRTUAL_MACHINES, "web-md0-abc", finalizers=["kubevirt.io/virtualMachineControllerFinalize"]
    )
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    stage.server.remove(resources.VIRTUAL_MACHINES, "web-md0-abc", NAMESPACE)
    message = "* MachineDeployments: web-md0\n* Worker Machines: web-md0-abc"
    told = {"type": "Deleting", "status": "True", "reason": "WaitingForWorkersDeletion", "message": message}
    stage.patch(resources.CLUSTERS, "web", {"status": {"conditions": [told]}}, "status")
    words = "the workers are being deleted: MachineDeployments: web-md0; Worker Machines: web-md0-abc"
    await until(lambda: stage.condition()["message"] == words)
    stage.clock.ahead = LATE
    await until(lambda: "VirtualMachine web-md0-abc" in stage.condition()["message"])
    assert "see that virt-controller runs" in residue(stage)[0]


async def test_a_volume_that_a_pod_still_uses_is_told_with_the_pod(stage: Backstage) -> None:
    leave_behind(stage, resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1", finalizers=["kubernetes.io/pvc-protection"])
    pod = {"metadata": {"name": "hp-volume-x", "namespace": NAMESPACE}}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "pvc-1"}}, {"name": "w", "emptyDir": {}}]
    stage.put(resources.PODS, {**pod, "spec": {"volumes": volumes}})
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1"))
    stage.clock.ahead = LATE
    await until(lambda: "used by Pod hp-volume-x" in "".join(residue(stage)))


async def test_a_deletion_that_somebodys_webhook_refuses_is_told(stage: Backstage) -> None:
    leave_behind(stage, resources.SERVICES, "lb")
    stage.server.fail(403, method="DELETE", plural="services", times=1000)
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: "Service lb may not be deleted" in "".join(residue(stage)))
    stage.server.heal()
    await gone(stage)


async def test_a_release_that_may_not_be_changed_is_told(stage: Backstage) -> None:
    stage.server.fail(403, method="PATCH", plural="helmreleases", times=1000)
    delete(stage)
    await until(lambda: "refused" in stage.condition()["message"])
    stage.server.heal()
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    await gone(stage)


# --- proof of absence


async def test_an_api_server_that_cannot_list_is_no_proof_that_nothing_is_left(stage: Backstage) -> None:
    leave_behind(stage, resources.PERSISTENT_VOLUME_CLAIMS, "data")
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    stage.server.fail(503, method="GET", plural="persistentvolumeclaims", times=1000)
    delete(stage)
    await until(lambda: "persistentvolumeclaims are left cannot be told" in "".join(residue(stage)))
    assert stage.there(resources.TENANT_CLUSTERS)
    stage.server.heal()
    await gone(stage)
    assert not stage.there(resources.PERSISTENT_VOLUME_CLAIMS, "data")


async def test_a_kind_that_is_not_served_leaves_nothing(stage: Backstage) -> None:
    stage.server.unserved.add("datavolumes")
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)


async def test_a_kind_that_is_served_at_another_version_is_no_proof(stage: Backstage) -> None:
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    stage.server.versions["cdi.kubevirt.io"] = "v1beta2"
    delete(stage)
    await until(lambda: "served as v1beta2, and was asked for as v1beta1" in "".join(residue(stage)))
    assert stage.there(resources.TENANT_CLUSTERS)
    stage.server.versions.clear()
    await gone(stage)


# --- Kamaji


async def test_kamajis_secret_is_let_go_of_once_its_control_plane_is_gone(stage: Backstage) -> None:
    kamaji_leaves_behind(stage)
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.TENANT_CONTROL_PLANES))
    # Kamaji dies here: somebody takes its finalizer off the control plane, and the Secret stays behind.
    stage.server.remove(resources.SECRETS, "web-datastore-config", NAMESPACE)
    stage.patch(resources.TENANT_CONTROL_PLANES, "web", {"metadata": {"finalizers": None}})
    await gone(stage)
    assert not stage.there(resources.SECRETS, "web-datastore-config")


@pytest.mark.parametrize("unsure", ["there", "unreachable", "elsewhere"])
async def test_as_long_as_a_control_plane_may_be_there_its_secret_is_held(stage: Backstage, unsure: str) -> None:
    kamaji_leaves_behind(stage)
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    if unsure == "unreachable":
        stage.server.fail(503, method="GET", plural="tenantcontrolplanes", times=1000)
    if unsure == "elsewhere":
        stage.server.versions["kamaji.clastix.io"] = "v2"
    delete(stage)
    await until(lambda: not stage.there(resources.CLUSTERS))
    stage.server.remove(resources.SECRETS, "web-datastore-config", NAMESPACE)
    await asyncio.sleep(2.5)
    assert stage.get(resources.SECRETS, "web-datastore-config")["metadata"]["finalizers"] == [SECRET_FINALIZER]
    assert stage.get(resources.TENANT_CONTROL_PLANES)["metadata"]["finalizers"] == [KAMAJI_FINALIZER]
    assert stage.there(resources.TENANT_CLUSTERS)


async def test_a_control_plane_that_kamaji_cannot_clean_up_behind_is_told_with_what_to_do(stage: Backstage) -> None:
    kamaji_leaves_behind(stage)
    stage.patch(resources.TENANT_CONTROL_PLANES, "web", {"spec": {"dataStore": "tenants"}})
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.TENANT_CONTROL_PLANES))
    stage.clock.ahead = LATE
    await until(lambda: residue(stage) != [])
    assert "while its DataStore tenants is missing or not ready" in residue(stage)[0]
    assert stage.get(resources.TENANT_CONTROL_PLANES)["metadata"]["finalizers"] == [KAMAJI_FINALIZER]


# --- whose it is


async def test_what_belongs_to_other_clusters_stays(stage: Backstage) -> None:
    other = {"labels": {names.CAPI_CLUSTER_LABEL: "other", names.CLUSTER_LABEL: "other"}}
    leave_behind(stage, resources.SERVICES, "others-lb", **other)
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)
    assert stage.there(resources.SERVICES, "others-lb")


@pytest.mark.parametrize(
    "kind",
    [resources.SECRETS, resources.SERVICES, resources.CONFIG_MAPS, resources.DATA_VOLUMES, resources.VIRTUAL_MACHINES],
)
async def test_what_people_labelled_with_the_clusters_name_outlives_it(stage: Backstage, kind: Resource) -> None:
    leave_behind(stage, kind, "mine", labels={names.CAPI_CLUSTER_LABEL: "web"})
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)
    assert stage.there(kind, "mine")


async def test_what_lost_its_labels_and_its_owner_goes_by_the_inventory(stage: Backstage) -> None:
    def listed() -> bool:
        status = stage.get(resources.TENANT_CLUSTERS).get("status") or {}
        return "ServiceAccount/web-csi-controller" in (status.get("inventory") or ())

    await until(listed)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: "true"}}})
    await until(lambda: stage.condition("Paused")["status"] == "True")
    managed = [{"manager": "clusterdesk-web", "operation": "Apply"}]
    bare = {"metadata": {"labels": None, "ownerReferences": None, "managedFields": managed}}
    stage.patch(resources.SERVICE_ACCOUNTS, "web-csi-controller", bare)
    leave_behind(stage, resources.SERVICE_ACCOUNTS, "web-mine", labels={})
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    flux_lets_go(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    cluster_api_is_done(stage)
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))
    assert not stage.there(resources.SERVICE_ACCOUNTS, "web-csi-controller")
    assert stage.there(resources.SERVICE_ACCOUNTS, "web-mine")


async def test_a_cluster_that_our_model_does_not_read_any_more_goes_with_all_that_was_put_there_for_it(
    stage: Backstage,
) -> None:
    def listed() -> bool:
        status = stage.get(resources.TENANT_CLUSTERS).get("status") or {}
        return "ServiceAccount/web-csi-controller" in (status.get("inventory") or ())

    await until(listed)
    # As if it had been stored before the schema became stricter.
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [], "ofYesterday": True}})
    await stage.caught_up()
    managed = [{"manager": "clusterdesk-web", "operation": "Apply"}]
    bare = {"metadata": {"labels": None, "ownerReferences": None, "managedFields": managed}}
    stage.patch(resources.SERVICE_ACCOUNTS, "web-csi-controller", bare)
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    flux_lets_go(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    cluster_api_is_done(stage)
    await gone(stage)
    assert not stage.there(resources.SERVICE_ACCOUNTS, "web-csi-controller")


async def test_what_the_providers_made_goes_without_a_label_of_ours(stage: Backstage) -> None:
    labels = {names.CAPI_CLUSTER_LABEL: "web"}
    machine = {**labels, "capk.cluster.x-k8s.io/kubevirt-machine-name": "web-md0-abc"}
    leave_behind(stage, resources.VIRTUAL_MACHINES, "web-md0-abc", labels=machine)
    userdata = {"name": "web-md0-abc-userdata", "namespace": NAMESPACE, "labels": labels}
    stage.put(resources.SECRETS, {"metadata": userdata, "type": "cluster.x-k8s.io/secret"})
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)
    assert not stage.there(resources.VIRTUAL_MACHINES, "web-md0-abc")
    assert not stage.there(resources.SECRETS, "web-md0-abc-userdata")


async def test_a_cluster_of_somebody_else_survives_a_tenant_cluster_that_never_got_it() -> None:
    async with at_work() as stage:
        meta = {"name": "web", "namespace": NAMESPACE, "labels": LABELS}
        made = stage.put(resources.CLUSTERS, {"metadata": meta, "spec": {}})
        leave_behind(stage, resources.SECRETS, "web-kubeconfig")
        owner = {"kind": "Cluster", "name": "web", "uid": made["metadata"]["uid"], "controller": True}
        ours = {**LABELS, "app.kubernetes.io/managed-by": "clusterdesk"}
        release = {"labels": ours, "ownerReferences": [owner]}
        leave_behind(stage, resources.HELM_RELEASES, "web-cilium", **release)
        await stage.caught_up()
        stage.cluster()
        await until(lambda: "is not ours" in stage.condition()["message"])
        delete(stage)
        await gone(stage)
        assert stage.there(resources.CLUSTERS)
        assert stage.there(resources.SECRETS, "web-kubeconfig")
        # It was given add-ons as a cluster made by hand: those are not this TenantCluster's either.
        assert "suspend" not in stage.get(resources.HELM_RELEASES, "web-cilium")["spec"]


async def test_a_cluster_made_again_under_the_sweep_is_not_swept(stage: Backstage) -> None:
    leave_behind(stage, resources.SERVICES, "lb", finalizers=["cloud.example.com/address"])
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.SERVICES, "lb"))
    stage.put(resources.CLUSTERS, {"metadata": {"name": "web", "namespace": NAMESPACE}, "spec": {}})
    leave_behind(stage, resources.SECRETS, "web-ca")
    await gone(stage)
    assert stage.there(resources.CLUSTERS)
    assert stage.there(resources.SECRETS, "web-ca")


# --- when it comes


async def test_a_cluster_deleted_before_anything_was_made_goes_at_once() -> None:
    async with at_work() as stage:
        stage.server.fail(503, method="PATCH", plural="kubevirtclusters", times=1000)
        stage.cluster()
        await until(lambda: names.FINALIZER in stage.get(resources.TENANT_CLUSTERS)["metadata"].get("finalizers", []))
        delete(stage)
        await gone(stage)


async def test_a_cluster_deleted_while_it_is_made_leaves_nothing() -> None:
    async with at_work() as stage:
        stage.server.fail(503, method="PATCH", plural="machinedeployments", times=1000)
        stage.cluster()
        await until(lambda: stage.there(resources.KAMAJI_CONTROL_PLANES))
        delete(stage)
        await gone(stage)
        assert [kind.kind for kind in belongings.SWEPT if stage.server.all(kind, NAMESPACE)] == []


async def test_a_cluster_deleted_while_it_is_upgraded_leaves_nothing(stage: Backstage) -> None:
    stage.control_plane_runs("v1.35.1")
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"version": "v1.36.0"}})
    await until(lambda: stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["version"] == "v1.36.0")
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    cluster_api_is_done(stage)
    await gone(stage)
    assert [kind.kind for kind in belongings.SWEPT if stage.server.all(kind, NAMESPACE)] == []


async def test_a_cluster_deleted_in_its_sleep_goes_without_being_woken() -> None:
    async with at_work() as stage:
        stage.cluster(builders.tweak(builders.CLUSTER, "spec.hibernation", {"enabled": True}))
        await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
        replicas = stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"]
        stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": [CAPI_FINALIZER]}})
        delete(stage)
        await until(lambda: deleting(stage, resources.CLUSTERS))
        assert stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"] <= replicas
        cluster_api_is_done(stage)
        await gone(stage)


async def test_the_cluster_may_be_deleted_under_its_tenant_cluster_before(stage: Backstage) -> None:
    stage.server.remove(resources.CLUSTERS, "web", NAMESPACE)
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cilium"))
    cluster_api_is_done(stage)
    await gone(stage)
    assert [kind.kind for kind in belongings.SWEPT if stage.server.all(kind, NAMESPACE)] == []


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LOST, 500, 409])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_fault_at_any_step_only_costs_time(stage: Backstage, fault: Fault | int, method: str) -> None:
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    leave_behind(stage, resources.SERVICES, "lb")
    stage.server.fail(fault, method=method, times=3)
    delete(stage)
    await gone(stage)
    assert stage.server.all(resources.SERVICES, NAMESPACE) == []


async def test_its_age_can_be_alerted_on_as_long_as_it_lasts(stage: Backstage) -> None:
    def since() -> float | None:
        labels = {"namespace": NAMESPACE, "name": "web"}
        return REGISTRY.get_sample_value("clusterdesk_cluster_deletion_timestamp_seconds", labels)

    delete(stage)
    asked = parse_time(stage.get(resources.TENANT_CLUSTERS)["metadata"]["deletionTimestamp"])
    await until(lambda: since() == asked.timestamp())
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    await gone(stage)
    await until(lambda: since() is None)
