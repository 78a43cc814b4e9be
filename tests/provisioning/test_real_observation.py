"""What people, kubectl and Flux see of a cluster on the real API server, and what is done about those who change it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from playground.simulated.stage import FAIL_ANNOTATION
from provisioning import names, resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.playground.simulated.tenant import infrastructure
from tests.provisioning.waiting import eventually, refused_by_now, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SYSTEM = "clusterdesk-system"
POOL: Manifest = {"name": "md0", "flavor": "small"}


@dataclass(frozen=True)
class Sight:
    """A tenant with one cluster, `web`, of one worker, and kubectl."""

    kube: Kube
    namespace: str
    program: tuple[Path, Path]

    async def kubectl(self, *arguments: str) -> str:
        """What kubectl prints; fails when kubectl does."""
        program, kubeconfig = self.program
        process = await asyncio.create_subprocess_exec(
            program,
            *("--kubeconfig", str(kubeconfig), "--namespace", self.namespace, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed.decode()
        return printed.decode()

    async def get(self, resource: Resource, name: str = "web") -> Manifest:
        return await self.kube.get(resource, name, namespace=self.namespace)

    async def patch(self, resource: Resource, name: str, patch: Manifest) -> None:
        await self.kube.merge(resource, name, patch, namespace=self.namespace)

    async def annotate(self, resource: Resource, name: str, key: str, value: str | None) -> None:
        await self.patch(resource, name, {"metadata": {"annotations": {key: value}}})

    async def condition(self, type_: str = "Ready") -> Manifest:
        conditions = ((await self.get(resources.TENANT_CLUSTERS)).get("status") or {}).get("conditions") or ()
        return next((c for c in conditions if c["type"] == type_), {"status": "", "reason": "", "message": ""})

    async def inventory(self) -> list[str]:
        listed: list[str] = ((await self.get(resources.TENANT_CLUSTERS)).get("status") or {}).get("inventory") or []
        return listed

    async def told(self, text: str) -> None:
        await eventually(self._says(text))

    def _says(self, text: str) -> Callable[[], Awaitable[bool]]:
        async def says() -> bool:
            return text in (await self.condition())["message"]

        return says


@pytest_asyncio.fixture
async def sight(
    cluster_api: ControlPlane, admin: Kube, namespace: str, kubectl: tuple[Path, Path], tmp_path: Path
) -> AsyncIterator[Sight]:
    """A leader is at work, and everybody else is real or played; the cluster has just been asked for."""
    tenant = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: tenant}}})
    blue = tweak(tweak(builders.TENANT, "metadata", {"name": tenant}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, blue])
    landscape = Landscape(admin, namespace=SYSTEM)
    async with infrastructure(cluster_api, tmp_path), running(landscape.run()):
        await landscape.synced()
        async with running(lead(admin, landscape, Settings(namespace=SYSTEM), now=lambda: datetime.now(UTC))):
            wanted = tweak(builders.CLUSTER, "metadata", {"name": "web", "namespace": namespace})
            await admin.create(resources.TENANT_CLUSTERS, tweak(wanted, "spec.pools[0].replicas", 1))
            yield Sight(admin, namespace, kubectl)
            await admin.delete(resources.TENANT_CLUSTERS, "web", namespace=namespace)

            async def gone() -> bool:
                return await admin.find(resources.TENANT_CLUSTERS, "web", namespace=namespace) is None

            await eventually(gone, seconds=90)
    await admin.delete(resources.TENANTS, tenant)
    await admin.delete(resources.CATALOGS, names.CATALOG)


async def test_kubectl_waits_for_ready_and_describes_the_way_there(sight: Sight) -> None:
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=120s")
    reason = "--for=jsonpath={.status.conditions[?(@.type=='Stalled')].status}=False"
    await sight.kubectl("wait", reason, "tenantcluster/web", "--timeout=5s")
    await sight.kubectl("wait", "--for=jsonpath={.status.steps[6].state}=Done", "tenantcluster/web", "--timeout=5s")
    status = (await sight.get(resources.TENANT_CLUSTERS))["status"]
    assert [step["name"] for step in status["steps"]] == [
        "Accepted",
        "Control plane",
        "Network",
        "Workers",
        "Storage and load balancers",
        "Add-ons",
        "Probe",
    ]
    assert all(step["startedAt"] <= step["endedAt"] for step in status["steps"])

    async def described() -> bool:
        text = await sight.kubectl("describe", "tenantcluster", "web")
        return all(word in text for word in ("ControlPlaneDone", "ProbeDone", "the cluster is ready at https://"))

    await eventually(described)
    # What Cluster API and its webhooks write into our objects is nobody's meddling.
    assert "DriftPutRight" not in await sight.kubectl("get", "events")

    # What is in its way is told in its condition and its events, and heals.
    await sight.annotate(resources.DEPLOYMENTS, "web-cloud-controller-manager", FAIL_ANNOTATION, "image-pull")
    await sight.told("web-cloud-controller-manager does not run")
    await sight.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [POOL | {"replicas": 2}]}})
    await sight.told("web-cloud-controller-manager does not run, so 1 worker is not taken over and cannot be used")
    assert "see that the image of the Catalog exists" in (await sight.condition("Reconciling"))["message"]
    assert "NotReady" in await sight.kubectl("get", "events", "--field-selector", "involvedObject.name=web")
    await sight.annotate(resources.DEPLOYMENTS, "web-cloud-controller-manager", FAIL_ANNOTATION, None)
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=120s")


async def test_what_people_change_is_put_right_and_what_they_add_is_left_alone(sight: Sight) -> None:
    async def replicas() -> int:
        found: int = (await sight.get(resources.DEPLOYMENTS, "web-csi-controller"))["spec"]["replicas"]
        return found

    await eventually(lambda: sight.kube.find(resources.DEPLOYMENTS, "web-csi-controller", namespace=sight.namespace))
    line = "Deployment.apps/web-csi-controller"

    async def listed() -> bool:
        return line in await sight.inventory()

    await eventually(listed)

    # A person scales it, takes a label off, and adds one of their own.
    mine = {"metadata": {"labels": {"team": "storage"}}, "spec": {"minReadySeconds": 3}}
    await sight.patch(resources.DEPLOYMENTS, "web-csi-controller", mine)
    await sight.kubectl("scale", "deployment", "web-csi-controller", "--replicas=7")

    async def scaled_back() -> bool:
        return await replicas() == 1

    await eventually(scaled_back)
    await sight.kubectl("label", "deployment", "web-csi-controller", f"{names.CAPI_CLUSTER_LABEL}-")

    async def labelled_again() -> bool:
        found = await sight.get(resources.DEPLOYMENTS, "web-csi-controller")
        return bool(found["metadata"]["labels"].get(names.CAPI_CLUSTER_LABEL) == "web")

    await eventually(labelled_again)
    after = await sight.get(resources.DEPLOYMENTS, "web-csi-controller")
    assert (after["metadata"]["labels"]["team"], after["spec"]["minReadySeconds"]) == ("storage", 3)

    async def told() -> bool:
        return "DriftPutRight" in await sight.kubectl("get", "events")

    await eventually(told)

    # Paused, nothing is put right; and what loses every label meanwhile is pruned all the same.
    await sight.annotate(resources.TENANT_CLUSTERS, "web", names.PAUSED_ANNOTATION, "true")
    await sight.kubectl("wait", "--for=condition=Paused", "tenantcluster/web", "--timeout=100s")
    bare = {"metadata": {"labels": None, "ownerReferences": None}}
    await sight.patch(resources.HELM_RELEASES, "web-cilium", bare)
    await sight.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": []}})
    await asyncio.sleep(1)
    assert not (await sight.get(resources.HELM_RELEASES, "web-cilium"))["metadata"].get("labels")
    await sight.annotate(resources.TENANT_CLUSTERS, "web", names.PAUSED_ANNOTATION, None)

    async def pruned() -> bool:
        found = await sight.kube.find(resources.HELM_RELEASES, "web-cilium", namespace=sight.namespace)
        return found is None or "deletionTimestamp" in found["metadata"]

    await eventually(pruned)

    # Whoever asks for a look has everything applied, and sees when that was done.
    await sight.annotate(resources.TENANT_CLUSTERS, "web", names.RECONCILE_ANNOTATION, "now")
    await sight.kubectl(
        "wait", "--for=jsonpath={.status.lastHandledReconcileAt}=now", "tenantcluster/web", "--timeout=100s"
    )


async def test_every_failure_that_can_be_played_is_told_with_what_to_do_and_heals(sight: Sight) -> None:
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=120s")

    async def fails(resource: Resource, name: str, word: str, told: str, hint: str) -> None:
        await sight.annotate(resource, name, FAIL_ANNOTATION, word)
        await sight.told(told)
        assert hint in (await sight.condition("Reconciling"))["message"]

    control_plane = (resources.KAMAJI_CONTROL_PLANES, "web")
    await fails(*control_plane, "no-address", "the API server has no address yet", "its load balancers")
    await fails(*control_plane, "datastore", "the control plane is not made yet: DataStore", "kubectl get datastores")
    await sight.annotate(*control_plane, FAIL_ANNOTATION, None)
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=100s")

    deployment = await sight.get(resources.MACHINE_DEPLOYMENTS, "web-md0")
    reference = deployment["spec"]["template"]["spec"]["infrastructureRef"]["name"]
    template = (resources.KUBEVIRT_MACHINE_TEMPLATES, reference)
    await sight.annotate(*template, FAIL_ANNOTATION, "unschedulable")
    await sight.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [POOL | {"replicas": 2}]}})
    await sight.told("a worker finds no room in the management cluster: 0/3 nodes are available")
    await fails(*template, "image-pull", "a worker's disk image cannot be pulled", "the image of the Catalog exists")
    await sight.annotate(*template, FAIL_ANNOTATION, None)
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=100s")

    await sight.annotate(resources.HELM_RELEASES, "web-cilium", FAIL_ANNOTATION, "image-pull")
    add_on = {"name": "cilium", "values": {"MTU": 1400}}
    await sight.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"addOns": [add_on]}})
    await sight.told("add-on cilium: ")
    assert "the image of the Catalog exists" in (await sight.condition("Reconciling"))["message"]
    await sight.annotate(resources.HELM_RELEASES, "web-cilium", FAIL_ANNOTATION, None)
    await sight.kubectl("wait", "--for=condition=Ready", "tenantcluster/web", "--timeout=100s")


ADMISSION = "admissionregistration.k8s.io"
POLICIES = Resource(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False)
BINDINGS = Resource(
    ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced=False
)


def made(kind: Resource, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, "spec": spec}


async def test_somebody_who_refuses_one_object_keeps_no_other_from_being_applied(sight: Sight) -> None:
    async def there(resource: Resource, name: str) -> bool:
        return await sight.kube.find(resource, name, namespace=sight.namespace) is not None

    await eventually(lambda: there(resources.MACHINE_HEALTH_CHECKS, "web-md0"))
    name, checks = f"no-checks-{sight.namespace}", ["machinehealthchecks"]
    rule = {"apiGroups": ["cluster.x-k8s.io"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": checks}
    elsewhere = f"object.metadata.namespace != '{sight.namespace}'"
    no_more = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": elsewhere, "message": "no more of them"}],
    }
    await sight.kube.create(POLICIES, made(POLICIES, name, no_more))
    binding = {"policyName": name, "validationActions": ["Deny"]}
    await sight.kube.create(BINDINGS, made(BINDINGS, name, binding))
    try:
        await refused_by_now(sight.kube, sight.namespace, "web-md0")
        pools = [POOL | {"replicas": 1}, POOL | {"name": "md1", "replicas": 1}]
        await sight.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": pools}})
        await sight.told("MachineHealthCheck web-md1: ")
        assert "no more of them" in (await sight.condition())["message"]
        stalled = await sight.condition("Stalled")
        assert (stalled["status"], stalled["reason"]) == ("True", "Refused")
        assert "it is for whoever wrote it to allow" in stalled["message"]
        assert await there(resources.MACHINE_DEPLOYMENTS, "web-md1")
        assert "Refused" in await sight.kubectl("get", "events")
    finally:
        await sight.kube.delete(BINDINGS, name)
        await sight.kube.delete(POLICIES, name)
    await eventually(lambda: there(resources.MACHINE_HEALTH_CHECKS, "web-md1"))
    await sight.kubectl("wait", "--for=condition=Stalled=False", "tenantcluster/web", "--timeout=100s")
