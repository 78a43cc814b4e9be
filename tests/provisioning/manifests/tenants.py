"""A tenant's real API server, for what is put into tenants."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.simulated.tenants import Tenants
from provisioning.kube import Kube


@pytest_asyncio.fixture
async def tenant(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kube]:
    """An administrator's connection to a tenant that nothing was put into yet."""
    state = tmp_path_factory.mktemp("tenant")
    processes = Processes(state / "logs")
    servers = Tenants(processes, control_plane.binaries["kube-apiserver"], control_plane.etcd_url, state)
    uid = secrets.token_hex(8)
    try:
        server = await servers.ensure(uid, services="10.95.0.0/16", names=(), known_ca={})
        path = state / "admin.kubeconfig"
        path.write_text(server.kubeconfig)
        async with await Kube.connect(kubeconfig=path) as kube:
            yield kube
        await servers.remove(uid)
    finally:
        await servers.close()
        await processes.stop()
