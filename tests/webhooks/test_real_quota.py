"""The quota on a real API server, with Cluster API's own controllers at work: all that they make of what was charged
passes although there is no room for anything else, and whatever is made beside it by hand does not.

One tenant, one boot of two replicas, and many stories. What KubeVirt's provider, its importer and Kamaji make is played
as they make it, under their own names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.census import Census
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.ledger import Ledger, slot_key
from provisioning.manifest import Manifest
from provisioning.names import CAPI_CLUSTER_LABEL
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_LEDGERS,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage
from tests.provisioning.waiting import eventually, running
from tests.webhooks.test_real import SYSTEM, Desk, shared_desk

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

HARD = {
    "clusters": 1,
    "nodes": 3,
    "vcpu": 6,
    "memory": "3Gi",
    "storage": "10Gi",
    "controlPlaneReplicas": 2,
    "loadBalancers": 2,
}
"""Room for one cluster with two workers and the one of a rolling update, a control plane and an address beside it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(cluster_api: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with shared_desk(cluster_api, tmp_path_factory, hard=HARD) as desk:
        yield desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(desk: Desk) -> str:
    """A cluster by hand whose MachineDeployment takes all the machines that there are."""
    admin = desk.admin
    infrastructure = {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": KUBEVIRT_CLUSTERS.kind, "name": "raw"}
    await made(desk, CLUSTERS, "raw", {"infrastructureRef": infrastructure})
    for name in ("one", "two"):
        await made(desk, KUBEVIRT_MACHINE_TEMPLATES, name, {"template": {"spec": machine()}})
    await made(desk, MACHINE_DEPLOYMENTS, "raw", deployment("one"))
    await eventually(lambda: has(admin, desk, KUBEVIRT_MACHINES, 2), seconds=60)
    return "raw"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(desk: Desk) -> str:
    """A control plane by hand with all the replicas that there are, and its load balancer."""
    await made(desk, KAMAJI_CONTROL_PLANES, "front", {"version": "v1.34.2", "replicas": 2})
    return "front"


def machine(cores: int = 2) -> Manifest:
    domain = {"cpu": {"cores": cores}, "memory": {"guest": "1Gi"}, "devices": {}}
    return {"virtualMachineTemplate": {"spec": {"runStrategy": "Always", "template": {"spec": {"domain": domain}}}}}


def deployment(template: str, replicas: int = 2) -> Manifest:
    labels = {CAPI_CLUSTER_LABEL: "raw", "pool": "raw"}
    made_from = {
        "clusterName": "raw",
        "version": "v1.34.2",
        "bootstrap": {"dataSecretName": "x"},
        "infrastructureRef": {
            "apiGroup": KUBEVIRT_MACHINE_TEMPLATES.group,
            "kind": KUBEVIRT_MACHINE_TEMPLATES.kind,
            "name": template,
        },
    }
    return {
        "clusterName": "raw",
        "replicas": replicas,
        # Nobody makes its machines ready here, and it goes on without.
        "rollout": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 2}}},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": made_from},
    }


async def made(
    desk: Desk, kind: Resource, name: str, spec: Manifest, *, by: Kube | None = None, **meta: Any
) -> Manifest:
    """Create it the way a client does: come back when told so."""
    for _ in range(60):
        try:
            return await (by or desk.admin).create(kind, desk.new(kind, name, spec, **meta))
        except errors.Throttled as error:
            await asyncio.sleep(error.retry_after)
    raise AssertionError("it was busy all the time")


async def refused(desk: Desk, words: str, kind: Resource, name: str, spec: Manifest, **meta: Any) -> None:
    with pytest.raises(errors.Forbidden, match=f"the quota of tenant {desk.tenant} has no room for {name}: {words}"):
        await made(desk, kind, name, spec, **meta)


