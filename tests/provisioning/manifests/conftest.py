"""A tenant's real API server, for what is put into tenants: one of a test's own, and one that several share."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.simulated.tenants import Tenants
from provisioning.kube import Kube


@pytest_asyncio.fixture
async def tenant(control_plane: ControlPlane, tmp_path: Path) -> AsyncIterator[Kube]:
    """An administrator's connection to a tenant that nothing was put into yet."""
    async with serving(control_plane, tmp_path) as kubeconfig, await Kube.connect(kubeconfig=kubeconfig) as kube:
        yield kube


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_kubeconfig(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Path]:
    """The administrator's, of a tenant that several tests share."""
    async with serving(control_plane, tmp_path_factory.mktemp("tenant")) as kubeconfig:
        yield kubeconfig


@pytest_asyncio.fixture
async def shared_tenant(shared_kubeconfig: Path) -> AsyncIterator[Kube]:
    """A connection to it, for whoever does not mind that the guard may be at work there, and tidies up."""
    async with await Kube.connect(kubeconfig=shared_kubeconfig) as kube:
        yield kube


@contextlib.asynccontextmanager
async def serving(control_plane: ControlPlane, state: Path) -> AsyncIterator[Path]:
    """A tenant of its own while the block lasts: an administrator's kubeconfig."""
    processes = Processes(state / "logs")
    servers = Tenants(processes, control_plane.binaries["kube-apiserver"], control_plane.etcd_url, state)
    uid = secrets.token_hex(8)
    try:
        server = await servers.ensure(uid, services="10.95.0.0/16", names=(), known_ca={})
        path = state / "admin.kubeconfig"
        path.write_text(server.kubeconfig)
        yield path
        await servers.remove(uid)
    finally:
        await servers.close()
        await processes.stop()
