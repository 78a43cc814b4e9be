"""The same writes with each of the peers in turn, in one run: those that cost nothing, and those that reserve.

One writer changes from peer to peer after every write; many writers take turns by rounds, and what a round has made is
taken away before the next, with what it was charged, so that everybody starts each round with as little.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.admission import door, load, peers, straight
from bench.admission.door import Replica
from bench.admission.load import Call, Client, Sample
from bench.admission.peers import NOBODY, NOTHING, OURS, POLICY, QUOTA
from bench.site import Site, may_do_anything
from playground import apply
from provisioning import errors, resources
from provisioning.kube import Kube
from provisioning.ledger import Ledger
from provisioning.ledgers import KubeLedgers
from provisioning.turns import RIVALS

FREE = (NOBODY, NOTHING, POLICY, OURS)
"""Who is asked for writes that cost nothing: a ResourceQuota is not."""
RESERVING = (NOBODY, NOTHING, QUOTA, OURS)
STEADY = 200.0
"""Writes a second of the open loop."""
STILL = 200
"""Objects that are changed in turn: two changes of one object at once would meet in the API server."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured. `each` writes of one writer and a peer; `round_` writes of many in one of `rounds`."""

    each: int = 1000
    steady_seconds: float = 20.0
    rounds: int = 2
    round_: int = 1000
    writers: tuple[int, ...] = (1, 16, 64)
    tenants: tuple[int, ...] = (1, 50)
    replicas: tuple[int, ...] = (1, 3)


@dataclass(frozen=True)
class Heat:
    """One combination, and the sample of each peer in it. `cpu_milliseconds` of our replicas for each review."""

    writers: int
    tenants: int
    replicas: int
    samples: dict[str, Sample]
    cpu_milliseconds: float = 0.0


@dataclass
class Free:
    """Writes that cost nothing: by one writer, and at a steady rate; and the webhooks alone at that rate."""

    one: dict[str, Sample] = field(default_factory=dict)
    steady: dict[str, Sample] = field(default_factory=dict)
    straight: dict[str, Sample] = field(default_factory=dict)


@dataclass
class Arena:
    """Where they race. `account` is the API server as our door sees it: nobody else may write a ledger."""

    site: Site
    client: Client
    account: Kube
    nothing: str
    """Where the webhook that decides nothing is."""
    _number: Iterator[int] = field(default_factory=itertools.count)

    def name(self) -> str:
        return f"m{next(self._number):07}"

    def places(self, peer: str, tenants: int) -> Iterator[str]:
        """Namespaces of so many tenants, one after the other, for ever."""
        return itertools.cycle([peers.namespace(peer, tenant) for tenant in range(tenants)])

    async def clear(self, peer: str, tenants: int) -> None:
        """Take away what was made, and what was charged or counted for it."""
        for tenant in range(tenants):
            where = peers.namespace(peer, tenant)
            await self.site.kube.call("DELETE", resources.MACHINE_DEPLOYMENTS.path(namespace=where), body={})
            if peer == QUOTA:
                await self.count_anew(where, hard=peers.PLENTY)
            if peer == OURS:
                await self.ledger_anew(peers.tenant_of(tenant))

    async def ledger_anew(self, tenant: str) -> None:
        """An empty ledger, as the provisioner makes it for a tenant who has nothing; without one nothing is let in."""
        with contextlib.suppress(errors.NotFound):
            await self.account.delete(resources.TENANT_LEDGERS, tenant, namespace="clusterdesk-system")
        await KubeLedgers(self.account, "clusterdesk-system").create(tenant, Ledger())

    async def count_anew(self, where: str, *, hard: int) -> None:
        """Say of a ResourceQuota that nothing is used, as its controller would once it has looked."""
        path = peers.RESOURCE_QUOTAS.path(namespace=where, name="bench", subresource="status")
        await self.site.kube.call(
            "PATCH", path, body={"status": peers.counted(hard)}, content_type="application/merge-patch+json"
        )


