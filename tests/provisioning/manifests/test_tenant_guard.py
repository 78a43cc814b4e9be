"""The guard inside a tenant, on a real API server of a tenant: what it refuses, what it lets pass, what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from playground import apply
from provisioning import errors, resources
from provisioning.addons import csi_node, tenant_guard
from provisioning.components import COMPONENTS, Component
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from tests.placements import CA, CCM, CSI, LEFT_ALONE, REFUSED
from tests.provisioning.manifests.examples import catalog
from tests.provisioning.waiting import REAL_PATIENCE

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
BY_KIND = {
    **KINDS,
    **{kind.kind: kind for kind in (resources.SERVICE_ACCOUNTS, resources.SECRETS, resources.CONFIG_MAPS)},
    "Role": Resource("rbac.authorization.k8s.io", "v1", "roles", "Role"),
}
"""And every kind that is looked at for its name."""
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
    deadline = time.monotonic() + REAL_PATIENCE
    while not await verdict(kube, workload("Pod", AUTOSCALER)):
        assert time.monotonic() < deadline, "the guard does not come to work"
        await asyncio.sleep(0.1)
    return kube


@pytest_asyncio.fixture
async def kube(shared_tenant: Kube) -> Kube:
    """A tenant with its guard at work, where others have been before: nothing is left in it under the name `it`."""
    return await guarded(shared_tenant)


def expressions() -> Iterator[str]:
    for manifest in tenant_guard.manifests(catalog()):
        for key in ("variables", "validations"):
            yield from (each["expression"] for each in manifest["spec"].get(key, ()))


def test_every_expression_is_one_line_so_that_our_own_webhook_does_not_take_it_for_a_script() -> None:
    assert [expression for expression in expressions() if "\n" in expression] == []


@pytest.mark.real
async def test_each_controller_is_refused_by_each_of_its_signs_and_told_where_it_belongs(kube: Kube) -> None:
    passed: list[tuple[Any, Component]] = []
    for container, component in REFUSED:
        told = await verdict(kube, workload("Deployment", {"image": "x/y", **container}))
        if f"container c0 is {component.name}: {component.place}" not in told:
            passed.append((container, component))
    assert passed == []
    assert {component for _, component in REFUSED} == set(COMPONENTS)


@pytest.mark.real
async def test_every_kind_that_runs_something_is_looked_into_and_so_is_every_container(kube: Kube) -> None:
    plain: Manifest = {"image": "x/plain"}
    assert [kind for kind in KINDS if not await verdict(kube, workload(kind, plain, AUTOSCALER))] == []
    assert [kind for kind in KINDS if await verdict(kube, workload(kind, plain))] == []
    assert "container i0" in await verdict(kube, workload("Pod", plain, initial=({**AUTOSCALER, "name": "i0"},)))
    await kube.create(resources.PODS, called(workload("Pod", plain), "there"))
    debugging = {"spec": {"ephemeralContainers": [{"name": "e0", "image": AUTOSCALER["image"]}]}}
    with pytest.raises(errors.Forbidden, match="container e0 is the cluster autoscaler"):
        await kube.merge(resources.PODS, "there", debugging, namespace="default", subresource="ephemeralcontainers")
    await kube.create(resources.DEPLOYMENTS, called(workload("Deployment", plain), "there"))
    # As `kubectl set image` does it.
    other = {"spec": {"template": {"spec": {"containers": [{"name": "c0", "image": AUTOSCALER["image"]}]}}}}
    with pytest.raises(errors.Forbidden, match="container c0 is the cluster autoscaler"):
        await kube.merge(resources.DEPLOYMENTS, "there", other, namespace="default")


@pytest.mark.real
async def test_two_hints_are_a_sign_as_for_the_webhook_and_one_is_none(kube: Kube) -> None:
    passed = [(it, told) for it, told in HINTING if told not in await verdict(kube, it)]
    assert passed == []
    assert [it for it in HARMLESS if await verdict(kube, it)] == []


@pytest.mark.real
async def test_upstreams_names_are_told_of_and_nothing_is_refused_for_its_name(tenant: Kube) -> None:
    kube = await guarded(tenant)
    _, binding = (m for m in tenant_guard.manifests(catalog()) if m["metadata"]["name"] == tenant_guard.NAMES)
    assert binding["spec"]["validationActions"] == ["Warn"]
    assert [it for it, _ in CALLED if not await kube.create(BY_KIND[it["kind"]], it, dry_run=True)] == []
    # What is told in a warning is seen when the same is refused.
    await apply.put(kube, [{**binding, "spec": {**binding["spec"], "validationActions": ["Deny"]}}])
    await until_told(kube, *CALLED[0])
    assert [(it, told) for it, told in CALLED if told not in await named(kube, it)] == []
    harmless = (
        thing("ServiceAccount", "kubevirt-csi-controller-sa"),
        thing("ConfigMap", "cloud-config", data={"a": "b: c"}),
    )
    assert [it for it in harmless if await named(kube, it)] == []


@pytest.mark.real
async def test_what_belongs_into_a_tenant_is_let_through(kube: Kube) -> None:
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
async def test_a_command_as_long_as_a_program_is_judged_and_one_beyond_measure_is_let_through(kube: Kube) -> None:
    script = "echo all is well;\n" * 1_000
    assert await verdict(kube, workload("Pod", {"image": "x/shell", "command": ["sh", "-c", script]})) == ""
    hidden = [script + "exec /bin/kubevirt-cloud-controller-manager"]
    assert CCM.name in await verdict(
        kube, workload("Pod", {"image": "x/shell", "command": ["sh", "-c"], "args": hidden})
    )
    endless = {"image": "x/shell", "command": ["sh", "-c", script * 30]}
    assert await verdict(kube, workload("Pod", endless)) == ""


def called(manifest: Manifest, name: str, **pod: Any) -> Manifest:
    """The workload by that name, with these fields of its Pod."""
    found = {**manifest, "metadata": {**manifest["metadata"], "name": name}}
    spec = found["spec"]
    if manifest["kind"] == "Pod":
        return {**found, "spec": {**spec, **pod}}
    template = {**spec["template"], "spec": {**spec["template"]["spec"], **pod}}
    return {**found, "spec": {**spec, "template": template}}


def thing(kind: str, name: str, **more: Any) -> Manifest:
    return {
        "apiVersion": BY_KIND[kind].api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        **more,
    }


async def named(kube: Kube, manifest: Manifest) -> str:
    """What the policy about names says once it refuses."""
    try:
        await kube.create(BY_KIND[manifest["kind"]], manifest, dry_run=True)
    except errors.Invalid as error:
        return error.message
    return ""


async def until_told(kube: Kube, manifest: Manifest, told: str) -> None:
    deadline = time.monotonic() + REAL_PATIENCE
    while told not in await named(kube, manifest):
        assert time.monotonic() < deadline, "the binding does not come to work"
        await asyncio.sleep(0.1)


PLAIN: Manifest = {"image": "mirror/it"}
MOUNTED = {"name": "a", "secret": {"secretName": "management-kubeconfig"}}
SETTINGS = {"name": "b", "configMap": {"name": "cloud-config"}}
MANAGER = {"serviceAccountName": "cloud-controller-manager"}
HINTING = (
    (called(workload("Deployment", PLAIN), "web-kccm", volumes=[MOUNTED]), CCM.name),
    (called(workload("DaemonSet", PLAIN), "it", volumes=[SETTINGS], **MANAGER), CCM.name),
    (called(workload("Deployment", PLAIN), "it", volumes=[MOUNTED, SETTINGS]), CCM.name),
    (called(workload("Pod", PLAIN), "it", volumes=[MOUNTED], serviceAccountName="kubevirt-csi"), CSI.name),
    (called(workload("Deployment", PLAIN), "cluster-autoscaler", serviceAccountName="cluster-autoscaler"), CA.name),
)
"""Workloads of no known image, and what two hints say they are."""
AWS: Manifest = {"image": "mirror/it", "args": ["--cloud-provider=aws"]}
HARMLESS = (
    called(workload("Deployment", PLAIN), "web-kccm"),
    called(workload("Deployment", PLAIN), "it", **MANAGER),
    called(workload("Deployment", PLAIN), "it", volumes=[MOUNTED]),
    called(workload("Deployment", PLAIN), "it", volumes=[SETTINGS]),
    called(workload("Deployment", AWS), "it", volumes=[MOUNTED, SETTINGS], **MANAGER),
)
CALLED = (
    (called(workload("Deployment", PLAIN), "web-kccm"), CCM.name),
    (called(workload("StatefulSet", PLAIN), "kubevirt-csi-controller"), CSI.name),
    (thing("ServiceAccount", "cluster-autoscaler"), CA.name),
    (thing("Secret", "infra-cluster-credentials"), CSI.name),
    (thing("Role", "kccm"), CCM.name),
    (thing("ConfigMap", "cloud-config", data={"cloud-config": "kubeconfig: /etc/a"}), "looks like the settings of"),
)
"""What is called as upstream calls it, and what is said of it."""


def with_storage() -> Any:
    images = {**catalog().hosted.wire(), "csiNodeDriverRegistrar": "x/csi-node-driver-registrar:v1"}
    return catalog(hosted={**images, "csiLivenessProbe": "x/livenessprobe:v1"})
