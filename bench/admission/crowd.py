"""What it costs that many tenants and clusters are known: two control planes at once, one of them full.

The same writes take turns between the two, so that what the machine does otherwise is the same for both.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

from bench import sample
from bench.admission import door, load, peers
from bench.admission.door import Replica
from bench.admission.load import Call, Client, Sample
from bench.site import Site, may_do_anything
from playground import apply
from playground.errors import PlaygroundError
from provisioning import resources
from provisioning.kube import Kube
from provisioning.ledger import Ledger
from provisioning.ledgers import KubeLedgers

WRITERS: Final = 8
"""How many fill the control plane at once."""
KINDS: Final = ("MachineDeployment", "TenantCluster")
HERE: Final = peers.namespace(peers.OURS, 0)
KIND_OF: Final = {
    kind.kind: kind for kind in (resources.NAMESPACES, resources.TENANTS, resources.KUBEVIRT_MACHINE_TEMPLATES)
}


class Unfilled(PlaygroundError):
    """What is to be measured with could not be made."""


@dataclass(frozen=True)
class Crowd:
    """`few` and `many` are samples by kind of object, at so many clusters. `memory` is MiB, `ready_after` seconds."""

    tenants: int
    clusters: int
    few_clusters: int
    few: dict[str, Sample]
    many: dict[str, Sample]
    memory: float
    ready_after: float

    def ratio(self, kind: str) -> float:
        return self.many[kind].milliseconds(50) / self.few[kind].milliseconds(50)


async def measure(
    few: Site, many: Site, *, tenants: int, clusters: int, few_clusters: int = 10, each: int = 200
) -> Crowd:
    """`each` creations of each kind in both, in turns, by a tenant who has `few_clusters` here and there."""
    found = {few: {kind: Sample() for kind in KINDS}, many: {kind: Sample() for kind in KINDS}}
    async with _filled(few, 1, few_clusters) as (client, _), _filled(many, tenants, clusters) as (crowded, replica):
        turns = [(few, client), (many, crowded)]
        for number in range(each):
            for site, way in turns:
                for kind, call in _writes(f"n{number:05}").items():
                    found[site][kind].add(await load.closed(way, [call], writers=1))
            turns.reverse()
        memory = (await replica.use()).memory / 2**20
    return Crowd(tenants, clusters, few_clusters, found[few], found[many], memory, replica.ready_after)


@contextlib.asynccontextmanager
async def _filled(site: Site, tenants: int, clusters: int) -> AsyncIterator[tuple[Client, Replica]]:
    """Tenants with a namespace each, and their clusters, made before anybody of ours is there to be asked."""
    await apply.put(site.kube, [may_do_anything(peers.ACCOUNT)])
    async with load.connected(site.plane) as client:
        with site.steps.step(f"make {tenants} tenants and {clusters} clusters"):
            made = await load.closed(client, _everything(tenants, clusters), writers=WRITERS)
        if made.errors:
            raise Unfilled(f"the control plane cannot be filled: {made.failed}")
        async with (
            await Kube.connect(kubeconfig=site.plane.kubeconfig_for(peers.ACCOUNT)) as account,
            door.open_door(site, replicas=1) as (replica,),
        ):
            await KubeLedgers(account, sample.SYSTEM).create(peers.tenant_of(0), Ledger())
            await door.until_asked(client, [replica], HERE)
            yield client, replica


def _everything(tenants: int, clusters: int) -> Iterator[Call]:
    for tenant in range(tenants):
        for manifest in peers.grounds(peers.OURS, tenant):
            yield peers.post(KIND_OF[manifest["kind"]], manifest)
    for number in range(clusters):
        where = peers.namespace(peers.OURS, number % tenants)
        yield peers.post(resources.TENANT_CLUSTERS, sample.cluster(f"c{number:05}", where))


def _writes(name: str) -> dict[str, Call]:
    cluster = peers.post(resources.TENANT_CLUSTERS, sample.cluster(name, HERE))
    return {"MachineDeployment": peers.create(HERE, name), "TenantCluster": cluster}
