"""The whole life of a cluster, by kubectl alone: made, scaled, resized, upgraded twice, put to sleep, woken, ended.

One person of the tenant does it all, with real Cluster API controllers at work; the seconds of each stage are printed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from playground.controlplane import kubeconfig_text
from playground.pki import Pki, write_private
from provisioning import resources
from provisioning.manifest import Manifest
from tests.e2e.desk import Desk, eventually, nothing_left, quota_released
from tests.e2e.onlooker import Onlooker

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

TENANT = "team-life"
NAMESPACE = "tenant-team-life"
LENA = "lena@example.com"
GROUND: list[Manifest] = [
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"clusterdesk.dev/tenant": TENANT}},
    },
    {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "Tenant",
        "metadata": {"name": TENANT},
        "spec": {
            "namespaces": [NAMESPACE],
            "members": [{"user": LENA}],
            "quota": {"hard": {"clusters": 1, "nodes": 6, "vcpu": 24, "memory": "48Gi"}},
            "approval": {"required": 0},
        },
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "people", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": LENA}],
    },
]
"""A tenant that trusts its one member with everything."""
BORN: Manifest = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "TenantCluster",
    "metadata": {"name": "life", "namespace": NAMESPACE},
    "spec": {"version": "v1.33.8", "pools": [{"name": "md0", "flavor": "small", "replicas": 1}]},
}


@contextmanager
def timed(stage: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{stage}: {time.monotonic() - began:.1f} s")


class Life:
    """One cluster through the eyes of whoever owns it."""

    def __init__(self, desk: Desk, kubeconfig: Path) -> None:
        self.desk = desk
        self._kubeconfig = kubeconfig
        self._inside = Path()

    async def kubectl(self, *arguments: str, given: str = "") -> tuple[int, str]:
        return await self.desk.kubectl("-n", NAMESPACE, *arguments, kubeconfig=self._kubeconfig, given=given)

    async def change(self, **spec: Any) -> None:
        code, printed = await self.patch(**spec)
        assert code == 0, printed

    async def patch(self, **spec: Any) -> tuple[int, str]:
        return await self.kubectl("patch", "tenantcluster", "life", "--type=merge", "-p", json.dumps({"spec": spec}))

    async def ready(self, what: str = "Ready", *, seconds: float = 120) -> None:
        try:
            await eventually(lambda: self.desk.is_ready(NAMESPACE, "life"), seconds=seconds, what=what)
        except AssertionError as late:
            raise AssertionError(f"{late}: {await self.status()}") from late

    async def status(self) -> Manifest:
        found: Manifest = (await self.desk.cluster(NAMESPACE, "life") or {}).get("status") or {}
        return found

    async def condition(self, type_: str) -> Manifest:
        found = (await self.status()).get("conditions") or ()
        return next((condition for condition in found if condition["type"] == type_), {})

    async def all(self, kind: resources.Resource) -> list[Manifest]:
        return (await self.desk.kube.list(kind, namespace=NAMESPACE)).items

    async def inside(self, *arguments: str) -> str:
        """What kubectl prints in the tenant cluster."""
        kubeconfig = await self.desk.tenant_kubeconfig(NAMESPACE, "life")
        code, printed = await self.desk.kubectl(*arguments, kubeconfig=kubeconfig)
        assert code == 0, printed
        return printed

    async def kubelets(self) -> list[str]:
        """The versions of the tenant's Nodes."""
        nodes = json.loads(await self.inside("get", "nodes", "-o", "json"))["items"]
        return [node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes]

    async def runs(self, *versions: str) -> None:
        """Wait until there are just these Nodes, by their versions: an old one may leave a moment later."""

        async def so() -> bool:
            return sorted(await self.kubelets()) == sorted(versions)

        await eventually(so, what=f"Nodes of {versions}")

    async def flavors(self) -> set[int]:
        """The cores of the virtual machines that run."""
        machines = await self.all(resources.KUBEVIRT_MACHINES)
        specs = [machine["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"] for machine in machines]
        return {spec["domain"]["cpu"]["cores"] for spec in specs}


