"""The real API server calls the real door: registered as the code says, two replicas, real TLS and a real ledger."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from playground import apply, ports
from playground.balancer import balanced
from playground.controlplane import ADMIN, ControlPlane
from playground.processes import Processes, answers
from provisioning import errors
from provisioning.kube import Kube
from provisioning.ledger import Ledger
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.names import REQUEST_ANNOTATION, TENANT_LABEL
from provisioning.objects import format_time
from provisioning.profile import Profile
from provisioning.resources import (
    CATALOGS,
    CLUSTER_ACCESSES,
    CLUSTER_REQUESTS,
    CLUSTERS,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANT_LEDGERS,
    TENANTS,
    Resource,
)
from tests.charts.rendering import TENANT_CLUSTER, Helm, Refused
from tests.provisioning import accesses
from tests.provisioning.waiting import REAL_PATIENCE
from tests.webhooks.estate import CATALOG
from webhooks import registration
from webhooks.registration import ClientConfig
from webhooks.trusted import Trusted

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPLICAS = 2
SYSTEM = "clusterdesk-system"
HARD = {"clusters": 5}
USUAL = {
    "members": [{"user": "ann"}],
    "approvers": [{"user": "bob"}, {"user": "ann"}],
    "quota": {"hard": HARD},
    "approval": {"required": 0},
}
"""What a tenant is, where a test does not tell it otherwise."""
LEAN = {"pools": [{"name": "md0", "flavor": "small", "replicas": 1}]}


@dataclass
class Desk:
    """A tenant of its own with a namespace, behind the door. `admin` may do anything; people are by name."""

    admin: Kube
    plane: ControlPlane
    tenant: str
    namespace: str
    processes: Processes
    leaving: set[int] = field(default_factory=set)
    """Ports of replicas that get no new connection."""

    async def policy(self, **spec: Any) -> None:
        """Change the tenant. The door's caches may be a moment behind, and then look again before they refuse."""
        await self.admin.merge(TENANTS, self.tenant, {"spec": spec})

    def new(self, resource: Resource, name: str, spec: Any = None, **meta: Any) -> Manifest:
        metadata = {"name": name, "namespace": self.namespace, **meta}
        found = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
        return found if spec is None else {**found, "spec": spec}

    @contextlib.asynccontextmanager
    async def person(self, user: str) -> AsyncIterator[Kube]:
        """Somebody with every right of RBAC and no other."""
        kubeconfig = self.plane.kubeconfig_for(user, ["webhook-testers"])
        async with await Kube.connect(kubeconfig=kubeconfig) as kube:
            yield kube


@dataclass
class House:
    """A door, and the tenants that tests have made behind it, which are as `usual` where nothing else is said."""

    desk: Desk
    usual: Mapping[str, Any]
    made: list[Desk] = field(default_factory=list)

    async def tenant(self, **spec: Any) -> Desk:
        """A desk for a tenant of its own."""
        tenant, namespace = _named()
        desk = replace(self.desk, tenant=tenant, namespace=namespace)
        self.made.append(desk)
        await _settle(desk.admin, desk.tenant, desk.namespace, {**self.usual, **spec})
        return desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with (
        await Kube.connect(kubeconfig=control_plane.kubeconfig) as admin,
        housed(control_plane, admin, tmp_path_factory.mktemp("webhooks")) as house,
    ):
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def desk(house: House) -> Desk:
    return await house.tenant()


@contextlib.asynccontextmanager
async def housed(
    plane: ControlPlane,
    admin: Kube,
    folder: Path,
    *,
    usual: Mapping[str, Any] = USUAL,
    profile: Profile = Profile.V1BETA2,
) -> AsyncIterator[House]:
    """One door for all tests of a file, a tenant for each: to open it takes longer than to go through it."""
    async with behind_the_door(plane, admin, folder, profile=profile) as desk:
        house = House(desk, usual)
        yield house
    # The door is not asked any more.
    for each in house.made:
        await _leave(admin, each.tenant, each.namespace)


