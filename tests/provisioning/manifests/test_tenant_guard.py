"""The guard inside a tenant, on a real API server of a tenant: what it refuses, what it lets pass, what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from playground import apply
from provisioning import errors, resources
from provisioning.addons import csi_node, tenant_guard
from provisioning.components import COMPONENTS, Component
from provisioning.kube import Kube, Manifest
from provisioning.resources import Resource
from tests.placements import CA, CCM, CSI, LEFT_ALONE, REFUSED
from tests.provisioning.manifests.examples import catalog
from tests.provisioning.manifests.tenants import tenant as tenant

APPS, BATCH = ("apps", "v1"), ("batch", "v1")
DAEMON_SETS = Resource(*APPS, "daemonsets", "DaemonSet")
KINDS = {
    kind.kind: kind
    for kind in (
        resources.PODS,
        resources.DEPLOYMENTS,
        DAEMON_SETS,
        Resource(*APPS, "statefulsets", "StatefulSet"),
        Resource(*APPS, "replicasets", "ReplicaSet"),
        Resource("", "v1", "replicationcontrollers", "ReplicationController"),
        Resource(*BATCH, "jobs", "Job"),
        Resource(*BATCH, "cronjobs", "CronJob"),
    )
}
"""Every kind that runs something."""
DENIED = "hosted-controllers-only"
AUTOSCALER: Manifest = {"name": "it", "image": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.0"}


def workload(kind: str, *containers: Manifest, initial: tuple[Manifest, ...] = ()) -> Manifest:
    """An object of that kind that runs these containers."""
    pod: Manifest = {"containers": [{"name": f"c{index}", **c} for index, c in enumerate(containers)]}
    if initial:
        pod["initContainers"] = [{"name": f"i{index}", **c} for index, c in enumerate(initial)]
    labels = {"app": "it"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    match kind:
        case "Pod":
            spec = pod
        case "Job":
            spec = {"template": {"spec": {**pod, "restartPolicy": "Never"}}}
        case "CronJob":
            job = {"template": {"spec": {**pod, "restartPolicy": "Never"}}}
            spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": job}}
        case "ReplicationController":
            spec = {"selector": labels, "template": template}
        case "StatefulSet":
            spec = {"serviceName": "it", "selector": {"matchLabels": labels}, "template": template}
        case _:
            spec = {"selector": {"matchLabels": labels}, "template": template}
    of = KINDS[kind]
    return {
        "apiVersion": of.api_version,
        "kind": kind,
        "metadata": {"name": "it", "namespace": "default"},
        "spec": spec,
    }


async def verdict(kube: Kube, manifest: Manifest) -> str:
    """What the API server answers to the object: empty when it takes it."""
    try:
        await kube.create(KINDS[manifest["kind"]], manifest, dry_run=True)
    except errors.Forbidden as error:
        if DENIED not in error.message:
            raise
        return error.message
    return ""


async def guarded(kube: Kube) -> Kube:
    """The tenant, once its guard is at work: a binding takes a moment."""
    await apply.put(kube, tenant_guard.manifests(catalog()))
    deadline = time.monotonic() + 30
    while not await verdict(kube, workload("Pod", AUTOSCALER)):
        assert time.monotonic() < deadline, "the guard does not come to work"
        await asyncio.sleep(0.1)
    return kube


def variables() -> Iterator[str]:
    for manifest in tenant_guard.manifests(catalog()):
        for variable in manifest["spec"].get("variables", ()):
            yield variable["expression"]


def test_every_expression_is_one_line_so_that_our_own_webhook_does_not_take_it_for_a_script() -> None:
    assert [expression for expression in variables() if "\n" in expression] == []


@pytest.mark.real
async def test_each_controller_is_refused_by_each_of_its_signs_and_told_where_it_belongs(tenant: Kube) -> None:
    kube = await guarded(tenant)
    passed: list[tuple[Any, Component]] = []
    for container, component in REFUSED:
        told = await verdict(kube, workload("Deployment", {"image": "x/y", **container}))
        if f"container c0 is {component.name}: {component.place}" not in told:
            passed.append((container, component))
    assert passed == []
    assert {component for _, component in REFUSED} == set(COMPONENTS)


@pytest.mark.real
async def test_every_kind_that_runs_something_is_looked_into_and_so_is_every_container(tenant: Kube) -> None:
    kube = await guarded(tenant)
    plain: Manifest = {"image": "x/plain"}
    assert [kind for kind in KINDS if not await verdict(kube, workload(kind, plain, AUTOSCALER))] == []
    assert [kind for kind in KINDS if await verdict(kube, workload(kind, plain))] == []
    assert "container i0" in await verdict(kube, workload("Pod", plain, initial=({**AUTOSCALER, "name": "i0"},)))
    await kube.create(resources.PODS, workload("Pod", plain))
    debugging = {"spec": {"ephemeralContainers": [{"name": "e0", "image": AUTOSCALER["image"]}]}}
    with pytest.raises(errors.Forbidden, match="container e0 is the cluster autoscaler"):
        await kube.merge(resources.PODS, "it", debugging, namespace="default", subresource="ephemeralcontainers")
    await kube.create(resources.DEPLOYMENTS, workload("Deployment", plain))
    # As `kubectl set image` does it.
    other = {"spec": {"template": {"spec": {"containers": [{"name": "c0", "image": AUTOSCALER["image"]}]}}}}
    with pytest.raises(errors.Forbidden, match="container c0 is the cluster autoscaler"):
        await kube.merge(resources.DEPLOYMENTS, "it", other, namespace="default")


@pytest.mark.real
async def test_what_belongs_into_a_tenant_is_let_through(tenant: Kube) -> None:
    kube = await guarded(tenant)
    held = [container for container in LEFT_ALONE if await verdict(kube, workload("Deployment", container))]
    assert held == []
    (node,) = [m for m in csi_node.manifests(with_storage()) if m["kind"] == "DaemonSet"]
    assert await verdict(kube, node) == ""
    driver: Manifest = {"image": "x/kubevirt-csi-driver", "args": ["--run-controller-service=false"]}
    beside = await verdict(kube, workload("Deployment", driver, {"image": "x/csi-attacher:v4"}))
    assert f"container c0 is {CSI.name}" in beside


@pytest.mark.real
async def test_what_was_there_before_the_guard_can_be_scaled_labelled_and_removed_and_not_changed_into_another(
    tenant: Kube,
) -> None:
    old = workload("Deployment", AUTOSCALER)
    await tenant.create(resources.DEPLOYMENTS, old)
    kube = await guarded(tenant)
    for patch in ({"metadata": {"labels": {"a": "b"}, "finalizers": ["example.org/x"]}}, {"spec": {"replicas": 0}}):
        await kube.merge(resources.DEPLOYMENTS, "it", patch, namespace="default")
    other = {"spec": {"template": {"spec": {"containers": [{**AUTOSCALER, "image": "mirror/cluster-autoscaler:v2"}]}}}}
    with pytest.raises(errors.Forbidden, match=CA.name):
        await kube.merge(resources.DEPLOYMENTS, "it", other, namespace="default")
    await kube.delete(resources.DEPLOYMENTS, "it", namespace="default")
    await kube.merge(resources.DEPLOYMENTS, "it", {"metadata": {"finalizers": None}}, namespace="default")
    assert await kube.find(resources.DEPLOYMENTS, "it", namespace="default") is None


@pytest.mark.real
async def test_a_command_as_long_as_a_program_is_judged_and_one_beyond_measure_is_let_through(tenant: Kube) -> None:
    kube = await guarded(tenant)
    script = "echo all is well;\n" * 1_000
    assert await verdict(kube, workload("Pod", {"image": "x/shell", "command": ["sh", "-c", script]})) == ""
    hidden = [script + "exec /bin/kubevirt-cloud-controller-manager"]
    assert CCM.name in await verdict(
        kube, workload("Pod", {"image": "x/shell", "command": ["sh", "-c"], "args": hidden})
    )
    endless = {"image": "x/shell", "command": ["sh", "-c", script * 30]}
    assert await verdict(kube, workload("Pod", endless)) == ""


def with_storage() -> Any:
    images = {**catalog().hosted.wire(), "csiNodeDriverRegistrar": "x/csi-node-driver-registrar:v1"}
    return catalog(hosted={**images, "csiLivenessProbe": "x/livenessprobe:v1"})
