"""The provisioner on a real API server: what it applies is taken, stays put when looked at again, and goes wholly."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator

import pytest_asyncio

from provisioning import belongings, errors, names, plan, resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from tests import builders
from tests.provisioning.led import led
from tests.provisioning.waiting import eventually


@pytest_asyncio.fixture
async def tenant(admin: Kube, namespace: str) -> AsyncIterator[str]:
    """The name of a tenant whose namespace is the test's; a leader is at work."""
    async with led(admin, namespace) as name:
        yield name


async def labelled(kube: Kube, kinds: tuple[Resource, ...], namespace: str) -> dict[tuple[str, str], str]:
    """Kind and name of everything with the cluster's label, and its content or the version of that."""
    found: dict[tuple[str, str], str] = {}
    for kind in kinds:
        try:
            listing = await kube.list(kind, namespace=namespace, labels=f"{names.CAPI_CLUSTER_LABEL}=web")
        except errors.NotFound:
            continue
        found |= {(kind.kind, o["metadata"]["name"]): _content(o) for o in listing.items}
    return found


def _content(manifest: Manifest) -> str:
    """What moves when the content does: controllers may be at work beside us, and write statuses and owners."""
    meta = manifest["metadata"]
    if "generation" in meta:
        return str(meta["generation"])
    marks = {key: meta.get(key) for key in ("labels", "annotations")}
    return repr({**manifest, "metadata": marks})


async def test_a_cluster_is_made_kept_and_ended_on_a_real_api_server(admin: Kube, namespace: str, tenant: str) -> None:
    wanted = copy.deepcopy(builders.CLUSTER)
    wanted["metadata"] = {"name": "web", "namespace": namespace}
    await admin.create(resources.TENANT_CLUSTERS, wanted)

    async def find(resource: Resource, name: str = "web") -> Manifest | None:
        return await admin.find(resource, name, namespace=namespace)

    async def published() -> int:
        status = (await admin.get(resources.TENANTS, tenant)).get("status") or {}
        clusters: int = status.get("clusters", 0)
        return clusters

    async def replicas() -> int:
        found: int = (await find(resources.MACHINE_DEPLOYMENTS, "web-md0") or {})["spec"]["replicas"]
        return found

    async def told() -> bool:
        return "status" in (await find(resources.TENANT_CLUSTERS) or {})

    async def gone() -> bool:
        return await find(resources.TENANT_CLUSTERS) is None

    await eventually(lambda: find(resources.DEPLOYMENTS, "web-csi-controller"))
    await eventually(told)
    await eventually(published)

    # Cluster API's managers, when another test has started them, write to their own kinds whenever they like.
    theirs = (resources.CLUSTERS, resources.MACHINE_DEPLOYMENTS, resources.MACHINE_HEALTH_CHECKS)
    ours = tuple(kind for kind in plan.KINDS if kind not in theirs)
    before = await labelled(admin, ours, namespace)
    touch = {"metadata": {"annotations": {"touched": "yes"}}}
    await admin.merge(resources.TENANT_CLUSTERS, "web", touch, namespace=namespace)
    await asyncio.sleep(1)
    assert await labelled(admin, ours, namespace) == before

    await admin.merge(resources.MACHINE_DEPLOYMENTS, "web-md0", {"spec": {"replicas": 9}}, namespace=namespace)

    async def put_back() -> bool:
        return await replicas() == 2

    await eventually(put_back)

    marks = {names.CAPI_CLUSTER_LABEL: "web", names.CLUSTER_LABEL: "web"}
    left_behind = {"name": "lb", "namespace": namespace, "labels": marks}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": left_behind, "spec": {"ports": [{"port": 80}]}}
    await admin.create(resources.SERVICES, service)
    await admin.delete(resources.TENANT_CLUSTERS, "web", namespace=namespace)
    await eventually(gone)
    assert await labelled(admin, belongings.SWEPT, namespace) == {}

    async def given_back() -> bool:
        return await published() == 0

    await eventually(given_back)
