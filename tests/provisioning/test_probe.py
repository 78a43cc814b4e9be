"""Tenants' API servers are looked at over real TLS, in the background, and not more often than need be."""

from __future__ import annotations

import asyncio
import base64
import gc
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
import pytest_asyncio
import trustme
import yaml
from aiohttp import web

from provisioning import access, errors
from provisioning.manifest import Key, Manifest
from provisioning.probe import NOT_YET, Answer, Pace, Probe
from provisioning.resources import Resource
from tests.provisioning.waiting import until

KEY = ("team-a", "web")
QUICK = Pace(content=0.3, eager=0.05, most=0.1, timeout=0.4)


CLOUD_TAINT = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}


def pod(app: str, ready: str, *, waiting: str = "") -> Manifest:
    status: Manifest = {"conditions": [{"type": "Ready", "status": ready}]}
    if waiting:
        status["containerStatuses"] = [{"state": {"waiting": {"reason": waiting}}}]
    return {"metadata": {"name": f"{app}-x", "labels": {"k8s-app": app}}, "status": status}


@dataclass
class Tenant:
    """A tenant's API server: three paths, behind TLS with an authority of its own."""

    kubeconfig: str = ""
    nodes: list[str] = field(default_factory=list)
    tainted: list[str] = field(default_factory=list)
    """Names of Nodes that no cloud controller manager has taken over."""
    pods: list[Manifest] = field(default_factory=list)
    asked: int = 0
    hangs: bool = False
    halts: bool = False
    """Whether it stops in the middle of its list of Nodes."""
    token: str = "secret"
    instead: Callable[[], web.StreamResponse] | None = None
    """What it answers when it is asked for Nodes, if it is no API server at all."""
    elsewhere: int = 0
    """How often somebody came by a path that no API server has."""

    async def readyz(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.headers["Authorization"] != f"Bearer {self.token}":
            return web.Response(status=401)
        if self.hangs:
            await asyncio.sleep(30)
        return web.Response(text="ok")

    async def list_nodes(self, request: web.Request) -> web.StreamResponse:
        if self.halts:
            begun = web.StreamResponse()
            await begun.prepare(request)
            await begun.write(b'{"metadata":')
            await asyncio.sleep(30)
        if self.instead is not None:
            return self.instead()
        items = [
            {
                "metadata": {"name": f"n{number}"},
                "spec": {"taints": [CLOUD_TAINT] if f"n{number}" in self.tainted else []},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }
            for number, ready in enumerate(self.nodes)
        ]
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": items})

    async def inside(self, _: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})

    async def list_pods(self, request: web.Request) -> web.Response:
        assert "kube-dns" in request.query["labelSelector"]
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": self.pods})


