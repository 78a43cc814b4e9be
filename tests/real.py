"""The real control plane for tests: etcd, kube-apiserver, kube-controller-manager and Cluster API, once per session.

Asking for one of these fixtures builds what is missing (minutes, the first time) or fails with a sentence; nothing is
skipped. Tests share the control plane, so each works in a namespace of its own and cleans up what has none.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply, binaries, controlplane, management
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.progress import Steps
from provisioning.kube import Kube
from provisioning.resources import NAMESPACES
from tests import older_apis


@pytest.fixture(scope="session")
def control_plane_binaries() -> Binaries:
    """Every program of the playground, built if need be."""
    with Steps() as steps:
        return binaries.ensure(environ=os.environ, steps=steps)


@pytest.fixture(scope="session")
def control_plane_processes(tmp_path_factory: pytest.TempPathFactory) -> Processes:
    """What the session's control plane consists of; its logs are in the session's temporary folder."""
    return Processes(tmp_path_factory.mktemp("control-plane-logs"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def control_plane(
    control_plane_binaries: Binaries,
    control_plane_processes: Processes,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ControlPlane]:
    """etcd, API server and controllers, with every CRD served."""
    state = tmp_path_factory.mktemp("control-plane")
    try:
        yield await management.start_control_plane(
            control_plane_processes, control_plane_binaries, state, steps=Steps()
        )
    finally:
        await control_plane_processes.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster_api(control_plane: ControlPlane, control_plane_processes: Processes) -> ControlPlane:
    """The same control plane, with Cluster API's managers at work and their webhooks registered."""
    await management.start_cluster_api(control_plane_processes, control_plane, environ=os.environ, steps=Steps())
    return control_plane


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def older_control_plane(
    control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ControlPlane]:
    """Another one, of the older generation of Cluster API's APIs: it serves nothing newer. No manager is at work."""
    processes = Processes(tmp_path_factory.mktemp("older-control-plane-logs"))
    try:
        plane = await controlplane.start(processes, control_plane_binaries, tmp_path_factory.mktemp("older"))
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
            await apply.define(kube, older_apis.crds(control_plane_binaries))
        yield plane
    finally:
        await processes.stop()


@pytest_asyncio.fixture
async def admin(control_plane: ControlPlane) -> AsyncIterator[Kube]:
    """A client that may do anything."""
    async with await Kube.connect(kubeconfig=control_plane.kubeconfig) as kube:
        yield kube


@pytest_asyncio.fixture
async def namespace(admin: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own."""
    async with fresh_namespace(admin) as name:
        yield name


@asynccontextmanager
async def fresh_namespace(kube: Kube) -> AsyncIterator[str]:
    """It is deleted afterwards, without waiting for it."""
    name = f"test-{secrets.token_hex(4)}"
    await apply.put(kube, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    yield name
    await kube.delete(NAMESPACES, name)


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> tuple[Path, Path]:
    """The kubectl program and the administrator's kubeconfig."""
    return control_plane.binaries["kubectl"], control_plane.kubeconfig
