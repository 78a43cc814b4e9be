"""The real API server when nobody answers for the door, or when it is told to ask nobody."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.canary import EVERY_SECONDS, Canary
from provisioning.kube import Kube
from provisioning.resources import NAMESPACES, TENANT_CLUSTERS
from provisioning.trouble import Trouble
from tests import foreign_kinds
from tests.provisioning.waiting import REAL_PATIENCE
from tests.webhooks.test_real import LEAN, REPLICAS, Desk, behind_the_door
from webhooks import registration
from webhooks.kinds import APPLICATIONS


@pytest.fixture
async def desk(control_plane: ControlPlane, admin: Kube, tmp_path: Path) -> AsyncIterator[Desk]:
    """Behind a door that is the test's alone: what they do to it, it does not get over."""
    async with behind_the_door(control_plane, admin, tmp_path) as desk:
        yield desk


async def test_when_nobody_answers_nothing_is_admitted_but_what_is_going_can_go(desk: Desk) -> None:
    made = await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN, finalizers=["a.dev/b"]))
    await desk.admin.delete(TENANT_CLUSTERS, "web", namespace=desk.namespace)
    replicas = list(desk.processes.children.values())
    await desk.processes.stop()
    assert [child.popen.returncode for child in replicas] == [0] * REPLICAS
    with pytest.raises(errors.Unavailable, match="failed calling webhook"):
        await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "other", LEAN))
    passing = f"passing-{secrets.token_hex(3)}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": passing}}
    await desk.admin.create(NAMESPACES, space)
    await desk.admin.delete(NAMESPACES, passing)
    async with foreign_kinds.served(desk.admin, (APPLICATIONS,)):
        await _argo_cd_goes_on(desk.admin)
    status = {"status": {"version": "v1.34.2"}}
    await desk.admin.merge(TENANT_CLUSTERS, "web", status, namespace=desk.namespace, subresource="status")
    await desk.admin.merge(TENANT_CLUSTERS, "web", {"metadata": {"finalizers": None}}, namespace=desk.namespace)
    assert await desk.admin.find(TENANT_CLUSTERS, made["metadata"]["name"], namespace=desk.namespace) is None


async def _argo_cd_goes_on(admin: Kube) -> None:
    """What it installs beside itself may be what brings us back."""
    where, here = {"namespace": "default"}, {"server": "https://kubernetes.default.svc"}
    source = {"repoURL": "https://git.example.org/clusterdesk", "path": "."}
    spec = {"project": "default", "destination": here, "source": source}
    kind = {"apiVersion": APPLICATIONS.api_version, "kind": APPLICATIONS.kind}
    await admin.create(APPLICATIONS, {**kind, "metadata": {"name": "ours", **where}, "spec": spec})
    refreshed = {"annotations": {"argocd.argoproj.io/refresh": "hard"}}
    for change in ({"metadata": refreshed}, {"operation": {"sync": {"revision": "0" * 40}}}):
        await admin.merge(APPLICATIONS, "ours", change, **where)
    away = {"spec": {"destination": {"server": "https://10.0.0.7:6443"}}}
    with pytest.raises(errors.Unavailable, match="failed calling webhook"):
        await admin.merge(APPLICATIONS, "ours", away, **where)
    await admin.delete(APPLICATIONS, "ours", namespace="default")


async def test_the_canary_is_refused_and_finds_out_when_nobody_is_asked_any_more(desk: Desk) -> None:
    canary = Canary(desk.admin, namespace="default")
    assert await canary.look() == EVERY_SECONDS

    await desk.admin.merge(registration.VALIDATING, registration.NAME, {"webhooks": []})
    async with asyncio.timeout(REAL_PATIENCE):
        while canary.trouble() is None:
            await canary.look()

    assert canary.trouble() is Trouble.TAKEN
    assert await desk.admin.find(TENANT_CLUSTERS, "canary", namespace="default") is None
