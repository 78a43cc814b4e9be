"""TenantClusters become what they say, whatever others do to their objects; what cannot be is said in the status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from provisioning import errors, names, resources
from provisioning.__main__ import lead
from provisioning.manifest import Manifest
from provisioning.objects import format_time
from provisioning.reconciler import Reconciler
from provisioning.settings import Settings
from tests import builders
from tests.builders import NAMESPACE, tweak
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import FLUX_FINALIZER, SYSTEM, Backstage, at_work, backstage
from tests.provisioning.waiting import running, until


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with at_work() as working:
        yield working


def hand_made(**labels: str) -> Manifest:
    return {
        "metadata": {"name": "web", "namespace": NAMESPACE, "labels": labels},
        "spec": {"controlPlaneRef": {"kind": "KamajiControlPlane", "name": "web"}},
    }


async def quiet(stage: Backstage) -> None:
    """Wait until nothing is written any more."""
    before = -1
    while before != stage.server.objects.last:
        before = stage.server.objects.last
        await stage.caught_up()
        await asyncio.sleep(0.7)  # longer than ledgers are left to gather changes


def writes(stage: Backstage) -> int:
    return len([method for method, _ in stage.server.requests if method != "GET"])


async def test_a_tenant_cluster_is_held_then_made_then_gets_what_runs_beside_it(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cloud-controller-manager"))
    assert stage.get(resources.TENANT_CLUSTERS)["metadata"]["finalizers"] == [names.FINALIZER]
    first_write = next(path for method, path in stage.server.requests if method == "PATCH")
    assert first_write.endswith("/tenantclusters/web")
    host = stage.get(resources.CLUSTERS)
    deployment = stage.get(resources.DEPLOYMENTS, "web-cloud-controller-manager")
    assert deployment["metadata"]["ownerReferences"][0]["uid"] == host["metadata"]["uid"]
    assert stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 2
    await until(lambda: stage.condition()["reason"])
    assert stage.condition()["status"] == "False"


async def test_what_somebody_changes_is_put_back(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))
    stage.patch(resources.MACHINE_DEPLOYMENTS, "web-md0", {"spec": {"replicas": 50}})
    await until(lambda: stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 2)
    stage.patch(resources.MACHINE_DEPLOYMENTS, "web-md0", {"metadata": {"labels": {names.TENANT_LABEL: "red"}}})
    await until(
        lambda: stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["metadata"]["labels"][names.TENANT_LABEL] == "blue"
    )


async def test_what_is_deleted_under_it_is_made_again(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.MACHINE_HEALTH_CHECKS, "web-md0"))
    stage.server.remove(resources.MACHINE_HEALTH_CHECKS, "web-md0", NAMESPACE)
    await until(lambda: stage.there(resources.MACHINE_HEALTH_CHECKS, "web-md0"))


async def test_a_pool_that_is_dropped_goes_its_template_only_when_no_machines_need_it(stage: Backstage) -> None:
    both = [{"name": name, "flavor": "small", "replicas": 1} for name in ("md0", "md1")]
    stage.cluster(tweak(builders.CLUSTER, "spec.pools", both))
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md1"))
    deployment = stage.get(resources.MACHINE_DEPLOYMENTS, "web-md1")
    template = deployment["spec"]["template"]["spec"]["infrastructureRef"]["name"]
    labels = {names.CAPI_CLUSTER_LABEL: "web"}
    meta = {"name": "web-md1-x", "namespace": NAMESPACE, "labels": labels}
    stage.put(resources.MACHINE_SETS, {"metadata": meta, "spec": {"template": deployment["spec"]["template"]}})
    await stage.caught_up()
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": both[:1]}})
    await until(lambda: not stage.there(resources.MACHINE_DEPLOYMENTS, "web-md1"))
    assert stage.there(resources.KUBEVIRT_MACHINE_TEMPLATES, template)
    stage.server.remove(resources.MACHINE_SETS, "web-md1-x", NAMESPACE)
    await until(lambda: not stage.there(resources.KUBEVIRT_MACHINE_TEMPLATES, template))


async def test_workers_follow_the_control_planes_version_once_it_is_there(stage: Backstage) -> None:
    def workers() -> Any:
        return stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["template"]["spec"]["version"]

    stage.cluster()
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))
    stage.control_plane_runs("v1.35.1")
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"version": "v1.36.0"}})
    await until(lambda: stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["version"] == "v1.36.0")
    assert workers() == "v1.35.1"
    stage.control_plane_runs("v1.36.0")
    await until(lambda: workers() == "v1.36.0")


async def test_an_upgrade_that_loses_its_flavor_in_the_middle_is_told_and_the_cluster_can_be_put_to_sleep(
    stage: Backstage,
) -> None:
    def pool() -> Any:
        return stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]

    stage.cluster()
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))
    stage.control_plane_runs("v1.35.1")
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"version": "v1.36.0"}})
    await until(lambda: stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["version"] == "v1.36.0")
    others = [flavor for flavor in builders.CATALOG["spec"]["flavors"] if flavor["name"] != "small"]
    stage.put(resources.CATALOGS, tweak(builders.CATALOG, "spec.flavors", others))
    await stage.caught_up()
    stage.control_plane_runs("v1.36.0")
    await until(lambda: "no flavor small any more" in stage.condition("Stalled")["message"])
    assert pool()["template"]["spec"]["version"] == "v1.35.1"
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"hibernation": {"enabled": True}}})
    await until(lambda: pool()["replicas"] == 0)
    stage.put(resources.CATALOGS, builders.CATALOG)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"hibernation": {"enabled": False}}})
    await until(lambda: (pool()["replicas"], pool()["template"]["spec"]["version"]) == (2, "v1.36.0"))


async def test_workers_that_somebody_added_by_hand_are_named_when_the_cluster_cannot_sleep_for_them(
    stage: Backstage,
) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))
    spec = stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]
    stage.put(resources.MACHINE_DEPLOYMENTS, {"metadata": {"name": "extra", "namespace": NAMESPACE}, "spec": spec})
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"hibernation": {"enabled": True}}})
    await until(lambda: "MachineDeployment extra is of no pool" in stage.condition("Stalled")["message"])
    assert stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 0
    assert stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"] == 2
    stage.patch(resources.MACHINE_DEPLOYMENTS, "extra", {"spec": {"replicas": 0}})
    await until(lambda: stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"] == 0)


async def test_without_a_tenant_nothing_is_made_and_the_status_says_so(stage: Backstage) -> None:
    stage.server.patch(resources.NAMESPACES, NAMESPACE, "", {"metadata": {"labels": {names.TENANT_LABEL: None}}})
    await stage.caught_up()
    stage.cluster()
    await until(lambda: stage.condition("Stalled")["status"] == "True")
    assert "belongs to no tenant" in stage.condition()["message"]
    assert not stage.there(resources.CLUSTERS)
    stage.server.patch(resources.NAMESPACES, NAMESPACE, "", {"metadata": {"labels": {names.TENANT_LABEL: "blue"}}})
    await until(lambda: stage.there(resources.CLUSTERS))


async def test_a_spec_that_cannot_be_rendered_stalls_and_deletes_nothing(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cloud-controller-manager"))
    pool = {"name": "md0", "flavor": "unheard-of", "replicas": 2}
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [pool]}})
    await until(lambda: stage.condition("Stalled")["status"] == "True")
    assert "unheard-of" in stage.condition()["message"]
    assert stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0")


async def test_a_cluster_that_somebody_made_by_hand_is_not_taken_over(stage: Backstage) -> None:
    stage.put(resources.CLUSTERS, hand_made())
    await stage.caught_up()
    stage.cluster()
    await until(lambda: "is not ours" in stage.condition()["message"])
    assert "ownerReferences" not in stage.get(resources.CLUSTERS)["metadata"]
    assert not stage.there(resources.KAMAJI_CONTROL_PLANES)


RESTORED = (
    *(resources.TENANT_CLUSTERS, resources.KAMAJI_CONTROL_PLANES, resources.KUBEVIRT_CLUSTERS),
    *(resources.MACHINE_DEPLOYMENTS, resources.KUBEVIRT_MACHINE_TEMPLATES, resources.KUBEADM_CONFIG_TEMPLATES),
)


def restored(manifest: Manifest) -> Manifest:
    """As Velero brings it back: as another object, which belongs to nobody and has no status."""
    meta = {key: manifest["metadata"][key] for key in ("name", "namespace", "labels") if key in manifest["metadata"]}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": meta}


async def test_what_a_backup_brings_back_is_taken_up_again_where_the_cluster_itself_is_left_out() -> None:
    async with at_work() as stage:
        stage.cluster()
        await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cloud-controller-manager"))
        await quiet(stage)
        backup = {kind: [restored(each) for each in stage.server.all(kind)] for kind in RESTORED}
    async with backstage() as stage:
        for kind, manifests in backup.items():
            for manifest in manifests:
                stage.put(kind, manifest)
        await stage.caught_up()
        settings = Settings(namespace=SYSTEM, probe_tenants=False)
        async with running(lead(stage.kube, stage.landscape, settings, now=stage.clock)):
            await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cloud-controller-manager"))
            await quiet(stage)
        uid = stage.get(resources.TENANT_CLUSTERS)["metadata"]["uid"]
        for kind in (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES):
            assert [owner["uid"] for owner in stage.get(kind)["metadata"]["ownerReferences"]] == [uid]
        for kind, manifests in backup.items():
            assert [it["metadata"]["name"] for it in stage.server.all(kind)] == [
                it["metadata"]["name"] for it in manifests
            ]


async def test_a_refusal_by_admission_is_said_in_the_status_and_tried_again(stage: Backstage) -> None:
    def no_machines(operation: str, kind: Kind, *_: Any) -> None:
        if kind.plural == "machinedeployments":
            raise Refused(403, "Forbidden", "admission webhook denied the request: no machines today")

    stage.server.objects.admission.append(no_machines)
    stage.cluster()
    await until(lambda: "no machines today" in stage.condition()["message"])
    stage.server.objects.admission.clear()
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))
    await until(lambda: stage.condition("Stalled")["status"] == "False")


async def test_an_api_server_that_fails_now_and_then_only_costs_time(stage: Backstage) -> None:
    stage.server.fail(503, method="PATCH", times=3)
    stage.server.fail(409, method="PUT", times=2)
    stage.server.fail(429, plural="machinedeployments", method="PATCH")
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await until(lambda: stage.condition()["reason"])


async def test_when_nothing_changes_nothing_is_written(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await quiet(stage)
    before = writes(stage)
    meta = {"name": "m", "namespace": NAMESPACE, "labels": {names.CAPI_CLUSTER_LABEL: "web"}}
    for number in range(5):
        stage.put(resources.MACHINES, {"metadata": meta, "spec": {}}, status={"seen": number})
        await stage.caught_up()
    await quiet(stage)
    assert writes(stage) == before


async def test_a_cluster_whose_lifetime_is_over_is_deleted(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "spec.lifetime", "1h"))
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    assert stage.get(resources.TENANT_CLUSTERS)["status"]["expiresAt"]
    stage.clock.ahead = timedelta(hours=1, seconds=1)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))
    assert not stage.there(resources.CLUSTERS)


async def test_a_longer_life_that_is_not_heard_of_yet_saves_a_cluster() -> None:
    async with backstage() as stage:
        stage.cluster(tweak(builders.CLUSTER, "spec.lifetime", "1h"))
        await stage.caught_up()
        stage.clock.ahead = timedelta(hours=1, seconds=1)
        reconciler = Reconciler(stage.kube, stage.landscape, probe=None, now=stage.clock)
        # From here on no watch hears of anything.
        stage.server.objects.notify = lambda: None
        stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"lifetime": "9h"}})
        with pytest.raises(errors.Conflict):
            await reconciler.act((NAMESPACE, "web"))
        assert stage.there(resources.TENANT_CLUSTERS)


async def test_a_cluster_that_may_not_be_deleted_though_its_lifetime_is_over_says_so(
    stage: Backstage,
) -> None:
    def none_goes(operation: str, kind: Kind, *_: Any) -> None:
        if (operation, kind.plural) == ("DELETE", "tenantclusters"):
            raise Refused(403, "Forbidden", "admission webhook denied the request: nothing goes in December")

    stage.server.objects.admission.append(none_goes)
    stage.clock.ahead = timedelta(hours=2)
    stage.cluster(tweak(builders.CLUSTER, "spec.lifetime", "1h"))
    await until(lambda: "nothing goes in December" in stage.condition("Stalled")["message"])
    assert stage.there(resources.MACHINE_DEPLOYMENTS, "web-md0")
    stage.server.objects.admission.clear()
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))


async def test_a_cluster_whose_tenant_has_it_so_sleeps_before_it_is_deleted_and_wakes_when_it_may_live_longer(
    stage: Backstage,
) -> None:
    def replicas() -> Any:
        return stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"]

    policy = {"hibernation": "2h", "warnings": ["10m"]}
    stage.server.patch(resources.TENANTS, "blue", "", {"spec": {"lifetime": policy}})
    stage.cluster(tweak(builders.CLUSTER, "spec.lifetime", "1h"))
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    stage.clock.ahead = timedelta(hours=1, seconds=1)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: replicas() == 0)
    await until(lambda: stage.condition("Expiring")["reason"] == "Over")
    assert stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 0

    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"lifetime": "4h"}})
    await until(lambda: replicas() == 2)
    await until(lambda: stage.condition("Expiring")["status"] == "False")

    stage.clock.ahead = timedelta(hours=6, seconds=1)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "again"}}})
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))


async def test_a_schedule_is_kept_without_anybody_touching_the_cluster(stage: Backstage) -> None:
    def replicas() -> Any:
        return stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"]

    now = datetime.now(UTC)
    spell = {"start": f"{now:%M %H %d %m} *", "end": f"{now + timedelta(days=9):%M %H %d %m} *"}
    # A whole minute has passed since it was to fall asleep; in two seconds from now it is no longer kept awake.
    kept = {"schedules": [spell], "awakeUntil": format_time(now + timedelta(seconds=2))}
    stage.cluster(tweak(builders.CLUSTER, "spec.hibernation", kept))
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    assert replicas() == 2
    await until(lambda: replicas() == 0)


async def test_an_add_on_that_is_taken_off_a_sleeping_cluster_is_uninstalled_when_it_wakes(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "spec.addOns", [{"name": "cilium"}, {"name": "cert-manager"}]))
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cert-manager"))
    held = {"metadata": {"finalizers": [FLUX_FINALIZER]}}
    stage.patch(resources.HELM_RELEASES, "web-cert-manager", held)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"hibernation": {"enabled": True}}})
    await until(lambda: stage.get(resources.HELM_RELEASES, "web-cert-manager")["spec"].get("suspend") is True)

    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": [{"name": "cilium"}]}})
    await quiet(stage)
    assert "deletionTimestamp" not in stage.get(resources.HELM_RELEASES, "web-cert-manager")["metadata"]

    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"hibernation": {"enabled": False}}})
    await until(lambda: "deletionTimestamp" in stage.get(resources.HELM_RELEASES, "web-cert-manager")["metadata"])
    # Flux uninstalls only what is not suspended.
    assert "suspend" not in stage.get(resources.HELM_RELEASES, "web-cert-manager")["spec"]
    stage.patch(resources.HELM_RELEASES, "web-cert-manager", {"metadata": {"finalizers": None}})
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cert-manager"))


async def test_one_that_lost_its_cluster_gets_it_again_when_the_old_one_is_gone(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    host = stage.get(resources.CLUSTERS)
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": ["cluster.cluster.x-k8s.io"]}})
    stage.server.remove(resources.CLUSTERS, "web", NAMESPACE)
    await quiet(stage)
    assert stage.get(resources.CLUSTERS)["metadata"]["uid"] == host["metadata"]["uid"]
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": None}})
    await until(
        lambda: (
            stage.there(resources.CLUSTERS)
            and stage.get(resources.CLUSTERS)["metadata"]["uid"] != host["metadata"]["uid"]
        )
    )
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))


# --- refusals, inventory, pause, and looks that are asked for


async def test_a_webhook_of_somebody_else_keeps_nothing_else_from_being_applied(stage: Backstage) -> None:
    def no_releases(operation: str, kind: Kind, *_: Any) -> None:
        if kind.plural == "helmreleases" and operation == "CREATE":
            raise Refused(403, "Forbidden", 'admission webhook "flux.example.org" denied the request: not on Sundays')

    stage.server.objects.admission.append(no_releases)
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await until(lambda: "HelmRelease web-cilium" in stage.condition()["message"])
    assert "not on Sundays" in stage.condition()["message"]
    assert "it is for whoever runs it to allow" in stage.condition("Stalled")["message"]
    assert stage.condition("Stalled")["status"] == "True"
    stage.server.objects.admission.clear()
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: stage.condition("Stalled")["status"] == "False")


async def test_a_webhook_that_keeps_one_object_keeps_no_other_from_being_pruned(stage: Backstage) -> None:
    def no_deleting(operation: str, kind: Kind, *_: Any) -> None:
        if kind.plural == "machinehealthchecks" and operation == "DELETE":
            raise Refused(403, "Forbidden", 'admission webhook "x.example.org" denied the request: health is sacred')

    both = [{"name": name, "flavor": "small", "replicas": 1} for name in ("md0", "md1")]
    stage.cluster(tweak(builders.CLUSTER, "spec.pools", both))
    await until(lambda: "MachineHealthCheck.cluster.x-k8s.io/web-md1" in inventory_of(stage))
    stage.server.objects.admission.append(no_deleting)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": both[:1]}})
    await until(lambda: not stage.there(resources.MACHINE_DEPLOYMENTS, "web-md1"))
    await until(lambda: "MachineHealthCheck web-md1 may not be deleted" in stage.condition()["message"])
    assert "MachineHealthCheck.cluster.x-k8s.io/web-md1" in inventory_of(stage)
    stage.server.objects.admission.clear()
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: not stage.there(resources.MACHINE_HEALTH_CHECKS, "web-md1"))
    await until(lambda: stage.condition("Stalled")["status"] == "False")


def inventory_of(stage: Backstage) -> list[str]:
    listed: list[str] = (stage.get(resources.TENANT_CLUSTERS).get("status") or {}).get("inventory") or []
    return listed


async def test_everything_applied_is_listed_and_what_is_pruned_is_struck_off(stage: Backstage) -> None:
    both = [{"name": name, "flavor": "small", "replicas": 1} for name in ("md0", "md1")]
    stage.cluster(tweak(builders.CLUSTER, "spec.pools", both))
    await until(lambda: "Deployment.apps/web-csi-controller" in inventory_of(stage))
    assert "MachineDeployment.cluster.x-k8s.io/web-md1" in inventory_of(stage)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": both[:1]}})
    await until(lambda: "MachineDeployment.cluster.x-k8s.io/web-md1" not in inventory_of(stage))
    assert not stage.there(resources.MACHINE_DEPLOYMENTS, "web-md1")
    assert "MachineDeployment.cluster.x-k8s.io/web-md0" in inventory_of(stage)


async def test_what_lost_its_labels_is_pruned_all_the_same(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "metadata.annotations", {names.PAUSED_ANNOTATION: "false"}))
    await until(lambda: "HelmRelease.helm.toolkit.fluxcd.io/web-cilium" in inventory_of(stage))
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: "true"}}})
    await until(lambda: stage.condition("Paused")["status"] == "True")
    managed = [{"manager": "clusterdesk-web", "operation": "Apply"}]
    bare = {"metadata": {"labels": None, "managedFields": managed}}
    stage.patch(resources.HELM_RELEASES, "web-cilium", bare)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": []}})
    await stage.caught_up()
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: None}}})
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: "HelmRelease.helm.toolkit.fluxcd.io/web-cilium" not in inventory_of(stage))


async def test_while_it_is_paused_nothing_is_applied_or_pruned_and_its_status_says_so(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: "true"}}})
    await until(lambda: stage.condition("Paused")["status"] == "True")
    observed = stage.condition()["observedGeneration"]
    stage.patch(resources.MACHINE_DEPLOYMENTS, "web-md0", {"spec": {"replicas": 50}})
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": []}})
    await quiet(stage)
    assert stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 50
    assert stage.there(resources.HELM_RELEASES, "web-cilium")
    assert stage.condition()["reason"] == "Paused"
    assert stage.condition()["observedGeneration"] == observed
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: None}}})
    await until(lambda: stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 2)
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: stage.condition("Paused")["status"] == "")


async def test_a_paused_cluster_is_deleted_all_the_same(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "metadata.annotations", {names.PAUSED_ANNOTATION: "true"}))
    await until(lambda: stage.condition("Paused")["status"] == "True")
    assert not stage.there(resources.CLUSTERS)
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS))


async def test_a_paused_cluster_falls_asleep_all_the_same_when_its_lifetime_is_over(stage: Backstage) -> None:
    # Nobody has to agree to a pause. With protection it would otherwise be a way to keep machines for ever.
    protected = tweak(tweak(builders.CLUSTER, "spec.lifetime", "1h"), "spec.deletionProtection", True)
    stage.cluster(tweak(protected, "metadata.annotations", {}))
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: "true"}}})
    await until(lambda: stage.condition("Paused")["status"] == "True")
    stage.clock.ahead = timedelta(hours=1, seconds=1)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await until(lambda: stage.get(resources.KAMAJI_CONTROL_PLANES)["spec"]["replicas"] == 0)
    await until(lambda: stage.get(resources.MACHINE_DEPLOYMENTS, "web-md0")["spec"]["replicas"] == 0)
    await until(lambda: stage.condition("Paused")["status"] == "")


async def test_a_look_that_is_asked_for_applies_everything_once_and_notes_it(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await quiet(stage)
    before = len(stage.server.asked("PATCH", "fieldManager=clusterdesk-web"))
    asked = {"metadata": {"annotations": {names.RECONCILE_ANNOTATION: "2026-08-03T12:00:00Z"}}}
    stage.patch(resources.TENANT_CLUSTERS, "web", asked)

    def handled() -> Any:
        return stage.get(resources.TENANT_CLUSTERS)["status"].get("lastHandledReconcileAt")

    await until(lambda: handled() == "2026-08-03T12:00:00Z")
    await quiet(stage)
    assert len(stage.server.asked("PATCH", "fieldManager=clusterdesk-web")) - before == len(inventory_of(stage))


async def test_what_is_done_to_a_cluster_shows_in_its_events(stage: Backstage) -> None:
    def reasons() -> set[str]:
        return {event["reason"] for event in stage.server.all(resources.EVENTS, NAMESPACE)}

    stage.cluster()
    await until(lambda: "AcceptedDone" in reasons())
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await stage.caught_up()
    stage.patch(resources.MACHINE_DEPLOYMENTS, "web-md0", {"spec": {"replicas": 50}})
    await until(lambda: "DriftPutRight" in reasons())
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": []}})
    await until(lambda: "Pruned" in reasons())
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await until(lambda: {"Deleting", "Deleted"} <= reasons())


async def test_pods_are_asked_why_something_does_not_run_and_left_alone_otherwise(stage: Backstage) -> None:
    def available(name: str, truth: str) -> None:
        now = {"reason": "Minimum", "lastTransitionTime": "2026-08-03T09:00:00Z"}
        status = {"observedGeneration": 1, "conditions": [{"type": "Available", "status": truth, **now}]}
        stage.patch(resources.DEPLOYMENTS, f"web-{name}", {"status": status}, "status")

    stage.cluster()
    for name in ("csi-controller", "cloud-controller-manager"):
        await until(lambda name=name: stage.there(resources.DEPLOYMENTS, f"web-{name}"))  # type: ignore[misc]
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    meta = {"name": "web-csi-controller-5d-a", "namespace": NAMESPACE}
    stage.put(resources.PODS, {"metadata": meta}, status={"containerStatuses": [waiting]})
    available("cloud-controller-manager", "True")
    available("csi-controller", "False")
    stage.control_plane_runs()
    initialized = {"initialization": {"controlPlaneInitialized": True}}
    stage.patch(resources.CLUSTERS, "web", {"status": initialized}, "status")
    await until(lambda: "ImagePullBackOff: no such image" in stage.condition()["message"])
    available("csi-controller", "True")
    await until(lambda: "ImagePullBackOff" not in stage.condition()["message"])
    await quiet(stage)
    asked = len(stage.server.asked("GET", "/pods"))
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {"touched": "yes"}}})
    await quiet(stage)
    assert len(stage.server.asked("GET", "/pods")) == asked


async def test_a_cluster_that_stalls_is_counted_once(stage: Backstage) -> None:
    def stalls() -> float:
        return REGISTRY.get_sample_value("clusterdesk_cluster_stalled_total", {"reason": "Refused"}) or 0.0

    before = stalls()
    stage.cluster(tweak(builders.CLUSTER, "spec.pools[0].flavor", "unheard-of"))
    await until(lambda: stage.condition("Stalled")["status"] == "True")
    await quiet(stage)
    assert stalls() == before + 1


async def test_events_that_cannot_be_written_fail_nothing(stage: Backstage) -> None:
    stage.server.unserved.add("events")
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await until(lambda: stage.condition()["reason"])
