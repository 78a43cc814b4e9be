"""What many clusters cost while nothing happens, how long a fresh leader takes to look at all, and what one look costs.

Clusters are made by a provisioner and are well at once; then a second one starts with the tenants' API servers to ask,
as after a crash. CPU and memory are the process's own, requests are what the API server counted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import sample
from bench.player import playing
from bench.site import Provisioner, Reading, Site, eventually
from playground.errors import PlaygroundError
from provisioning import names, resources
from provisioning.objects import format_time

TOUCHES = 200
"""Changes by which the cost of a look is measured."""
SETTLED_SECONDS = 3.0
BATCH = 25
SECONDS_EACH = 6.0
"""How long the making of one cluster may take at the most, on the busiest of machines."""


class Restless(PlaygroundError):
    """The clusters were not at rest."""


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of one look, with the change that led to it, at a number of clusters."""

    clusters: int
    cpu_milliseconds: float


@dataclass(frozen=True)
class Rest:
    """At rest. `memory` and `peak` are in MiB; `resync_seconds` is from the start of the process."""

    clusters: int
    seconds: float
    cpu_percent: float
    memory: float
    peak: float
    requests_per_minute: float
    resync_seconds: float
    resync_requests: float
    probe_seconds: float


async def measure(site: Site, *, sizes: Sequence[int], seconds: float, probe_seconds: float) -> tuple[list[Cost], Rest]:
    """`sizes` are numbers of clusters, rising; the largest rests for `seconds`, its tenants asked twice a probe."""
    costs: list[Cost] = []
    async with playing(site):
        async with site.provisioner(probes=False) as provisioner:
            for first, last in zip((0, *sizes), sizes, strict=False):
                with site.steps.step(f"make {last - first} clusters"):
                    await _grow(site, first, last)
                with site.steps.step(f"look at clusters one by one, with {last} there"):
                    costs.append(await _cost(site, provisioner, last))
        return costs, await _rest(site, sizes[-1], seconds=seconds, probe_seconds=probe_seconds)


async def _grow(site: Site, first: int, last: int) -> None:
    """Make clusters, a few at a time: the provisioner keeps looking at those that are not ready."""
    names_of = list(sample.numbered(first, last))
    for start in range(0, len(names_of), BATCH):
        batch = names_of[start : start + BATCH]
        await site.together(site.kube.create(resources.TENANT_CLUSTERS, sample.cluster(name)) for name in batch)

        async def all_ready() -> bool:
            return not await _unready(site)

        await eventually(all_ready, seconds=SECONDS_EACH * BATCH, what=f"clusters up to {batch[-1]} that are ready")


async def _unready(site: Site) -> list[str]:
    """Clusters that are not ready, and what they say."""
    listing = await site.kube.list(resources.TENANT_CLUSTERS, namespace=sample.NAMESPACE)
    told = []
    for item in listing.items:
        conditions = {c["type"]: c for c in (item.get("status") or {}).get("conditions") or ()}
        ready = conditions.get("Ready", {"status": "", "message": "nothing was said of it"})
        told += [] if ready["status"] == "True" else [f"{item['metadata']['name']}: {ready['message']}"]
    return told


async def _cost(site: Site, provisioner: Provisioner, clusters: int) -> Cost:
    before = await _settled(site, provisioner)
    chosen = random.choices(list(sample.numbered(0, clusters)), k=min(TOUCHES, 20 * clusters))  # noqa: S311 - no secret
    for number, name in enumerate(chosen):
        machine = f"{names.machine_deployment(name, 'md0')}-abcde-0"
        patch = {"metadata": {"annotations": {"bench": str(number)}}}
        await site.kube.merge(resources.MACHINES, machine, patch, namespace=sample.NAMESPACE)
    after = await _settled(site, provisioner)
    return Cost(clusters, 1000 * (after.cpu_seconds - before.cpu_seconds) / (after.looks - before.looks))


async def _settled(site: Site, provisioner: Provisioner) -> Reading:
    """The numbers once nothing has been looked at for a while."""
    reading = await site.read(provisioner)
    while True:
        await asyncio.sleep(SETTLED_SECONDS)
        later = await site.read(provisioner)
        if later.looks == reading.looks:
            return later
        reading = later


async def _rest(site: Site, clusters: int, *, seconds: float, probe_seconds: float) -> Rest:
    await _looked_into(site, clusters)
    async with site.provisioner(probes=True, probe_seconds=probe_seconds) as provisioner:
        with site.steps.step(f"look at all {clusters} clusters anew"):
            resync, first = await _resync(site, provisioner, clusters)
        with site.steps.step(f"let {clusters} clusters rest for {seconds:.0f} s"):
            # Not before everybody was asked for the first time, which is once in the life of a leader.
            before, began = await _settled(site, provisioner), time.monotonic()
            await asyncio.sleep(seconds)
            after, took = await site.read(provisioner), time.monotonic() - began
        peak = _peak(provisioner)
    if unready := await _unready(site):
        raise Restless(f"clusters ceased to be ready, so nothing was measured: {'; '.join(unready[:3])}")
    return Rest(
        clusters=clusters,
        seconds=took,
        cpu_percent=100 * (after.cpu_seconds - before.cpu_seconds) / took,
        memory=after.memory / 2**20,
        peak=peak,
        requests_per_minute=60 * (after.requests - before.requests) / took,
        resync_seconds=resync,
        resync_requests=first,
        probe_seconds=probe_seconds,
    )


async def _looked_into(site: Site, clusters: int) -> None:
    """As the leader before has left them, who asked their tenants, and looked into each within the hour."""
    noted = {"status": {"precheck": {"checkedAt": format_time(datetime.now(UTC))}}}
    where = {"namespace": sample.NAMESPACE, "subresource": "status"}
    every = sample.numbered(0, clusters)
    await site.together(site.kube.merge(resources.TENANT_CLUSTERS, name, noted, **where) for name in every)


async def _resync(site: Site, provisioner: Provisioner, clusters: int) -> tuple[float, float]:
    """Seconds from its start until every cluster was looked at, and the requests since then."""
    before = await site.read(provisioner)

    async def through() -> bool:
        numbers = await provisioner.numbers()
        looks = (v for n, v in numbers.items() if n.startswith("clusterdesk_work_total") and "clusters" in n)
        return sum(looks) >= clusters

    await eventually(through, seconds=120, what=f"a look at {clusters} clusters")
    took = time.monotonic() - provisioner.began
    after = await site.read(provisioner)
    return took, after.requests - before.requests


def _peak(provisioner: Provisioner) -> float:
    """The most memory it ever held, in MiB."""
    with open(f"/proc/{provisioner.child.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
