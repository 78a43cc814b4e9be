"""The second line alone, on a real API server: no webhook is registered, and RBAC lets everybody do everything.

Everything is tried as a dry run, so nothing is left of what passes, and may be tried until the API server has heard of
its policies.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.kube import Kube
from provisioning.ledger import Ledger
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.resources import (
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    TENANT_LEDGERS,
    TENANTS,
    Resource,
)
from tests import builders
from tests.builders import tweak
from tests.charts.rendering import Helm, kinds
from tests.provisioning.waiting import eventually
from webhooks import registration, second_line

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

Write = Callable[[], Awaitable[Any]]
GROUP = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"
POLICIES = Resource(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False)
BINDINGS = Resource(
    ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced=False
)
EVERYBODY = "second-line-testers"
GITOPS = "system:serviceaccount:flux-system:kustomize-controller"


@dataclass(frozen=True)
class Place:
    """A tenant with a namespace and one of everything in it. `nobodys` is a namespace without a tenant.

    `eve` is nobody in particular, `gitops` of the platform by the chart's values; the others are what they are called.
    """

    name: str
    nobodys: str
    admin: Kube
    eve: Kube
    gitops: Kube
    provisioner: Kube
    webhooks: Kube
    controller: Kube

    def new(self, kind: Resource, name: str, spec: Any, *, namespace: str = "") -> Manifest:
        meta = {"name": name, "namespace": namespace or self.name}
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec}

    def template(self, name: str, *, cores: int = 1, **machine: Any) -> Manifest:
        domain = {"cpu": {"cores": cores}, "devices": {}}
        virtual = {"spec": {"template": {"spec": {"domain": domain}}}, "metadata": machine.pop("metadata", {})}
        spec = {"template": {"spec": {"virtualMachineTemplate": virtual, **machine}}}
        return self.new(KUBEVIRT_MACHINE_TEMPLATES, name, spec)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(helm: Helm, control_plane: ControlPlane) -> AsyncIterator[Place]:
    name = f"line-{secrets.token_hex(3)}"
    account = f"system:serviceaccount:{name}:{name}"
    people = {
        "eve": "eve",
        "gitops": GITOPS,
        "provisioner": f"{account}-provisioner",
        "webhooks": f"{account}-webhooks",
        "controller": "system:serviceaccount:kube-system:generic-garbage-collector",
    }
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(await Kube.connect(kubeconfig=control_plane.kubeconfig))
        assert (await admin.list(registration.VALIDATING, labels="app.kubernetes.io/part-of=clusterdesk")).items == []
        connected = {
            who: await stack.enter_async_context(
                await Kube.connect(kubeconfig=control_plane.kubeconfig_for(user, [EVERYBODY]))
            )
            for who, user in people.items()
        }
        found = Place(name, f"{name}-nobodys", admin, **connected)
        await apply.put(admin, _estate(found))
        await admin.create(TENANT_CLUSTERS, found.new(TENANT_CLUSTERS, "web", builders.CLUSTER["spec"]))
        await admin.create(KUBEVIRT_MACHINE_TEMPLATES, found.template("small"))
        elsewhere = {**found.template("small"), "metadata": {"name": "small", "namespace": found.nobodys}}
        await admin.create(KUBEVIRT_MACHINE_TEMPLATES, elsewhere)
        await eventually(partial(_has_ledger, admin, name))
        values = {
            "fullnameOverride": name,
            "webhooks": {"platform": {"users": [GITOPS]}, "excludedNamespaces": ["velero"]},
        }
        line = kinds(rendered := helm.render(values, namespace=name), POLICIES.kind) + kinds(rendered, BINDINGS.kind)
        assert len(line) == 2 * len(second_line.GUARDS)
        try:
            await apply.put(admin, line)
            yield found
        finally:
            for manifest in line:
                kind = POLICIES if manifest["kind"] == POLICIES.kind else BINDINGS
                await admin.delete(kind, manifest["metadata"]["name"])
            for namespace in (name, found.nobodys):
                await admin.delete(NAMESPACES, namespace)
            await admin.delete(TENANTS, name)


async def _has_ledger(admin: Kube, name: str) -> bool:
    """Made by now. What another test has just taken away with its release still counts for a moment."""
    try:
        await KubeLedgers(admin, name).create(name, Ledger())
    except errors.Forbidden:
        return False
    return True


def _estate(place: Place) -> list[Manifest]:
    tenant = tweak(tweak(builders.TENANT, "metadata", {"name": place.name}), "spec.namespaces", [place.name])
    return [
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": EVERYBODY},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "Group", "name": EVERYBODY, "apiGroup": GROUP}],
        },
        tenant,
        _namespace(place.name, **{TENANT_LABEL: place.name}),
        _namespace(place.nobodys),
    ]


def _namespace(name: str, **labels: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


async def refused(words: str, *writes: Write) -> None:
    """Once the API server has heard of it, each of these is refused in these words."""
    for write in writes:

        async def tried(write: Write = write) -> str:
            try:
                await write()
            except (errors.Forbidden, errors.Invalid) as error:
                return error.message
            return ""

        message = await eventually(tried)
        assert "ValidatingAdmissionPolicy" in message
        assert words in message


def patching(kube: Kube, kind: Resource, name: str, patch: Manifest, *, namespace: str = "", sub: str = "") -> Write:
    path = kind.path(namespace=namespace, name=name, subresource=sub)
    how: dict[str, Any] = {"query": {"dryRun": "All"}, "content_type": "application/merge-patch+json"}
    return lambda: kube.call("PATCH", path, body=patch, **how)


def creating(kube: Kube, kind: Resource, body: Manifest) -> Write:
    return lambda: kube.create(kind, body, dry_run=True)


def deleting(kube: Kube, kind: Resource, name: str, *, namespace: str = "") -> Write:
    return lambda: kube.delete(kind, name, namespace=namespace, dry_run=True)


async def test_a_ledger_is_written_by_our_accounts_alone_and_not_even_by_the_platform(place: Place) -> None:
    def write(kube: Kube) -> Write:
        return patching(kube, TENANT_LEDGERS, place.name, {"spec": {"data": ""}}, namespace=place.name)

    another = place.new(TENANT_LEDGERS, "another", {"data": ""})
    await refused(
        "is kept by clusterdesk itself; change the quota in the Tenant",
        write(place.eve),
        write(place.admin),
        creating(place.eve, TENANT_LEDGERS, another),
        deleting(place.eve, TENANT_LEDGERS, place.name, namespace=place.name),
    )
    await write(place.provisioner)()
    await write(place.webhooks)()
    await creating(place.provisioner, TENANT_LEDGERS, another)()


async def test_what_is_so_is_said_by_clusterdesk_and_by_the_platform(place: Place) -> None:
    def write(kube: Kube, endpoint: str = "https://x.example.org") -> Write:
        patch = {"status": {"endpoint": endpoint}}
        return patching(kube, TENANT_CLUSTERS, "web", patch, namespace=place.name, sub="status")

    forged = {"status": {"used": {"clusters": 0}}}
    await refused(
        "status: is written by clusterdesk itself, and not by eve",
        write(place.eve),
        patching(place.eve, TENANTS, place.name, forged, sub="status"),
    )
    for kube in (place.provisioner, place.gitops, place.admin):
        await write(kube)()
    same = {"metadata": {"labels": {"a": "b"}}}
    await patching(place.eve, TENANT_CLUSTERS, "web", same, namespace=place.name, sub="status")()


async def test_what_kamaji_acts_by_it_says_itself(place: Place) -> None:
    spec = {"controlPlane": {"service": {"serviceType": "LoadBalancer"}}, "kubernetes": {"version": "v1.34.2"}}
    await place.admin.create(TENANT_CONTROL_PLANES, place.new(TENANT_CONTROL_PLANES, "web", spec))

    def write(kube: Kube, **status: Any) -> Write:
        patch = {"status": status}
        return patching(kube, TENANT_CONTROL_PLANES, "web", patch, namespace=place.name, sub="status")

    of_another = {"config": {"secretName": "of-another"}}
    await refused("status.storage: is written by the controller that acts by it", write(place.eve, storage=of_another))
    await write(place.eve, controlPlaneEndpoint="a:1")()
    for kube in (place.controller, place.provisioner, place.admin):
        await write(kube, storage=of_another)()


async def test_what_a_tenant_may_have_the_platform_says(place: Place) -> None:
    def write(kube: Kube) -> Write:
        return patching(kube, TENANTS, place.name, {"spec": {"quota": {"hard": {"clusters": 99}}}})

    second = tweak(builders.TENANT, "metadata", {"name": "second"})
    await refused("only the platform may change a Tenant, and eve is not of it", write(place.eve))
    await refused("only the platform may make a Tenant", creating(place.eve, TENANTS, second))
    await refused("only the platform may delete a Tenant", deleting(place.eve, TENANTS, place.name))
    for kube in (place.admin, place.gitops, place.provisioner, place.controller):
        await write(kube)()
    await patching(place.eve, TENANTS, place.name, {"metadata": {"annotations": {"a": "b"}}})()


async def test_whose_a_namespace_is_the_platform_says(place: Place) -> None:
    def label(kube: Kube, name: str, tenant: str | None, sub: str = "") -> Write:
        return patching(kube, NAMESPACES, name, {"metadata": {"labels": {TENANT_LABEL: tenant}}}, sub=sub)

    new = f"{place.name}-new"
    await refused(
        f"metadata.labels[{TENANT_LABEL}]: only the platform may say whose a namespace is, and eve is not of it",
        creating(place.eve, NAMESPACES, _namespace(new, **{TENANT_LABEL: place.name})),
        label(place.eve, place.nobodys, place.name),
        label(place.eve, place.name, "another"),
        label(place.eve, place.name, None),
        label(place.eve, place.name, None, "status"),
    )
    await creating(place.eve, NAMESPACES, _namespace(new))()
    await patching(place.eve, NAMESPACES, place.name, {"metadata": {"labels": {"a": "b"}}})()
    await label(place.admin, place.nobodys, place.name)()
    await creating(place.gitops, NAMESPACES, _namespace(new, **{TENANT_LABEL: place.name}))()


async def test_a_namespace_that_is_trusted_by_its_name_the_platform_makes(place: Place) -> None:
    for name in ("cdi", "velero"):
        await refused(
            "metadata.name: the platform trusts what is in a namespace of this name, so it makes it, and eve is not",
            creating(place.eve, NAMESPACES, _namespace(name)),
        )
        for kube in (place.admin, place.gitops, place.controller):
            await creating(kube, NAMESPACES, _namespace(name))()


async def test_a_machine_template_of_a_tenant_never_changes(place: Place) -> None:
    larger = {"spec": place.template("small", cores=64)["spec"]}

    def write(kube: Kube, namespace: str = place.name) -> Write:
        return patching(kube, KUBEVIRT_MACHINE_TEMPLATES, "small", larger, namespace=namespace)

    # Nobody needs to: a changed size is a new template.
    await refused("spec: the template small cannot be changed", write(place.eve), write(place.admin))
    marked = {"metadata": {"labels": {"a": "b"}}}
    await patching(place.eve, KUBEVIRT_MACHINE_TEMPLATES, "small", marked, namespace=place.name)()
    await write(place.eve, place.nobodys)()


async def test_machines_of_a_tenant_stand_in_its_own_namespace_of_this_cluster(place: Place) -> None:
    secret = {"name": "other", "namespace": place.name}
    cluster = place.new(KUBEVIRT_CLUSTERS, "web", {"infraClusterSecretRef": secret})
    outside = place.template("outside", metadata={"namespace": place.nobodys})
    await refused(
        f"must be {place.name}, the object's own, and not {place.nobodys}",
        creating(place.eve, KUBEVIRT_MACHINE_TEMPLATES, outside),
    )
    await refused(
        "infraClusterSecretRef: machines of a tenant run in this management cluster only",
        creating(place.eve, KUBEVIRT_MACHINE_TEMPLATES, place.template("outside", infraClusterSecretRef=secret)),
        creating(place.eve, KUBEVIRT_CLUSTERS, cluster),
    )
    inside = place.template("inside", metadata={"namespace": place.name})
    await creating(place.eve, KUBEVIRT_MACHINE_TEMPLATES, inside)()
    web = place.new(KUBEVIRT_CLUSTERS, "web", {})
    await creating(place.eve, KUBEVIRT_CLUSTERS, web)()
    # Its CRD lets it say nothing at all.
    await creating(place.eve, KUBEVIRT_CLUSTERS, {key: web[key] for key in web if key != "spec"})()
