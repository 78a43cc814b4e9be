"""Whether it is counted right: many creations at once on a quota that has room for some, by us and by a ResourceQuota.

Every name is asked for twice, as clients do that lost an answer, and some creations of another tenant are refused by
a webhook of somebody else's after they were charged. Who keeps the books is at work: our provisioner, and Kubernetes'
own controller of ResourceQuotas.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench import sample
from bench.admission import door, load, peers
from bench.admission.load import Sample
from bench.admission.peers import OURS, QUOTA
from bench.admission.race import Arena
from bench.site import eventually
from playground import apply, controlplane
from provisioning import errors, resources
from provisioning.ledger import Ledger
from webhooks import registration

ROOM: Final = 50
TENANT, UNLUCKY = 9000, 9001
"""The numbers of the tenants who are counted, whose namespaces nobody else uses: whose creations meet each other, and
whose are refused by somebody else."""
REFUSED: Final = 20
"""Creations that somebody else refuses."""
PREFIX: Final = "refused-"
WAITS: Final = (0.0, 30.0, 150.0)
"""Seconds after which what is charged is held against what is there."""


@dataclass
class Count:
    """What came of it, with one of the two. `leaked` is what is charged and not there, by seconds after."""

    asked: int
    admitted: int = 0
    falsely_denied: int = 0
    """Denied for want of room, though there was room when all was over."""
    errors: int = 0
    leaked: dict[float, int] = field(default_factory=dict)

    @property
    def over(self) -> int:
        return max(0, self.admitted - ROOM)


async def measure(
    place: Arena, *, asked: int = 200, waits: Sequence[float] = WAITS, replicas: int = 3
) -> dict[str, Count]:
    """`asked` creations at once with each, half as many names."""
    for peer, tenant in itertools.product((QUOTA, OURS), (TENANT, UNLUCKY)):
        await apply.put(place.site.kube, peers.grounds(peer, tenant, hard=ROOM))
    found = {}
    async with (
        door.nothing(place.site, name="refusing") as url,
        _quota_controller(place),
        place.site.provisioner(probes=False),
        door.open_door(place.site, replicas=replicas) as opened,
    ):
        await apply.put(place.site.kube, [peers.refusing(url, place.site.plane.bundle, prefix=PREFIX)])
        await door.until_asked(place.client, opened, peers.namespace(OURS, 0))
        for peer in (QUOTA, OURS):
            for tenant in (TENANT, UNLUCKY):
                await _until_counted(place, peer, tenant)
            found[peer] = await _create(place, peer, asked)
        began = time.monotonic()
        for wait in waits:
            await asyncio.sleep(max(0.0, began + wait - time.monotonic()))
            for peer, count in found.items():
                count.leaked[wait] = sum(
                    [await _charged(place, peer, t) - await _there(place, peer, t) for t in (TENANT, UNLUCKY)]
                )
        await place.site.kube.delete(registration.VALIDATING, "bench-refusing")
    return found


async def _create(place: Arena, peer: str, asked: int) -> Count:
    where = peers.namespace(peer, TENANT)
    doomed = [peers.create(peers.namespace(peer, UNLUCKY), f"{PREFIX}{number}") for number in range(REFUSED)]
    await load.closed(place.client, doomed, writers=REFUSED)
    twice = [peers.create(where, f"m{number % (asked // 2)}") for number in range(asked)]
    told = Sample()
    async with asyncio.TaskGroup() as group:
        for call in twice:
            group.create_task(place.client.send(call, told))
    admitted = await _there(place, peer, TENANT)
    # The names that are there account for as many answers as were asked for them; those have a yes or "exists".
    denied = told.refused
    known = sum(times for what, times in told.failed.items() if what.startswith("409"))
    room = max(0, ROOM - admitted)
    return Count(asked, admitted, min(room, denied), told.errors - known)


async def _there(place: Arena, peer: str, tenant: int) -> int:
    listing = await place.site.kube.list(resources.MACHINE_DEPLOYMENTS, namespace=peers.namespace(peer, tenant))
    return len(listing.items)


async def _charged(place: Arena, peer: str, tenant: int) -> int:
    if peer == OURS:
        manifest = await place.site.kube.get(resources.TENANT_LEDGERS, peers.tenant_of(tenant), namespace=sample.SYSTEM)
        return Ledger.loads(manifest["spec"]["data"]).used().nodes
    quota = await place.site.kube.get(peers.RESOURCE_QUOTAS, "bench", namespace=peers.namespace(QUOTA, tenant))
    return int(quota["status"]["used"][peers.COUNTED])


async def _until_counted(place: Arena, peer: str, tenant: int) -> None:
    """Until the books are open: both refuse whatever comes before."""

    async def open_() -> bool:
        try:
            return await _charged(place, peer, tenant) == 0
        except (errors.NotFound, KeyError):
            return False

    await eventually(open_, seconds=120, what=f"a count for {peers.NAMES[peer]}")


@contextlib.asynccontextmanager
async def _quota_controller(place: Arena) -> AsyncIterator[None]:
    """Kubernetes' own, which the playground has no use for."""
    name = "quota-controller"
    command = [
        "--controllers=resourcequota-controller" if part.startswith("--controllers=") else part
        for part in controlplane.controllers_command(place.site.plane)
    ]
    place.site.processes.start(name, command, tier=4)
    try:
        yield
    finally:
        await place.site.processes.stop(name)
