"""The older generation of Cluster API's APIs, on a real API server that serves nothing newer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import belongings, legacy, legacy_kube, plan, preflight, resources, survey
from provisioning.kube import Kube
from provisioning.legacy_kube import LegacyKube
from provisioning.manifest import Manifest
from provisioning.profile import Profile
from provisioning.resources import Resource
from tests import builders
from tests.builders import tweak
from tests.provisioning.led import led
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, rendered
from tests.provisioning.manifests.test_real import Bench
from tests.provisioning.test_real import labelled
from tests.provisioning.waiting import eventually

pytestmark = pytest.mark.timeout(300)

CLUSTERS, POOLS = legacy.old(resources.CLUSTERS), legacy.old(resources.MACHINE_DEPLOYMENTS)
CONTROL_PLANES = legacy.old(resources.KAMAJI_CONTROL_PLANES)
FINALIZER = "cluster.cluster.x-k8s.io"
TRUE: Manifest = {"status": "True", "lastTransitionTime": "2026-08-03T09:00:00Z"}
"""As Cluster API says in the older words that all is well: with no reason, and no message."""
REASONED: Manifest = {**TRUE, "reason": "Well", "message": ""}


@pytest_asyncio.fixture
async def plain(older_control_plane: ControlPlane) -> AsyncIterator[Kube]:
    """A client that takes and gives the older words as they are: the hands of everybody else."""
    async with await Kube.connect(kubeconfig=older_control_plane.kubeconfig) as kube:
        yield kube


@pytest_asyncio.fixture
async def where(plain: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own."""
    name = f"test-{secrets.token_hex(4)}"
    await apply.put(plain, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    yield name
    await plain.delete(resources.NAMESPACES, name)


async def test_every_whole_cluster_is_taken_without_a_complaint(plain: Kube, where: str) -> None:
    taken = set()
    for manifest in (manifest for changes in WHOLE_CLUSTERS.values() for manifest in rendered(**changes)):
        kind = legacy.old(next(kind for kind in plan.KINDS if kind.kind == manifest["kind"]))
        said = legacy.down(tweak(manifest, "metadata.namespace", where))
        # Strict: a field that the schema does not know is an error, where kubectl would only warn.
        query = {"fieldManager": "test", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
        path = kind.path(namespace=where, name=said["metadata"]["name"])
        await plain.call("PATCH", path, query=query, body=said, content_type="application/apply-patch+yaml")
        taken.add(kind.api_version)
    assert taken >= set(legacy.NEW)


@pytest.mark.parametrize("name", WHOLE_CLUSTERS)
async def test_applying_a_second_time_changes_nothing(plain: Kube, where: str, name: str) -> None:
    bench = Bench(LegacyKube(plain), where, **WHOLE_CLUSTERS[name])
    await bench.apply()
    first = {m["metadata"]["uid"]: m["metadata"]["resourceVersion"] for m in await bench.apply()}
    second = {m["metadata"]["uid"]: m["metadata"]["resourceVersion"] for m in await bench.apply()}
    assert first == second


async def test_the_generation_is_found_by_itself_and_preflight_takes_it(plain: Kube) -> None:
    assert isinstance(await legacy_kube.fitting(plain, "auto"), LegacyKube)
    assert await legacy_kube.fitting(plain, "v1beta2") is plain
    ground = await survey.take(plain)
    assert ground.profile is Profile.V1BETA1
    lacking = {finding.what for finding in preflight.missing(preflight.findings(ground))}
    assert not {what for what in lacking if "Cluster API" in what or "API profile" in what or "contract" in what}
    insisting = preflight.missing(preflight.findings(await survey.take(plain, "v1beta2")))
    assert "set apiProfile=v1beta1" in insisting[0].remedy


class Others:
    """Cluster API 1.8, Kamaji's provider 0.19, Flux, and the Deployment controller: all is well with what there is."""

    def __init__(self, plain: Kube, namespace: str) -> None:
        self.plain, self.namespace = plain, namespace

    async def get(self, kind: Resource, name: str = "web") -> Manifest:
        return await self.plain.get(kind, name, namespace=self.namespace)

    async def merge(self, kind: Resource, patch: Manifest, name: str = "web") -> None:
        await self.plain.merge(kind, name, patch, namespace=self.namespace)

    async def work(self) -> None:
        for kind, tell in (
            (CLUSTERS, _cluster),
            (CONTROL_PLANES, _control_plane),
            (POOLS, _pool),
            (legacy.old(resources.CLUSTER_RESOURCE_SETS), _resource_set),
            (resources.HELM_RELEASES, _release),
            (resources.DEPLOYMENTS, _deployment),
        ):
            for found in (await self.plain.list(kind, namespace=self.namespace)).items:
                name, generation = found["metadata"]["name"], found["metadata"]["generation"]
                status = {"observedGeneration": generation, **tell(found)}
                await self.plain.merge(kind, name, {"status": status}, namespace=self.namespace, subresource="status")


def _cluster(_: Manifest) -> Manifest:
    types = ("Ready", "ControlPlaneInitialized", "ControlPlaneReady", "InfrastructureReady")
    conditions = [{"type": type_, **TRUE} for type_ in types]
    return {"infrastructureReady": True, "controlPlaneReady": True, "conditions": conditions}


def _control_plane(found: Manifest) -> Manifest:
    spec, conditions = found["spec"], [{"type": "KamajiControlPlaneIsReady", **REASONED}]
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), spec["replicas"])
    rest = {"unavailableReplicas": 0, "selector": "", "version": spec["version"], "conditions": conditions}
    return {"ready": True, "initialized": True, **counts, **rest}


