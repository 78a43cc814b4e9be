"""The ledger alone, on the real API server: replicas in processes of their own, each with many who reserve at once.

`python -m bench.admission.ledger KUBECONFIG TENANT WRITERS EACH NAME` is one replica: it says "ready", waits for a
line, and then says how long each reservation took.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import sample
from bench.admission import peers
from bench.admission.load import Sample
from bench.site import Site
from provisioning import logs, loops
from provisioning.batcher import Batcher
from provisioning.kube import Kube
from provisioning.ledger import Claim, Ledger, Slot
from provisioning.ledgers import KubeLedgers
from provisioning.quota import Limits
from provisioning.reservation import Granted, Request
from provisioning.usage import Usage

STANDING: Final = 300
"""Slots that there are before: a tenant with as many pools."""
SECONDS: Final = 9.6
"""What a review has, less what is kept for the way back."""
ONE: Final = Usage(nodes=1)


@dataclass(frozen=True)
class Reservations:
    """What came of it, with so many writers on so many replicas. `errors` is how many were not granted."""

    replicas: int
    writers: int
    sample: Sample
    lost: int
    """Reservations that were granted and are not in the ledger: must be none."""


async def measure(site: Site, account: Kube, *, replicas: int, writers: int, each: int, rounds: int) -> Reservations:
    """`writers` in all reserve `each` time, one after the other, in one ledger; a new one in every round."""
    found, lost = Sample(), 0
    for number in range(rounds):
        sample_, missing = await _round(site, account, f"alone-{replicas}-{number}", replicas, writers, each)
        found.add(sample_)
        lost += missing
    return Reservations(replicas, writers, found, lost)


async def _round(site: Site, account: Kube, tenant: str, replicas: int, writers: int, each: int) -> tuple[Sample, int]:
    store = KubeLedgers(account, sample.SYSTEM)
    await store.create(tenant, _standing())
    kubeconfig = str(site.plane.kubeconfig_for(peers.ACCOUNT))
    command = [sys.executable, "-m", "bench.admission.ledger", kubeconfig, tenant, str(writers // replicas), str(each)]
    pipe = asyncio.subprocess.PIPE
    async with contextlib.AsyncExitStack() as stack:
        children = []
        for number in range(replicas):
            child = await asyncio.create_subprocess_exec(*command, str(number), stdin=pipe, stdout=pipe, limit=2**26)
            stack.push_async_callback(_ended, child)
            children.append(child)
        for child in children:
            await _line(child)
        began = time.perf_counter()
        for child in children:
            assert child.stdin is not None  # noqa: S101 - for the type checker
            child.stdin.write(b"go\n")
        told = [json.loads(await _line(child)) for child in children]
        lasted = time.perf_counter() - began
    refused = sum(one["refused"] for one in told)
    failed = {"not granted": refused} if refused else {}
    found = Sample(took=[took for one in told for took in one["took"]], lasted=lasted, failed=failed)
    stored = (await store.load(tenant)).ledger
    return found, replicas + len(found.took) - refused - (len(stored.slots) - STANDING)


def _standing() -> Ledger:
    slots = {f"standing/{number}": Slot(ONE, f"uid-{number}", "1") for number in range(STANDING)}
    return Ledger(slots)


async def _line(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None  # noqa: S101 - for the type checker
    async with asyncio.timeout(120):
        return await child.stdout.readline()


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


async def replica(kubeconfig: Path, tenant: str, writers: int, each: int, name: str) -> None:
    """One process of it."""
    logs.configure(level="ERROR")  # What is said on standard output is read by who started it.
    loop = asyncio.get_running_loop()
    took: list[float] = []
    refused = 0
    async with await Kube.connect(kubeconfig=kubeconfig) as kube:
        batcher = Batcher(KubeLedgers(kube, sample.SYSTEM), tenant, loop.time)

        async def reserve(slot: str) -> bool:
            request = Request(slot, Claim(ONE, uid=slot), Limits({"nodes": peers.PLENTY}))
            return isinstance(await batcher.reserve(request, deadline=loop.time() + SECONDS), Granted)

        async def write(writer: int) -> None:
            nonlocal refused
            for number in range(each):
                began = loop.time()
                granted = await reserve(f"{name}/{writer}/{number}")
                took.append(loop.time() - began)
                refused += not granted

        await reserve(f"{name}/first")  # That makes the connection.
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        async with asyncio.TaskGroup() as group:
            for writer in range(writers):
                group.create_task(write(writer))
    print(json.dumps({"took": took, "refused": refused}), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loops.quickest()) as runner:  # As the door does.
        runner.run(replica(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