def owned_by(manifest: Manifest, **changed: Any) -> list[Manifest]:
    meta = {key: manifest["metadata"][key] for key in ("name", "uid")}
    return [{"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], **meta, "controller": True, **changed}]


async def has(kube: Kube, desk: Desk, kind: Resource, count: int) -> bool:
    return len((await kube.list(kind, namespace=desk.namespace)).items) == count


async def names_of(desk: Desk, kind: Resource) -> set[str]:
    return {found["metadata"]["name"] for found in (await desk.admin.list(kind, namespace=desk.namespace)).items}


async def charged(desk: Desk) -> set[str]:
    """The names of what costs anything, with its kind."""
    stored = await desk.admin.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM)
    return set(Ledger.loads(stored["spec"]["data"]).slots)


async def one(desk: Desk, kind: Resource) -> Manifest:
    return (await desk.admin.list(kind, namespace=desk.namespace)).items[0]


async def test_all_that_cluster_api_makes_of_a_deployment_is_within_its_charge(desk: Desk, workers: str) -> None:
    roots = {slot_key(CLUSTERS, desk.namespace, "raw"), slot_key(MACHINE_DEPLOYMENTS, desk.namespace, workers)}
    assert await charged(desk) == roots
    # Its provider makes a virtual machine of each, with its name, its size and no owner.
    async with desk.person("system:serviceaccount:capk-system:capk-manager") as provider:
        for found in (await desk.admin.list(KUBEVIRT_MACHINES, namespace=desk.namespace)).items:
            spec = found["spec"]["virtualMachineTemplate"]["spec"]
            await made(desk, VIRTUAL_MACHINES, found["metadata"]["name"], spec, by=provider)
            beside = f"{found['metadata']['name']}-2"
            await refused(desk, "nodes", VIRTUAL_MACHINES, beside, spec, by=provider, ownerReferences=owned_by(found))
    assert await charged(desk) == roots


async def test_a_rolling_update_with_surge_goes_through_though_the_quota_is_full(desk: Desk, workers: str) -> None:
    before = await names_of(desk, MACHINES)
    other = {"template": {"spec": {"infrastructureRef": {"name": "two"}}}}
    await desk.admin.merge(MACHINE_DEPLOYMENTS, workers, {"spec": other}, namespace=desk.namespace)

    async def rolled() -> bool:
        now = await names_of(desk, MACHINES)
        return len(now) == 2 and now.isdisjoint(before)

    await eventually(rolled, seconds=120)
    roots = {slot_key(CLUSTERS, desk.namespace, "raw"), slot_key(MACHINE_DEPLOYMENTS, desk.namespace, workers)}
    assert await charged(desk) == roots


async def test_nothing_beside_what_cluster_api_makes_is_part_of_it(desk: Desk, workers: str) -> None:
    sets = (await desk.admin.list(MACHINE_SETS, namespace=desk.namespace)).items
    current = next(one for one in sets if one["spec"]["replicas"])
    mark = {"controller": False}
    third = machine()
    # One more would fit into the deployment's charge: that is the machine of a rolling update.
    await made(desk, KUBEVIRT_MACHINES, "third", third, ownerReferences=owned_by(current, **mark))
    await refused(desk, "nodes", KUBEVIRT_MACHINES, "fourth", third, ownerReferences=owned_by(current, **mark))
    await desk.admin.delete(KUBEVIRT_MACHINES, "third", namespace=desk.namespace)
    large = machine(cores=4)
    await refused(desk, "vCPU", KUBEVIRT_MACHINES, "large", large, ownerReferences=owned_by(current, **mark))
    gone = owned_by(current, uid="00000000-0000-0000-0000-000000000000", **mark)
    await refused(desk, "nodes", KUBEVIRT_MACHINES, "forged", third, ownerReferences=gone)
    await refused(desk, "nodes", KUBEVIRT_MACHINES, "stray", third)
    scale = {"spec": {"replicas": 20}}
    name = current["metadata"]["name"]
    with pytest.raises(errors.Forbidden, match=f"has no room for {name}: nodes: asks for"):
        await desk.admin.merge(MACHINE_SETS, name, scale, namespace=desk.namespace, subresource="scale")


async def test_machines_are_not_orphaned_to_have_others_made_for_them(desk: Desk, workers: str) -> None:
    found = await one(desk, MACHINES)
    name = found["metadata"]["name"]
    with pytest.raises(errors.Forbidden, match="must stay the MachineSet"):
        await desk.admin.merge(MACHINES, name, {"metadata": {"ownerReferences": None}}, namespace=desk.namespace)
    orphan = {"metadata": {"ownerReferences": None}}
    with pytest.raises(errors.Forbidden, match=f"has no room for {name}"):
        await desk.admin.merge(KUBEVIRT_MACHINES, name, orphan, namespace=desk.namespace)


async def test_control_planes_by_hand_and_their_scale_are_charged(desk: Desk, front: str) -> None:
    await refused(desk, "control-plane replicas", KAMAJI_CONTROL_PLANES, "big", {"version": "v1.34.2", "replicas": 3})
    with pytest.raises(errors.Forbidden, match="control-plane replicas: asks for 1, 0 of 2 free"):
        await desk.admin.merge(
            KAMAJI_CONTROL_PLANES, front, {"spec": {"replicas": 3}}, namespace=desk.namespace, subresource="scale"
        )


@pytest.mark.usefixtures("front")
async def test_services_are_charged_when_they_become_load_balancers(desk: Desk) -> None:
    ports = [{"port": 80}]
    # One address is the control plane's; there is room for one more.
    await made(desk, SERVICES, "inside", {"ports": ports})
    await made(desk, SERVICES, "first", {"ports": ports, "type": "LoadBalancer"})
    await refused(
        desk, "load balancers: asks for 1, 0 of 2 free", SERVICES, "next", {"ports": ports, "type": "LoadBalancer"}
    )
    with pytest.raises(errors.Forbidden, match="load balancers: asks for 1"):
        await desk.admin.merge(SERVICES, "inside", {"spec": {"type": "LoadBalancer"}}, namespace=desk.namespace)


def asking(size: str) -> Manifest:
    return {"resources": {"requests": {"storage": size}}}


def claim(size: str) -> Manifest:
    return {"accessModes": ["ReadWriteOnce"], **asking(size)}


async def test_a_volume_and_what_the_importer_makes_of_it_are_charged_once(desk: Desk) -> None:
    volume = await made(desk, DATA_VOLUMES, "pvc-1", {"source": {"blank": {}}, "storage": asking("10Gi")})
    owner: Sequence[Manifest] = owned_by(volume)
    # The importer adds what a file system takes; nothing else fits any more.
    filled = await made(desk, PERSISTENT_VOLUME_CLAIMS, "pvc-1", claim("10.5Gi"), ownerReferences=owner)
    prime: Any = (PERSISTENT_VOLUME_CLAIMS, f"prime-{filled['metadata']['uid']}", claim("10.5Gi"))
    async with desk.person("eve") as eve:
        with pytest.raises(errors.Forbidden, match="what only the importer calls a claim"):
            await made(desk, *prime, by=eve)
    async with desk.person("system:serviceaccount:cdi:cdi-sa") as importer:
        await made(desk, *prime, by=importer, ownerReferences=owned_by(filled))
    for name, refs in (("second", owner), ("prime-other", owned_by(filled)), ("pvc-2", [])):
        await refused(desk, "storage: asks for 1Gi", PERSISTENT_VOLUME_CLAIMS, name, claim("1Gi"), ownerReferences=refs)
    await refused(desk, "storage", DATA_VOLUMES, "pvc-3", {"source": {"blank": {}}, "storage": asking("1Gi")})
    assert {slot.partition("/")[0] for slot in await charged(desk)} >= {"datavolumes.cdi.kubevirt.io"}
    assert not any("persistentvolumeclaims" in slot for slot in await charged(desk))


async def test_the_keeper_counts_what_the_door_let_in(desk: Desk, workers: str) -> None:
    landscape = Landscape(desk.admin, namespace=SYSTEM)
    async with running(landscape.run()):
        await landscape.synced()
        tenant = landscape.tenant_of(desk.namespace)
        assert tenant is not None
        seen = Census(desk.admin, landscape).seen(tenant)
    costs = {slot: sight.charge for slot, sight in seen.items() if sight.charge != Usage()}
    stored = await desk.admin.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM)
    let_in = {slot: kept.cost for slot, kept in Ledger.loads(stored["spec"]["data"]).slots.items()}
    # Nobody plays the end of virtual machines: those that outlived what they were made for are charged now.
    machines, owners = [await names_of(desk, kind) for kind in (VIRTUAL_MACHINES, KUBEVIRT_MACHINES)]
    strays = {slot_key(VIRTUAL_MACHINES, desk.namespace, name) for name in machines - owners}
    assert costs == {**let_in, **dict.fromkeys(strays, Usage(nodes=1, vcpu=2000, memory=2**30))}
    assert {slot.partition(".")[0] for slot in seen} >= {kind.plural for kind in (MACHINE_SETS, KUBEVIRT_MACHINES)}
