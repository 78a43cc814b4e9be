"""Whole clusters on the real API server, with real Cluster API and played providers, and their ends: easy and hard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from playground.simulated.stage import FAIL_ANNOTATION
from playground.simulated.tenants import Tenants
from provisioning import access, belongings, errors, names, presence, resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.ledger import Ledger
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.playground.simulated.tenant import infrastructure
from tests.provisioning.backstage import Clock
from tests.provisioning.waiting import eventually, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SYSTEM = "clusterdesk-system"
MARKS = {names.CAPI_CLUSTER_LABEL: "web", names.CLUSTER_LABEL: "web"}
LATE = timedelta(minutes=3)
RESOURCE_QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")


@dataclass
class Estate:
    """A tenant with one cluster, `web`, and the hands of those around it."""

    kube: Kube
    namespace: str
    tenant: str
    tenants: Tenants
    clock: Clock = field(default_factory=Clock)

    async def find(self, resource: Resource, name: str = "web") -> Manifest | None:
        return await self.kube.find(resource, name, namespace=self.namespace)

    async def plant(self, resource: Resource, name: str, *, labels: Manifest = MARKS, **content: object) -> None:
        meta = {"name": name, "namespace": self.namespace, "labels": labels}
        await self.kube.create(
            resource, {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, **content}
        )

    async def fail(self, resource: Resource, word: str | None, name: str = "web") -> None:
        """Let the one who plays this object's controller fail; None ends it."""
        patch = {"metadata": {"annotations": {FAIL_ANNOTATION: word}}}
        await self.kube.merge(resource, name, patch, namespace=self.namespace)

    async def is_whole(self) -> bool:
        """Whether its API server runs, it has a worker, and everything that holds on to it at its end is there."""
        control_plane = await self.find(resources.KAMAJI_CONTROL_PLANES) or {}
        machines = (await self.kube.list(resources.VIRTUAL_MACHINES, namespace=self.namespace)).items
        there = [
            await self.find(kind, name)
            for kind, name in (
                (resources.SECRETS, "web-datastore-config"),
                (resources.DEPLOYMENTS, "web-csi-controller"),
                (resources.HELM_RELEASES, "web-cilium"),
            )
        ]
        return (control_plane.get("status") or {}).get("ready") is True and bool(machines) and None not in there

    async def message(self) -> str:
        status = (await self.find(resources.TENANT_CLUSTERS) or {}).get("status") or {}
        return next((c["message"] for c in status.get("conditions") or () if c["type"] == "Ready"), "")

    async def residue(self) -> list[str]:
        told: list[str] = ((await self.find(resources.TENANT_CLUSTERS) or {}).get("status") or {}).get("residue") or []
        return told

    async def charged(self) -> bool:
        """Whether the cluster stands in its tenant's ledger."""
        ledger = await self.kube.find(resources.TENANT_LEDGERS, self.tenant, namespace=SYSTEM)
        slots = Ledger.loads(ledger["spec"]["data"]).slots if ledger else {}
        return any(key.endswith(f"{self.namespace}/web") for key in slots)

    async def delete(self, propagation: str = "Background") -> None:
        await self.kube.delete(resources.TENANT_CLUSTERS, "web", namespace=self.namespace, propagation=propagation)

    async def gone(self) -> None:
        async def absent() -> bool:
            return await self.find(resources.TENANT_CLUSTERS) is None

        await eventually(absent)

    async def left(self) -> set[str]:
        """Everything that belongs to the cluster, and what Kamaji keeps of it under its name."""
        labels = f"{names.CAPI_CLUSTER_LABEL}=web"
        found = {
            f"{kind.kind} {item['metadata']['name']}"
            for kind in (resources.CLUSTERS, *belongings.SWEPT)
            for item in await presence.everything(self.kube, kind, namespace=self.namespace, labels=labels)
        }
        secret = await self.find(resources.SECRETS, "web-datastore-config")
        return found | {"Secret web-datastore-config"} if secret else found

    async def down_to(self, *last: str) -> None:
        """Wait until nothing else is left."""

        async def seen() -> bool:
            # The API server answers so for a moment after a kind has been defined.
            with suppress(errors.Throttled):
                return await self.left() - {"Secret mine"} == set(last)
            return False

        await eventually(seen)

    async def uncharged(self) -> bool:
        return not await self.charged()


