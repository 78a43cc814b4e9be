"""Tenants' API servers are looked at over real TLS, in the background, and not more often than need be."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio
import trustme
import yaml
from aiohttp import web

from provisioning.kube import Manifest
from provisioning.probe import NOT_YET, Answer, Key, Pace, Probe
from provisioning.resources import Resource
from tests.provisioning.waiting import until

KEY = ("team-a", "web")
QUICK = Pace(content=0.3, eager=0.05, timeout=0.4)


@dataclass
class Tenant:
    """A tenant's API server: two paths, behind TLS with an authority of its own."""

    kubeconfig: str = ""
    nodes: list[str] = field(default_factory=list)
    asked: int = 0
    hangs: bool = False

    async def readyz(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(30)
        return web.Response(text="ok")

    async def list_nodes(self, _: web.Request) -> web.Response:
        items = [
            {"metadata": {"name": f"n{number}"}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}
            for number, ready in enumerate(self.nodes)
        ]
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": items})


class Secrets:
    """The management cluster, as far as the probe cares."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.there = True

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        assert (namespace, name) == ("team-a", "web-kubeconfig")
        value = base64.b64encode(self.tenant.kubeconfig.encode()).decode()
        return {"data": {"value": value}} if self.there else None


@pytest_asyncio.fixture
async def tenant() -> AsyncIterator[Tenant]:
    found = Tenant()
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    app = web.Application()
    app.router.add_get("/readyz", found.readyz)
    app.router.add_get("/api/v1/nodes", found.list_nodes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    found.kubeconfig = yaml.safe_dump(
        {
            "current-context": "web",
            "contexts": [{"name": "web", "context": {"cluster": "web", "user": "admin"}}],
            "clusters": [
                {
                    "name": "web",
                    "cluster": {
                        "server": f"https://127.0.0.1:{runner.addresses[0][1]}",
                        "certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode(),
                    },
                }
            ],
            "users": [{"name": "admin", "user": {"token": "secret"}}],
        }
    )
    yield found
    await runner.cleanup()


def probe_of(tenant: Tenant, told: list[Key] | None = None) -> tuple[Probe, Secrets]:
    secrets = Secrets(tenant)
    return Probe(secrets, changed=(told if told is not None else []).append, pace=QUICK), secrets


async def settled(probe: Probe, wanted: Answer, *, nodes: int = 0) -> None:
    await until(lambda: probe.answer(KEY, nodes=nodes) == wanted)


async def test_it_never_waits_and_tells_when_it_knows(tenant: Tenant) -> None:
    told: list[Key] = []
    probe, _ = probe_of(tenant, told)
    tenant.nodes = ["True", "False"]
    assert probe.answer(KEY, nodes=2) == NOT_YET
    await until(lambda: told == [KEY])
    assert probe.answer(KEY, nodes=2) == Answer("", nodes_ready=1)
    await probe.close()


async def test_a_tenant_that_is_well_is_left_alone_for_a_while(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.nodes = ["True"]
    await settled(probe, Answer("", 1), nodes=1)
    asked = tenant.asked
    for _ in range(10):
        probe.answer(KEY, nodes=1)
        await asyncio.sleep(0.01)
    assert tenant.asked == asked
    await asyncio.sleep(0.3)
    probe.answer(KEY, nodes=1)
    await until(lambda: tenant.asked == asked + 1)
    await probe.close()


async def test_a_tenant_with_too_few_nodes_is_asked_again_soon(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    await settled(probe, Answer("", 0), nodes=1)
    tenant.nodes = ["True"]
    await settled(probe, Answer("", 1), nodes=1)
    await probe.close()


async def test_a_tenant_that_hangs_is_given_up_and_costs_nobody_else(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.hangs = True
    await settled(probe, Answer("its API server does not answer"))
    await probe.close()


async def test_a_missing_or_strange_kubeconfig_is_said_in_words(tenant: Tenant) -> None:
    probe, secrets = probe_of(tenant)
    secrets.there = False
    await settled(probe, Answer("its kubeconfig is not there"))
    secrets.there, tenant.kubeconfig = True, "exec: me"
    await until(lambda: "cannot be used" in probe.answer(KEY, nodes=0).obstacle)
    await probe.close()


async def test_a_server_with_another_authority_is_not_trusted(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    stranger = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    content = yaml.safe_load(tenant.kubeconfig)
    content["clusters"][0]["cluster"]["certificate-authority-data"] = stranger
    tenant.kubeconfig = yaml.safe_dump(content)
    await settled(probe, Answer("its API server does not answer"))
    assert tenant.asked == 0
    await probe.close()
