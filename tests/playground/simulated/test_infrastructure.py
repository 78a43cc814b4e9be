"""Cluster API's real controllers over the played infrastructure: a tenant comes up, fails on purpose, and goes."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import errors, resources
from provisioning.kube import Kube
from tests.playground.simulated.tenant import eventually, infrastructure, tenant

pytestmark = pytest.mark.real


async def available(admin: Kube, namespace: str, name: str = "web") -> bool:
    """Whether Cluster API calls the cluster available, and every Machine runs."""
    cluster = await admin.get(resources.CLUSTERS, name, namespace=namespace)
    conditions = (cluster.get("status") or {}).get("conditions") or []
    machines = (await admin.list(resources.MACHINES, namespace=namespace)).items
    phases = [(machine.get("status") or {}).get("phase") for machine in machines]
    is_available = any(c["type"] == "Available" and c["status"] == "True" for c in conditions)
    return is_available and bool(phases) and all(phase == "Running" for phase in phases)


async def condition_message(admin: Kube, resource: resources.Resource, namespace: str, type_: str) -> str:
    for item in (await admin.list(resource, namespace=namespace)).items:
        for condition in (item.get("status") or {}).get("conditions") or []:
            if condition["type"] == type_ and condition["status"] == "False":
                return str(condition["message"])
    return ""


async def gone(admin: Kube, namespace: str, name: str = "web") -> bool:
    return await admin.find(resources.CLUSTERS, name, namespace=namespace) is None


async def kubeconfig(admin: Kube, namespace: str, path: Path) -> Path:
    secret = await admin.get(resources.SECRETS, "web-kubeconfig", namespace=namespace)
    path.write_bytes(base64.b64decode(secret["data"]["value"]))
    return path


async def test_a_tenant_of_six_resources_comes_up_shows_its_nodes_and_leaves_nothing(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    async with infrastructure(cluster_api, tmp_path):
        await apply.put(admin, tenant(namespace))
        await eventually(lambda: available(admin, namespace))

        config = await kubeconfig(admin, namespace, tmp_path / "tenant.kubeconfig")
        kubectl = await asyncio.create_subprocess_exec(
            cluster_api.binaries["kubectl"], "--kubeconfig", config, "get", "nodes", stdout=asyncio.subprocess.PIPE
        )
        shown = (await kubectl.communicate())[0].decode()
        assert kubectl.returncode == 0
        assert shown.count("Ready") == 2
        assert shown.count("v1.34.2") == 2

        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: gone(admin, namespace))

        async def nothing_left() -> bool:
            kinds = (
                resources.KAMAJI_CONTROL_PLANES,
                resources.MACHINES,
                resources.MACHINE_DEPLOYMENTS,
                resources.KUBEVIRT_MACHINES,
                resources.KUBEVIRT_MACHINE_TEMPLATES,
                resources.KUBEADM_CONFIG_TEMPLATES,
                resources.VIRTUAL_MACHINES,
                resources.SECRETS,
            )
            return not any([(await admin.list(kind, namespace=namespace)).items for kind in kinds])

        await eventually(nothing_left)


async def test_a_restarted_infrastructure_finds_its_tenants_again(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    async with infrastructure(cluster_api, tmp_path):
        await apply.put(admin, tenant(namespace, workers=1))
        await eventually(lambda: available(admin, namespace))
        config = await kubeconfig(admin, namespace, tmp_path / "tenant.kubeconfig")

    async with infrastructure(cluster_api, tmp_path / "state-lost") as tenants:
        (control_plane,) = (await admin.list(resources.KAMAJI_CONTROL_PLANES, namespace=namespace)).items

        async def answers() -> bool:
            return await tenants.answers(control_plane["metadata"]["uid"])

        await eventually(answers)
        # The kubeconfig of before still verifies the server: its authority came back from the Secret.
        async with await Kube.connect(kubeconfig=config) as client:
            server = tenants.running(control_plane["metadata"]["uid"])
            assert server is not None
            assert config.read_text().count(f":{server.port}") == 1
            assert len((await client.list(resources.NODES)).items) == 1
        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: gone(admin, namespace))


async def test_a_control_plane_of_no_replicas_sleeps_and_wakes_with_what_it_had(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    async def scale(replicas: int) -> None:
        await admin.merge(kind, "web", {"spec": {"replicas": replicas}}, namespace=namespace)

    async def status() -> dict[str, object]:
        return (await admin.get(kind, "web", namespace=namespace)).get("status") or {}

    async def says_ready(wanted: bool) -> bool:
        return (await status()).get("ready") is wanted

    kind = resources.KAMAJI_CONTROL_PLANES
    async with infrastructure(cluster_api, tmp_path):
        await apply.put(admin, tenant(namespace, workers=0))
        await eventually(lambda: says_ready(True))
        config = await kubeconfig(admin, namespace, tmp_path / "tenant.kubeconfig")
        async with await Kube.connect(kubeconfig=config) as client:
            kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": "default"}}
            await client.create(resources.CONFIG_MAPS, {**kept, "data": {"word": "remember"}})

        await scale(0)
        await eventually(lambda: says_ready(False))
        asleep = await status()
        assert (asleep["replicas"], asleep["readyReplicas"], asleep["version"]) == (0, 0, "v1.34.2")
        async with await Kube.connect(kubeconfig=config) as client:
            with pytest.raises(errors.Unavailable):
                await client.get(resources.CONFIG_MAPS, "kept", namespace="default")

        await scale(1)
        await eventually(lambda: says_ready(True))
        # Under the address and the authority of before.
        async with await Kube.connect(kubeconfig=config) as client:
            found = await client.get(resources.CONFIG_MAPS, "kept", namespace="default")
        assert found["data"] == {"word": "remember"}
        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: gone(admin, namespace))


@pytest.mark.parametrize(
    ("kind", "word", "shown_on", "type_", "text"),
    [
        (
            "KamajiControlPlane",
            "no-address",
            resources.KAMAJI_CONTROL_PLANES,
            "TenantControlPlaneAddressReady",
            "LoadBalancer has no address",
        ),
        (
            "KamajiControlPlane",
            "datastore",
            resources.KAMAJI_CONTROL_PLANES,
            "TenantControlPlaneCreated",
            "DataStore default is not ready",
        ),
        (
            "KubevirtMachineTemplate",
            "unschedulable",
            resources.KUBEVIRT_MACHINES,
            "VMProvisioned",
            "Insufficient memory",
        ),
    ],
)
async def test_a_failure_on_purpose_shows_where_the_real_one_would(
    cluster_api: ControlPlane,
    admin: Kube,
    namespace: str,
    tmp_path: Path,
    kind: str,
    word: str,
    shown_on: resources.Resource,
    type_: str,
    text: str,
) -> None:
    async with infrastructure(cluster_api, tmp_path):
        manifests = tenant(namespace, workers=1)
        for manifest in manifests:
            if manifest["kind"] == kind:
                manifest["metadata"]["annotations"] = {"playground.clusterdesk.dev/fail": word}
        await apply.put(admin, manifests)

        async def message() -> str:
            return await condition_message(admin, shown_on, namespace, type_)

        assert text in await eventually(message)
        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: gone(admin, namespace))


async def test_tenants_can_share_one_api_server_on_a_small_machine(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    async with infrastructure(cluster_api, tmp_path, own_servers=False) as tenants:
        await apply.put(admin, [*tenant(namespace, workers=1), *tenant(namespace, "two", workers=1)])

        async def both() -> bool:
            return await available(admin, namespace) and await available(admin, namespace, "two")

        await eventually(both)
        assert len(tenants.processes.children) == 1
        for name in ("web", "two"):
            await admin.delete(resources.CLUSTERS, name, namespace=namespace)
        await eventually(lambda: gone(admin, namespace))
        await eventually(lambda: gone(admin, namespace, "two"))
