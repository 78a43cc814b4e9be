"""The ways around the door, tried on a real API server by somebody whom RBAC lets do anything.

One tenant, one boot of two replicas, Cluster API's own managers at work, and many stories. Each way is refused in words
that say what is wrong, and afterwards nothing is there that was not there before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning import errors, legacy
from provisioning.footprint import MAX_SIZE, MIN_SIZE
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.names import CAPI_CLUSTER_LABEL, CLUSTER_LABEL, TENANT_LABEL
from provisioning.resources import (
    CATALOGS,
    CLUSTERS,
    DATA_VOLUMES,
    HELM_REPOSITORIES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_HEALTH_CHECKS,
    MACHINE_SETS,
    MACHINES,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    SECRETS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    TENANT_LEDGERS,
    TENANTS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from tests import foreign_kinds
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, shared_desk
from webhooks import kinds
from webhooks.trusted import Trusted

Write = Callable[[], Awaitable[Any]]

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

HARD = {"clusters": 4, "nodes": 18, "vcpu": 36}
"""The quota: eighteen machines of two processors. What asks for more asks for twenty."""
MACHINE_POOLS = Resource("cluster.x-k8s.io", "v1beta2", "machinepools", "MachinePool")
PREFERENCES = Resource("instancetype.kubevirt.io", "v1beta1", "virtualmachinepreferences", "VirtualMachinePreference")
SUMMARIES = Resource("config.projectsveltos.io", "v1beta1", "clustersummaries", "ClusterSummary")
GUESTS = Resource("template.kubevirt.io", "v1alpha1", "virtualmachinetemplates", "VirtualMachineTemplate")
DISK_NAMES = Resource("cdi.kubevirt.io", "v1beta1", "datasources", "DataSource")
PRESETS = Resource("kubevirt.io", "v1", "virtualmachineinstancepresets", "VirtualMachineInstancePreset")
RESOURCE_SETS = replace(kinds.RESOURCE_SETS, version="v1")
FOREIGN = (VIRTUAL_MACHINE_INSTANCES, PREFERENCES, SUMMARIES, GUESTS, DISK_NAMES, PRESETS, RESOURCE_SETS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(cluster_api: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with (
        shared_desk(cluster_api, tmp_path_factory, hard=HARD) as desk,
        foreign_kinds.served(desk.admin, FOREIGN),
    ):
        yield desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eve(desk: Desk) -> AsyncIterator[Kube]:
    """She may do anything by RBAC, and is nobody of the platform."""
    async with desk.person("eve") as eve:
        yield eve


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(desk: Desk, eve: Kube) -> str:
    """A MachineDeployment by hand: two workers, and one for a rolling update. It is charged with three machines."""
    await insisting(lambda: eve.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, "small", cores=2)))
    await insisting(lambda: eve.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, "large", cores=16)))
    await insisting(lambda: eve.create(MACHINE_DEPLOYMENTS, deployment(desk, "raw", replicas=2)))
    return "raw"


async def insisting(write: Write) -> Any:
    """The way a client does it: come back when told so."""
    for _ in range(60):
        try:
            return await write()
        except errors.Throttled as error:
            await asyncio.sleep(error.retry_after)
    raise AssertionError("it was busy all the time")


async def refused(words: str, *writes: Write) -> None:
    for write in writes:
        with pytest.raises((errors.Forbidden, errors.Invalid), match=words):
            await insisting(write)


def template(desk: Desk, name: str, *, cores: int = 2, **pod: Any) -> Manifest:
    domain = {"cpu": {"cores": cores}, "memory": {"guest": "1Gi"}, "devices": {}}
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": domain, **pod}}}}}
    return desk.new(KUBEVIRT_MACHINE_TEMPLATES, name, {"template": {"spec": machine}})


def typed(desk: Desk, name: str, matcher: Manifest) -> Manifest:
    """A template whose machines are as large as an instancetype says."""
    machine: Manifest = {"instancetype": matcher, "template": {"spec": {"domain": {"devices": {}}}}}
    spec = {"template": {"spec": {"virtualMachineTemplate": {"spec": machine}}}}
    return desk.new(KUBEVIRT_MACHINE_TEMPLATES, name, spec)


def reference(kind: Resource, name: str) -> Manifest:
    return {"apiGroup": kind.group, "kind": kind.kind, "name": name}


def deployment(desk: Desk, name: str, *, replicas: int, cluster: str = "raw", **meta: Any) -> Manifest:
    labels = {CAPI_CLUSTER_LABEL: cluster, "pool": name}
    machine = {
        "clusterName": cluster,
        "version": "v1.34.2",
        "bootstrap": {"dataSecretName": "x"},
        "infrastructureRef": reference(KUBEVIRT_MACHINE_TEMPLATES, "small"),
    }
    spec = {
        "clusterName": cluster,
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": machine},
    }
    return desk.new(MACHINE_DEPLOYMENTS, name, spec, **meta)


def owner(manifest: Manifest, **changed: Any) -> list[Manifest]:
    meta = manifest["metadata"]
    return [
        {
            "apiVersion": manifest["apiVersion"],
            "kind": manifest["kind"],
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            **changed,
        }
    ]


async def test_no_way_of_writing_gets_more_machines_than_the_quota_has(desk: Desk, eve: Kube, workers: str) -> None:
    where = {"namespace": desk.namespace}
    path = MACHINE_DEPLOYMENTS.path(name=workers, **where)
    more = {"spec": {"replicas": 20}}
    largest = {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "20"}
    surging = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 20}}}
    large = {"infrastructureRef": {"name": "large"}}
    older = legacy.old(MACHINE_DEPLOYMENTS)
    stored = await eve.get(MACHINE_DEPLOYMENTS, workers, **where)
    applied = {**deployment(desk, workers, replicas=20), "metadata": {"name": workers, **where}}
    unnamed = deployment(desk, "x", replicas=20)
    unnamed["metadata"] = {"generateName": "raw-", **where}

    def patch(patch: Any, kind: Resource = MACHINE_DEPLOYMENTS, subresource: str = "") -> Write:
        return lambda: eve.merge(kind, workers, patch, subresource=subresource, **where)

    async def json_patch() -> None:
        operations: Any = [{"op": "replace", "path": "/spec/replicas", "value": 20}]
        await eve.call("PATCH", path, body=operations, content_type="application/json-patch+json")

    async def replaced() -> None:
        # Cluster API may have written in between; then it is tried again.
        now = await eve.get(MACHINE_DEPLOYMENTS, workers, **where)
        await eve.replace(MACHINE_DEPLOYMENTS, {**now, "spec": {**now["spec"], "replicas": 20}})

    await refused(
        f"the quota of tenant {desk.tenant} has no room for raw",
        patch(more, subresource="scale"),
        patch(more),
        json_patch,
        replaced,
        lambda: eve.apply(MACHINE_DEPLOYMENTS, applied, manager="eve"),
        patch({"metadata": {"annotations": {**largest, largest_to_least(largest): "1"}}}),
        patch({"spec": {"rollout": surging}}),
        patch({"spec": {"template": {"spec": large}}}),
        # The older version is served beside, and converted for the rules.
        patch(more, older),
        patch(more, older, "scale"),
        patch({"spec": {"strategy": surging["strategy"]}}, older),
        lambda: eve.create(MACHINE_DEPLOYMENTS, unnamed),
    )
    after = await eve.get(MACHINE_DEPLOYMENTS, workers, **where)
    assert after["metadata"]["generation"] == stored["metadata"]["generation"]


async def test_no_template_hides_how_large_its_machines_may_become(desk: Desk, eve: Kube, workers: str) -> None:
    for name, domain in (
        ("sockets", {"cpu": {"cores": 2, "maxSockets": 16}}),
        ("threads", {"ioThreadsPolicy": "supplementalPool", "ioThreads": {"supplementalPoolThreadCount": 30}}),
    ):
        body = template(desk, name)
        guest = body["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"]["domain"]
        guest |= domain
        await insisting(partial(eve.create, KUBEVIRT_MACHINE_TEMPLATES, body))
        larger = {"spec": {"template": {"spec": {"infrastructureRef": {"name": name}}}}}
        repointed = partial(eve.merge, MACHINE_DEPLOYMENTS, workers, larger, namespace=desk.namespace)
        await refused("has no room for raw: vCPU", repointed)


async def test_no_template_comes_back_larger_under_a_name_that_machines_were_measured_by(
    desk: Desk, eve: Kube, workers: str
) -> None:
    await insisting(lambda: eve.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, "of-set")))
    body = deployment(desk, "by-name", replicas=0)
    spec = {key: body["spec"][key] for key in ("clusterName", "replicas", "selector", "template")}
    spec["template"]["spec"]["infrastructureRef"]["name"] = "of-set"
    await insisting(lambda: eve.create(MACHINE_SETS, desk.new(MACHINE_SETS, "by-name", spec)))
    for name, named in (("small", f"MachineDeployment {workers}"), ("of-set", "MachineSet by-name")):
        await eve.delete(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=desk.namespace)
        larger = template(desk, name, cores=16)
        await refused(
            f"the {named} was measured by a template of this name; take another",
            partial(eve.create, KUBEVIRT_MACHINE_TEMPLATES, larger),
            partial(eve.apply, KUBEVIRT_MACHINE_TEMPLATES, larger, manager="eve"),
            partial(desk.admin.create, KUBEVIRT_MACHINE_TEMPLATES, larger),
        )
        assert await eve.find(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=desk.namespace) is None
    # Our own have their content in their name, so what comes back is what was there.
    async with desk.person(Trusted().provisioner) as provisioner:
        await provisioner.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, "small"))


async def test_no_template_is_made_larger_under_whoever_is_being_let_in_by_it(
    desk: Desk, eve: Kube, workers: str
) -> None:
    async def swapped(number: int) -> tuple[bool, bool]:
        """Whether the MachineDeployment was let in, and whether the larger template was."""
        name = f"swapped-{number}"
        body = deployment(desk, name, replicas=0)
        body["spec"]["template"]["spec"]["infrastructureRef"]["name"] = name
        await insisting(lambda: eve.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, name)))

        async def larger() -> bool:
            await asyncio.sleep(number * 0.002)
            await eve.delete(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=desk.namespace)
            return await let_in(lambda: eve.create(KUBEVIRT_MACHINE_TEMPLATES, template(desk, name, cores=16)))

        machines, template_of_them = await asyncio.gather(
            let_in(lambda: eve.create(MACHINE_DEPLOYMENTS, body)), larger()
        )
        return machines, template_of_them

    outcomes = await asyncio.gather(*map(swapped, range(16)))
    assert set(outcomes) <= {(True, False), (False, True)}


async def let_in(write: Write) -> bool:
    try:
        await insisting(write)
    except (errors.Forbidden, errors.Invalid):
        return False
    return True


async def test_machines_by_an_instancetype_are_as_large_as_it_says_and_it_does_not_grow_under_them(
    desk: Desk, eve: Kube, workers: str
) -> None:
    small, large = (f"{desk.tenant}-{size}" for size in ("small", "large"))
    sizes = VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES

    def sized(name: str, cores: int) -> Write:
        spec = {"cpu": {"guest": cores}, "memory": {"guest": "1Gi"}}
        about = {"apiVersion": sizes.api_version, "kind": sizes.kind, "metadata": {"name": name}}
        return lambda: desk.admin.create(sizes, {**about, "spec": spec})

    await insisting(sized(small, 2))
    await insisting(sized(large, 16))
    try:
        for body in (
            typed(desk, "by-small", {"name": small}),
            typed(desk, "by-large", {"name": large}),
            typed(desk, "by-revision", {"name": small, "revisionName": "mine"}),
            typed(desk, "by-own", {"kind": "VirtualMachineInstancetype", "name": "mine"}),
        ):
            await insisting(partial(eve.create, KUBEVIRT_MACHINE_TEMPLATES, body))

        def repointed(deployment: str, template: str) -> Write:
            other = {"spec": {"template": {"spec": {"infrastructureRef": {"name": template}}}}}
            return lambda: eve.merge(MACHINE_DEPLOYMENTS, deployment, other, namespace=desk.namespace)

        await refused("has no room for raw: vCPU", repointed(workers, "by-large"))
        await refused("only if instancetype.name says by which", repointed(workers, "by-revision"))
        await refused("whoever may write it can make it larger later", repointed(workers, "by-own"))
        by_small = deployment(desk, "by-small", replicas=0)
        by_small["spec"]["template"]["spec"]["infrastructureRef"]["name"] = "by-small"
        await insisting(lambda: eve.create(MACHINE_DEPLOYMENTS, by_small))
        scale = {"spec": {"replicas": 20}}
        where = {"namespace": desk.namespace, "subresource": "scale"}
        await refused("has no room for by-small", lambda: eve.merge(MACHINE_DEPLOYMENTS, "by-small", scale, **where))
        grown = {"spec": {"cpu": {"guest": 16}}}
        await refused("make a larger one under another name", lambda: desk.admin.merge(sizes, small, grown))
        one = {"spec": {"replicas": 1}}
        await insisting(lambda: eve.merge(MACHINE_DEPLOYMENTS, "by-small", one, **where))
        await desk.admin.delete(sizes, small)
        await refused("make it as large as that was", sized(small, 16), sized(small, 3))
        await insisting(sized(small, 2))
        await eve.merge(MACHINE_DEPLOYMENTS, "by-small", {"spec": {"replicas": 0}}, **where)
    finally:
        for name in (small, large):
            await desk.admin.delete(sizes, name)


async def test_no_mark_of_the_autoscaler_is_taken_away_from_the_other(desk: Desk, eve: Kube, workers: str) -> None:
    def marked(**marks: str | None) -> Write:
        keys = {"least": MIN_SIZE, "most": MAX_SIZE}
        patch = {"metadata": {"annotations": {keys[key]: mark for key, mark in marks.items()}}}
        return lambda: eve.merge(MACHINE_DEPLOYMENTS, workers, patch, namespace=desk.namespace)

    await refused("nobody can tell how many machines", marked(least="1"))
    await insisting(marked(least="1", most="2"))
    await refused("nobody can tell how many machines", marked(most=None))
    await refused("has no room for raw", marked(most="20"), marked(least="20"))
    await insisting(marked(least=None, most=None))


def largest_to_least(annotations: dict[str, str]) -> str:
    (largest,) = annotations
    return largest.replace("max-size", "min-size")


async def test_no_reference_and_no_mark_makes_machines_part_of_an_approved_cluster(desk: Desk, eve: Kube) -> None:
    made = await insisting(lambda: eve.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN)))
    marks = {CLUSTER_LABEL: "web", CAPI_CLUSTER_LABEL: "web", "app.kubernetes.io/managed-by": "clusterdesk"}

    def pool(name: str, replicas: int, **meta: Any) -> Write:
        body = deployment(desk, name, replicas=replicas, cluster="web", labels=marks, **meta)
        return lambda: eve.create(MACHINE_DEPLOYMENTS, body)

    await refused(
        "has no room for",
        pool("web-marked", 20),
        pool("web-md0", 20, ownerReferences=owner(made, uid="00000000-0000-0000-0000-000000000000")),
        pool("web-other", 20, ownerReferences=owner(made)),
        pool("web-md0", 20, ownerReferences=owner(made)),
    )
    # Within its share it is the cluster's own, and costs nothing more; people may scale it there, and no further.
    await insisting(pool("web-md0", 1, ownerReferences=owner(made)))
    for number in (0, 1):
        scale = {"spec": {"replicas": number}}
        await eve.merge(MACHINE_DEPLOYMENTS, "web-md0", scale, namespace=desk.namespace, subresource="scale")
    await refused(
        "has no room for web-md0",
        lambda: eve.merge(
            MACHINE_DEPLOYMENTS, "web-md0", {"spec": {"replicas": 20}}, namespace=desk.namespace, subresource="scale"
        ),
    )


async def test_no_kubeconfig_of_ones_own_is_put_in_the_place_of_a_clusters(desk: Desk, eve: Kube) -> None:
    for kind in ("Opaque", "cluster.x-k8s.io/secret"):
        own = {**desk.new(SECRETS, "web-kubeconfig"), "type": kind, "stringData": {"value": "users: []"}}
        await refused("would be taken for the kubeconfig of a cluster", partial(eve.create, SECRETS, own))
    planted = {**desk.new(SECRETS, "web-ca"), "stringData": {"ca.crt": "x", "ca.key": "x"}}
    await refused("would be taken for keys of a cluster", partial(eve.create, SECRETS, planted))


async def test_a_database_has_an_authority_of_its_own_and_no_cluster_takes_it(desk: Desk, eve: Kube) -> None:
    certified = {**desk.new(SECRETS, "db-ca"), "stringData": {"ca.crt": "x", "ca.key": "x"}}
    front = desk.new(KAMAJI_CONTROL_PLANES, "db", {"version": "v1.34.2"})
    await refused("would be taken for keys of a cluster", lambda: eve.create(SECRETS, certified))
    async with desk.person("system:serviceaccount:cnpg-system:cnpg-manager") as operator:
        await operator.create(SECRETS, certified)
        renewed = {"stringData": {"ca.crt": "y", "ca.key": "y"}}
        await operator.merge(SECRETS, "db-ca", renewed, namespace=desk.namespace)
        owned = {"metadata": {"ownerReferences": owner({**front, "metadata": {"name": "db", "uid": "0"}})}}
        await refused(
            "would be taken for keys of a cluster",
            lambda: eve.merge(SECRETS, "db-ca", owned, namespace=desk.namespace),
        )
        await refused("there is a Secret db-ca with a key already", lambda: eve.create(KAMAJI_CONTROL_PLANES, front))
        # Where a cluster of that name is, the key is its own.
        await desk.admin.delete(SECRETS, "db-ca", namespace=desk.namespace)
        await insisting(lambda: eve.create(KAMAJI_CONTROL_PLANES, front))
        await refused(
            "would be taken for keys of a cluster",
            lambda: operator.create(SECRETS, certified),
        )
    await desk.admin.delete(KAMAJI_CONTROL_PLANES, "db", namespace=desk.namespace)


def patches(kube: Kube, kind: Resource, name: str, namespace: str, part: str, content: Manifest) -> list[Write]:
    """That content of that part, written over what is there by every kind of patch that there is."""
    path = kind.path(name=name, namespace=namespace)
    where = {"name": name, **({"namespace": namespace} if namespace else {})}
    whole = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": where, part: content}
    added = [{"op": "add", "path": f"/{part}/{key}", "value": value} for key, value in content.items()]

    def sent(body: Any, content_type: str) -> Write:
        return lambda: kube.call("PATCH", path, body=body, content_type=f"application/{content_type}+json")

    ways = [sent({part: content}, "merge-patch"), sent(added, "json-patch")]
    ways.append(lambda: kube.apply(kind, whole, manager="eve"))
    # Of what others have defined there is no such patch.
    return [*ways, sent({part: content}, "strategic-merge-patch")] if not kind.group else ways


async def test_by_whatever_patch_it_is_the_same(desk: Desk, eve: Kube) -> None:
    size = {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}}
    kind, sizes = VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, f"{desk.tenant}-tiny"
    tiny = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": sizes}, "spec": size}
    spec = deployment(desk, "pooled", replicas=1)["spec"]
    pool = desk.new(MACHINE_POOLS, "pooled", {key: spec[key] for key in ("clusterName", "replicas", "template")})
    await desk.admin.create(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, tiny)
    await insisting(lambda: desk.admin.create(MACHINE_POOLS, pool))
    await insisting(lambda: eve.create(SECRETS, {**desk.new(SECRETS, "bare-ca"), "stringData": {"ca.crt": "x"}}))
    quota = {**(await eve.get(TENANTS, desk.tenant))["spec"]["quota"], "hard": {"clusters": 99}}
    for words, kind, name, part, content in (
        ("only the platform may change a MachinePool", MACHINE_POOLS, "pooled", "spec", {"replicas": 20}),
        ("only the platform may change a Tenant", TENANTS, desk.tenant, "spec", {"quota": quota}),
        ("only the platform may", VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, sizes, "spec", {"cpu": {"guest": 64}}),
        ("would be taken for keys of a cluster", SECRETS, "bare-ca", "data", {"ca.key": "eA=="}),
    ):
        namespace = desk.namespace if kind.namespaced else ""
        await refused(words, *patches(eve, kind, name, namespace, part, content))
        after = (await eve.get(kind, name, namespace=namespace))[part]
        assert all(after.get(key) != value for key, value in content.items())
    await desk.admin.delete(MACHINE_POOLS, "pooled", namespace=desk.namespace)
    await desk.admin.delete(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, sizes)


async def test_the_autoscaler_of_a_cluster_gets_no_more_than_was_approved_and_no_hand_on_another(
    desk: Desk, eve: Kube, workers: str
) -> None:
    await insisting(lambda: eve.create(MACHINE_DEPLOYMENTS, deployment(desk, "idle", replicas=0, cluster="shop")))
    where = {"namespace": desk.namespace, "subresource": "scale"}
    async with desk.person(f"system:serviceaccount:{desk.namespace}:shop-cluster-autoscaler") as autoscaler:
        await refused(
            "has no room for idle",
            lambda: autoscaler.merge(MACHINE_DEPLOYMENTS, "idle", {"spec": {"replicas": 20}}, **where),
        )
        await refused(
            "belongs to the cluster shop only, and this is of the cluster raw",
            lambda: autoscaler.merge(MACHINE_DEPLOYMENTS, workers, {"spec": {"replicas": 0}}, **where),
        )
        await autoscaler.merge(MACHINE_DEPLOYMENTS, "idle", {"spec": {"replicas": 0}}, **where)


async def test_volumes_and_services_of_one_cluster_are_not_those_of_another(desk: Desk, eve: Kube) -> None:
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    body = desk.new(DATA_VOLUMES, "disk", {"source": {"blank": {}}, "storage": size}, labels={CLUSTER_LABEL: "web"})
    await insisting(lambda: eve.create(DATA_VOLUMES, body))
    service = {"ports": [{"port": 80}]}
    async with desk.person(f"system:serviceaccount:{desk.namespace}:shop-csi-controller") as driver:
        await refused(
            "belongs to the cluster shop only, and this is of the cluster web",
            lambda: driver.delete(DATA_VOLUMES, "disk", namespace=desk.namespace),
            lambda: driver.create(SERVICES, desk.new(SERVICES, "lb", service, labels={CLUSTER_LABEL: "web"})),
        )
    async with desk.person(f"system:serviceaccount:{desk.namespace}:web-csi-controller") as driver:
        await driver.delete(DATA_VOLUMES, "disk", namespace=desk.namespace)


async def test_nothing_is_made_that_controllers_make(desk: Desk, eve: Kube) -> None:
    kamaji = {"controlPlane": {"service": {"serviceType": "LoadBalancer"}}, "kubernetes": {"version": "v1.34.2"}}
    machine: Manifest = {"runStrategy": "Always", "template": {"spec": {"domain": {"devices": {}}}}}
    await refused(
        "is made and changed by",
        lambda: eve.create(TENANT_CONTROL_PLANES, desk.new(TENANT_CONTROL_PLANES, "web", kamaji)),
        lambda: eve.create(VIRTUAL_MACHINES, desk.new(VIRTUAL_MACHINES, "web-0", machine)),
        lambda: eve.create(
            VIRTUAL_MACHINE_INSTANCES, desk.new(VIRTUAL_MACHINE_INSTANCES, "web-0", machine["template"]["spec"])
        ),
    )
    async with desk.person("system:serviceaccount:kamaji-system:kamaji") as controller:
        await refused(
            "its controller must be a KamajiControlPlane",
            lambda: controller.create(TENANT_CONTROL_PLANES, desk.new(TENANT_CONTROL_PLANES, "web", kamaji)),
        )
        front = desk.new(KAMAJI_CONTROL_PLANES, "front", {"version": "v1.34.2"})
        made = await insisting(lambda: eve.create(KAMAJI_CONTROL_PLANES, front))
        body = desk.new(TENANT_CONTROL_PLANES, "front", kamaji, ownerReferences=owner(made))
        await insisting(lambda: controller.create(TENANT_CONTROL_PLANES, body))
        told: Manifest = {"status": {"storage": {"config": {"secretName": "front-datastore-config"}}}}
        apart = {"namespace": desk.namespace, "subresource": "status"}
        await insisting(lambda: controller.merge(TENANT_CONTROL_PLANES, "front", told, **apart))
    for forged in (
        {"storage": {"config": {"secretName": "of-another"}}},
        {"kubeconfig": {"admin": {"secretName": "x"}}},
    ):
        await refused(
            "is written by the controller that acts by it",
            partial(eve.merge, TENANT_CONTROL_PLANES, "front", {"status": forged}, **apart),
        )
    await eve.merge(TENANT_CONTROL_PLANES, "front", {"status": {"controlPlaneEndpoint": "a:1"}}, **apart)
    paused = {"metadata": {"annotations": {"kamaji.clastix.io/paused": ""}}}
    await refused(
        "would keep running what nobody is charged for",
        lambda: eve.merge(TENANT_CONTROL_PLANES, "front", paused, namespace=desk.namespace),
    )
    moved, scaled, where = (
        {"spec": {"dataStore": "of-another"}},
        {"spec": {"replicas": 5}},
        {"namespace": desk.namespace},
    )
    await refused(
        "is made and changed by Kamaji",
        lambda: eve.merge(TENANT_CONTROL_PLANES, "front", moved, **where),
        lambda: eve.merge(TENANT_CONTROL_PLANES, "front", scaled, subresource="scale", **where),
    )


async def test_no_revision_and_no_mark_makes_of_a_guest_what_its_template_may_not_say(desk: Desk, eve: Kube) -> None:
    about = {"apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterPreference"}
    revision = {**desk.new(kinds.CONTROLLER_REVISIONS, "web-0-mine-1"), "revision": 0, "data": {**about, "spec": {}}}
    guest = {"domain": {"cpu": {"cores": 1}, "memory": {"guest": "1Gi"}, "devices": {}}}
    await insisting(
        lambda: desk.admin.create(VIRTUAL_MACHINE_INSTANCES, desk.new(VIRTUAL_MACHINE_INSTANCES, "marked", guest))
    )
    marks = {"metadata": {"annotations": {"hooks.kubevirt.io/hookSidecars": '[{"image": "x"}]'}}}
    where = {"namespace": desk.namespace}
    await refused(
        "is made by controllers only|would come to the guest's Pod",
        lambda: eve.create(kinds.CONTROLLER_REVISIONS, revision),
        lambda: eve.merge(VIRTUAL_MACHINE_INSTANCES, "marked", marks, **where),
    )
    async with desk.person("system:serviceaccount:kubevirt:kubevirt-controller") as kubevirt:
        await kubevirt.create(kinds.CONTROLLER_REVISIONS, revision)
        await kubevirt.merge(VIRTUAL_MACHINE_INSTANCES, "marked", marks, **where)
    await desk.admin.delete(VIRTUAL_MACHINE_INSTANCES, "marked", namespace=desk.namespace)


async def test_where_flux_has_put_what_it_fetched_only_flux_says(desk: Desk, eve: Kube) -> None:
    await eve.create(HELM_REPOSITORIES, desk.new(HELM_REPOSITORIES, "charts", {"url": "https://x.example.org"}))
    artifact = {"path": "x", "url": "https://eve.example.org/x", "digest": f"sha256:{'0' * 64}", "revision": "1"}
    status = {"status": {"artifact": {**artifact, "lastUpdateTime": "2026-11-24T12:00:00Z"}}}
    where = {"namespace": desk.namespace, "subresource": "status"}
    await refused(
        "status.artifact: is written by the controller that acts by it",
        lambda: eve.merge(HELM_REPOSITORIES, "charts", status, **where),
    )
    async with desk.person("system:serviceaccount:flux-system:source-controller") as flux:
        await flux.merge(HELM_REPOSITORIES, "charts", status, **where)


@pytest.mark.parametrize(
    ("field", "spec"),
    [
        ("spec.registry", {"registry": "registry.example.org"}),
        ("spec.apiServer.containerImageName", {"apiServer": {"containerImageName": "x"}}),
        ("spec.deployment.extraContainers", {"deployment": {"extraContainers": [{"name": "a", "image": "x"}]}}),
        ("spec.deployment.serviceAccountName", {"deployment": {"serviceAccountName": "web-csi-controller"}}),
        ("spec.deployment.extraVolumes", {"deployment": {"extraVolumes": [{"name": "a", "hostPath": {"path": "/"}}]}}),
        ("spec.deployment.tolerations", {"deployment": {"tolerations": [{"operator": "Exists"}]}}),
        ("spec.dataStoreName", {"dataStoreName": "of-another"}),
        ("spec.dataStoreSchema", {"dataStoreSchema": "of_another"}),
        ("spec.apiServer.extraArgs", {"apiServer": {"extraArgs": ["--etcd-prefix=/of-another"]}}),
        (
            "spec.apiServer.extraArgs",
            {"apiServer": {"extraArgs": ["--disable-admission-plugins=ValidatingAdmissionPolicy"]}},
        ),
        ("spec.apiServer.extraArgs", {"apiServer": {"extraArgs": ["--authentication-token-webhook-config-file=/x"]}}),
        (
            "spec.apiServer.extraVolumeMounts",
            {"apiServer": {"extraVolumeMounts": [{"name": "a", "mountPath": "/usr/local/sbin", "readOnly": True}]}},
        ),
        (
            "spec.deployment.extraVolumes",
            {"deployment": {"extraVolumes": [{"name": "a", "configMap": {"name": "mine", "defaultMode": 0o755}}]}},
        ),
        ("spec.apiServer.resources", {"apiServer": {"resources": {"requests": {"cpu": "64"}}}}),
        ("spec.scheduler.resources", {"scheduler": {"resources": {"limits": {"nvidia.com/A100": "1"}}}}),
        ("spec.network.serviceAnnotations", {"network": {"serviceAnnotations": {"metallb.io/address-pool": "x"}}}),
    ],
)
async def test_a_control_plane_brings_nothing_into_the_management_cluster(
    desk: Desk, eve: Kube, field: str, spec: Manifest
) -> None:
    body = desk.new(KAMAJI_CONTROL_PLANES, "own", {"version": "v1.34.2", **spec})
    with pytest.raises((errors.Forbidden, errors.Invalid)) as caught:
        await insisting(lambda: eve.create(KAMAJI_CONTROL_PLANES, body))
    assert any(cause.field.startswith(field) for cause in caught.value.causes)
    assert await eve.find(KAMAJI_CONTROL_PLANES, "own", namespace=desk.namespace) is None


async def test_a_guest_brings_nothing_of_the_management_cluster_in_and_keeps_to_its_place(
    desk: Desk, eve: Kube
) -> None:
    away = template(desk, "away")
    away["spec"]["template"]["spec"]["virtualMachineTemplate"]["metadata"] = {"namespace": "kube-system"}
    abroad = template(desk, "abroad")
    abroad["spec"]["template"]["spec"]["infraClusterSecretRef"] = {"name": "x"}
    sidecar = template(desk, "sidecar")
    inside = sidecar["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["template"]
    inside["metadata"] = {"annotations": {"hooks.kubevirt.io/hookSidecars": '[{"image": "x"}]'}}
    preferred = template(desk, "preferred")
    machine = preferred["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]
    machine["preference"] = {"name": "mine", "revisionName": "mine-1"}
    device = template(desk, "device")
    guest = device["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"]["domain"]
    guest["resources"] = {"limits": {"nvidia.com/A100": "1"}}
    secret = template(desk, "secret", volumes=[{"name": "a", "secret": {"secretName": "web-ca"}}])
    network = template(desk, "network", networks=[{"name": "a", "multus": {"networkName": "kube-system/infra"}}])
    nodes = template(desk, "nodes", tolerations=[{"operator": "Exists"}])
    bodies = {
        "must be tenant-": away,
        "in this management cluster only": abroad,
        "hookSidecars": sidecar,
        "preference.revisionName": preferred,
        "nvidia.com/A100": device,
        "is no volume for a tenant's guest": secret,
        "is another network than the Pods'": network,
        "tolerations": nodes,
    }
    for words, body in bodies.items():
        await refused(words, partial(eve.create, KUBEVIRT_MACHINE_TEMPLATES, body))
    own = desk.new(KUBEVIRT_MACHINES, "own", secret["spec"]["template"]["spec"])
    await refused("is no volume for a tenant's guest", lambda: eve.create(KUBEVIRT_MACHINES, own))


async def test_a_disk_takes_no_secret_along_and_runs_nothing(desk: Desk, eve: Kube) -> None:
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    runs, sends = {"vddk": {"initImageURL": "x"}}, {"http": {"url": "https://x", "secretExtraHeaders": ["web-ca"]}}
    claim = {"accessModes": ["ReadWriteOnce"], **size}
    marks = {"cdi.kubevirt.io/storage.import.secretExtraHeaders.0": "web-ca"}
    await refused(
        "is no source for a tenant's disk|says how the importer fills it",
        lambda: eve.create(DATA_VOLUMES, desk.new(DATA_VOLUMES, "runs", {"source": runs, "storage": size})),
        lambda: eve.create(DATA_VOLUMES, desk.new(DATA_VOLUMES, "sends", {"source": sends, "storage": size})),
        lambda: eve.create(
            PERSISTENT_VOLUME_CLAIMS, desk.new(PERSISTENT_VOLUME_CLAIMS, "sends", claim, annotations=marks)
        ),
    )
    await insisting(lambda: eve.create(PERSISTENT_VOLUME_CLAIMS, desk.new(PERSISTENT_VOLUME_CLAIMS, "plain", claim)))
    where = {"namespace": desk.namespace, "subresource": "status"}
    later = {"metadata": {"annotations": marks}}
    await refused(
        "says how the importer fills it",
        lambda: eve.merge(PERSISTENT_VOLUME_CLAIMS, "plain", later, **where),
    )
    bound = {"status": {"phase": "Pending"}}
    await eve.merge(PERSISTENT_VOLUME_CLAIMS, "plain", bound, **where)


async def test_nor_does_one_that_kubernetes_makes_for_whoever_wrote_it_into_a_statefulset_or_a_pod(desk: Desk) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    marks = {"cdi.kubevirt.io/storage.import.secretExtraHeaders.0": "web-ca"}
    body = desk.new(PERSISTENT_VOLUME_CLAIMS, "data-web-0", claim, annotations=marks)
    for account in ("statefulset-controller", "ephemeral-volume-controller"):
        async with desk.person(f"system:serviceaccount:kube-system:{account}") as kubernetes:
            await refused("says how the importer fills it", partial(create_claim, kubernetes, body))
            plain = desk.new(PERSISTENT_VOLUME_CLAIMS, f"data-{account}-0", claim)
            await insisting(partial(create_claim, kubernetes, plain))


async def create_claim(kube: Kube, body: Manifest) -> None:
    await kube.create(PERSISTENT_VOLUME_CLAIMS, body)


async def test_what_runs_or_is_in_use_is_charged_until_its_controller_says_that_it_is_not(
    desk: Desk, eve: Kube
) -> None:
    guest: Manifest = {"domain": {"cpu": {"cores": 1}, "memory": {"guest": "1Gi"}, "devices": {}}}
    machine = {"runStrategy": "Always", "template": {"spec": guest}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "v"}
    kubevirt = ["kubevirt.io/virtualMachineControllerFinalize", "foregroundDeleteVirtualMachine"]
    for kind, spec, finalizers in (
        (VIRTUAL_MACHINES, machine, kubevirt[:1]),
        (VIRTUAL_MACHINE_INSTANCES, guest, kubevirt),
        (PERSISTENT_VOLUME_CLAIMS, claim, ["kubernetes.io/pvc-protection"]),
    ):
        body = desk.new(kind, "runs", spec, finalizers=finalizers)
        await insisting(partial(desk.admin.create, kind, body))
        let_go = partial(eve.merge, kind, "runs", {"metadata": {"finalizers": None}}, namespace=desk.namespace)
        by_status = [partial(let_go, subresource="status")] if kind == PERSISTENT_VOLUME_CLAIMS else []
        await refused("it may be in use, and nobody would be charged for it", let_go, *by_status)
        await eve.delete(kind, "runs", namespace=desk.namespace)
        await refused("it may be in use, and nobody would be charged for it", let_go)
        async with desk.person("system:serviceaccount:kubevirt:kubevirt-controller") as controller:
            await controller.merge(kind, "runs", {"metadata": {"finalizers": None}}, namespace=desk.namespace)


async def test_no_service_takes_an_address_that_is_anothers(desk: Desk, eve: Kube) -> None:
    claiming = {"ports": [{"port": 443}], "externalIPs": ["192.0.2.7"]}
    plain = {"ports": [{"port": 443}]}
    await eve.create(SERVICES, desk.new(SERVICES, "front", plain))
    later = {"spec": {"externalIPs": ["192.0.2.7"]}}
    words = "what is sent to 192.0.2.7 would go to this Service"
    await refused(
        words,
        lambda: eve.create(SERVICES, desk.new(SERVICES, "mine", claiming)),
        lambda: eve.merge(SERVICES, "front", later, namespace=desk.namespace),
    )
    labels = {CAPI_CLUSTER_LABEL: "web"}
    async with desk.person(f"system:serviceaccount:{desk.namespace}:web-csi-controller") as hosted:
        body = desk.new(SERVICES, "theirs", {**claiming, "type": "LoadBalancer"}, labels=labels)
        await refused(words, lambda: hosted.create(SERVICES, body))


async def test_flux_operator_makes_nothing_for_a_tenant_with_its_own_rights(desk: Desk, eve: Kube) -> None:
    spec = {"resources": [{"kind": "ClusterRoleBinding"}]}
    await refused(
        "make all that stands here with its own rights",
        lambda: eve.create(RESOURCE_SETS, desk.new(RESOURCE_SETS, "mine", spec)),
    )
    own = desk.new(RESOURCE_SETS, "mine", {**spec, "serviceAccountName": "gitops"})
    await insisting(lambda: eve.create(RESOURCE_SETS, own))


async def test_no_namespace_is_made_that_the_platform_trusts_by_its_name(desk: Desk, eve: Kube) -> None:
    def made(kube: Kube, name: str) -> Write:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        return lambda: kube.create(NAMESPACES, body, dry_run=True)

    await refused("the platform trusts what is in a namespace of this name", made(eve, "capk-system"))
    await insisting(made(desk.admin, "capk-system"))
    await insisting(made(eve, f"{desk.namespace}-more"))


async def test_what_a_cluster_is_made_of_is_of_known_kinds_and_no_second_machine(desk: Desk, eve: Kube) -> None:
    twice = deployment(desk, "twice", replicas=0)
    machine = twice["spec"]["template"]["spec"]
    machine["bootstrap"] = {"configRef": reference(KUBEVIRT_MACHINE_TEMPLATES, "small")}
    other = {**reference(KAMAJI_CONTROL_PLANES, "x"), "kind": "KubeadmControlPlane"}
    spec = {"controlPlaneRef": other, "infrastructureRef": reference(KUBEVIRT_CLUSTERS, "x")}
    await refused(
        "others are not judged here",
        lambda: eve.create(MACHINE_DEPLOYMENTS, twice),
        lambda: eve.create(CLUSTERS, desk.new(CLUSTERS, "odd", spec)),
    )
    remedy = {**reference(KUBEVIRT_MACHINE_TEMPLATES, "small"), "apiVersion": KUBEVIRT_MACHINE_TEMPLATES.api_version}
    del remedy["apiGroup"]
    check = {"clusterName": "raw", "selector": {"matchLabels": {"a": "b"}}, "remediation": {"templateRef": remedy}}
    await refused(
        "would have Cluster API make something else than machines",
        lambda: eve.create(MACHINE_HEALTH_CHECKS, desk.new(MACHINE_HEALTH_CHECKS, "odd", check)),
    )


async def test_quotas_and_sizes_and_what_nobody_measures_are_the_platforms(desk: Desk, eve: Kube) -> None:
    size = {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}}
    wide = {"apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterInstancetype"}
    spec = deployment(desk, "pool", replicas=1)["spec"]
    pool = desk.new(MACHINE_POOLS, "pool", {key: spec[key] for key in ("clusterName", "replicas", "template")})
    larger = {"spec": {"quota": {"hard": {"clusters": 99}}}}
    instancetype = {**wide, "metadata": {"name": "tiny"}, "spec": size}
    await refused(
        "only the platform may",
        lambda: eve.merge(TENANTS, desk.tenant, larger),
        lambda: eve.delete(TENANTS, desk.tenant),
        lambda: eve.merge(CATALOGS, "default", {"spec": {"flavors": [{"name": "small", "vcpu": 1, "memory": "1Gi"}]}}),
        lambda: eve.create(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, instancetype),
        lambda: eve.create(MACHINE_POOLS, pool),
        # Its annotations would come to the machine, past the rules for those.
        lambda: eve.create(
            PREFERENCES, desk.new(PREFERENCES, "mine", {"annotations": {"hooks.kubevirt.io/hookSidecars": "[]"}})
        ),
        lambda: eve.create(PRESETS, desk.new(PRESETS, "mine", {"selector": {}, "domain": {"devices": {}}})),
        # Each would have a controller do elsewhere what nobody judges there.
        lambda: eve.create(SUMMARIES, desk.new(SUMMARIES, "mine", {"clusterNamespace": "tenant-red"})),
        lambda: eve.create(GUESTS, desk.new(GUESTS, "mine", {"virtualMachine": {}})),
        lambda: eve.create(DISK_NAMES, desk.new(DISK_NAMES, "mine", {"source": {"pvc": {"namespace": "tenant-red"}}})),
    )
    async with desk.person("system:serviceaccount:projectsveltos:addon-controller") as sveltos:
        await sveltos.create(SUMMARIES, desk.new(SUMMARIES, "of-profile", {"clusterName": "web"}))
    await insisting(lambda: desk.admin.create(MACHINE_POOLS, pool))
    scale, where = {"spec": {"replicas": 20}}, {"namespace": desk.namespace, "subresource": "scale"}
    await refused(
        "only the platform may change a MachinePool", lambda: eve.merge(MACHINE_POOLS, "pool", scale, **where)
    )
    await desk.admin.delete(MACHINE_POOLS, "pool", namespace=desk.namespace)


async def test_a_namespace_has_the_tenant_that_the_platform_gave_it(desk: Desk, eve: Kube) -> None:
    fresh = f"{desk.namespace}-fresh"
    bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}}
    marked = {**bare, "metadata": {"name": fresh, "labels": {TENANT_LABEL: desk.tenant}}}
    cluster = {**desk.new(TENANT_CLUSTERS, "web", LEAN), "metadata": {"name": "web", "namespace": fresh}}
    raw = {**deployment(desk, "raw", replicas=1), "metadata": {"name": "raw", "namespace": fresh}}
    front = {**desk.new(KAMAJI_CONTROL_PLANES, "raw", {"version": "v1.34.2"}), "metadata": raw["metadata"]}
    guest = template(desk, "raw")["spec"]["template"]["spec"]
    machine = {**desk.new(KUBEVIRT_MACHINES, "raw", guest), "metadata": raw["metadata"]}
    size = {"source": {"blank": {}}, "storage": {"resources": {"requests": {"storage": "1Gi"}}}}
    disk = {**desk.new(DATA_VOLUMES, "raw", size), "metadata": raw["metadata"]}
    await refused("only the platform may say whose", lambda: eve.create(NAMESPACES, marked))
    try:
        # A moment old, of nobody, and labelled but not listed: no cluster either way.
        await eve.create(NAMESPACES, bare)
        for label in (None, desk.tenant):
            if label:
                await desk.admin.merge(NAMESPACES, fresh, {"metadata": {"labels": {TENANT_LABEL: label}}})
                # What is written apart takes labels along.
                bare_again = partial(eve.merge, NAMESPACES, fresh, {"metadata": {"labels": {TENANT_LABEL: None}}})
                found = await eve.get(NAMESPACES, fresh)
                found["metadata"]["labels"].pop(TENANT_LABEL)
                await refused(
                    "only the platform may say whose",
                    partial(bare_again, subresource="status"),
                    partial(eve.replace, NAMESPACES, found, subresource="finalize"),
                )
            await refused(
                "belongs to no tenant",
                lambda: eve.create(TENANT_CLUSTERS, cluster),
                lambda: eve.create(MACHINE_DEPLOYMENTS, raw),
                lambda: eve.create(KAMAJI_CONTROL_PLANES, front),
                lambda: eve.create(KUBEVIRT_MACHINES, machine),
            )
        # Volumes have other users, where nothing says that it is a tenant's.
        await refused("belongs to no tenant", lambda: eve.create(DATA_VOLUMES, disk))
    finally:
        await desk.admin.delete(NAMESPACES, fresh)
    second = {**await desk.admin.get(TENANTS, desk.tenant), "metadata": {"name": f"{desk.tenant}-second"}}
    await refused(f"belongs to the tenant {desk.tenant} already", lambda: desk.admin.create(TENANTS, second))


async def test_what_clusterdesk_says_nobody_else_writes(desk: Desk, eve: Kube) -> None:
    await insisting(lambda: eve.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "told", LEAN)))
    where, forged = {"namespace": desk.namespace, "subresource": "status"}, {"endpoint": "https://x.example.org"}
    await refused(
        "is written by clusterdesk itself",
        lambda: eve.merge(TENANT_CLUSTERS, "told", {"status": forged}, **where),
        lambda: eve.merge(TENANTS, desk.tenant, {"status": {"used": {"clusters": 0}}}, subresource="status"),
    )
    ledger = await eve.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM)
    await refused(
        "kept by clusterdesk itself",
        lambda: eve.merge(TENANT_LEDGERS, desk.tenant, {"spec": {"data": ""}}, namespace=SYSTEM),
        lambda: eve.delete(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM),
    )
    assert (await eve.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM))["spec"] == ledger["spec"]


async def test_what_a_finalizer_holds_is_charged_until_it_is_gone(desk: Desk, eve: Kube) -> None:
    held = desk.new(TENANT_CLUSTERS, "held", LEAN, finalizers=["eve.example.org/held"])
    await insisting(lambda: eve.create(TENANT_CLUSTERS, held))
    await insisting(lambda: eve.delete(TENANT_CLUSTERS, "held", namespace=desk.namespace))
    there = await eve.list(TENANT_CLUSTERS, namespace=desk.namespace)
    for number in range(HARD["clusters"] - len(there.items)):
        body = desk.new(TENANT_CLUSTERS, f"next{number}", LEAN)
        await insisting(partial(eve.create, TENANT_CLUSTERS, body))
    one_more = desk.new(TENANT_CLUSTERS, "one-more", LEAN)
    await refused("clusters: asks for 1, 0 of 4 free", lambda: eve.create(TENANT_CLUSTERS, one_more))
    await eve.merge(TENANT_CLUSTERS, "held", {"metadata": {"finalizers": None}}, namespace=desk.namespace)


async def test_machine_sets_by_hand_are_charged(desk: Desk, eve: Kube, workers: str) -> None:
    body = deployment(desk, "bare", replicas=20)
    spec = {key: body["spec"][key] for key in ("clusterName", "replicas", "selector", "template")}
    await refused("has no room for bare", lambda: eve.create(MACHINE_SETS, desk.new(MACHINE_SETS, "bare", spec)))
    await insisting(lambda: eve.create(MACHINE_SETS, desk.new(MACHINE_SETS, "idle-set", {**spec, "replicas": 0})))
    scale, where = {"spec": {"replicas": 20}}, {"namespace": desk.namespace, "subresource": "scale"}
    for kind in (MACHINE_SETS, legacy.old(MACHINE_SETS)):
        await refused("has no room for idle-set", partial(eve.merge, kind, "idle-set", scale, **where))


async def test_a_machine_by_hand_brings_no_virtual_machine_that_nobody_is_charged_for(desk: Desk, eve: Kube) -> None:
    spec = {
        "clusterName": "raw",
        "bootstrap": {"dataSecretName": "x"},
        "infrastructureRef": reference(KUBEVIRT_MACHINES, "lone"),
    }
    made = await insisting(lambda: eve.create(MACHINES, desk.new(MACHINES, "lone", spec)))
    large = template(desk, "lone", cores=64)["spec"]["template"]["spec"]
    body = desk.new(KUBEVIRT_MACHINES, "lone", large, ownerReferences=owner(made))
    await refused("has no room for lone", lambda: eve.create(KUBEVIRT_MACHINES, body))
    # Though there is no room for the machine, what stands for it may go.
    await eve.delete(MACHINES, "lone", namespace=desk.namespace)
