"""What others do to us in the management cluster, and what comes of it: refusing, removing, editing, hanging."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bench import sample
from playground import apply, controlplane, schemas
from provisioning import names, resources
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.probe import Pace, Probe
from provisioning.queue import Queue
from provisioning.reconciler import Reconciler
from provisioning.resources import Resource
from tests.faults import estate
from tests.faults.conftest import SYSTEM, Plane
from tests.faults.test_bad_days import LONG, ask_for, ended, leading, settled, unlike
from tests.provisioning.waiting import eventually, refused_by_now, running

PACE = Pace(content=2.0, eager=0.3, most=0.5, timeout=1.0, trust=5.0, at_once=2)


async def told(kube: Kube, place: str, name: str) -> str:
    """What is said of the cluster's readiness."""
    found = await kube.get(resources.TENANT_CLUSTERS, name, namespace=place)
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((f"{c['status']}: {c['message']}" for c in conditions if c["type"] == "Ready"), "")


async def until_told(kube: Kube, place: str, name: str, part: str) -> None:
    said = ""
    deadline = asyncio.get_running_loop().time() + LONG
    while part not in (said := await told(kube, place, name)):
        assert asyncio.get_running_loop().time() < deadline, f"of {name} it is said: {said}"
        await asyncio.sleep(0.2)


