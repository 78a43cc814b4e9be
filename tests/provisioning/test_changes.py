"""A cluster is changed while it runs: Cluster API's real controllers do what the provisioner tells them, no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from playground.simulated.tenants import Tenants
from provisioning import resources, upgrades
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.manifests.machine_deployment import MAX_SIZE_ANNOTATION
from provisioning.names import CAPI_CLUSTER_LABEL
from provisioning.resources import Resource
from tests import builders
from tests.playground.simulated.tenant import infrastructure
from tests.provisioning.led import led
from tests.provisioning.waiting import eventually, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

FAIL = "playground.clusterdesk.dev/fail"
MD0, AUTO = [("md0", "v1.34.4", 2)], [("auto", "v1.34.4", 2)]
"""One small worker of each pool."""
GROWING: Manifest = {
    "name": "auto",
    "flavor": "small",
    "min": 3,
    "max": 9,
    "labels": {"team": "blue"},
    "taints": [{"key": "dedicated", "value": "builds", "effect": "NoSchedule"}],
}
TEMPLATES = (resources.KUBEVIRT_MACHINE_TEMPLATES, resources.KUBEADM_CONFIG_TEMPLATES)


class Cluster:
    """The cluster web, as a person with kubectl sees and changes it."""

    def __init__(self, kube: Kube, namespace: str, tenants: Tenants) -> None:
        self.kube, self.namespace, self.tenants = kube, namespace, tenants

    async def create(self, **spec: Any) -> None:
        wanted = {**builders.CLUSTER["spec"], "addOns": [], **spec}
        manifest = {**builders.CLUSTER, "metadata": {"name": "web", "namespace": self.namespace}, "spec": wanted}
        await self.kube.create(resources.TENANT_CLUSTERS, manifest)

    async def change(self, **spec: Any) -> None:
        await self.patch(resources.TENANT_CLUSTERS, {"spec": spec})

    async def patch(self, kind: Resource, patch: Manifest) -> None:
        await self.kube.merge(kind, "web", patch, namespace=self.namespace)

    async def find(self, kind: Resource, name: str = "web") -> Manifest | None:
        return await self.kube.find(kind, name, namespace=self.namespace)

    async def parts(self, kind: Resource) -> list[Manifest]:
        listing = await self.kube.list(kind, namespace=self.namespace, labels=f"{CAPI_CLUSTER_LABEL}=web")
        return list(listing.items)

    async def names(self, *kinds: Resource) -> set[str]:
        return {part["metadata"]["name"] for kind in kinds for part in await self.parts(kind)}

    async def control_plane(self) -> tuple[str, str]:
        """The version that it is told to be, and the one that it has reached."""
        found = await self.kube.get(resources.KAMAJI_CONTROL_PLANES, "web", namespace=self.namespace)
        return found["spec"]["version"], (found.get("status") or {}).get("version", "")

    async def nodes(self) -> dict[str, Manifest]:
        """The cluster's own Nodes, by name."""
        found = await self.kube.get(resources.KAMAJI_CONTROL_PLANES, "web", namespace=self.namespace)
        client = await self.tenants.client(found["metadata"]["uid"])
        assert client is not None
        return {node["metadata"]["name"]: node for node in (await client.list(resources.NODES)).items}

    async def replaceable(self, pool: str) -> tuple[int, int]:
        """How many machines there are to a health check, and how many of them it would replace at once."""
        found = await self.find(resources.MACHINE_HEALTH_CHECKS, pool) or {}
        status = found.get("status") or {}
        return status.get("expectedMachines", 0), status.get("remediationsAllowed", 0)

    async def give_up(self, machine: str) -> None:
        """Call a machine broken, as somebody does who knows. The health check need not wait then."""
        patch = {"metadata": {"annotations": {"cluster.x-k8s.io/remediate-machine": ""}}}
        await self.kube.merge(resources.MACHINES, machine, patch, namespace=self.namespace)

    async def runs(self, *workers: tuple[str, str, int], without: str = "") -> bool:
        """Whether there are just these workers, all of them running: pool, version and cores of each."""
        machines = await self.parts(resources.MACHINES)
        if without in {machine["metadata"]["name"] for machine in machines}:
            return False
        virtual = {vm["metadata"]["name"]: vm for vm in await self.parts(resources.VIRTUAL_MACHINES)}
        found = []
        for machine in machines:
            if (machine.get("status") or {}).get("phase") != "Running":
                return False
            vm = virtual.get(machine["spec"]["infrastructureRef"]["name"])
            cores = vm["spec"]["template"]["spec"]["domain"]["cpu"]["cores"] if vm else 0
            found.append((machine["metadata"]["labels"]["clusterdesk.dev/pool"], machine["spec"]["version"], cores))
        return sorted(found) == sorted(workers)


