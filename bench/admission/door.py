"""Our admission door in processes of its own, as many replicas as asked for, and the webhook that decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bench import sample
from bench.admission import peers
from bench.admission.load import Client, Sample
from bench.site import USER, Site, numbers
from playground import apply
from playground.balancer import balanced
from playground.ports import Ports
from playground.processes import Child, answers
from provisioning import errors
from webhooks import registration

ASKED_SECONDS = 60.0
"""How long it may take until the API server asks those whom it was told to ask."""


@dataclass(frozen=True)
class Use:
    """What one replica has used up to a moment."""

    cpu_seconds: float
    memory: float
    """Bytes that are resident."""
    reviews: float


@dataclass(frozen=True)
class Replica:
    """One process. `ready_after` is seconds from its start."""

    child: Child
    port: int
    health: int
    ready_after: float

    async def use(self) -> Use:
        found = await numbers(f"http://127.0.0.1:{self.health}")
        reviews = (value for name, value in found.items() if name.startswith("clusterdesk_admission_requests_total"))
        return Use(found["process_cpu_seconds_total"], found["process_resident_memory_bytes"], sum(reviews))


@contextlib.asynccontextmanager
async def nothing(site: Site, name: str = "nothing") -> AsyncIterator[str]:
    """The webhook that decides nothing, not registered yet. Gives its URL."""
    port = Ports(site.plane.state / "ports.json")[name]
    serving = site.plane.pki.server("tenants")
    command = [sys.executable, "-m", "bench.admission.nothing", str(port), str(serving.certificate), str(serving.key)]
    child = site.processes.start(name, command, tier=4)
    try:
        await _listens(child, port)
        yield f"https://127.0.0.1:{port}"
    finally:
        await site.processes.stop(child.name)


@contextlib.asynccontextmanager
async def open_door(site: Site, *, replicas: int) -> AsyncIterator[Sequence[Replica]]:
    """So many replicas, registered and asked. Several stand behind one address, as behind a Service."""
    ports = Ports(site.plane.state / "ports.json")
    started: list[Replica] = []
    try:
        while len(started) < replicas:
            started.append(await _replica(site, len(started)))
        async with contextlib.AsyncExitStack() as stack:
            front = started[0].port
            if replicas > 1:
                front = ports["front"]
                await stack.enter_async_context(balanced(front, [replica.port for replica in started]))
            await apply.put(site.kube, peers.ours(f"https://127.0.0.1:{front}"))
            try:
                yield started
            finally:
                for kind in (registration.VALIDATING, registration.MUTATING):
                    with contextlib.suppress(errors.NotFound):
                        await site.kube.delete(kind, registration.NAME)
    finally:
        for replica in started:
            await site.processes.stop(replica.child.name)


async def until_asked(client: Client, replicas: Sequence[Replica], where: str) -> None:
    """Until every replica has judged a write in this namespace: the API server hears of a configuration a moment later
    than we write it, and its first call of each makes a connection."""
    before = [(await replica.use()).reviews for replica in replicas]
    deadline = time.monotonic() + ASKED_SECONDS
    number = 0
    while True:
        sample = Sample()
        async with asyncio.TaskGroup() as group:
            for _ in range(4 * len(replicas)):
                number += 1
                group.create_task(client.send(peers.create(where, f"warm-{number}"), sample))
        if sample.errors == 0 and all(
            [(await r.use()).reviews > known for r, known in zip(replicas, before, strict=True)]
        ):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not every replica was asked within {ASKED_SECONDS:.0f} s; last: {sample.failed}")


async def _replica(site: Site, number: int) -> Replica:
    ports = Ports(site.plane.state / "ports.json")
    port, health = ports[f"door-{number}"], ports[f"door-{number}-health"]
    environment = {
        **os.environ,
        "CLUSTERDESK_KUBECONFIG": str(site.plane.kubeconfig_for(peers.ACCOUNT)),
        "CLUSTERDESK_NAMESPACE": sample.SYSTEM,
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health),
        "CLUSTERDESK_HOSTS": "127.0.0.1",
        "CLUSTERDESK_WEBHOOKS_ACCOUNT": peers.ACCOUNT,
        "CLUSTERDESK_PROVISIONER_ACCOUNT": USER,
        "CLUSTERDESK_DRAIN_SECONDS": "0",
        "CLUSTERDESK_LOG_LEVEL": "WARNING",
    }
    began = time.monotonic()
    child = site.processes.start(f"door-{number}", (sys.executable, "-m", "webhooks"), environment=environment, tier=5)
    await answers(child, f"http://127.0.0.1:{health}/readyz", timeout=300)
    return Replica(child, port, health, time.monotonic() - began)


async def _listens(child: Child, port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        if not child.running:
            break
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{child.name} does not listen:\n{child.last_words()}")
