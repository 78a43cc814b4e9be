"""A tenant that answers is asked to give back what it holds; one that does not is not waited for."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
import trustme
import yaml

from provisioning import resources
from provisioning.farewell import Farewell
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.probe import NOT_YET, Answer
from tests.builders import NAMESPACE, NOW
from tests.fakes.api_server import ApiServer, Fault

KEY = (NAMESPACE, "web")
RUNS = {"status": {"ready": True}}
TIMEOUT = 0.5
HELD = ["service.kubernetes.io/load-balancer-cleanup"]
CLAIM_HELD = ["kubernetes.io/pvc-protection"]


@dataclass
class Probe:
    """What is known of the tenant without asking."""

    known: Answer = Answer("")  # noqa: RUF009 - frozen

    def answer(self, key: Key, *, nodes: int) -> Answer:
        assert (key, nodes) == (KEY, 0)
        return self.known


@dataclass
class Scene:
    tenant: ApiServer
    management: Kube
    probe: Probe

    async def act(self, control_plane: Manifest | None = None, *, seconds: float = 5) -> str:
        """A look so many seconds after the deletion was asked for."""
        now = NOW + timedelta(seconds=seconds)
        looking = Farewell(self.management, probe=self.probe, now=lambda: now, timeout=TIMEOUT)
        return await looking.act(KEY, RUNS if control_plane is None else control_plane, asked=NOW)

    def service(self, name: str, type_: str = "LoadBalancer", finalizers: list[str] = HELD) -> None:
        meta = {"name": name, "namespace": "shop", "finalizers": finalizers}
        self.tenant.put(resources.SERVICES, {"metadata": meta, "spec": {"type": type_}})

    def claim(self, name: str) -> None:
        meta = {"name": name, "namespace": "shop", "finalizers": CLAIM_HELD}
        self.tenant.put(resources.PERSISTENT_VOLUME_CLAIMS, {"metadata": meta, "spec": {}})

    def asked_to_go(self, resource: resources.Resource, name: str) -> bool:
        found = self.tenant.get(resource, name, "shop")
        return found is None or "deletionTimestamp" in found["metadata"]


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(ApiServer(tls=context))
        management = await stack.enter_async_context(ApiServer())
        kube = await stack.enter_async_context(management.kube())
        value = base64.b64encode(_kubeconfig(tenant.url, authority).encode()).decode()
        secret = {"metadata": {"name": "web-kubeconfig", "namespace": NAMESPACE}, "data": {"value": value}}
        management.put(resources.SECRETS, secret)
        yield Scene(tenant, kube, Probe())


def _kubeconfig(server: str, authority: trustme.CA) -> str:
    trust = base64.b64encode(authority.cert_pem.bytes()).decode()
    content = {
        "current-context": "web",
        "contexts": [{"name": "web", "context": {"cluster": "web", "user": "admin"}}],
        "clusters": [{"name": "web", "cluster": {"server": server, "certificate-authority-data": trust}}],
        "users": [{"name": "admin", "user": {"token": "secret"}}],
    }
    return yaml.safe_dump(content)


async def test_load_balancers_and_volumes_are_asked_back_and_waited_for(scene: Scene) -> None:
    scene.service("front")
    scene.service("inside", "ClusterIP")
    scene.claim("one")
    scene.claim("two")
    assert await scene.act() == "the tenant gives back 1 load balancer and 2 volumes"
    assert scene.asked_to_go(resources.SERVICES, "front")
    assert scene.asked_to_go(resources.PERSISTENT_VOLUME_CLAIMS, "two")
    assert not scene.asked_to_go(resources.SERVICES, "inside")
    for resource, name in ((resources.SERVICES, "front"), (resources.PERSISTENT_VOLUME_CLAIMS, "one")):
        scene.tenant.patch(resource, name, "shop", {"metadata": {"finalizers": None}})
    assert await scene.act() == "the tenant gives back 1 volume"
    scene.tenant.patch(resources.PERSISTENT_VOLUME_CLAIMS, "two", "shop", {"metadata": {"finalizers": None}})
    assert await scene.act() == ""


async def test_it_is_waited_for_a_minute_and_no_longer(scene: Scene) -> None:
    scene.service("front")
    assert await scene.act(seconds=59)
    assert await scene.act(seconds=60) == ""


async def test_what_is_going_is_not_asked_twice(scene: Scene) -> None:
    scene.service("front")
    await scene.act()
    await scene.act()
    assert len(scene.tenant.asked("DELETE")) == 1


@pytest.mark.parametrize("control_plane", [{}, {"status": {"ready": False}}, {"spec": {"replicas": 0}, "status": {}}])
async def test_a_tenant_without_an_api_server_or_asleep_is_not_asked(scene: Scene, control_plane: Manifest) -> None:
    scene.service("front")
    assert await scene.act(control_plane) == ""
    assert scene.tenant.requests == []


async def test_a_tenant_that_is_known_to_be_silent_is_not_asked(scene: Scene) -> None:
    scene.probe.known = Answer("its API server does not answer")
    assert await scene.act() == ""
    assert scene.tenant.requests == []


async def test_before_anybody_has_looked_at_the_tenant_it_is_found_out(scene: Scene) -> None:
    scene.probe.known = NOT_YET
    assert "is being found out" in await scene.act()
    assert await scene.act(seconds=61) == ""


async def test_where_tenants_are_not_to_be_asked_they_are_not(scene: Scene) -> None:
    scene.service("front")
    looking = Farewell(scene.management, probe=None, now=lambda: NOW)
    assert await looking.act(KEY, RUNS, asked=NOW) == ""
    assert scene.tenant.requests == []


@pytest.mark.parametrize("fault", [500, 403, Fault.DROPPED, Fault.HTML])
async def test_a_tenant_that_answers_nonsense_is_not_waited_for(scene: Scene, fault: Fault | int) -> None:
    scene.service("front")
    scene.tenant.fail(fault, times=10)
    assert await scene.act() == ""


async def test_a_tenant_that_hangs_costs_one_bounded_look(scene: Scene) -> None:
    scene.tenant.fail(Fault.HANGS)
    began = time.monotonic()
    assert await scene.act() == ""
    assert time.monotonic() - began < 40 * TIMEOUT, "it hangs for a minute"


async def test_a_kubeconfig_that_cannot_be_used_is_no_reason_to_wait(scene: Scene) -> None:
    await scene.management.merge(resources.SECRETS, "web-kubeconfig", {"data": {"value": "eA=="}}, namespace=NAMESPACE)
    assert await scene.act() == ""