@pytest_asyncio.fixture
async def web(cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    """A cluster with one small worker at v1.34.4, a leader and a played infrastructure at work."""
    async with infrastructure(cluster_api, tmp_path) as tenants, led(admin, namespace):
        cluster = Cluster(admin, namespace, tenants)
        await cluster.create(version="v1.34.4", pools=[small("md0")], controlPlane={"replicas": 1})
        await eventually(lambda: cluster.runs(("md0", "v1.34.4", 2)), seconds=120)
        yield cluster
        await admin.delete(resources.TENANT_CLUSTERS, "web", namespace=namespace)

        async def gone() -> bool:
            return await cluster.find(resources.TENANT_CLUSTERS) is None

        await eventually(gone, seconds=120)


def small(name: str, replicas: int = 1, **fields: Any) -> Manifest:
    return {"name": name, "flavor": "small", "replicas": replicas, **fields}


async def test_pools_grow_heal_change_their_size_and_go_and_their_templates_with_them(web: Cluster) -> None:
    first = await web.names(*TEMPLATES)
    assert len(first) == 2

    # One more worker, and a pool of which the number is the autoscaler's: Cluster API begins with its minimum.
    await web.change(pools=[small("md0", 2), GROWING])
    await eventually(lambda: web.runs(*MD0 * 2, *AUTO * 3), seconds=120)
    for name, node in (await web.nodes()).items():
        is_auto = name.startswith("web-auto-")
        assert node["metadata"]["labels"].get("team") == ("blue" if is_auto else None)
        assert (GROWING["taints"][0] in node["spec"].get("taints", [])) is is_auto
    assert first < await web.names(*TEMPLATES)
    patch = {"spec": {"replicas": 4}}
    await web.kube.merge(resources.MACHINE_DEPLOYMENTS, "web-auto", patch, namespace=web.namespace)
    await eventually(lambda: web.runs(*MD0 * 2, *AUTO * 4))

    # All workers may break at once and are replaced: in a pool of two, and in one that the autoscaler keeps small.
    async def healed_whole() -> bool:
        return await web.replaceable("web-md0") == (2, 2) and await web.replaceable("web-auto") == (4, 4)

    await eventually(healed_whole)

    # One worker again, a larger one; the other pool goes.
    await web.change(pools=[{**small("md0"), "flavor": "large"}], controlPlane={"replicas": 2})
    torn: set[str] = set()

    async def rotated() -> bool:
        # A machine set that is not empty yet needs the template that it names.
        there = await web.names(resources.KUBEVIRT_MACHINE_TEMPLATES)
        sets = [s for s in await web.parts(resources.MACHINE_SETS) if (s.get("status") or {}).get("replicas")]
        named = {s["spec"]["template"]["spec"]["infrastructureRef"]["name"] for s in sets}
        torn.update(first & named - there)
        return await web.runs(("md0", "v1.34.4", 8))

    await eventually(rotated, seconds=180)
    assert torn == set()

    async def tidied() -> bool:
        templates = await web.names(*TEMPLATES)
        pools = await web.names(resources.MACHINE_DEPLOYMENTS, resources.MACHINE_HEALTH_CHECKS)
        return len(templates) == 2 and pools == {"web-md0"}

    await eventually(tidied)
    (bootstrap,) = await web.names(resources.KUBEADM_CONFIG_TEMPLATES)
    assert bootstrap in first
    (machine,) = await web.names(resources.KUBEVIRT_MACHINE_TEMPLATES)
    assert machine not in first
    found = await web.find(resources.KAMAJI_CONTROL_PLANES)
    assert found is not None
    assert found["spec"]["replicas"] == 2

    # The only worker of a pool is replaced as well.
    (broken,) = await web.names(resources.MACHINES)
    await web.give_up(broken)
    await eventually(lambda: web.runs(("md0", "v1.34.4", 8), without=broken))


async def test_the_number_of_an_autoscaled_pool_is_touched_only_where_its_maximum_is_below_it(web: Cluster) -> None:
    async def has(number: int) -> bool:
        found = await web.find(resources.MACHINE_DEPLOYMENTS, "web-auto")
        return found is not None and found["spec"].get("replicas") == number

    async def applied(*, max_size: str | None) -> bool:
        found = await web.find(resources.MACHINE_DEPLOYMENTS, "web-auto") or {"metadata": {}}
        return (found["metadata"].get("annotations") or {}).get(MAX_SIZE_ANNOTATION) == max_size

    async def scaled(number: int) -> None:
        scale = {"spec": {"replicas": number}}
        await web.kube.merge(
            resources.MACHINE_DEPLOYMENTS, "web-auto", scale, namespace=web.namespace, subresource="scale"
        )

    async def stays(number: int) -> bool:
        await asyncio.sleep(2)
        return await has(number)

    pool = {"name": "auto", "flavor": "small"}
    await web.change(pools=[small("md0"), {**pool, "min": 1, "max": 9}])
    await eventually(lambda: has(1))
    await scaled(4)
    assert await stays(4)

    await web.change(pools=[small("md0"), {**pool, "min": 1, "max": 2}])
    await eventually(lambda: has(2))
    await eventually(lambda: applied(max_size="2"))
    assert await stays(2)
    await scaled(1)
    assert await stays(1)

    await web.change(pools=[small("md0"), small("auto", 3)])
    await eventually(lambda: has(3))
    await web.change(pools=[small("md0"), {**pool, "min": 1, "max": 5}])
    await eventually(lambda: applied(max_size="5"))
    assert await stays(3)


async def test_an_upgrade_over_two_minors_goes_control_plane_first_and_waits_for_what_is_late(web: Cluster) -> None:
    seen: list[tuple[str, str]] = []
    broken: list[str] = []

    async def watch() -> None:
        """Note every state, and every one that Cluster API or Kamaji would have to refuse."""
        while True:
            asked, _ = await web.control_plane()
            machines = [machine["spec"]["version"] for machine in await web.parts(resources.MACHINES)]
            _, reached = await web.control_plane()
            oldest = min(machines, key=upgrades.numbers, default=reached)
            if not seen or seen[-1] != (asked, oldest):
                seen.append((asked, oldest))
            if any(upgrades.numbers(version) > upgrades.numbers(reached) for version in machines):
                broken.append(f"{machines} under a control plane of {reached}")
            if upgrades.numbers(asked)[1] - upgrades.numbers(oldest)[1] > 1:
                broken.append(f"the control plane goes on to {asked} while {machines} are there")
            await asyncio.sleep(0.1)

    async with running(watch()):
        # The control plane cannot follow at first. No webhook is here to refuse the leap.
        await web.patch(resources.KAMAJI_CONTROL_PLANES, {"metadata": {"annotations": {FAIL: "datastore"}}})
        await web.change(version="v1.36.0")

        async def told() -> bool:
            return (await web.control_plane())[0] != "v1.34.4"

        await eventually(told)
        await asyncio.sleep(1.5)
        assert await web.control_plane() == ("v1.35.1", "v1.34.4")
        assert await web.runs(("md0", "v1.34.4", 2))

        await web.patch(resources.KAMAJI_CONTROL_PLANES, {"metadata": {"annotations": {FAIL: None}}})
        await eventually(lambda: web.runs(("md0", "v1.36.0", 2)), seconds=240)
    assert broken == []
    asked = [version for n, (version, _) in enumerate(seen) if n == 0 or version != seen[n - 1][0]]
    assert asked == ["v1.34.4", "v1.35.1", "v1.36.0"]
    assert await web.control_plane() == ("v1.36.0", "v1.36.0")
