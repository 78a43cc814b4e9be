"""A cluster that somebody makes with kubectl alone, from Cluster API's own objects, in a tenant's namespace."""

from __future__ import annotations

import json

import pytest
import yaml

from provisioning import names, resources
from provisioning.manifest import Manifest
from tests.e2e.desk import Desk, eventually, nothing_left, quota_released
from tests.e2e.onlooker import Onlooker
from tests.playground.simulated.tenant import tenant

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

NAMESPACE = "tenant-team-c"
LABEL = names.ADDONS_LABEL
UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"


async def test_a_cluster_made_by_hand_gets_what_ours_get_and_nothing_of_it_stays(desk: Desk) -> None:
    made = yaml.safe_dump_all(tenant(NAMESPACE, "hand", workers=1, version="v1.34.4"))
    code, printed = await desk.kubectl("apply", "-f", "-", given=made)
    assert code == 0, printed
    code, printed = await desk.kubectl("-n", NAMESPACE, "label", "cluster", "hand", "--overwrite", f"{LABEL}=none")
    assert code == 0, printed

    await eventually(lambda: _available(desk), what="the cluster made by hand available")
    host = await desk.kube.get(resources.CLUSTERS, "hand", namespace=NAMESPACE)
    assert host["metadata"]["labels"][LABEL] == "default"
    assert names.FINALIZER in host["metadata"]["finalizers"]
    releases = await eventually(lambda: _ready_releases(desk), what="its add-ons ready")
    assert {"hand-cilium", "hand-metrics-server"} <= releases
    hosted = {d["metadata"]["name"] for d in await _labelled(desk, resources.DEPLOYMENTS)}
    assert hosted == {"hand-cloud-controller-manager", "hand-csi-controller"}
    # Its cloud controller manager runs here and initialises the Node; nobody else would.
    kubeconfig = await desk.tenant_kubeconfig(NAMESPACE, "hand")

    async def initialised() -> bool:
        _, printed = await desk.kubectl("get", "nodes", "-o", "json", kubeconfig=kubeconfig)
        nodes = json.loads(printed)["items"]
        taints = {taint["key"] for node in nodes for taint in node["spec"].get("taints") or ()}
        return bool(nodes) and UNINITIALIZED not in taints

    await eventually(initialised, what="its Node initialised")
    await Onlooker(desk, "U0LENA", "C0TEAMC").hears("(?s)hand is available · team-c.*by hand", of="/cluster show hand")

    code, printed = await desk.kubectl("-n", NAMESPACE, "delete", "cluster", "hand", "--wait=false")
    assert code == 0, printed
    await nothing_left(desk, NAMESPACE, "hand")
    await quota_released(desk, "team-c", "hand")


async def _labelled(desk: Desk, kind: resources.Resource) -> list[Manifest]:
    return (await desk.kube.list(kind, namespace=NAMESPACE, labels=f"{names.CLUSTER_LABEL}=hand")).items


async def _available(desk: Desk) -> bool:
    host = await desk.kube.get(resources.CLUSTERS, "hand", namespace=NAMESPACE)
    return _is(host, "Available")


async def _ready_releases(desk: Desk) -> set[str]:
    releases = await _labelled(desk, resources.HELM_RELEASES)
    return {r["metadata"]["name"] for r in releases} if releases and all(_is(r, "Ready") for r in releases) else set()


def _is(manifest: Manifest, type_: str) -> bool:
    conditions = (manifest.get("status") or {}).get("conditions") or ()
    return any(c["type"] == type_ and c["status"] == "True" for c in conditions)