@pytest_asyncio.fixture
async def estate(cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path) -> AsyncIterator[Estate]:
    """With a cluster that is ready, and a leader at work whose clock can be moved."""
    tenant = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: tenant}}})
    blue = tweak(tweak(builders.TENANT, "metadata", {"name": tenant}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, blue])
    landscape = Landscape(admin, namespace=SYSTEM)
    async with infrastructure(cluster_api, tmp_path) as tenants, running(landscape.run()):
        await landscape.synced()
        made = Estate(admin, namespace, tenant, tenants)
        async with running(lead(admin, landscape, Settings(namespace=SYSTEM), now=made.clock)):
            wanted = tweak(builders.CLUSTER, "metadata", {"name": "web", "namespace": namespace})
            await admin.create(resources.TENANT_CLUSTERS, tweak(wanted, "spec.pools[0].replicas", 1))
            await eventually(made.is_whole, seconds=90)
            yield made
    await admin.delete(resources.TENANTS, tenant)
    await admin.delete(resources.CATALOGS, names.CATALOG)


async def test_a_tenant_gives_back_what_it_holds_and_nothing_of_it_is_left(estate: Estate) -> None:
    kube, namespace = estate.kube, estate.namespace
    ports = {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    await estate.plant(resources.SERVICES, "a1b2", **ports)
    await estate.plant(resources.DATA_VOLUMES, "pvc-1", spec={})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await estate.plant(resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1", spec=claim)
    await estate.plant(resources.SECRETS, "mine", labels={names.CAPI_CLUSTER_LABEL: "web"})
    # It could make no load balancer any more; that must not keep it from giving one back.
    hard, used = {"services.loadbalancers": "0"}, {"services.loadbalancers": "1"}
    await estate.plant(RESOURCE_QUOTAS, "no-more", spec={"hard": hard})
    status = {"status": {"hard": hard, "used": used}}
    await kube.merge(RESOURCE_QUOTAS, "no-more", status, namespace=namespace, subresource="status")

    secret = await kube.get(resources.SECRETS, "web-kubeconfig", namespace=namespace)
    async with access.of_secret(secret).connect() as tenant:
        meta = {"name": "front", "namespace": "default", "finalizers": ["service.kubernetes.io/load-balancer-cleanup"]}
        await tenant.create(resources.SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": meta, **ports})
        await estate.delete()

        async def asked() -> bool:
            return await estate.message() == "the tenant gives back 1 load balancer"

        await eventually(asked)
        cluster = await kube.get(resources.CLUSTERS, "web", namespace=namespace)
        assert "deletionTimestamp" not in cluster["metadata"]
        assert "deletionTimestamp" in (await tenant.get(resources.SERVICES, "front", namespace="default"))["metadata"]
        # As its cloud controller manager does once the load balancer is gone.
        await tenant.merge(resources.SERVICES, "front", {"metadata": {"finalizers": None}}, namespace="default")

    await estate.down_to("PersistentVolumeClaim pvc-1")
    assert await estate.charged()
    # No controller of this control plane sees that nobody uses it.
    await kube.merge(
        resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1", {"metadata": {"finalizers": None}}, namespace=namespace
    )
    await estate.gone()
    assert await estate.left() == {"Secret mine"}
    await eventually(estate.uncharged)


async def test_a_tenant_that_hangs_and_a_release_that_flux_keeps_only_cost_time(estate: Estate) -> None:
    (control_plane,) = (await estate.kube.list(resources.KAMAJI_CONTROL_PLANES, namespace=estate.namespace)).items
    await estate.fail(resources.HELM_RELEASES, "stuck", "web-cilium")
    await estate.fail(resources.KAMAJI_CONTROL_PLANES, "freeze")

    async def told_silent() -> bool:
        return "does not answer" in await estate.message()

    await eventually(told_silent)
    assert not await estate.tenants.answers(control_plane["metadata"]["uid"])
    await estate.delete()

    async def at_the_release() -> bool:
        return "HelmRelease web-cilium" in await estate.message()

    await eventually(at_the_release)
    estate.clock.ahead = LATE
    await estate.gone()
    assert await estate.left() == set()
    await eventually(estate.uncharged)


async def test_nothing_is_left_either_when_the_garbage_collector_is_told_to_go_before(estate: Estate) -> None:
    marks = {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    await estate.plant(resources.SERVICES, "a1b2", **marks)
    # As Argo CD deletes, and `kubectl delete --cascade=foreground`: what the TenantCluster owns is asked to go at once,
    # by the garbage collector and in no order.
    await estate.delete("Foreground")
    await estate.gone()
    assert await estate.left() == set()
    await eventually(estate.uncharged)


async def test_a_cluster_asleep_goes_without_being_woken(estate: Estate) -> None:
    (control_plane,) = (await estate.kube.list(resources.KAMAJI_CONTROL_PLANES, namespace=estate.namespace)).items
    uid = control_plane["metadata"]["uid"]
    asleep = {"spec": {"hibernation": {"enabled": True}}}
    await estate.kube.merge(resources.TENANT_CLUSTERS, "web", asleep, namespace=estate.namespace)

    async def stopped() -> bool:
        return estate.tenants.running(uid) is None

    await eventually(stopped, seconds=90)
    await estate.plant(resources.DATA_VOLUMES, "pvc-1", spec={})
    await estate.delete()
    awake: list[bool] = []

    async def over() -> bool:
        awake.append(estate.tenants.running(uid) is not None)
        return await estate.find(resources.TENANT_CLUSTERS) is None

    await eventually(over)
    assert not any(awake)
    assert await estate.left() == set()
    await eventually(estate.uncharged)


async def test_kamajis_forgotten_secret_does_not_keep_a_cluster(estate: Estate) -> None:
    await estate.fail(resources.TENANT_CONTROL_PLANES, "secret-stuck")
    await estate.delete()
    await estate.gone()
    assert await estate.left() == set()


async def test_a_control_plane_without_its_datastore_is_told_charged_and_waited_for(estate: Estate) -> None:
    await estate.fail(resources.TENANT_CONTROL_PLANES, "datastore-gone")
    await estate.delete()

    await estate.down_to("TenantControlPlane web", "Secret web-datastore-config")
    estate.clock.ahead = LATE
    told = await eventually(estate.residue)
    assert _mentions(told, "TenantControlPlane web", "finalizer.kamaji.clastix.io", "missing or not ready")
    assert await estate.charged()
    await estate.fail(resources.TENANT_CONTROL_PLANES, None)
    await estate.gone()
    assert await estate.left() == set()
    await eventually(estate.uncharged)


async def test_a_machine_that_cannot_go_is_told_from_the_bottom_up(estate: Estate) -> None:
    (machine,) = (await estate.kube.list(resources.KUBEVIRT_MACHINES, namespace=estate.namespace)).items
    name = machine["metadata"]["name"]
    await estate.fail(resources.KUBEVIRT_MACHINES, "vm-stuck", name)
    vm = await estate.kube.get(resources.VIRTUAL_MACHINES, name, namespace=estate.namespace)
    hold = {"metadata": {"finalizers": ["kubevirt.io/virtualMachineControllerFinalize"]}}
    await estate.kube.merge(resources.VIRTUAL_MACHINES, vm["metadata"]["name"], hold, namespace=estate.namespace)
    await estate.delete()

    async def at_the_workers() -> bool:
        return "the workers are being deleted: " in await estate.message()

    await eventually(at_the_workers)
    estate.clock.ahead = LATE

    async def at_the_bottom() -> bool:
        return (await estate.residue() or [""])[0].startswith(f"VirtualMachine {name} was asked to go at ")

    await eventually(at_the_bottom)
    told = await estate.residue()
    assert _mentions(told, f"KubevirtMachine {name}", "it goes after its VirtualMachine")
    await estate.kube.merge(
        resources.VIRTUAL_MACHINES, name, {"metadata": {"finalizers": None}}, namespace=estate.namespace
    )
    await estate.gone()
    assert await estate.left() == set()


def _mentions(lines: Iterable[str], *words: str) -> bool:
    """Whether one line has all of these."""
    return any(all(word in line for word in words) for line in lines)
