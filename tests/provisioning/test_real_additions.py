"""A Cluster made by hand on the real API server, with real Cluster API, while no webhook of ours sees anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from playground.simulated.stage import FAIL_ANNOTATION
from provisioning import access, belongings, names, presence, resources
from provisioning.__main__ import lead
from provisioning.addons import tenant_guard
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.playground.simulated.tenant import infrastructure
from tests.playground.simulated.tenant import tenant as made_by_hand
from tests.provisioning.waiting import eventually, running

pytestmark = pytest.mark.real

SYSTEM = "clusterdesk-system"
GUARDS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)


class Lab:
    """The Cluster `lab`, in a namespace of a tenant's."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube = kube
        self.namespace = namespace

    async def find(self, kind: Resource, name: str = "lab") -> Manifest | None:
        return await self.kube.find(kind, name, namespace=self.namespace)

    async def is_up(self) -> bool:
        """Whether a worker runs, and everything that is added is there, the network ready."""
        added = (
            await self.find(resources.DEPLOYMENTS, "lab-cloud-controller-manager"),
            await self.find(resources.DEPLOYMENTS, "lab-csi-controller"),
        )
        release = await self.find(resources.HELM_RELEASES, "lab-cilium") or {}
        raw = await self.find(resources.CLUSTER_RESOURCE_SETS, "lab-tenant") or {}
        workers = ((await self.find(resources.CLUSTERS) or {}).get("status") or {}).get("workers") or {}
        told = [c for m in (release, raw) for c in (m.get("status") or {}).get("conditions") or ()]
        ready = [c["status"] for c in told if c["type"] in ("Ready", "ResourcesApplied")]
        return None not in added and ready == ["True", "True"] and workers.get("readyReplicas") == 1

    async def left(self) -> set[str]:
        """Everything that carries its label."""
        labels = f"{names.CAPI_CLUSTER_LABEL}=lab"
        return {
            f"{kind.kind} {item['metadata']['name']}"
            for kind in (resources.CLUSTERS, *belongings.SWEPT)
            for item in await presence.everything(self.kube, kind, namespace=self.namespace, labels=labels)
        }

    async def is_gone(self) -> bool:
        return not await self.left()


def _is(manifest: Manifest | None, type_: str) -> bool:
    conditions = ((manifest or {}).get("status") or {}).get("conditions") or ()
    return any(c["type"] == type_ and c["status"] == "True" for c in conditions)


@pytest_asyncio.fixture
async def lab(cluster_api: ControlPlane, admin: Kube, namespace: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Up, with a leader at work. Nothing but the provisioner knows of it: there are no webhooks here."""
    tenant = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: tenant}}})
    blue = tweak(tweak(builders.TENANT, "metadata", {"name": tenant}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, blue])
    landscape = Landscape(admin, namespace=SYSTEM)
    async with infrastructure(cluster_api, tmp_path), running(landscape.run()):
        await landscape.synced()
        async with running(lead(admin, landscape, Settings(namespace=SYSTEM), now=lambda: datetime.now(UTC))):
            await apply.put(admin, made_by_hand(namespace, "lab", workers=1))
            found = Lab(admin, namespace)
            await eventually(found.is_up, seconds=90)
            yield found
    await admin.delete(resources.TENANTS, tenant)
    await admin.delete(resources.CATALOGS, names.CATALOG)


async def test_it_is_given_everything_and_goes_wholly_though_its_api_server_is_dead(lab: Lab) -> None:
    meta = (await lab.kube.get(resources.CLUSTERS, "lab", namespace=lab.namespace))["metadata"]
    assert meta["labels"][names.ADDONS_LABEL] == "default"
    assert names.FINALIZER in meta["finalizers"]
    secret = await lab.kube.get(resources.SECRETS, "lab-kubeconfig", namespace=lab.namespace)
    async with access.of_secret(secret).connect() as tenant:
        assert await tenant.find(GUARDS, tenant_guard.POLICY) is not None
    ports = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    marks = {names.CAPI_CLUSTER_LABEL: "lab", names.CLUSTER_LABEL: "lab"}
    balancer = {"name": "a1b2", "namespace": lab.namespace, "labels": marks}
    await lab.kube.create(
        resources.SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": balancer, "spec": ports}
    )
    # From such a server Flux would uninstall for ever, and the Cluster would never go.
    silent = {"metadata": {"annotations": {FAIL_ANNOTATION: "freeze"}}}
    await lab.kube.merge(resources.KAMAJI_CONTROL_PLANES, "lab", silent, namespace=lab.namespace)
    await lab.kube.delete(resources.CLUSTERS, "lab", namespace=lab.namespace)
    await eventually(lab.is_gone, seconds=90)
