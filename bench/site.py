"""Where the benchmark happens: a real control plane on loopback with every CRD, provisioners in processes of their own.

No controllers of Cluster API run here, nor webhooks of ours: what is measured is the provisioner and the API server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bench import sample
from playground import apply, binaries, management
from playground.controlplane import ControlPlane
from playground.ports import Ports
from playground.processes import Child, Processes, answers
from playground.progress import Steps
from provisioning.kube import Kube
from provisioning.manifest import Manifest

USER = "clusterdesk-bench"
FLOW = "global-default"
"""The API server's flow schema of plain users; nobody else uses it here, so what it counts is the provisioner's."""
DISPATCHED = "apiserver_flowcontrol_dispatched_requests_total"
AT_ONCE = 8


@dataclass(frozen=True)
class Reading:
    """What the provisioner, and the API server of it, have counted up to a moment."""

    cpu_seconds: float
    memory: float
    looks: float
    """Looks at clusters that have ended."""
    requests: float
    """Requests the API server got from the provisioner, each watch counted once."""


@dataclass
class Provisioner:
    """One provisioner in a process of its own."""

    child: Child
    url: str
    began: float

    async def numbers(self) -> dict[str, float]:
        return await numbers(self.url)


@dataclass(eq=False)
class Site:
    """The control plane, and what may be done to it. `kube` may do anything."""

    plane: ControlPlane
    kube: Kube
    processes: Processes
    steps: Steps
    folder: Path
    _count: int = field(default=0)

    @contextlib.asynccontextmanager
    async def provisioner(self, *, probes: bool, probe_seconds: float = 600.0) -> AsyncIterator[Provisioner]:
        """Start one, wait until it leads, and end it as Kubernetes does."""
        self._count += 1
        port = Ports(self.plane.state / "ports.json")[f"provisioner-{self._count}"]
        environment = {
            **os.environ,
            "CLUSTERDESK_KUBECONFIG": str(self.plane.kubeconfig_for(USER)),
            "CLUSTERDESK_NAMESPACE": sample.SYSTEM,
            "CLUSTERDESK_HEALTH_PORT": str(port),
            "CLUSTERDESK_PROBE_TENANTS": str(probes),
            "CLUSTERDESK_PROBE_SECONDS": str(probe_seconds),
            "CLUSTERDESK_LOG_LEVEL": "WARNING",
        }
        began = time.monotonic()
        command = [sys.executable, "-m", "provisioning"]
        child = self.processes.start(f"provisioner-{self._count}", command, environment=environment, tier=5)
        provisioner = Provisioner(child, f"http://127.0.0.1:{port}", began)
        try:
            await answers(child, f"{provisioner.url}/readyz", timeout=300)
            yield provisioner
        finally:
            await self.processes.stop(child.name)

    async def read(self, provisioner: Provisioner) -> Reading:
        own, page = await provisioner.numbers(), await self.kube.text("/metrics", timeout=60)
        # All of the API server's page would take seconds to read, on a core that is then missing to who is measured.
        server = _numbers("".join(line for line in page.splitlines(keepends=True) if line.startswith(DISPATCHED)))
        dispatched = (v for name, v in server.items() if f"'{FLOW}'" in name)
        return Reading(
            cpu_seconds=own["process_cpu_seconds_total"],
            memory=own["process_resident_memory_bytes"],
            looks=sum(v for name, v in own.items() if name.startswith("clusterdesk_work_total") and "clusters" in name),
            requests=sum(dispatched),
        )

    async def together(self, work: Iterable[Awaitable[object]]) -> None:
        """All of it, a few at a time."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(one: Awaitable[object]) -> None:
            async with gate:
                await one

        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(gated(one))


@contextlib.asynccontextmanager
async def site(folder: Path, steps: Steps) -> AsyncIterator[Site]:
    """A control plane in `folder` while the block lasts, with a catalog and a tenant. There may be several."""
    found = binaries.ensure(environ=os.environ, steps=steps)
    processes = Processes(folder / "logs")
    try:
        plane = await management.start_control_plane(processes, found, folder / "state", steps=steps)
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
            await apply.put(kube, [*sample.grounds(), may_do_anything(USER)])
            yield Site(plane, kube, processes, steps, folder)
    finally:
        await processes.stop()


async def numbers(url: str) -> dict[str, float]:
    """What a program of ours has counted, by name and labels."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        return _numbers(await answer.text())


async def eventually(look: Callable[[], Awaitable[bool]], *, seconds: float, what: str) -> None:
    """Wait until `look` says so."""
    deadline = time.monotonic() + seconds
    while not await look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about within {seconds:.0f} s")
        await asyncio.sleep(0.2)


def _numbers(text: str) -> dict[str, float]:
    """`name{labels}` -> value, of a page in Prometheus' format."""
    return {
        f"{s.name}{sorted(s.labels.items())}" if s.labels else s.name: s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def may_do_anything(user: str) -> Manifest:
    """Every right of RBAC for a plain user."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
