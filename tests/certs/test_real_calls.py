"""A real API server calls a webhook while its certificates and their authority change under it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from certs import authority, bundle, kube, rotation
from certs.authority import Leaf
from certs.bundle import Bundle
from certs.keeper import Keeper
from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS, Resource
from tests.certs.fakes import Stopwatch

NAME = "certs-real-calls"
SECRET = "certs"
CONFIGURATIONS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)


@contextlib.asynccontextmanager
async def door(keeper: Keeper) -> AsyncIterator[str]:
    """A webhook that allows everything and hangs up after each answer, so that every call shakes hands anew."""

    async def allow(request: web.Request) -> web.Response:
        review = await request.json()
        answer = {**review, "response": {"uid": review["request"]["uid"], "allowed": True}}
        return web.Response(text=json.dumps(answer), content_type="application/json", headers={"Connection": "close"})

    app = web.Application()
    app.router.add_post("/", allow)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=await keeper.context()).start()
    running = asyncio.create_task(keeper.run())
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await runner.cleanup()


@pytest.mark.timeout(180)
async def test_no_call_fails_while_leaves_are_renewed_and_the_authority_is_replaced(
    control_plane: ControlPlane, admin: Kube, namespace: str
) -> None:
    stopwatch = Stopwatch()
    async with _store(control_plane.kubeconfig, namespace) as store:
        now = datetime.now(UTC)
        # Eight months old, so that the first look announces its successor.
        old = authority.found(now=now - timedelta(days=250))
        await store.write(Bundle((old,)).data(), version=None)
        # A leaf of a minute is due at every look.
        keeper, other = (
            Keeper(
                store,
                hosts=["127.0.0.1"],
                period=timedelta(milliseconds=50),
                leaf_life=timedelta(minutes=1),
                monotonic=stopwatch,
            )
            for _ in range(2)
        )
        async with door(keeper) as url:
            await admin.create(CONFIGURATIONS, _configuration(url, namespace))
            racing = asyncio.create_task(other.run())
            try:
                await _until_called(admin, namespace)
                calls = asyncio.create_task(_keep_calling(admin, namespace))
                await _until_served(keeper, 5)
                assert (await _bundle(store)).signer != (await _bundle(store)).newest
                stopwatch.pass_by(rotation.PROPAGATION)
                async with asyncio.timeout(60):
                    while keeper.leaf is None or keeper.leaf.issuer.fingerprint == old.fingerprint:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                await _until_served(keeper, 5)
                calls.cancel()
                outcome = await asyncio.gather(calls, return_exceptions=True)
                assert isinstance(outcome[0], asyncio.CancelledError), outcome
                assert [a.key is None for a in (await _bundle(store)).authorities] == [True, False]
            finally:
                racing.cancel()
                await admin.delete(CONFIGURATIONS, NAME)
                await asyncio.gather(racing, return_exceptions=True)


async def _until_served(keeper: Keeper, number: int) -> None:
    """Wait until so many certificates have followed one another."""
    served: set[Leaf | None] = set()
    async with asyncio.timeout(60):
        while len(served) < number:
            served.add(keeper.leaf)
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _store(kubeconfig: Path, namespace: str) -> AsyncIterator[kube.Store]:
    async with kube.connect(namespace=namespace, secret=SECRET, kubeconfig=kubeconfig) as store:
        yield store


async def _bundle(store: kube.Store) -> Bundle:
    data = (await store.read()).data
    assert data is not None
    return bundle.parse(data)


async def _keep_calling(admin: Kube, namespace: str) -> None:
    while True:
        await _call(admin, namespace)


async def _until_called(admin: Kube, namespace: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                return await _call(admin, namespace)
            except errors.KubeError:
                await asyncio.sleep(0.05)


async def _call(admin: Kube, namespace: str) -> None:
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-", "namespace": namespace}}
    await admin.create(CONFIG_MAPS, thing, dry_run=True)


def _configuration(url: str, namespace: str) -> dict[str, object]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    webhook = {
        "name": "real-calls.clusterdesk.dev",
        "clientConfig": {"url": url},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }
    return {
        "apiVersion": CONFIGURATIONS.api_version,
        "kind": CONFIGURATIONS.kind,
        "metadata": {"name": NAME, "labels": kube.PART_OF},
        "webhooks": [webhook],
    }