def _pool(found: Manifest) -> Manifest:
    counted = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    counts = dict.fromkeys(counted, found["spec"]["replicas"])
    return {**counts, "conditions": [{"type": "Available", **TRUE}]}


def _resource_set(_: Manifest) -> Manifest:
    return {"conditions": [{"type": "ResourcesApplied", **TRUE}]}


def _release(_: Manifest) -> Manifest:
    return {"conditions": [{"type": "Ready", **REASONED}]}


def _deployment(found: Manifest) -> Manifest:
    return {"conditions": [{"type": "Available", **REASONED}]}


async def test_a_cluster_is_made_kept_and_ended(plain: Kube, where: str) -> None:
    others, kube = Others(plain, where), await legacy_kube.fitting(plain, "auto")

    async def condition() -> Manifest:
        status = (await others.get(resources.TENANT_CLUSTERS)).get("status") or {}
        return next((c for c in status.get("conditions") or () if c["type"] == "Ready"), {})

    async def ready() -> bool:
        await others.work()
        return (await condition()).get("status") == "True"

    async def pool(**wanted: Any) -> bool:
        spec = (await others.get(POOLS, "web-md0"))["spec"]
        return {key: spec[key] for key in wanted} == wanted

    async with led(kube, where):
        wanted = tweak(builders.CLUSTER, "metadata", {"name": "web", "namespace": where})
        await plain.create(resources.TENANT_CLUSTERS, wanted)
        await eventually(ready, seconds=90)

        # What stands is known for what is wanted: a change writes what it is about, and nothing else again.
        before = await labelled(kube, plan.KINDS, where)
        pools = [{**wanted["spec"]["pools"][0], "replicas": 3}]
        await others.merge(resources.TENANT_CLUSTERS, {"spec": {"pools": pools}})
        await eventually(lambda: pool(replicas=3))

        async def written() -> set[str]:
            after = await labelled(kube, plan.KINDS, where)
            return {kind for (kind, name), version in after.items() if version != before.get((kind, name))}

        async def all_written() -> bool:
            return await written() >= {"MachineDeployment", "MachineHealthCheck"}

        await eventually(all_written)
        await asyncio.sleep(1)
        assert await written() == {"MachineDeployment", "MachineHealthCheck"}
        await eventually(ready)

        # What somebody changes in the older words is put right in them.
        strategy = (await others.get(POOLS, "web-md0"))["spec"]["strategy"]
        await others.merge(POOLS, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 5}}}}, "web-md0")
        await eventually(lambda: pool(strategy=strategy))

        await others.merge(CLUSTERS, {"metadata": {"finalizers": [FINALIZER]}, "spec": {"paused": True}})
        await plain.delete(resources.TENANT_CLUSTERS, "web", namespace=where)

        async def ending() -> bool:
            cluster = await others.get(CLUSTERS)
            return "deletionTimestamp" in cluster["metadata"] and not cluster["spec"].get("paused")

        async def gone() -> bool:
            return await plain.find(resources.TENANT_CLUSTERS, "web", namespace=where) is None

        await eventually(ending)
        await others.merge(CLUSTERS, {"metadata": {"finalizers": None}})
        await eventually(gone)
        assert await labelled(kube, belongings.SWEPT, where) == {}

        async def collected() -> bool:
            return await labelled(kube, plan.KINDS, where) == {}

        await eventually(collected)
