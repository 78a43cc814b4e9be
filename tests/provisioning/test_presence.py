"""Present, absent, or nobody can tell: held on the fake and on a real API server alike."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from provisioning import errors, names, presence
from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS, DATA_VOLUMES, SECRETS, TENANT_CONTROL_PLANES, Resource
from tests.fakes.api_server import ApiServer, Fault

LABELS = f"{names.CAPI_CLUSTER_LABEL}=web"
NEVER_SERVED = Resource("nobody.example.com", "v1", "things", "Thing")
OLD = Resource("cluster.x-k8s.io", "v1alpha9", "clusters", "Cluster")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as server:
        yield server


@pytest_asyncio.fixture
async def kube(server: ApiServer) -> AsyncIterator[Kube]:
    async with server.kube() as kube:
        yield kube


async def promises(kube: Kube, namespace: str) -> None:
    """What holds on every API server."""
    meta = {"name": "here", "namespace": namespace, "labels": {names.CAPI_CLUSTER_LABEL: "web"}}
    await kube.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    found = await presence.find(kube, CONFIG_MAPS, "here", namespace=namespace)
    assert found is not None
    assert await presence.find(kube, CONFIG_MAPS, "not-here", namespace=namespace) is None
    assert await presence.find(kube, TENANT_CONTROL_PLANES, "not-here", namespace=namespace) is None
    listed = await presence.everything(kube, CONFIG_MAPS, namespace=namespace, labels=LABELS)
    assert [item["metadata"]["name"] for item in listed] == ["here"]
    assert await presence.find(kube, NEVER_SERVED, "x", namespace=namespace) is None
    assert await presence.everything(kube, NEVER_SERVED, namespace=namespace, labels=LABELS) == []
    with pytest.raises(errors.Unavailable, match=r"served as .*v1beta2, and was asked for as v1alpha9"):
        await presence.find(kube, OLD, "x", namespace=namespace)
    with pytest.raises(errors.Unavailable, match="served as"):
        await presence.everything(kube, OLD, namespace=namespace, labels=LABELS)


async def test_a_404_counts_only_when_discovery_agrees(kube: Kube) -> None:
    await promises(kube, "team-a")


@pytest.mark.real
async def test_a_404_counts_only_when_discovery_agrees_on_a_real_api_server(admin: Kube, namespace: str) -> None:
    await promises(admin, namespace)


@pytest.mark.parametrize("fault", [500, 503, 403, 429, Fault.HTML])
async def test_no_error_is_taken_for_absent(server: ApiServer, kube: Kube, fault: Fault | int) -> None:
    server.fail(fault, times=5)
    with pytest.raises(errors.KubeError):
        await presence.find(kube, SECRETS, "x", namespace="team-a")
    server.heal()
    server.fail(fault, times=5)
    with pytest.raises(errors.KubeError):
        await presence.everything(kube, SECRETS, namespace="team-a", labels="a=b")


async def test_a_kind_that_is_not_served_while_its_neighbours_are_is_absent(server: ApiServer, kube: Kube) -> None:
    server.unserved.add("clusters")
    assert await presence.find(kube, OLD, "x", namespace="team-a") is None


async def test_without_discovery_a_404_proves_nothing(server: ApiServer, kube: Kube) -> None:
    server.unserved.add("datavolumes")
    server.undiscoverable = True
    with pytest.raises(errors.KubeError):
        await presence.everything(kube, DATA_VOLUMES, namespace="team-a", labels="a=b")
