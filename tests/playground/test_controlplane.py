"""The real control plane: what it serves, who gets in, and that its objects outlive it."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from playground import accounts, apply, clusterapi, management
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.progress import Steps
from provisioning import errors
from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, MACHINE_DEPLOYMENTS, NAMESPACES


async def run(*command: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(str(part) for part in command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_kubectl_and_the_server_agree_on_a_real_version(kubectl: tuple[Path, Path]) -> None:
    program, kubeconfig = kubectl
    versions = json.loads(await run(program, "--kubeconfig", kubeconfig, "version", "-o", "json"))
    assert versions["clientVersion"]["gitVersion"] == versions["serverVersion"]["gitVersion"]
    assert versions["serverVersion"]["gitVersion"].startswith("v1.")


@pytest.mark.parametrize(
    "name",
    [
        "clusters.cluster.x-k8s.io",
        "kubeadmconfigtemplates.bootstrap.cluster.x-k8s.io",
        "kamajicontrolplanes.controlplane.cluster.x-k8s.io",
        "kubevirtmachines.infrastructure.cluster.x-k8s.io",
        "virtualmachines.kubevirt.io",
        "helmreleases.helm.toolkit.fluxcd.io",
        "ocirepositories.source.toolkit.fluxcd.io",
        "tenantclusters.clusterdesk.dev",
        "clusterrequests.clusterdesk.dev",
    ],
)
async def test_every_kind_a_tenant_is_made_of_is_served(admin: Kube, name: str) -> None:
    crd = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, name)
    conditions = {condition["type"]: condition["status"] for condition in crd["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert "NonStructuralSchema" not in conditions


async def test_contract_labels_say_which_version_speaks_which_contract(admin: Kube) -> None:
    kamaji = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, "kamajicontrolplanes.controlplane.cluster.x-k8s.io")
    kubevirt = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, "kubevirtclusters.infrastructure.cluster.x-k8s.io")
    kubeadm = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, "kubeadmconfigtemplates.bootstrap.cluster.x-k8s.io")
    assert kamaji["metadata"]["labels"]["cluster.x-k8s.io/v1beta2"] == "v1alpha2"
    assert kubevirt["metadata"]["labels"]["cluster.x-k8s.io/v1beta1"] == "v1alpha1"
    assert "cluster.x-k8s.io/v1beta2" not in kubevirt["metadata"]["labels"]
    assert kubeadm["metadata"]["labels"]["cluster.x-k8s.io/v1beta2"] == "v1beta2"


async def test_a_person_gets_in_with_name_and_groups_and_no_more(control_plane: ControlPlane) -> None:
    kubeconfig = control_plane.kubeconfig_for("lena@example.com", ["team-a", "developers"])
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    async with await Kube.connect(kubeconfig=kubeconfig) as kube:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = await kube.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=review)
        assert answer["status"]["userInfo"]["username"] == "lena@example.com"
        assert {"team-a", "developers"} <= set(answer["status"]["userInfo"]["groups"])
        with pytest.raises(errors.Forbidden):
            await kube.list(NAMESPACES)


async def test_a_program_gets_in_as_a_real_service_account(
    control_plane: ControlPlane, admin: Kube, namespace: str
) -> None:
    account = accounts.Account(namespace, "a-rather-long-name-that-no-certificate-would-carry-in-its-subject")
    await apply.put(admin, accounts.manifests(account))
    async with await Kube.connect(kubeconfig=await accounts.kubeconfig(admin, control_plane, account)) as kube:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = await kube.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=review)
    assert answer["status"]["userInfo"]["username"] == account.user
    assert f"system:serviceaccounts:{namespace}" in answer["status"]["userInfo"]["groups"]


async def test_what_is_owned_goes_with_its_owner(admin: Kube, namespace: str) -> None:
    def config_map(name: str, **metadata: Any) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace, **metadata},
        }

    owner = await admin.create(CONFIG_MAPS, config_map("owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
    }
    await admin.create(CONFIG_MAPS, config_map("owned", ownerReferences=[reference]))
    await admin.delete(CONFIG_MAPS, "owner", namespace=namespace)
    since = (await admin.list(CONFIG_MAPS, namespace=namespace)).resource_version
    if await admin.find(CONFIG_MAPS, "owned", namespace=namespace):
        async with asyncio.timeout(60):
            async for change in admin.watch(CONFIG_MAPS, since=since, namespace=namespace):
                if change.type == "DELETED" and change.object["metadata"]["name"] == "owned":
                    break
    assert await admin.find(CONFIG_MAPS, "owned", namespace=namespace) is None


async def test_cluster_api_completes_a_machine_deployment_by_its_webhook(
    cluster_api: ControlPlane, admin: Kube, namespace: str
) -> None:
    bare = {
        "apiVersion": MACHINE_DEPLOYMENTS.api_version,
        "kind": "MachineDeployment",
        "metadata": {"name": "pool", "namespace": namespace},
        "spec": {
            "clusterName": "web",
            "template": {
                "spec": {
                    "clusterName": "web",
                    "version": "1.35.2",
                    "bootstrap": {"dataSecretName": "none"},
                    "infrastructureRef": {
                        "apiGroup": "infrastructure.cluster.x-k8s.io",
                        "kind": "KubevirtMachineTemplate",
                        "name": "pool",
                    },
                }
            },
        },
    }
    completed = await admin.create(MACHINE_DEPLOYMENTS, bare)
    assert completed["spec"]["replicas"] == 1
    assert completed["spec"]["template"]["spec"]["version"] == "v1.35.2"
    assert completed["spec"]["selector"]["matchLabels"]["cluster.x-k8s.io/cluster-name"] == "web"
    await admin.delete(MACHINE_DEPLOYMENTS, "pool", namespace=namespace)


async def test_cluster_api_converts_between_its_versions(
    cluster_api: ControlPlane, admin: Kube, namespace: str
) -> None:
    old = {
        "apiVersion": "cluster.x-k8s.io/v1beta1",
        "kind": "Cluster",
        "metadata": {"name": "old", "namespace": namespace},
        "spec": {
            "paused": True,
            "infrastructureRef": {
                "apiVersion": "infrastructure.cluster.x-k8s.io/v1alpha1",
                "kind": "KubevirtCluster",
                "name": "old",
            },
        },
    }
    path = f"/apis/cluster.x-k8s.io/v1beta1/namespaces/{namespace}/clusters"
    await admin.call("POST", path, body=old)
    new = await admin.call("GET", f"/apis/cluster.x-k8s.io/v1beta2/namespaces/{namespace}/clusters/old")
    assert new["apiVersion"] == "cluster.x-k8s.io/v1beta2"
    # v1beta2 names the group alone.
    assert new["spec"]["infrastructureRef"] == {
        "apiGroup": "infrastructure.cluster.x-k8s.io",
        "kind": "KubevirtCluster",
        "name": "old",
    }


async def test_a_second_start_on_the_same_state_finds_its_objects_under_the_same_address(
    control_plane_binaries: Binaries, tmp_path: Path
) -> None:
    addresses = []
    for attempt in range(2):
        processes = Processes(tmp_path / "logs")
        try:
            plane = await management.start_control_plane(
                processes, control_plane_binaries, tmp_path / "state", steps=Steps()
            )
            addresses.append(plane.url)
            async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
                if attempt == 0:
                    await apply.put(kube, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kept"}}])
                assert await kube.get(NAMESPACES, "kept")
        finally:
            await processes.stop()
    assert addresses[0] == addresses[1]


def test_webhooks_of_the_two_managers_never_share_a_name(control_plane_binaries: Binaries, tmp_path: Path) -> None:
    from playground import controlplane

    plane = controlplane.prepare(control_plane_binaries, tmp_path)
    found = clusterapi.webhooks(plane, control_plane_binaries)
    assert len({(hook["kind"], hook["metadata"]["name"]) for hook in found}) == len(found) == 4
    assert all(
        "service" not in webhook["clientConfig"] and webhook["clientConfig"]["url"].startswith("https://127.0.0.1:")
        for hook in found
        for webhook in hook["webhooks"]
    )
