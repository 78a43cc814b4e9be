"""A control plane that these tests may maltreat: restarted, stripped of kinds, refusing. Nobody else's."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from playground import apply, management
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.progress import Steps
from provisioning import names, resources
from provisioning.kube import Kube
from tests import builders
from tests.builders import tweak

SYSTEM = "clusterdesk-system"


@dataclass(frozen=True)
class Plane:
    """The control plane and its processes."""

    control: ControlPlane
    processes: Processes
    folder: Path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plane(control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plane]:
    folder = tmp_path_factory.mktemp("maltreated")
    processes = Processes(folder / "logs")
    try:
        control = await management.start_control_plane(
            processes, control_plane_binaries, folder / "state", steps=Steps()
        )
        yield Plane(control, processes, folder)
    finally:
        await processes.stop()


@pytest_asyncio.fixture
async def kube(plane: Plane) -> AsyncIterator[Kube]:
    """A client that may do anything, and that no fault concerns."""
    async with await Kube.connect(kubeconfig=plane.control.kubeconfig) as connected:
        yield connected


@pytest_asyncio.fixture
async def place(kube: Kube) -> AsyncIterator[str]:
    """A namespace of a tenant of its own, with a catalog. Everything in it goes with the test."""
    name = f"faults-{secrets.token_hex(3)}"
    labels = {names.TENANT_LABEL: name}
    namespaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
    ]
    tenant = tweak(tweak(builders.TENANT, "metadata", {"name": name}), "spec.namespaces", [name])
    tenant = tweak(tenant, "spec.quota.hard", {"clusters": 1000})
    await apply.put(kube, [*namespaces, builders.CATALOG, tenant])
    yield name
    await kube.delete(resources.TENANTS, name)
    await kube.delete(resources.NAMESPACES, name)