@contextlib.asynccontextmanager
async def shared_desk(
    plane: ControlPlane, folders: pytest.TempPathFactory, *, hard: Mapping[str, Any], replicas: int = REPLICAS
) -> AsyncIterator[Desk]:
    """One for all stories of a file: to open the door takes longer than to go through it."""
    async with (
        await Kube.connect(kubeconfig=plane.kubeconfig) as admin,
        behind_the_door(plane, admin, folders.mktemp("webhooks"), hard=hard, replicas=replicas) as desk,
    ):
        yield desk


@contextlib.asynccontextmanager
async def behind_the_door(
    plane: ControlPlane,
    admin: Kube,
    tmp_path: Path,
    *,
    profile: Profile = Profile.V1BETA2,
    hard: Mapping[str, Any] = HARD,
    replicas: int = REPLICAS,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Desk]:
    """The door is registered for that generation of APIs, and finds it by itself. `hard` is the tenant's quota,
    `settings` is environment for every replica."""
    front, *free = (ports.pick() for _ in range(1 + 2 * replicas))
    trusted = Trusted(webhooks=ADMIN[0])
    client = ClientConfig(url=f"https://127.0.0.1:{front}")
    configurations = registration.configurations(client=client, profile=profile, trusted=trusted)
    await apply.put(admin, [_cluster_wide(NAMESPACES, SYSTEM), *_everybody_may(), *configurations])
    processes, leaving = Processes(tmp_path), set[int]()
    try:
        async with balanced(front, free[::2], leaving=leaving):
            async with asyncio.TaskGroup() as group:
                for number in range(replicas):
                    port, health = free[2 * number : 2 * number + 2]
                    starting = _replica(processes, plane, number, port=port, health=health, settings=settings or {})
                    group.create_task(starting)
            async with _tenant(admin, hard) as (tenant, namespace):
                yield Desk(admin, plane, tenant, namespace, processes, leaving)
    finally:
        # Taken away first: without anybody to ask, every write would be refused.
        for resource in (registration.VALIDATING, registration.MUTATING):
            await admin.delete(resource, registration.NAME)
        await processes.stop()


async def _replica(
    processes: Processes, plane: ControlPlane, number: int, *, port: int, health: int, settings: Mapping[str, str]
) -> None:
    """Start one and wait until it is ready."""
    environment = {
        **os.environ,
        "CLUSTERDESK_KUBECONFIG": str(plane.kubeconfig),
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health),
        "CLUSTERDESK_HOSTS": "127.0.0.1",
        "CLUSTERDESK_WEBHOOKS_ACCOUNT": ADMIN[0],
        "CLUSTERDESK_DRAIN_SECONDS": "0.2",
        **settings,
    }
    child = processes.start(f"webhooks-{number}", (sys.executable, "-m", "webhooks"), environment=environment)
    await answers(child, f"http://127.0.0.1:{health}/readyz")


@contextlib.asynccontextmanager
async def _tenant(admin: Kube, hard: Mapping[str, Any]) -> AsyncIterator[tuple[str, str]]:
    """The first one behind a door, and the catalog of all."""
    named = _named()
    await apply.put(admin, [{**CATALOG, "metadata": {"name": CATALOG["metadata"]["name"]}}])
    await _settle(admin, *named, {**USUAL, "quota": {"hard": dict(hard)}})
    try:
        yield named
    finally:
        # The namespace goes with its clusters only when nobody is asked.
        for resource in (registration.VALIDATING, registration.MUTATING):
            await admin.merge(resource, registration.NAME, {"webhooks": []})
        await _leave(admin, *named)
        await admin.delete(CATALOGS, "default")


def _named() -> tuple[str, str]:
    """A tenant's name and its namespace's, which nobody else has."""
    tenant = f"t-{secrets.token_hex(3)}"
    return tenant, f"tenant-{tenant}"


