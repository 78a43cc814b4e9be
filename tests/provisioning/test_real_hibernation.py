"""Clusters that sleep and wake, and lives that end, on the real API server; Cluster API is real where it matters."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import names, resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.playground.simulated.tenant import infrastructure
from tests.provisioning.waiting import eventually, running

pytestmark = pytest.mark.real

SYSTEM = "clusterdesk-system"
POOLS = [
    {"name": "md0", "flavor": "small", "replicas": 1},
    {"name": "auto", "flavor": "small", "min": 1, "max": 3},
]


@dataclass(frozen=True)
class Yard:
    """A tenant with one cluster, `web`."""

    kube: Kube
    namespace: str

    async def make(self, **spec: Any) -> None:
        wanted = copy.deepcopy(builders.CLUSTER)
        wanted["metadata"] = {"name": "web", "namespace": self.namespace}
        wanted["spec"] |= spec
        await self.kube.create(resources.TENANT_CLUSTERS, wanted)

    async def change(self, **spec: Any) -> None:
        await self.kube.merge(resources.TENANT_CLUSTERS, "web", {"spec": spec}, namespace=self.namespace)

    async def status(self) -> Manifest:
        found = await self.kube.find(resources.TENANT_CLUSTERS, "web", namespace=self.namespace)
        status: Manifest = (found or {}).get("status") or {}
        return status

    async def condition(self, type_: str) -> Manifest:
        found = (await self.status()).get("conditions") or ()
        return next((condition for condition in found if condition["type"] == type_), {"status": "", "reason": ""})

    async def says(self, type_: str, status: str = "True") -> bool:
        return bool((await self.condition(type_))["status"] == status)

    async def control_planes(self) -> int:
        found: int = (await self.kube.get(resources.KAMAJI_CONTROL_PLANES, "web", namespace=self.namespace))["spec"][
            "replicas"
        ]
        return found

    async def workers(self) -> int:
        """How many virtual machines there are."""
        return len((await self.kube.list(resources.VIRTUAL_MACHINES, namespace=self.namespace)).items)

    async def told(self, reason: str) -> list[str]:
        """What the Events of this reason say."""
        events = (await self.kube.list(resources.EVENTS, namespace=self.namespace)).items
        return [event["note"] for event in events if event["reason"] == reason]

    async def gone(self) -> bool:
        return await self.kube.find(resources.TENANT_CLUSTERS, "web", namespace=self.namespace) is None

    async def inside(self, path: Path) -> Kube:
        secret = await self.kube.get(resources.SECRETS, "web-kubeconfig", namespace=self.namespace)
        path.write_bytes(base64.b64decode(secret["data"]["value"]))
        return await Kube.connect(kubeconfig=path)

    async def end(self) -> None:
        await self.kube.delete(resources.TENANT_CLUSTERS, "web", namespace=self.namespace)
        await eventually(self.gone)


@contextlib.asynccontextmanager
async def yard(admin: Kube, namespace: str, *, probe: bool = False, **lifetime: Any) -> AsyncIterator[Yard]:
    """A tenant with this policy for lifetimes, and a leader at work."""
    name = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: name}}})
    tenant = tweak(tweak(builders.TENANT, "metadata", {"name": name}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, tweak(tenant, "spec.lifetime", lifetime)])
    landscape = Landscape(admin, namespace=SYSTEM)
    settings = Settings(namespace=SYSTEM, probe_tenants=probe)
    async with running(landscape.run()):
        await landscape.synced()
        async with running(lead(admin, landscape, settings, now=lambda: datetime.now(UTC))):
            yield Yard(admin, namespace)
    await admin.delete(resources.TENANTS, name)
    await admin.delete(resources.CATALOGS, names.CATALOG)


@pytest.mark.timeout(300)
async def test_a_cluster_sleeps_workers_first_and_wakes_with_what_it_stored(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    stopped_under_workers: list[int] = []

    async def watch(it: Yard) -> None:
        """Whether a worker is ever left when the control plane is stopped."""
        while True:
            if await it.control_planes() == 0 and (left := await it.workers()):
                stopped_under_workers.append(left)
            await asyncio.sleep(0.2)

    async with infrastructure(cluster_api, tmp_path), yard(admin, namespace, probe=True) as it:
        await it.make(pools=POOLS)
        await eventually(lambda: it.says("Ready"), seconds=90)
        assert await it.workers() == 2
        async with await it.inside(tmp_path / "kubeconfig") as tenant:
            kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": "default"}}
            await tenant.create(resources.CONFIG_MAPS, {**kept, "data": {"word": "remember"}})

        async with running(watch(it)):
            await it.change(hibernation={"enabled": True})
            await eventually(lambda: it.says("Hibernated"))
        assert (await it.workers(), await it.control_planes(), stopped_under_workers) == (0, 0, [])
        asleep = await it.status()
        assert asleep["asleepSince"]
        ready = await it.condition("Ready")
        assert (ready["status"], ready["reason"]) == ("False", "Hibernated")
        assert not await it.says("Stalled")

        await it.change(hibernation={"enabled": False})
        await eventually(lambda: it.says("Ready"), seconds=90)
        assert await it.workers() == 2
        assert "asleepSince" not in await it.status()
        # The kubeconfig of before leads to the same server with the same content.
        async with await Kube.connect(kubeconfig=tmp_path / "kubeconfig") as tenant:
            assert (await tenant.get(resources.CONFIG_MAPS, "kept", namespace="default"))["data"]["word"] == "remember"

        # Nobody has to wake it to delete it.
        await it.change(hibernation={"enabled": True})
        await eventually(lambda: it.says("Hibernated"))
        await it.end()


async def test_a_life_goes_down_the_ladder_from_a_warning_to_a_sleep_to_its_end(admin: Kube, namespace: str) -> None:
    async with yard(admin, namespace, warnings=["4s"], hibernation="8s") as it:
        await it.make(lifetime="8s")
        await eventually(lambda: it.says("Expiring"))
        assert (await it.condition("Expiring"))["reason"] == "EndsSoon"
        status = await it.status()
        assert status["expiresAt"] < status["deletesAt"]

        await eventually(lambda: it.says("Hibernated"))
        assert (await it.condition("Hibernated"))["reason"] == "LifetimeOver"
        assert await it.control_planes() == 0
        await eventually(it.gone)
        told = await it.told("Expiring")
        assert sum(note.startswith("less than 4s left: its lifetime is over at") for note in told) == 1
        assert sum(note.startswith("less than 4s left: its lifetime was over at") for note in told) == 1


async def test_a_longer_lifetime_wakes_a_cluster_whose_time_was_over(admin: Kube, namespace: str) -> None:
    async with yard(admin, namespace, warnings=["1m"], hibernation="1h", longest="2h") as it:
        await it.make(lifetime="1s")

        async def asleep(wanted: bool) -> bool:
            return (await it.control_planes() == 0) is wanted

        await eventually(lambda: it.says("Expiring"))
        assert "which counts from when it was made: 1s now, 2h at most" in (await it.condition("Expiring"))["message"]
        await eventually(lambda: asleep(True))
        await it.change(lifetime="1h")
        await eventually(lambda: asleep(False))
        await eventually(lambda: it.says("Expiring", "False"))
        await it.end()


async def test_a_protected_cluster_is_put_to_sleep_by_its_lifetime_and_not_deleted(admin: Kube, namespace: str) -> None:
    async with yard(admin, namespace) as it:
        await it.make(lifetime="1s", deletionProtection=True)
        await eventually(lambda: it.says("Hibernated"))
        assert "deletesAt" not in await it.status()
        assert "is not deleted as long as" in (await it.condition("Expiring"))["message"]
        # Lifted, its time has long come.
        await it.change(deletionProtection=False)
        await eventually(it.gone)
