"""What `kubectl apply` meets: the same rules as Slack, with the numbers in the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.objects import format_time
from tests.e2e.desk import Desk, eventually, nothing_left, quota_released
from tests.e2e.onlooker import Onlooker
from tests.playground.simulated.tenant import tenant

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

SMALL = "tenant-team-c"
"""Small clusters need nobody's approval there."""


def tenant_cluster(name: str, namespace: str, *, replicas: int = 1, flavor: str = "small") -> Manifest:
    return {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "TenantCluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"pools": [{"name": "md0", "flavor": flavor, "replicas": replicas}]},
    }


async def apply(desk: Desk, *manifests: Manifest, kubeconfig: Path | None = None) -> tuple[int, str]:
    return await desk.kubectl("apply", "-f", "-", given=yaml.safe_dump_all(manifests), kubeconfig=kubeconfig)


async def test_a_small_cluster_of_a_trusting_tenant_needs_kubectl_only(desk: Desk) -> None:
    code, printed = await apply(desk, tenant_cluster("tiny", SMALL))
    assert code == 0, printed
    stored = await desk.cluster(SMALL, "tiny")
    assert stored is not None
    assert {add_on["name"] for add_on in stored["spec"]["addOns"]} == {"cilium", "metrics-server"}
    await eventually(lambda: desk.is_ready(SMALL, "tiny"), what="Ready")
    releases = (await desk.kube.list(resources.HELM_RELEASES, namespace=SMALL)).items
    assert {release["spec"]["kubeConfig"]["secretRef"]["name"] for release in releases} == {"tiny-kubeconfig"}
    await Onlooker(desk, "U0LENA", "C0TEAMC").hears("tiny is ready · team-c", of="/cluster show tiny")
    code, printed = await desk.kubectl("-n", SMALL, "delete", "tenantcluster", "tiny", "--wait=false")
    assert code == 0, printed
    await nothing_left(desk, SMALL, "tiny")
    await quota_released(desk, "team-c", "tiny")


async def test_a_cluster_that_somebody_has_to_approve_is_refused_without(desk: Desk) -> None:
    code, printed = await apply(desk, tenant_cluster("sneaky", "tenant-team-a"))
    assert code != 0
    assert "approv" in printed.lower()
    assert await desk.cluster("tenant-team-a", "sneaky") is None


async def test_a_tenant_cluster_above_the_quota_is_refused_with_the_numbers(desk: Desk) -> None:
    code, printed = await apply(desk, tenant_cluster("huge", SMALL, replicas=30, flavor="large"))
    assert code != 0
    # 31 machines (one more while they are replaced) of 8 vCPU, in a tenant that may have 20 of them and 60 vCPU.
    assert "nodes: asks for 31, 20 of 20 free" in printed
    assert "vCPU: asks for 248, 60 of 60 free" in printed


async def test_raw_machine_deployments_are_counted_too(desk: Desk) -> None:
    within = tenant(SMALL, "raw", workers=1)
    code, printed = await apply(desk, *within)
    assert code == 0, printed
    code, printed = await desk.kubectl("-n", SMALL, "scale", "machinedeployment", "raw-md0", "--replicas=40")
    assert code != 0
    assert "nodes: asks for" in printed
    code, printed = await apply(desk, *tenant(SMALL, "raw2", workers=40))
    assert code != 0
    assert "nodes: asks for 41" in printed
    await desk.kubectl("-n", SMALL, "delete", "cluster", "raw", "raw2", "--ignore-not-found", "--wait=false")
    await nothing_left(desk, SMALL, "raw")
    await quota_released(desk, "team-c", "raw")


async def test_a_cloud_controller_manager_aimed_at_a_tenant_is_refused(desk: Desk) -> None:
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "scaler", "namespace": SMALL},
        "spec": {
            "interval": "5m",
            "chart": {
                "spec": {
                    "chart": "cluster-autoscaler",
                    "version": "9.x",
                    "sourceRef": {"kind": "HelmRepository", "name": "autoscaler"},
                }
            },
            "kubeConfig": {"secretRef": {"name": "any-kubeconfig"}},
        },
    }
    code, printed = await apply(desk, release)
    assert code != 0
    assert "cluster-autoscaler" in printed
    assert "management cluster" in printed


async def test_nobody_approves_their_own_wish_by_kubectl(desk: Desk) -> None:
    """Four eyes hold for a vote that is written into the status, whoever writes it."""
    lena = desk.kubeconfig_of("lena@example.com")
    omar = desk.kubeconfig_of("omar@example.com")
    request = {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "ClusterRequest",
        "metadata": {"name": "cr-by-kubectl", "namespace": "tenant-team-a"},
        "spec": {
            "action": "Create",
            "cluster": "by-kubectl",
            "desired": tenant_cluster("x", "y")["spec"],
            "digest": "sha256:" + "0" * 64,
            "requester": {"user": "somebody-else"},
        },
    }
    code, printed = await apply(desk, request, kubeconfig=lena)
    assert code == 0, printed
    stored = await desk.kube.get(resources.CLUSTER_REQUESTS, "cr-by-kubectl", namespace="tenant-team-a")
    assert stored["spec"]["requester"]["user"] == "lena@example.com"
    assert stored["spec"]["digest"] != "sha256:" + "0" * 64

    def vote(user: str) -> str:
        now = format_time(datetime.now(UTC))
        cast = {"voter": {"user": user}, "decision": "Approve", "at": now}
        return json.dumps({"status": {"phase": "Approved", "votes": [cast], "decidedAt": now}})

    arguments = ("-n", "tenant-team-a", "patch", "clusterrequest", "cr-by-kubectl", "--subresource=status")
    for kubeconfig, patch in ((lena, vote("lena@example.com")), (lena, vote("omar@example.com"))):
        code, printed = await desk.kubectl(*arguments, "--type=merge", "-p", patch, kubeconfig=kubeconfig)
        assert code != 0, printed
    code, printed = await desk.kubectl(*arguments, "--type=merge", "-p", vote("omar@example.com"), kubeconfig=omar)
    assert code == 0, printed
    # Who might have decided as well is told.
    await Onlooker(desk, "U0EVA", "C0TEAMA").sees("(?s)asks for a new cluster by-kubectl.*Approved by")
    await eventually(lambda: desk.is_ready("tenant-team-a", "by-kubectl"), what="Ready")
