"""How kubectl shows what the door says: the real kubectl, the real API server, word for word in `tests/golden/`.

`UPDATE_GOLDEN=1` writes `answers.txt` anew; read the diff. The page of all policies quotes it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning.manifest import Manifest
from provisioning.resources import HELM_RELEASES, TENANT_CLUSTERS
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, shared_desk

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

GOLDEN = Path(__file__).parents[1] / "golden" / "answers.txt"
HARD = {"clusters": 5, "nodes": 12, "vcpu": 24}
LARGE = {"pools": [{"name": "md0", "flavor": "small", "replicas": 30}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with shared_desk(control_plane, tmp_path_factory, hard=HARD, replicas=1) as desk:
        yield desk


class Terminal:
    """Somebody's kubectl. What it shows is written down, with the test's own names told as people's."""

    def __init__(self, desk: Desk, user: str) -> None:
        self._desk = desk
        self._program = str(desk.plane.binaries["kubectl"])
        self._kubeconfig = str(desk.plane.kubeconfig_for(user, ["webhook-testers"]))

    async def apply(self, manifest: Manifest) -> str:
        return await self._run("apply -f -", json.dumps(manifest))

    async def do(self, words: str) -> str:
        return await self._run(words)

    async def _run(self, words: str, typed: str = "") -> str:
        where = ("--kubeconfig", self._kubeconfig, "-n", self._desk.namespace)
        process = await asyncio.create_subprocess_exec(
            self._program,
            *where,
            *words.split(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        shown, _ = await process.communicate(typed.encode())
        return f"$ kubectl {self._told(words)}\n{self._told(shown.decode())}"

    def _told(self, text: str) -> str:
        return text.replace(self._desk.namespace, "tenant-blue").replace(self._desk.tenant, "blue")


async def test_what_kubectl_shows_is_what_we_think_it_shows(desk: Desk) -> None:
    ann, eve = Terminal(desk, "ann"), Terminal(desk, "eve")
    shop = {"version": "v1.33.4", "pools": [{"name": "md0", "flavor": "small", "replicas": 6}]}
    more = '{"spec":{"pools":[{"name":"md0","flavor":"small","replicas":20}]}}'
    odd = {"version": "v1.2.3", "pools": [{"name": "md0", "flavor": "huge", "replicas": 1}]}
    chart = {"spec": {"chart": "cluster-autoscaler", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}
    release = {"interval": "5m", "kubeConfig": {"secretRef": {"name": "shop-kubeconfig"}}, "chart": chart}
    shown = {
        "wrong in itself": [await ann.apply(desk.new(TENANT_CLUSTERS, "odd", odd))],
        "no room, and what would fit": [
            await ann.apply(desk.new(TENANT_CLUSTERS, "shop", shop)),
            await ann.apply(desk.new(TENANT_CLUSTERS, "web", LARGE)),
        ],
        "no room for more": [await ann.do(f"patch tenantcluster shop --type=merge -p {more}")],
        "admitted, and close to the limit": [
            await ann.apply(desk.new(TENANT_CLUSTERS, "web", {"pools": [{**LEAN["pools"][0], "replicas": 3}]}))
        ],
        "wrong in itself, and no room either": [await ann.apply(desk.new(TENANT_CLUSTERS, "odd", odd))],
        "in the wrong place": [await ann.apply(desk.new(HELM_RELEASES, "scaler", release))],
        "nobody's to write": [await eve.do(f"-n {SYSTEM} delete tenantledgers/{desk.tenant}")],
        "a tenant's end by the wrong hands": [await eve.do(f"delete namespace {desk.namespace}")],
    }
    budget = {"namespace": "shop", "name": "cart", "expected": 1, "healthy": 1, "needed": 1}
    seen = {"status": {"precheck": {"checkedAt": "2026-08-03T11:40:00Z", "budgets": [budget]}}}
    await desk.admin.merge(TENANT_CLUSTERS, "shop", seen, namespace=desk.namespace, subresource="status")
    newer = '{"spec":{"version":"v1.34.2"}}'
    shown["an upgrade, and what it runs into"] = [await ann.do(f"patch tenantcluster shop --type=merge -p {newer}")]
    await desk.policy(approval={"required": 1})
    shown["not approved, and no room either"] = [await ann.apply(desk.new(TENANT_CLUSTERS, "big", LARGE))]
    text = "\n".join(f"# {title}\n{''.join(parts)}" for title, parts in shown.items())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


async def test_a_whole_collection_is_deleted_by_one_request(desk: Desk) -> None:
    await desk.policy(approval={"required": 0}, quota={"hard": {"clusters": 9, "nodes": 99, "vcpu": 99}})
    await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "last", LEAN))
    await desk.admin.call("DELETE", TENANT_CLUSTERS.path(namespace=desk.namespace))
    assert (await desk.admin.list(TENANT_CLUSTERS, namespace=desk.namespace)).items == []