async def _settle(admin: Kube, tenant: str, namespace: str, spec: Mapping[str, Any]) -> None:
    """Make a tenant with its namespace and its ledger."""
    await apply.put(admin, [_cluster_wide(TENANTS, tenant, {"namespaces": [namespace], **spec})])
    await apply.put(admin, [_cluster_wide(NAMESPACES, namespace, labels={TENANT_LABEL: tenant})])
    # In place of the keeper, who counts first: there is nothing yet.
    await KubeLedgers(admin, SYSTEM).create(tenant, Ledger())


async def _leave(admin: Kube, tenant: str, namespace: str) -> None:
    """Take them away, with all that is in the namespace."""
    await admin.delete(NAMESPACES, namespace)
    await admin.delete(TENANTS, tenant)
    with contextlib.suppress(errors.NotFound):
        await admin.delete(TENANT_LEDGERS, tenant, namespace=SYSTEM)


def _cluster_wide(resource: Resource, name: str, spec: Any = None, **meta: Any) -> Manifest:
    found = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": name, **meta}}
    return found if spec is None else {**found, "spec": spec}


def _everybody_may() -> list[Manifest]:
    """Every right of RBAC for our people, so that what stops them is the door."""
    group = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "webhook-testers"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "Group", "name": "webhook-testers", "apiGroup": group}],
        }
    ]


async def _create(kube: Kube, resource: Resource, body: Manifest, **rest: Any) -> type[Exception] | None:
    """The way a client does it: come back when told so. The kind of refusal, or None."""
    for _ in range(30):
        try:
            await kube.create(resource, body, **rest)
        except errors.Throttled as error:
            await asyncio.sleep(error.retry_after)
        except errors.KubeError as error:
            return type(error)
        else:
            return None
    return errors.Throttled


async def test_of_thirty_parallel_creates_exactly_what_fits_is_admitted(desk: Desk) -> None:
    bodies = [desk.new(TENANT_CLUSTERS, f"c{number}", LEAN) for number in range(30)]
    outcomes = await asyncio.gather(*(_create(desk.admin, TENANT_CLUSTERS, body) for body in bodies))
    assert Counter(outcomes) == {None: 5, errors.NoRoom: 25}
    stored = await desk.admin.list(TENANT_CLUSTERS, namespace=desk.namespace)
    assert len(stored.items) == 5
    ledger = await desk.admin.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM)
    assert Ledger.loads(ledger["spec"]["data"]).used().clusters == 5

    revision = ledger["metadata"]["resourceVersion"]
    with pytest.raises(errors.Forbidden, match=f"quota of tenant {desk.tenant}.*clusters: asks for 1, 0 of 5 free"):
        await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "one-more", LEAN), dry_run=True)
    again = await desk.admin.get(TENANT_LEDGERS, desk.tenant, namespace=SYSTEM)
    assert again["metadata"]["resourceVersion"] == revision


async def test_a_cluster_is_completed_signed_and_held_to_the_catalog(desk: Desk) -> None:
    made = await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
    assert made["spec"]["version"] == "v1.34.2"
    assert made["spec"]["addOns"] == [{"name": "cilium"}]
    assert made["metadata"]["annotations"]["clusterdesk.dev/requested-by"] == ADMIN[0]
    odd = {"version": "v1.2.3", "pools": [{"name": "md0", "flavor": "huge", "replicas": 1}]}
    with pytest.raises(errors.Invalid) as caught:
        await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "odd", odd))
    assert {cause.field for cause in caught.value.causes} == {"spec.version", "spec.pools[0].flavor"}