@pytest_asyncio.fixture(loop_scope="package")
async def life(desk: Desk) -> Life:
    """The tenant stays when the test is over: it goes with the playground."""
    code, printed = await desk.kubectl("apply", "-f", "-", given=yaml.safe_dump_all(GROUND))
    assert code == 0, printed
    kubeconfig = desk.folder / f"{LENA}-life.kubeconfig"
    pki = Pki(Path(desk.ready.kubeconfig).parent / "pki")
    write_private(kubeconfig, kubeconfig_text(desk.ready.api_server, pki, user=LENA))
    return Life(desk, kubeconfig)


async def test_a_cluster_lives_from_its_making_to_its_end_by_kubectl_alone(life: Life) -> None:
    with timed("create"):
        code, printed = await life.kubectl("apply", "-f", "-", given=yaml.safe_dump(BORN))
        assert code == 0, printed
        await life.ready()
    await life.runs("v1.33.8")
    await life.inside("create", "configmap", "kept", "-n", "default", "--from-literal=from=before")

    with timed("scale up"):
        await life.change(pools=[{"name": "md0", "flavor": "small", "replicas": 2}])
        await life.ready("Ready with 2 workers")
    await life.runs("v1.33.8", "v1.33.8")

    with timed("scale down"):
        await life.change(pools=[{"name": "md0", "flavor": "small", "replicas": 1}])
        await life.ready("Ready with 1 worker")
    await life.runs("v1.33.8")

    with timed("resize"):
        before = await life.all(resources.KUBEVIRT_MACHINE_TEMPLATES)
        await life.change(pools=[{"name": "md0", "flavor": "medium", "replicas": 1}])
        await eventually(lambda: _only(life, 4), what="one worker of 4 cores")
        await life.ready("Ready after the resize")
    await eventually(lambda: _replaced(life, before), what="the old machine template deleted")

    code, printed = await life.patch(version="v1.35.1")
    assert code != 0, "a jump over a minor version was taken"
    assert "the next version on the way is v1.34.4" in printed

    for version in ("v1.34.4", "v1.35.1"):
        with timed(f"upgrade to {version}"):
            await life.change(version=version)
            await life.ready(f"Ready on {version}", seconds=180)
        assert (await life.status())["version"] == version
        await life.runs(version)

    with timed("hibernate"):
        await life.change(hibernation={"enabled": True})
        await eventually(lambda: _asleep(life), seconds=120, what="asleep")
    assert await life.all(resources.MACHINES) == []
    assert (await life.condition("Ready"))["reason"] == "Hibernated"
    in_slack = Onlooker(life.desk, "U0LENA", "C0TEAMC")
    await in_slack.hears(f"life is asleep · {TENANT}", of="/cluster show life")

    with timed("wake"):
        await life.change(hibernation={"enabled": False})
        await life.ready("Ready after its sleep", seconds=180)
    assert await life.inside("get", "configmap", "kept", "-n", "default", "-o", "jsonpath={.data.from}") == "before"
    await life.runs("v1.35.1")
    await in_slack.hears(f"life is ready · {TENANT}", of="/cluster show life")

    with timed("delete"):
        code, printed = await life.kubectl("delete", "tenantcluster", "life", "--wait=false")
        assert code == 0, printed
        await nothing_left(life.desk, NAMESPACE, "life", seconds=180)
        await quota_released(life.desk, TENANT, "life")
    await eventually(lambda: _published_as_gone(life), what="the tenant's status without it")


async def _only(life: Life, cores: int) -> bool:
    return await life.flavors() == {cores}


async def _replaced(life: Life, before: list[Manifest]) -> bool:
    """Whether there is one machine template again, and it is none of those."""
    names = {template["metadata"]["name"] for template in await life.all(resources.KUBEVIRT_MACHINE_TEMPLATES)}
    return len(names) == 1 and names.isdisjoint(template["metadata"]["name"] for template in before)


async def _published_as_gone(life: Life) -> bool:
    """Whether the tenant's status, a moment behind its ledger, counts no cluster any more."""
    status = (await life.desk.kube.get(resources.TENANTS, TENANT))["status"]
    return not status.get("clusters", 0) and not status["quota"]["used"].get("nodes", 0)


async def _asleep(life: Life) -> bool:
    """No worker, no control plane, and the status says so."""
    (plane,) = await life.all(resources.KAMAJI_CONTROL_PLANES)
    told = await life.condition("Hibernated")
    return plane["spec"]["replicas"] == 0 and told.get("status") == "True" and not await life.all(resources.MACHINES)
