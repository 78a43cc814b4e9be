"""The real API server takes everything that is rendered, and Cluster API makes a cluster of it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from playground.controlplane import ControlPlane
from provisioning import errors, objects, plan, resources, steps, world
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, ClusterStatus, TenantCluster
from provisioning.model.conditions import is_true
from provisioning.names import CAPI_CLUSTER_LABEL, CLUSTER_LABEL
from provisioning.objects import Stored
from provisioning.observe import observe
from provisioning.resources import Resource
from tests.playground.simulated.tenant import eventually, infrastructure
from tests.provisioning.manifests.examples import AUTOSCALED, SPEC, STORAGE, TENANT, WHOLE_CLUSTERS, catalog, of_kind

pytestmark = pytest.mark.real

KINDS = {kind.kind: kind for kind in plan.KINDS}


class Bench:
    """What a provisioner does with the pure parts, by hand: render, apply, look."""

    def __init__(self, kube: Kube, namespace: str, **changes: Any) -> None:
        self.offer: CatalogSpec = changes.pop("offer", catalog())
        self.kube, self.namespace, self.spec = kube, namespace, {**SPEC, **changes}

    async def ask(self) -> Stored[TenantCluster]:
        kind = resources.TENANT_CLUSTERS
        body = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": "web", "namespace": self.namespace},
            "spec": self.spec,
        }
        return objects.read(TenantCluster, await self.kube.apply(kind, body, manager="test"))

    async def render(self, *, cluster_uid: str = "") -> list[Manifest]:
        return plan.render(await self.ask(), self.offer, tenant=TENANT, cluster_uid=cluster_uid).manifests

    async def apply(self) -> list[Manifest]:
        """Everything, in two goes: what is hosted needs the uid of the Cluster."""
        for manifest in await self.render():
            await self.put(manifest)
        cluster = await self.kube.get(resources.CLUSTERS, "web", namespace=self.namespace)
        manifests = await self.render(cluster_uid=cluster["metadata"]["uid"])
        return [await self.put(manifest) for manifest in manifests]

    async def look(self) -> list[Manifest]:
        """As the provisioner does: render by what stands, apply, take away what is not rendered any more."""
        there = await self.there((*plan.KINDS, resources.MACHINE_SETS))
        cluster = await self.kube.get(resources.CLUSTERS, "web", namespace=self.namespace)
        manifests = plan.render(
            await self.ask(), self.offer, tenant=TENANT, cluster_uid=cluster["metadata"]["uid"], existing=there
        ).manifests
        for manifest in manifests:
            await self.put(manifest)
        for gone in plan.stale(manifests, there):
            with suppress(errors.NotFound):
                await self.kube.delete(KINDS[gone["kind"]], gone["metadata"]["name"], namespace=self.namespace)
        return manifests

    async def put(self, manifest: Manifest) -> Manifest:
        return await self.kube.apply(KINDS[manifest["kind"]], manifest, manager=plan.field_manager(manifest))

    async def there(self, kinds: tuple[Resource, ...]) -> list[Manifest]:
        selector = f"{CAPI_CLUSTER_LABEL}=web"
        return [
            item
            for kind in kinds
            for item in (await self.kube.list(kind, namespace=self.namespace, labels=selector)).items
        ]

    async def observe(self) -> ClusterStatus:
        seen = world.World.of(await self.there(world.KINDS))
        return observe(await self.ask(), seen, now=datetime.now(UTC))


@pytest.mark.parametrize("name", WHOLE_CLUSTERS)
async def test_everything_rendered_is_taken_as_it_is(admin: Kube, namespace: str, name: str) -> None:
    bench = Bench(admin, namespace, **WHOLE_CLUSTERS[name])
    for applied in await bench.apply():
        owners = [owner for owner in applied["metadata"]["ownerReferences"] if owner.get("controller")]
        assert len(owners) <= 1


@pytest.mark.parametrize("name", ["small", "storage", "by-caaph"])
async def test_applying_a_second_time_changes_nothing(admin: Kube, namespace: str, name: str) -> None:
    bench = Bench(admin, namespace, **WHOLE_CLUSTERS[name])
    await bench.apply()
    first = {m["metadata"]["uid"]: m["metadata"]["generation"] for m in await bench.apply() if "spec" in m}
    second = {m["metadata"]["uid"]: m["metadata"]["generation"] for m in await bench.apply() if "spec" in m}
    assert first == second


async def test_what_is_hosted_runs_in_a_namespace_of_the_restricted_level(admin: Kube, namespace: str) -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": level}})
    bench = Bench(admin, namespace, **AUTOSCALED, **STORAGE)
    for deployment in of_kind(await bench.apply(), "Deployment"):
        template = deployment["spec"]["template"]
        labels = template["metadata"]["labels"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": deployment["metadata"]["name"], "namespace": namespace, "labels": labels},
            "spec": {
                **template["spec"],
                "serviceAccountName": deployment["spec"]["template"]["spec"]["serviceAccountName"],
            },
        }
        await admin.create(resources.PODS, pod, dry_run=True)
    loose = json.loads(json.dumps(pod))
    loose["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(errors.Forbidden, match="restricted"):
        await admin.create(resources.PODS, loose, dry_run=True)


async def test_two_clusters_that_come_to_the_same_name_do_not_take_it_from_each_other(
    admin: Kube, namespace: str
) -> None:
    bench = Bench(admin, namespace)
    await bench.apply()
    (deployment,) = of_kind(await bench.render(), "MachineDeployment")
    deployment["metadata"]["ownerReferences"][0].update(name="other", uid="99999999-0000-0000-0000-000000000000")
    deployment["metadata"]["labels"][CLUSTER_LABEL] = "other"
    with pytest.raises(errors.Invalid, match="Only one reference can have Controller set to true"):
        await bench.put(deployment)


LONG = 240.0
"""Seconds that Cluster API may take on a machine with much to do."""


@pytest.mark.timeout(900)
async def test_cluster_api_makes_a_cluster_of_it_and_every_step_is_seen_to_end(
    cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path
) -> None:
    bench = Bench(admin, namespace)
    async with infrastructure(cluster_api, tmp_path):
        await bench.apply()
        status = await until_ready(bench)
        # Nobody asks the tenant itself here.
        assert [step.name for step in status.steps] == [name for name in steps.NEEDS if name != steps.PROBE]
        assert all(step.started_at and step.ended_at for step in status.steps)
        assert (status.nodes.ready, status.nodes.wanted, status.version) == (2, 2, "v1.34.4")
        assert status.endpoint.startswith("https://127.0.0.1:")

        # Another flavor rolls the machines; the template that nobody uses any more is the only thing to go.
        bench.spec = {**bench.spec, "pools": [{"name": "md0", "flavor": "large", "replicas": 1}]}
        await bench.apply()
        (gone,) = await eventually(lambda: stale(bench), seconds=LONG)
        assert gone["kind"] == "KubevirtMachineTemplate"
        assert (await until_ready(bench)).nodes.wanted == 1

        await admin.delete(resources.CLUSTERS, "web", namespace=namespace)
        await eventually(lambda: nothing_hosted(bench), seconds=LONG)


async def until_ready(bench: Bench) -> ClusterStatus:
    await eventually(lambda: ready(bench), seconds=LONG)
    return await bench.observe()


async def ready(bench: Bench) -> bool:
    return is_true((await bench.observe()).conditions, "Ready")


async def stale(bench: Bench) -> list[Manifest]:
    """What is to go, once Cluster API has let go of it."""
    cluster = await bench.kube.get(resources.CLUSTERS, "web", namespace=bench.namespace)
    rendered = await bench.render(cluster_uid=cluster["metadata"]["uid"])
    return plan.stale(rendered, await bench.there((*plan.KINDS, resources.MACHINE_SETS)))


async def nothing_hosted(bench: Bench) -> bool:
    """Whether the garbage collector has followed the Cluster."""
    return not await bench.there((resources.DEPLOYMENTS, resources.ROLES, resources.SERVICE_ACCOUNTS))