async def test_raw_objects_are_held_to_the_same_quota_and_scaling_too(desk: Desk) -> None:
    await desk.policy(quota={"hard": {"clusters": 2, "nodes": 5}})
    domain = {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}, "devices": {}}
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": domain}}}}}
    template = desk.new(KUBEVIRT_MACHINE_TEMPLATES, "big", {"template": {"spec": machine}})
    deployment = desk.new(
        MACHINE_DEPLOYMENTS,
        "raw-md0",
        {
            "clusterName": "raw",
            "replicas": 2,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {
                    "clusterName": "raw",
                    "version": "v1.34.2",
                    "bootstrap": {"dataSecretName": "x"},
                    "infrastructureRef": {
                        "apiGroup": KUBEVIRT_MACHINE_TEMPLATES.group,
                        "kind": KUBEVIRT_MACHINE_TEMPLATES.kind,
                        "name": "big",
                    },
                },
            },
        },
    )
    reference = {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": KUBEVIRT_CLUSTERS.kind, "name": "raw"}
    cluster = await desk.admin.create(CLUSTERS, desk.new(CLUSTERS, "raw", {"infrastructureRef": reference}))
    assert cluster["metadata"]["labels"]["clusterdesk.dev/addons"] == "default"
    with pytest.raises(errors.Invalid, match="make it first"):
        await desk.admin.create(MACHINE_DEPLOYMENTS, deployment)
    await desk.admin.create(KUBEVIRT_MACHINE_TEMPLATES, template)
    await desk.admin.create(MACHINE_DEPLOYMENTS, deployment)
    scale = {"spec": {"replicas": 5}}
    with pytest.raises(errors.Forbidden, match="nodes: asks for 3, 2 of 5 free"):
        await desk.admin.merge(MACHINE_DEPLOYMENTS, "raw-md0", scale, namespace=desk.namespace, subresource="scale")
    with pytest.raises(errors.Forbidden, match="nodes: asks for 3"):
        await desk.admin.merge(MACHINE_DEPLOYMENTS, "raw-md0", scale, namespace=desk.namespace)
    await desk.admin.merge(
        MACHINE_DEPLOYMENTS, "raw-md0", {"spec": {"replicas": 4}}, namespace=desk.namespace, subresource="scale"
    )
    bigger = {"spec": {"template": {"spec": {"virtualMachineBootstrapCheck": {"checkStrategy": "none"}}}}}
    with pytest.raises(errors.Invalid, match="cannot be changed"):
        await desk.admin.merge(KUBEVIRT_MACHINE_TEMPLATES, "big", bigger, namespace=desk.namespace)


async def test_an_autoscaler_aimed_at_a_tenant_is_refused_and_says_where_it_belongs(desk: Desk) -> None:
    source = {"kind": "HelmRepository", "name": "x"}
    spec = {
        "interval": "5m",
        "kubeConfig": {"secretRef": {"name": "web-kubeconfig"}},
        "chart": {"spec": {"chart": "cluster-autoscaler", "sourceRef": source}},
    }
    with pytest.raises(errors.Forbidden, match="beside the control plane") as caught:
        await desk.admin.create(HELM_RELEASES, desk.new(HELM_RELEASES, "ca", spec))
    assert "spec.chart.spec.chart" in {cause.field for cause in caught.value.causes}


async def test_four_eyes_with_kubectl_alone(desk: Desk) -> None:
    await desk.policy(approval={"required": 1})
    async with desk.person("ann") as ann, desk.person("bob") as bob:
        with pytest.raises(errors.Forbidden, match="must agree"):
            await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
        wish = {"action": "Create", "cluster": "web", "desired": LEAN}
        request = await ann.create(CLUSTER_REQUESTS, desk.new(CLUSTER_REQUESTS, "mine", wish))
        assert request["spec"]["requester"] == {"user": "ann"}
        assert request["spec"]["digest"].startswith("sha256:")

        now = format_time(datetime.now(UTC))
        backed = desk.new(TENANT_CLUSTERS, "web", LEAN, annotations={REQUEST_ANNOTATION: "mine"})
        with pytest.raises(errors.Forbidden, match="it is Pending"):
            await ann.create(TENANT_CLUSTERS, backed)
        for voter, kube in (("ann", ann), ("bob", ann)):
            with pytest.raises(errors.Forbidden):
                await kube.replace(CLUSTER_REQUESTS, _voted(request, voter, now), subresource="status")
        await bob.replace(CLUSTER_REQUESTS, _voted(request, "bob", now), subresource="status")
        larger = {"pools": [{**LEAN["pools"][0], "replicas": 2}]}
        with pytest.raises(errors.Forbidden, match="not the one that was approved"):
            await ann.create(TENANT_CLUSTERS, {**backed, "spec": larger})
        await ann.create(TENANT_CLUSTERS, backed)
        with pytest.raises(errors.Forbidden, match="action Delete"):
            await ann.delete(TENANT_CLUSTERS, "web", namespace=desk.namespace)


async def test_a_chart_in_git_waits_for_the_approvers_and_then_takes_over_what_they_agreed_to(desk: Desk) -> None:
    helm = Helm(desk.plane.binaries["helm"], TENANT_CLUSTER)
    kubeconfig = desk.plane.kubeconfig_for("ann", ["webhook-testers"])
    agreed = {"lifetime": "72h", "pools": [*LEAN["pools"], {"name": "more", "flavor": "small", "min": 0, "max": 1}]}

    async def sync(values: Manifest) -> Manifest:
        """As Flux does it with a HelmRelease that has no server-side apply."""
        flags = ("--install", "--take-ownership", "--server-side=false")
        await asyncio.to_thread(helm.upgrade, "web", values, *flags, kubeconfig=kubeconfig, namespace=desk.namespace)
        return await desk.admin.get(TENANT_CLUSTERS, "web", namespace=desk.namespace)

    await desk.policy(approval={"required": 1})
    async with desk.person("ann") as ann, desk.person("bob") as bob:
        with pytest.raises(Refused, match="must agree; make a ClusterRequest with action Create"):
            await sync(agreed)
        asking = {**agreed, "request": {"enabled": True, "reason": "for the shop"}}
        (rendered,) = await asyncio.to_thread(helm.render, asking, release="web", namespace=desk.namespace)
        request = await ann.create(CLUSTER_REQUESTS, rendered)
        voted = _voted(request, "bob", format_time(datetime.now(UTC)))
        await bob.replace(CLUSTER_REQUESTS, voted, subresource="status")
        # As the provisioner does it.
        backed = {REQUEST_ANNOTATION: request["metadata"]["name"]}
        made = await ann.create(
            TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", request["spec"]["desired"], annotations=backed)
        )

        adopted = await sync(agreed)
        assert adopted["spec"] == made["spec"]
        assert adopted["metadata"]["annotations"].items() >= backed.items()
        assert (await sync(agreed))["metadata"]["resourceVersion"] == adopted["metadata"]["resourceVersion"]
        (plain,) = await asyncio.to_thread(helm.render, agreed, release="web", namespace=desk.namespace)
        applied = await ann.apply(TENANT_CLUSTERS, plain, manager="kustomize-controller")
        assert applied["metadata"]["generation"] == made["metadata"]["generation"] == 1

        larger = {"pools": [{**LEAN["pools"][0], "replicas": 2}]}
        with pytest.raises(Refused, match="must agree; make a ClusterRequest with action Change"):
            await sync(larger)
        with pytest.raises(Refused, match="failed to delete release"):
            await asyncio.to_thread(helm.uninstall, "web", kubeconfig=kubeconfig, namespace=desk.namespace)
        await desk.policy(approval={"required": 0})
        shared = await ann.apply(TENANT_CLUSTERS, {**plain, "spec": LEAN}, manager="kustomize-controller")
        assert shared["spec"]["pools"] == agreed["pools"], "server-side apply leaves what somebody else wrote as well"
        changed = await sync(larger)
        assert changed["spec"]["pools"] == larger["pools"], "and without it Git has its way"
        assert changed["spec"]["lifetime"] == agreed["lifetime"], "what is left out of a change stays"


async def test_access_is_for_oneself_and_its_certificate_is_nobodys_to_write(desk: Desk) -> None:
    spec = accesses.access(validFor="1h")["spec"]
    del spec["user"]
    mine = desk.new(CLUSTER_ACCESSES, "mine", spec)
    async with desk.person("ann") as ann, desk.person("bob") as bob, desk.person("eve") as eve:
        with pytest.raises(errors.Invalid, match="there is no cluster web in this namespace"):
            await ann.create(CLUSTER_ACCESSES, mine)
        await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
        made = await ann.create(CLUSTER_ACCESSES, mine)
        assert made["spec"]["user"] == "ann"
        for kube, wish, words in (
            (eve, spec, "eve is neither a member nor an approver"),
            (eve, {**spec, "user": "ann"}, "must be eve, who sends this"),
            (bob, {**spec, "role": "Admin"}, "can be Viewer only"),
        ):
            with pytest.raises(errors.Forbidden, match=words):
                await kube.create(CLUSTER_ACCESSES, desk.new(CLUSTER_ACCESSES, "other", wish))
        with pytest.raises(errors.Invalid, match="25h is longer than 24h"):
            await ann.create(CLUSTER_ACCESSES, desk.new(CLUSTER_ACCESSES, "long", {**spec, "validFor": "25h"}))
        forged = {**made, "status": {"server": "https://elsewhere.example.com"}}
        with pytest.raises(errors.Forbidden, match="is written by clusterdesk itself"):
            await ann.replace(CLUSTER_ACCESSES, forged, subresource="status")
        revoked = await ann.merge(CLUSTER_ACCESSES, "mine", {"spec": {"revoked": True}}, namespace=desk.namespace)
        assert revoked["spec"]["revoked"] is True


async def test_only_the_platform_labels_namespaces_and_ledgers_are_nobodys(desk: Desk) -> None:
    await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
    async with desk.person("eve") as eve:
        with pytest.raises(errors.Forbidden, match="only the platform"):
            await eve.merge(NAMESPACES, desk.namespace, {"metadata": {"labels": {TENANT_LABEL: "other"}}})
        with pytest.raises(errors.Forbidden, match="kept by clusterdesk itself"):
            await eve.merge(TENANT_LEDGERS, desk.tenant, {"spec": {"data": ""}}, namespace=SYSTEM)
        with pytest.raises(errors.Forbidden, match="to be deleted first"):
            await eve.delete(NAMESPACES, desk.namespace)
    with pytest.raises(errors.Forbidden, match=f"kubectl -n {desk.namespace} delete tenantcluster/web"):
        await desk.admin.delete(NAMESPACES, desk.namespace)


async def test_a_protected_cluster_stays_with_what_it_stands_on_until_that_is_lifted(desk: Desk) -> None:
    await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", {**LEAN, "deletionProtection": True}))
    await desk.admin.create(KAMAJI_CONTROL_PLANES, desk.new(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2"}))
    for kind in (TENANT_CLUSTERS, KAMAJI_CONTROL_PLANES):
        with pytest.raises(errors.Forbidden, match="is protected from deletion; first set its"):
            await desk.admin.delete(kind, "web", namespace=desk.namespace)
    lifted = {"spec": {"deletionProtection": False}}
    with pytest.raises(errors.Forbidden, match="1 approver of tenant"):
        await desk.admin.merge(TENANT_CLUSTERS, "web", lifted, namespace=desk.namespace)
    alone = {"name": "trials", "actions": ["Change"], "unprotects": True}
    await desk.admin.merge(TENANTS, desk.tenant, {"spec": {"approval": {"waivers": [alone]}}})
    async with asyncio.timeout(REAL_PATIENCE):
        while True:  # The doors hear of that within a second.
            with contextlib.suppress(errors.Forbidden):
                await desk.admin.merge(TENANT_CLUSTERS, "web", lifted, namespace=desk.namespace)
                break
    for kind in (KAMAJI_CONTROL_PLANES, TENANT_CLUSTERS):
        await desk.admin.delete(kind, "web", namespace=desk.namespace)
        assert await desk.admin.find(kind, "web", namespace=desk.namespace) is None


def _voted(request: Manifest, voter: str, now: str) -> Manifest:
    vote = {"voter": {"user": voter}, "decision": "Approve", "at": now}
    return {**request, "status": {"phase": "Approved", "votes": [vote], "decidedAt": now}}