class Secrets:
    """The management cluster, as far as the probe cares."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.there = True
        self.trouble: Exception | None = None
        self.read = 0

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        assert (namespace, name) == ("team-a", "web-kubeconfig")
        self.read += 1
        if self.trouble is not None:
            raise self.trouble
        value = base64.b64encode(self.tenant.kubeconfig.encode()).decode()
        return {"data": {"value": value}} if self.there else None


class Everybodys(Secrets):
    """The management cluster of many tenants: at the addresses of those that hang nobody ever answers."""

    def __init__(self, tenant: Tenant, silent: socket.socket) -> None:
        super().__init__(tenant)
        self.silent = silent

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        text = yaml.safe_load(self.tenant.kubeconfig)
        if name.startswith("hangs"):
            text["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self.silent.getsockname()[1]}"
        return {"data": {"value": base64.b64encode(yaml.safe_dump(text).encode()).decode()}}


@pytest_asyncio.fixture
async def tenant() -> AsyncIterator[Tenant]:
    found = Tenant()
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    app = web.Application()
    app.router.add_get("/readyz", found.readyz)
    app.router.add_get("/api/v1/nodes", found.list_nodes)
    app.router.add_get("/inside", found.inside)
    app.router.add_get("/api/v1/namespaces/kube-system/pods", found.list_pods)
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
    secrets = Secrets(tenant)
    probe = Probe(secrets, changed=lambda _: None, pace=replace(QUICK, content=1.5))
    tenant.nodes = ["True"]
    await settled(probe, Answer("", 1), nodes=1)
    asked = tenant.asked
    await asyncio.sleep(0.2)
    assert tenant.asked == asked
    # Nobody has to come by for that: it is asked again, and with the credentials that worked.
    await until(lambda: tenant.asked == asked + 2)
    assert secrets.read == 1
    await probe.close()


async def test_a_sign_of_change_has_it_asked_at_once(tenant: Tenant) -> None:
    told: list[Key] = []
    probe = Probe(Secrets(tenant), changed=told.append, pace=replace(QUICK, content=60))
    tenant.nodes = ["True"]
    await until(lambda: probe.answer(KEY, nodes=1, sign="up") == Answer("", 1))
    tenant.nodes = ["False"]
    told.clear()
    probe.answer(KEY, nodes=1, sign="down")
    await until(lambda: told == [KEY])
    assert probe.answer(KEY, nodes=1, sign="down") == Answer("", 0)
    await probe.close()


async def test_showers_of_signs_do_not_make_a_shower_of_questions(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(30):
        probe.answer(KEY, nodes=0, sign=number)
        await asyncio.sleep(0.01)
    assert tenant.asked <= 1 + (loop.time() - began) / (0.8 * QUICK.eager)
    await probe.close()


async def test_whom_nobody_cares_about_any_more_is_asked_no_more(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    await settled(probe, Answer("", 0))
    probe.forget(KEY)
    asked = tenant.asked
    await asyncio.sleep(0.5)
    assert tenant.asked == asked


async def test_credentials_that_were_changed_are_read_anew_before_anybody_is_alarmed(tenant: Tenant) -> None:
    told: list[Key] = []
    probe, secrets = probe_of(tenant, told)
    await settled(probe, Answer("", 0))
    told.clear()
    tenant.token = "another"
    tenant.kubeconfig = tenant.kubeconfig.replace("token: secret", "token: another")
    asked = tenant.asked
    await until(lambda: tenant.asked >= asked + 2)
    assert secrets.read == 2
    assert told == []
    await probe.close()


async def test_a_management_cluster_that_is_down_says_nothing_of_the_tenant(tenant: Tenant) -> None:
    told: list[Key] = []
    probe = Probe(secrets := Secrets(tenant), changed=told.append, pace=replace(QUICK, trust=0))
    await settled(probe, Answer("", 0))
    told.clear()
    secrets.trouble = errors.Unavailable("restarting")
    read = secrets.read
    await until(lambda: secrets.read > read + 1)
    assert told == []
    assert probe.answer(KEY, nodes=0) == Answer("", 0)
    await probe.close()


async def test_a_management_cluster_that_lets_nobody_read_credentials_is_not_taken_for_one_that_is_down(
    tenant: Tenant,
) -> None:
    probe, secrets = probe_of(tenant)
    secrets.trouble = errors.Forbidden("secrets is forbidden")
    await until(lambda: probe.answer(KEY, nodes=1).obstacle == "its kubeconfig may not be read: secrets is forbidden")
    secrets.trouble = None
    await until(lambda: not probe.answer(KEY, nodes=1).obstacle)
    await probe.close()


async def test_tenants_that_hang_do_not_keep_the_others_waiting(tenant: Tenant) -> None:
    pace = Pace(content=0.2, eager=0.02, most=0.02, timeout=0.5, at_once=1)
    told: list[Key] = []
    hanging = [("team-a", f"hangs-{number}") for number in range(6)]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        probe = Probe(Everybodys(tenant, silent), changed=told.append, pace=pace)
        for key in hanging:
            probe.answer(key, nodes=0)
        await until(lambda: set(told) == set(hanging))
        began = asyncio.get_running_loop().time()
        await settled(probe, Answer("", 0))
        # They go on hanging meanwhile, one after the other, half a second each.
        assert asyncio.get_running_loop().time() - began < 2.0
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


async def test_whatever_ended_the_questions_they_begin_again(tenant: Tenant) -> None:
    probe, secrets = probe_of(tenant)
    secrets.trouble = MemoryError()
    probe.answer(KEY, nodes=0)
    await until(lambda: secrets.read)
    secrets.trouble = None
    await settled(probe, Answer("", 0))
    await probe.close()


def redirection() -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/inside"})


def flood() -> web.StreamResponse:
    more = "x" * access.ANSWERS
    return web.json_response({"metadata": {"resourceVersion": "1"}, "items": [], "more": more})


STRANGE: list[object] = [[], 7, {}, {"metadata": 1, "items": [1]}, {"metadata": {}, "items": [{"metadata": {}}]}]


@pytest.mark.parametrize(
    "instead",
    [redirection, flood, *(partial(web.json_response, content) for content in STRANGE)],
)
async def test_whoever_only_poses_as_an_api_server_gets_nothing_and_breaks_nothing(
    tenant: Tenant, instead: Callable[[], web.StreamResponse]
) -> None:
    # Who may write Secrets may write a kubeconfig that leads to a server of their own.
    probe, _ = probe_of(tenant)
    tenant.instead = instead
    await settled(probe, Answer("its API server does not answer"))
    assert tenant.elsewhere == 0
    tenant.instead, tenant.nodes = None, ["True"]
    await settled(probe, Answer("", 1))
    await probe.close()


async def test_a_line_is_not_left_open_when_an_answer_stops_in_its_middle(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.halts = True
    await settled(probe, Answer("its API server does not answer"))
    await probe.close()
    # What is left open says so when it is collected, and every warning is an error here.
    gc.collect()


async def test_a_server_with_another_authority_is_not_trusted(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    stranger = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    content = yaml.safe_load(tenant.kubeconfig)
    content["clusters"][0]["cluster"]["certificate-authority-data"] = stranger
    tenant.kubeconfig = yaml.safe_dump(content)
    await settled(probe, Answer("its API server does not answer"))
    assert tenant.asked == 0
    await probe.close()


async def test_nodes_that_nobody_has_taken_over_are_named(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.nodes, tenant.tainted = ["True", "True"], ["n1"]
    await settled(probe, Answer("", 2, uninitialised=("n1",)), nodes=2)
    tenant.tainted = []
    await settled(probe, Answer("", 2), nodes=2)
    await probe.close()


async def test_dns_and_network_are_down_when_none_of_their_pods_is_ready(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.nodes = ["True"]
    tenant.pods = [
        pod("kube-dns", "False", waiting="ImagePullBackOff"),
        pod("kube-dns", "False"),
        pod("cilium", "True"),
    ]
    await settled(probe, Answer("", 1, unready=("kube-dns: 0 of 2 Pods are ready (ImagePullBackOff)",)), nodes=1)
    tenant.pods[1] = pod("kube-dns", "True")
    await settled(probe, Answer("", 1), nodes=1)
    await probe.close()


async def test_pods_that_have_no_node_to_run_on_are_nothing_wrong(tenant: Tenant) -> None:
    probe, _ = probe_of(tenant)
    tenant.nodes, tenant.pods = [], [pod("kube-dns", "False")]
    await settled(probe, Answer("", 0))
    await probe.close()