@asynccontextmanager
async def refusing(plane: Plane, kube: Kube, place: str) -> AsyncIterator[None]:
    """Somebody else's webhook, which takes no health checks in this namespace."""
    pair = plane.control.pki.server("refuser")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)

    async def review(request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        answer = {"uid": asked["uid"], "allowed": False, "status": {"message": "no health checks on Sundays"}}
        return web.json_response({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})

    app = web.Application()
    app.router.add_post("/", review)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    kind = Resource(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        namespaced=False,
    )
    bundle = base64.b64encode(plane.control.bundle.encode()).decode()
    hook = {
        "name": "sundays.example.org",
        "clientConfig": {"url": f"https://127.0.0.1:{runner.addresses[0][1]}/", "caBundle": bundle},
        "rules": [
            {
                "apiGroups": [resources.MACHINE_HEALTH_CHECKS.group],
                "apiVersions": ["*"],
                "operations": ["CREATE"],
                "resources": [resources.MACHINE_HEALTH_CHECKS.plural],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": place}, "webhooks": [hook]}
    await kube.create(kind, body)
    try:
        await refused_by_now(kube, place, "kx0-md0")
        yield
    finally:
        await kube.delete(kind, place)
        await runner.cleanup()


@pytest.mark.timeout(600)
async def test_one_object_that_somebodys_webhook_refuses_keeps_no_other_and_comes_once_it_may(
    plane: Plane, kube: Kube, place: str
) -> None:
    async with leading(kube):
        await ask_for(kube, place, "kx0")
        (as_it_should_be,) = await settled(kube, place, "kx0")
        async with refusing(plane, kube, place):
            await ask_for(kube, place, "kx1")
            await until_told(kube, place, "kx1", "no health checks on Sundays")
            await eventually(lambda: kube.find(resources.DEPLOYMENTS, "kx1-csi-controller", namespace=place))
            assert await kube.find(resources.MACHINE_HEALTH_CHECKS, "kx1-md0", namespace=place) is None
        await eventually(lambda: kube.find(resources.MACHINE_HEALTH_CHECKS, "kx1-md0", namespace=place), seconds=LONG)
        assert unlike(await settled(kube, place, "kx1"), as_it_should_be) == []
        await ended(kube, place, "kx0", "kx1")


@pytest.mark.timeout(600)
async def test_a_provider_that_goes_is_named_to_who_needs_it_and_the_rest_goes_on(
    plane: Plane, kube: Kube, place: str
) -> None:
    name = f"{resources.HELM_RELEASES.plural}.{resources.HELM_RELEASES.group}"
    await kube.delete(resources.CUSTOM_RESOURCE_DEFINITIONS, name)
    try:
        async with leading(kube) as landscape:
            assert landscape.waits() == ""
            without = estate.cluster(place, "kx0", addOns=[])
            await kube.create(resources.TENANT_CLUSTERS, without)
            await ask_for(kube, place, "kx1")
            await settled(kube, place, "kx0")
            await until_told(kube, place, "kx1", "Flux's helm-controller is not installed")
            await define(plane, kube)
            await settled(kube, place, "kx1")
            await ended(kube, place, "kx0", "kx1")
    finally:
        await define(plane, kube)


async def define(plane: Plane, kube: Kube) -> None:
    await apply.define(kube, schemas.everything(plane.control.binaries, {}))


@pytest.mark.timeout(600)
async def test_what_of_ours_is_edited_is_put_right_and_what_is_deleted_is_made_again(kube: Kube, place: str) -> None:
    async with leading(kube):
        await ask_for(kube, place, "kx0")
        (as_it_should_be,) = await settled(kube, place, "kx0")
        (template,) = (await kube.list(resources.KUBEVIRT_MACHINE_TEMPLATES, namespace=place)).items
        await kube.merge(resources.KUBEVIRT_MACHINE_TEMPLATES, template["metadata"]["name"], BIGGER, namespace=place)
        await kube.merge(resources.HELM_RELEASES, "kx0-cilium", {"spec": SUSPENDED}, namespace=place)
        await kube.delete(resources.CONFIG_MAPS, "kx0-cloud-controller-manager", namespace=place)
        await kube.delete(resources.DEPLOYMENTS, "kx0-csi-controller", namespace=place)

        left: list[str] = []

        async def as_before() -> bool:
            nonlocal left
            left = unlike([await estate.likeness(kube, place, "kx0")], as_it_should_be)
            return left == THEIRS

        with contextlib.suppress(TimeoutError):
            await eventually(as_before, seconds=LONG / 2)
        assert left == THEIRS
        await ended(kube, place, "kx0")


_MACHINE = {"spec": {"template": {"spec": {"domain": {"cpu": {"cores": 64}}}}}}
BIGGER: Manifest = {"spec": {"template": {"spec": {"virtualMachineTemplate": _MACHINE}}}}
SUSPENDED: Manifest = {"suspend": True, "interval": "24h"}
"""What somebody may think a good idea."""
THEIRS = [".HelmRelease/NAME-cilium.spec.suspend: True is not None"]
"""A field that we say nothing about is whose it is."""


@asynccontextmanager
async def probing(kube: Kube) -> AsyncIterator[None]:
    """A provisioner that asks tenants, and asks soon."""
    landscape, queue = Landscape(kube, namespace=SYSTEM), Queue[Key]("clusters")
    probe = Probe(kube, changed=queue.add, pace=PACE)
    reconciler = Reconciler(kube, landscape, probe=probe, now=lambda: datetime.now(UTC))
    async with running(landscape.run()):
        await landscape.synced()
        stop = landscape.listen(queue.add)
        for manifest in landscape.caches[resources.TENANT_CLUSTERS].list():
            queue.add((manifest["metadata"]["namespace"], manifest["metadata"]["name"]))
        async with running(queue.work(reconciler.act)):
            try:
                yield
            finally:
                stop()
                await probe.close()


async def rest(kube: Kube, place: str, name: str) -> None:
    """Everybody else has done their part: all that is there of the cluster is well."""
    kinds = {kind.kind: kind for kind in PLAYED}
    for manifest in await estate.everything(kube, place, name):
        status = sample.at_rest(manifest) if manifest["kind"] in kinds else None
        if status is not None:
            workers = dict.fromkeys(("replicas", "readyReplicas", "upToDateReplicas", "availableReplicas"), 1)
            own = workers if manifest["kind"] == resources.MACHINE_DEPLOYMENTS.kind else {}
            body = {**manifest, "status": {**status, **own}}
            await kube.replace(kinds[manifest["kind"]], body, subresource="status")


PLAYED = (
    resources.CLUSTERS,
    resources.MACHINE_DEPLOYMENTS,
    resources.HELM_RELEASES,
    resources.CLUSTER_RESOURCE_SETS,
    resources.DEPLOYMENTS,
    resources.KAMAJI_CONTROL_PLANES,
)


async def give_kubeconfig(plane: Plane, kube: Kube, place: str, name: str, server: str) -> None:
    text = controlplane.kubeconfig_text(server, plane.control.pki, user="kubernetes-admin", groups=["system:masters"])
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": names.kubeconfig_secret(name),
            "namespace": place,
            "labels": {names.CAPI_CLUSTER_LABEL: name},
        },
        "data": {"value": base64.b64encode(text).decode()},
    }
    await kube.create(resources.SECRETS, secret)


@asynccontextmanager
async def node(kube: Kube) -> AsyncIterator[None]:
    """The management API server stands for a tenant's too: one Node in it is ready."""
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker"}}
    made = await kube.create(resources.NODES, body)
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Fine", "message": "fine"}]}
    await kube.replace(resources.NODES, {**made, "status": ready}, subresource="status")
    try:
        yield
    finally:
        await kube.delete(resources.NODES, "worker")


@pytest.mark.timeout(600)
async def test_tenants_that_hang_slow_nobody_and_a_kubeconfig_that_is_deleted_and_made_anew_is_found(
    plane: Plane, kube: Kube, place: str
) -> None:
    hanging = [f"hang{number}" for number in range(5)]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with node(kube), probing(kube):
            await ask_for(kube, place, *hanging, "kx0")
            await settled(kube, place, *hanging, "kx0")
            for name in hanging:
                server = f"https://127.0.0.1:{silent.getsockname()[1]}"
                await give_kubeconfig(plane, kube, place, name, server)
                await rest(kube, place, name)
            for name in hanging:
                await until_told(kube, place, name, "its API server does not answer")
            await give_kubeconfig(plane, kube, place, "kx0", plane.control.url)
            await rest(kube, place, "kx0")
            await until_told(kube, place, "kx0", "True")

            await kube.delete(resources.SECRETS, names.kubeconfig_secret("kx0"), namespace=place)
            await until_told(kube, place, "kx0", "its kubeconfig is not there")
            await give_kubeconfig(plane, kube, place, "kx0", plane.control.url)
            await until_told(kube, place, "kx0", "True")
            await ended(kube, place, *hanging, "kx0")
