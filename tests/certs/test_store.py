"""What every store promises; the fake in memory and a real API server answer alike."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from certs import errors, injection, kube
from certs.injection import Target
from certs.ports import Store
from playground.controlplane import ControlPlane
from provisioning.kube import Kube
from provisioning.resources import Resource
from tests.certs.fakes import FakeStore

NAME = "certs-contract"
WEBHOOKS = ("one.clusterdesk.dev", "two.clusterdesk.dev")
PEM = b"-----BEGIN CERTIFICATE-----\nnot looked into here\n-----END CERTIFICATE-----\n"
CONFIGURATIONS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)


class Contract:
    """The promises. A subclass gives the `store`, with no Secret and one configuration called `NAME`."""

    async def test_secret_that_does_not_exist_is_none_and_the_time_is_told(self, store: Store) -> None:
        snapshot = await store.read()
        assert (snapshot.data, snapshot.version) == (None, None)
        assert snapshot.now.tzinfo is not None

    async def test_secret_is_created_once_and_who_comes_second_learns_it(self, store: Store) -> None:
        outcomes = await asyncio.gather(
            *(store.write({"ca.crt": bytes([i])}, version=None) for i in range(3)), return_exceptions=True
        )
        assert sorted(str(type(o).__name__) for o in outcomes) == ["Conflict", "Conflict", "NoneType"]

    async def test_secret_is_replaced_whole_and_only_from_the_version_that_was_read(self, store: Store) -> None:
        await store.write({"ca.crt": b"1", "ca-old.key": b"secret"}, version=None)
        first = await store.read()
        await store.write({"ca.crt": b"2"}, version=first.version)
        assert (await store.read()).data == {"ca.crt": b"2"}
        with pytest.raises(errors.Conflict):
            await store.write({"ca.crt": b"3"}, version=first.version)

    async def test_patch_reaches_every_webhook_of_a_configuration(self, store: Store) -> None:
        target = await _target(store)
        assert len(target.fields) == 2
        await store.patch(target, injection.patch(target, PEM))
        after = await _target(store)
        assert injection.holds(after, PEM)
        assert after.version != target.version

    async def test_patch_of_a_target_that_changed_since_is_a_conflict(self, store: Store) -> None:
        target = await _target(store)
        await store.patch(target, injection.patch(target, PEM))
        with pytest.raises(errors.Conflict):
            await store.patch(target, injection.patch(target, PEM + PEM))


class TestFake(Contract):
    @pytest.fixture
    def store(self) -> Store:
        fake = FakeStore()
        fake.put_configuration(NAME, *WEBHOOKS)
        return fake


class TestReal(Contract):
    @pytest.fixture
    async def store(self, control_plane: ControlPlane, admin: Kube, namespace: str) -> AsyncIterator[Store]:
        await admin.create(CONFIGURATIONS, _configuration())
        async with kube.connect(namespace=namespace, secret="certs", kubeconfig=control_plane.kubeconfig) as store:
            yield store
        await admin.delete(CONFIGURATIONS, NAME)

    async def test_secret_in_a_namespace_that_is_not_there_is_an_error_that_names_it(
        self, control_plane: ControlPlane
    ) -> None:
        absent = f"absent-{uuid.uuid4().hex[:8]}"
        async with kube.connect(namespace=absent, secret="certs", kubeconfig=control_plane.kubeconfig) as store:
            with pytest.raises(errors.StoreError, match=absent) as raised:
                await store.write({"ca.crt": b""}, version=None)
        assert not isinstance(raised.value, errors.Conflict)

    async def test_person_without_rights_is_told_which_right_is_missing(self, control_plane: ControlPlane) -> None:
        nobody = control_plane.kubeconfig_for("nobody-in-particular")
        async with kube.connect(namespace="default", secret="certs", kubeconfig=nobody) as store:
            with pytest.raises(errors.Forbidden, match="secrets"):
                await store.read()

    async def test_patch_of_a_configuration_that_was_deleted_is_a_conflict(self, admin: Kube, store: Store) -> None:
        target = await _target(store)
        await admin.delete(CONFIGURATIONS, NAME)
        with pytest.raises(errors.Conflict):
            await store.patch(target, injection.patch(target, PEM))
        await admin.create(CONFIGURATIONS, _configuration())


async def test_api_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with kube.connect(namespace="default", secret="certs", kubeconfig=_kubeconfig(tmp_path, address)) as store:
        with pytest.raises(errors.Unavailable, match="no answer"):
            await store.read()


@pytest.mark.parametrize("page", ["<html>the page of a proxy</html>", "[]", ""])
async def test_what_no_api_server_answers_is_unavailable(tmp_path: Path, page: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=page)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with kube.connect(namespace="default", secret="certs", kubeconfig=_kubeconfig(tmp_path, address)) as store:
        for ask in (store.read, store.targets):
            with pytest.raises(errors.Unavailable, match="the answer is no"):
                await ask()
    await runner.cleanup()


def _kubeconfig(folder: Path, address: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(
        '{"apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{"name": "u", "user": {}}],'
        f' "clusters": [{{"name": "k", "cluster": {{"server": "{address}"}}}}],'
        ' "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}]}'
    )
    return path


async def _target(store: Store) -> Target:
    """The configuration of this test; other tests may have their own in the same API server."""
    found: Sequence[Target] = await store.targets()
    (ours,) = (target for target in found if target.path.endswith(f"/{NAME}"))
    return ours


def _configuration() -> dict[str, object]:
    rule = {"apiGroups": ["contract.invalid"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}
    webhook = {
        "clientConfig": {"service": {"name": "desk", "namespace": "default"}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "rules": [rule],
    }
    return {
        "apiVersion": CONFIGURATIONS.api_version,
        "kind": CONFIGURATIONS.kind,
        "metadata": {"name": NAME, "labels": kube.PART_OF},
        "webhooks": [{"name": name, **webhook} for name in WEBHOOKS],
    }