@contextlib.asynccontextmanager
async def arena(site: Site, *, tenants: int) -> AsyncIterator[Arena]:
    """Namespaces for each peer, everybody but us in force."""
    await apply.put(site.kube, [may_do_anything(peers.ACCOUNT), *peers.policy()])
    for peer in peers.PEERS:
        await apply.put(site.kube, [m for tenant in range(tenants) for m in peers.grounds(peer, tenant)])
    async with (
        door.nothing(site) as url,
        load.connected(site.plane) as client,
        await Kube.connect(kubeconfig=site.plane.kubeconfig_for(peers.ACCOUNT)) as account,
    ):
        await apply.put(site.kube, [peers.nothing(url, site.plane.bundle)])
        place = Arena(site, client, account, url)
        for tenant in range(tenants):
            await place.count_anew(peers.namespace(QUOTA, tenant), hard=peers.PLENTY)
            await place.ledger_anew(peers.tenant_of(tenant))
        yield place


async def free(place: Arena, replica: Replica, *, each: int, seconds: float) -> Free:
    """Changes of annotations: nothing grows, nothing is written by us."""
    objects = {peer: [place.name() for _ in range(STILL)] for peer in FREE}
    for peer in FREE:
        calls = [peers.create(peers.namespace(peer, 0), name) for name in objects[peer]]
        await load.closed(place.client, calls, writers=4)
    turns = {peer: itertools.cycle(objects[peer]) for peer in FREE}

    def call(peer: str) -> Call:
        return peers.touch(peers.namespace(peer, 0), next(turns[peer]), place.name())

    found = Free({peer: Sample() for peer in FREE})
    await _alternate(place, found.one, each, call)
    found.straight = await straight.ask(
        {NOTHING: place.nothing, OURS: f"https://127.0.0.1:{replica.port}"}, rate=STEADY, seconds=seconds
    )
    for peer in FREE:
        found.steady[peer] = await load.steady(
            place.client, [call(peer) for _ in range(int(STEADY * seconds))], rate=STEADY
        )
        await place.clear(peer, 1)
    return found


async def reserve(place: Arena, replicas: Sequence[Replica], sizes: Sizes) -> list[Heat]:
    """Creations, by every number of writers and of tenants, with these replicas of ours."""
    heats = []
    for tenants, writers in itertools.product(sizes.tenants, sizes.writers):
        with place.site.steps.step(f"race for quota: {writers} writers, {tenants} tenants, {len(replicas)} replicas"):
            heats.append(await _heat(place, replicas, sizes, writers=writers, tenants=tenants))
    return heats


async def _heat(place: Arena, replicas: Sequence[Replica], sizes: Sizes, *, writers: int, tenants: int) -> Heat:
    # Replicas of ours are nothing to the others, who have been raced with the first one.
    names = RESERVING if len(replicas) == 1 else (QUOTA, OURS)
    samples = {peer: Sample() for peer in names}
    places = {peer: place.places(peer, tenants) for peer in names}
    spent = 0.0

    def call(peer: str) -> Call:
        return peers.create(next(places[peer]), place.name())

    for peer in names:  # A round that counts for nothing: connections, caches, the first ledger.
        await load.closed(place.client, [call(peer) for _ in range(max(tenants, 2 * writers))], writers=writers)
    if writers == 1:
        before = await _cpu(replicas)
        await _alternate(place, samples, sizes.each, call)
        spent = await _cpu(replicas) - before
        for peer in names:
            await place.clear(peer, tenants)
    for number in range(sizes.rounds if writers > 1 else 0):
        for peer in names[number % len(names) :] + names[: number % len(names)]:
            # The first to meet a ledger that was made anew thinks for a while that others write as well.
            await load.closed(place.client, [call(peer) for _ in range(tenants)], writers=1)
            await asyncio.sleep(RIVALS)
            before = await _cpu(replicas) if peer == OURS else 0.0
            calls = [call(peer) for _ in range(sizes.round_)]
            samples[peer].add(await load.closed(place.client, calls, writers=writers))
            spent += await _cpu(replicas) - before if peer == OURS else 0.0
            await place.clear(peer, tenants)
    return Heat(writers, tenants, len(replicas), samples, spent * 1000 / len(samples[OURS].took))


async def _alternate(place: Arena, samples: dict[str, Sample], each: int, call: Callable[[str], Call]) -> None:
    """One write with each, and again from the start; who is first changes."""
    turns = list(samples)
    for _ in range(each):
        for peer in turns:
            samples[peer].add(await load.closed(place.client, [call(peer)], writers=1))
        turns.append(turns.pop(0))


async def _cpu(replicas: Sequence[Replica]) -> float:
    return sum([(await replica.use()).cpu_seconds for replica in replicas])
