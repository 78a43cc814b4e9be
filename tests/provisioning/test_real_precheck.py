"""What an upgrade runs into is found in a tenant's real API server, and noted once somebody asks for the upgrade."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.simulated.tenants import Tenants
from provisioning import access, hindrances, names, resources
from provisioning.__main__ import lead
from provisioning.access import Access
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.model import Action, ClusterStatus, DeprecatedApi
from provisioning.prechecker import Prechecker
from provisioning.resources import POD_DISRUPTION_BUDGETS, Resource
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.playground.simulated.tenant import infrastructure
from tests.provisioning.waiting import eventually, running, until

pytestmark = pytest.mark.real

SYSTEM = "clusterdesk-system"
KEY: Key = ("team-a", "web")
ADDRESSES = Resource("networking.k8s.io", "v1beta1", "ipaddresses", "IPAddress", namespaced=False)
"""Deprecated since 1.34, served on demand, and gone in 1.37."""


def budget(name: str, **spec: object) -> Manifest:
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": POD_DISRUPTION_BUDGETS.api_version,
        "kind": POD_DISRUPTION_BUDGETS.kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, **spec},
    }


@pytest_asyncio.fixture
async def way(control_plane: ControlPlane, tmp_path: Path) -> AsyncIterator[Access]:
    """Into a tenant of its own, whose API server serves betas that go some day."""
    processes = Processes(tmp_path / "logs")
    betas = f"--runtime-config={ADDRESSES.group}/{ADDRESSES.version}=true"
    kube_apiserver = control_plane.binaries["kube-apiserver"]
    servers = Tenants(processes, kube_apiserver, control_plane.etcd_url, tmp_path, arguments=(betas,))
    uid = secrets.token_hex(8)
    try:
        server = await servers.ensure(uid, services="10.95.0.0/16", names=(), known_ca={})
        yield access.parse(server.kubeconfig)
        await servers.remove(uid)
    finally:
        await servers.close()
        await processes.stop()


async def look(way: Access) -> ClusterStatus:
    """The status of a cluster that was just looked into."""
    told: list[Key] = []
    prechecker = Prechecker(changed=told.append, now=lambda: datetime.now(UTC))
    prechecker.found(KEY)
    prechecker.look(KEY, way)
    await until(lambda: told)
    found = ClusterStatus(version="v1.36.3", precheck=prechecker.found(KEY))
    await prechecker.close()
    return ClusterStatus.model_validate(found.wire())


async def test_a_real_api_server_tells_what_holds_workers_and_what_goes(way: Access) -> None:
    spec = builders.spec(version="v1.36.3")
    assert hindrances.of(spec, await look(way), "v1.37.0").none

    async with way.connect() as tenant:
        await tenant.create(POD_DISRUPTION_BUDGETS, budget("never", maxUnavailable=0))
        await tenant.create(POD_DISRUPTION_BUDGETS, budget("easy", maxUnavailable=1))
        ill = await tenant.create(POD_DISRUPTION_BUDGETS, budget("ill", minAvailable=2))
        counts = {"expectedPods": 3, "currentHealthy": 2, "desiredHealthy": 2, "disruptionsAllowed": 0}
        status = {"observedGeneration": ill["metadata"]["generation"], **counts}
        await tenant.replace(POD_DISRUPTION_BUDGETS, {**ill, "status": status}, subresource="status")
        await tenant.list(ADDRESSES)

    seen = await look(way)
    gone = DeprecatedApi(group="networking.k8s.io", version="v1beta1", resource="ipaddresses", removed_release="1.37")
    next_minor, patch = (hindrances.of(spec, seen, version) for version in ("v1.37.0", "v1.36.4"))
    assert [each.name for each in next_minor.budgets] == ["never", "ill"]
    assert (next_minor.apis, next_minor.unseen) == ((gone,), ())
    assert (patch.apis, patch.budgets) == ((), next_minor.budgets)


async def test_whoever_asks_for_an_upgrade_has_the_cluster_looked_into_at_once(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    tenant = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: tenant}}})
    blue = tweak(tweak(builders.TENANT, "metadata", {"name": tenant}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, blue])

    async def seen() -> Manifest:
        stored = await admin.get(resources.TENANT_CLUSTERS, "web", namespace=namespace)
        found: Manifest = (stored.get("status") or {}).get("precheck") or {}
        return found

    async def is_looked_into() -> bool:
        return "checkedAt" in await seen()

    async def held() -> list[str]:
        return [each["name"] for each in (await seen()).get("budgets", ())]

    async def gone() -> bool:
        return await admin.find(resources.TENANT_CLUSTERS, "web", namespace=namespace) is None

    landscape = Landscape(admin, namespace=SYSTEM)
    async with infrastructure(cluster_api, tmp_path), running(landscape.run()):
        await landscape.synced()
        async with running(lead(admin, landscape, Settings(namespace=SYSTEM), now=lambda: datetime.now(UTC))):
            wanted = tweak(builders.CLUSTER, "metadata", {"name": "web", "namespace": namespace})
            await admin.create(resources.TENANT_CLUSTERS, tweak(wanted, "spec.pools[0].replicas", 0))
            await eventually(is_looked_into)
            assert await held() == []

            secret = await admin.get(resources.SECRETS, names.kubeconfig_secret("web"), namespace=namespace)
            async with access.of_secret(secret).connect() as inside:
                await inside.create(POD_DISRUPTION_BUDGETS, budget("never", maxUnavailable=0))
            await admin.create(resources.CLUSTER_REQUESTS, _upgrade(namespace))

            # The next look was due after minutes.
            assert await eventually(held, seconds=20) == ["never"]
            await admin.delete(resources.TENANT_CLUSTERS, "web", namespace=namespace)
            await eventually(gone)
    await admin.delete(resources.TENANTS, tenant)
    await admin.delete(resources.CATALOGS, names.CATALOG)


def _upgrade(namespace: str) -> Manifest:
    asked = builders.request(Action.CHANGE, desired=builders.spec(version="v1.36.0"), base_generation=1)
    return {
        "apiVersion": resources.CLUSTER_REQUESTS.api_version,
        "kind": resources.CLUSTER_REQUESTS.kind,
        "metadata": {"name": "cr-upgrade", "namespace": namespace},
        "spec": asked.it.spec.wire(),
    }
