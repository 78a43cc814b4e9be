"""What comes into a tenant, by Cluster API's real controllers and the played engines, seen from inside the tenant."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from playground.controlplane import ControlPlane
from playground.simulated import helm
from provisioning import errors, resources
from provisioning.addons import csi_node
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec
from provisioning.resources import Resource
from tests.playground.simulated.tenant import eventually, infrastructure
from tests.provisioning.manifests.examples import BY_CAAPH, STORAGE, catalog, of_kind
from tests.provisioning.manifests.test_real import Bench, until_ready
from tests.provisioning.manifests.test_tenant_guard import AUTOSCALER, workload

pytestmark = pytest.mark.real

DAEMON_SETS = Resource("apps", "v1", "daemonsets", "DaemonSet")
CSI_DRIVERS = Resource("storage.k8s.io", "v1", "csidrivers", "CSIDriver", namespaced=False)
STORAGE_CLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False)
CILIUM = helm.Release("cilium", "kube-system", "cilium", "1.18.x")
METRICS = helm.Release("metrics-server", "kube-system", "metrics-server", "3.13.x")


def offering(**hosted: str) -> CatalogSpec:
    """The Catalog with everything for volumes, and other images."""
    offer: CatalogSpec = STORAGE["offer"]
    classes = [{**one.wire(), "infra": "other"} for one in offer.storage_classes]
    return catalog(hosted={**offer.hosted.wire(), **hosted}, storageClasses=classes)


async def applied(bench: Bench) -> str:
    """Whether Cluster API has applied the set."""
    found = await bench.kube.get(resources.CLUSTER_RESOURCE_SETS, "web-tenant", namespace=bench.namespace)
    listed = (found.get("status") or {}).get("conditions") or ()
    return next((str(c["status"]) for c in listed if c["type"] == "ResourcesApplied"), "")


async def record(tenant: Kube, release: helm.Release) -> str:
    """The uid of Helm's record of a release in the tenant; empty when it is not installed."""
    found = await tenant.find(resources.SECRETS, release.record, namespace=release.namespace)
    return str(found["metadata"]["uid"]) if found else ""


def looking(bench: Bench, seen: Callable[[list[Manifest]], bool]) -> Callable[[], Awaitable[bool]]:
    """Look as the provisioner does, and whether what is rendered is as it is to be by now."""

    async def look() -> bool:
        return seen(await bench.look())

    return look


@pytest.mark.timeout(300)
async def test_the_guard_and_storage_come_in_by_cluster_api_and_add_ons_outlive_the_change_of_their_engine(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    bench = Bench(admin, namespace, pools=[{"name": "md0", "flavor": "small", "replicas": 1}], **STORAGE)
    async with infrastructure(cluster_api, tmp_path) as tenants:
        await bench.apply()
        await until_ready(bench)
        kcp = await admin.get(resources.KAMAJI_CONTROL_PLANES, "web", namespace=namespace)
        inside = await tenants.client(kcp["metadata"]["uid"])
        assert inside is not None
        assert await applied(bench) == "True"
        await storage_is_there(inside)
        await eventually(lambda: guarded(inside))
        await what_changes_follows_and_what_cannot_change_holds_up_nothing_else(bench, inside)
        await engines_change(bench, inside)
        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: nothing_is_held(bench))


async def nothing_is_held(bench: Bench) -> bool:
    """Whether the Helm add-on provider has let go of a tenant that is gone, without having been asked to."""
    return not await bench.there((resources.CLUSTERS, resources.HELM_RELEASE_PROXIES))


async def storage_is_there(inside: Kube) -> None:
    await inside.get(CSI_DRIVERS, csi_node.DRIVER)
    assert {c["metadata"]["name"] for c in (await inside.list(STORAGE_CLASSES)).items} == {"fast", "standard"}
    node = await inside.get(DAEMON_SETS, csi_node.OBJECT, namespace="kube-system")
    # As it was sent: the API server has fallen back on nothing of it.
    assert node["spec"]["template"]["spec"]["containers"][0]["securityContext"] == {"privileged": True}


async def guarded(inside: Kube) -> bool:
    try:
        await inside.create(resources.PODS, workload("Pod", AUTOSCALER), dry_run=True)
    except errors.Forbidden as error:
        return "is the cluster autoscaler" in error.message
    return False


async def what_changes_follows_and_what_cannot_change_holds_up_nothing_else(bench: Bench, inside: Kube) -> None:
    bench.offer = offering(csiDriver="registry.example.org/csi-driver:v2")
    await bench.look()

    async def image() -> bool:
        node = await inside.get(DAEMON_SETS, csi_node.OBJECT, namespace="kube-system")
        return str(node["spec"]["template"]["spec"]["containers"][0]["image"]).endswith(":v2")

    async def told() -> bool:
        return await applied(bench) == "False"

    await eventually(image)
    # What a StorageClass says cannot be changed, and whoever wants that hears of it.
    await eventually(told)
    bench.offer = STORAGE["offer"]
    await bench.look()


async def engines_change(bench: Bench, inside: Kube) -> None:
    before = await record(inside, CILIUM), await record(inside, METRICS)
    assert all(before)

    bench.offer = BY_CAAPH["offer"]
    await eventually(looking(bench, lambda made: len(of_kind(made, "HelmChartProxy")) == 2), seconds=90)
    assert not await bench.there((resources.HELM_RELEASES,))
    await until_ready(bench)
    assert (await record(inside, CILIUM), await record(inside, METRICS)) == before

    bench.offer = catalog()
    await bench.look()
    assert (await record(inside, CILIUM), await record(inside, METRICS)) == before

    # One that nobody wants any more is uninstalled.
    bench.spec = {**bench.spec, "addOns": [{"name": "cilium"}]}
    await bench.look()

    async def gone() -> bool:
        return not await record(inside, METRICS)

    await eventually(gone)
    assert await record(inside, CILIUM) == before[0]


async def test_the_node_part_is_privileged_by_nature_and_lives_where_that_is_allowed(shared_tenant: Kube) -> None:
    (node,) = of_kind(csi_node.manifests(STORAGE["offer"]), "DaemonSet")
    template: Any = copy.deepcopy(node["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"]}
    await shared_tenant.create(
        resources.PODS, {**pod, "metadata": {"name": "node", "namespace": node["metadata"]["namespace"]}}, dry_run=True
    )
    level = {"pod-security.kubernetes.io/enforce": "baseline"}
    kind = resources.NAMESPACES
    await shared_tenant.create(
        kind, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "strict", "labels": level}}
    )
    with pytest.raises(errors.Forbidden, match="privileged"):
        await shared_tenant.create(
            resources.PODS, {**pod, "metadata": {"name": "node", "namespace": "strict"}}, dry_run=True
        )
