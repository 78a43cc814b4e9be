"""Whether it is counted right: many creations at once on a quota that has room for some, by us and by a ResourceQuota.

Every name is asked for twice, as clients do that lost an answer, and some creations are refused by a webhook of
somebody else's after they were charged. Who keeps the books is at work: our provisioner, and Kubernetes' own
controller of ResourceQuotas.
"""

from __future__ import annotations

import asyncio
import contextlib
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
TENANT: Final = 9000
"""The number of the tenant who is counted: nobody else uses its namespaces."""
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
    for peer in (QUOTA, OURS):
        await apply.put(place.site.kube, peers.grounds(peer, TENANT, hard=ROOM))
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
            await _until_counted(place, peer)
            found[peer] = await _create(place, peer, asked)
        began = time.monotonic()
        for wait in waits:
            await asyncio.sleep(max(0.0, began + wait - time.monotonic()))
            for peer, count in found.items():
                count.leaked[wait] = await _charged(place, peer) - await _there(place, peer)
        await place.site.kube.delete(registration.VALIDATING, "bench-refusing")
    return found


async def _create(place: Arena, peer: str, asked: int) -> Count:
    where = peers.namespace(peer, TENANT)
    doomed = [peers.create(where, f"{PREFIX}{number}") for number in range(REFUSED)]
    await load.closed(place.client, doomed, writers=REFUSED)
    twice = [peers.create(where, f"m{number % (asked // 2)}") for number in range(asked)]
    told = Sample()
    async with asyncio.TaskGroup() as group:
        for call in twice:
            group.create_task(place.client.send(call, told))
    admitted = await _there(place, peer)
    # The names that are there account for as many answers as were asked for them; those have a yes or "exists".
    denied = told.refused
    known = sum(times for what, times in told.failed.items() if what.startswith("409"))
    room = max(0, ROOM - admitted)
    return Count(asked, admitted, min(room, denied), told.errors - known)


async def _there(place: Arena, peer: str) -> int:
    listing = await place.site.kube.list(resources.MACHINE_DEPLOYMENTS, namespace=peers.namespace(peer, TENANT))
    return len(listing.items)


async def _charged(place: Arena, peer: str) -> int:
    if peer == OURS:
        manifest = await place.site.kube.get(resources.TENANT_LEDGERS, peers.tenant_of(TENANT), namespace=sample.SYSTEM)
        return Ledger.loads(manifest["spec"]["data"]).used().nodes
    quota = await place.site.kube.get(peers.RESOURCE_QUOTAS, "bench", namespace=peers.namespace(QUOTA, TENANT))
    return int(quota["status"]["used"][peers.COUNTED])


async def _until_counted(place: Arena, peer: str) -> None:
    """Until the books are open: both refuse whatever comes before."""

    async def open_() -> bool:
        try:
            return await _charged(place, peer) == 0
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
