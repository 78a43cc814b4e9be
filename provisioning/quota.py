"""What clusters cost and whether it still fits: whole numbers in, facts out. No clock, no client, no Slack.

The price of a cluster is its *envelope*: the most it can come to without asking again. An autoscaled pool counts with
its maximum, every pool with the machines more that a rolling update adds, so that a cluster that was admitted can
always be finished. One that sleeps costs the same: it may wake at any time, by itself too, and must find its room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisioning import prices, quantity
from provisioning.model import Amounts, CatalogSpec, ClusterSpec, Flavor, NodePool
from provisioning.model.tenant import MOST_CLUSTERS, MOST_NODES, MOST_PIECES, MOST_VCPU
from provisioning.prices import FREE, Prices
from provisioning.usage import Usage

COST: Final = "cost"
"""What is bounded besides the dimensions of `Usage`, and follows from them: what an hour of it all costs."""
WORDS: Final = {
    "clusters": "clusters",
    "nodes": "nodes",
    "vcpu": "vCPU",
    "memory": "memory",
    "storage": "storage",
    "gpus": "GPUs",
    "control_plane_replicas": "control-plane replicas",
    "load_balancers": "load balancers",
    COST: "cost per hour",
}
"""How people call what is bounded."""


@dataclass(frozen=True)
class Excess:
    """A dimension in which what is asked for does not fit: `asked` on top of `used` is above `hard`."""

    dimension: str
    asked: int
    used: int
    hard: int
    currency: str = ""
    """Of a cost."""

    @property
    def free(self) -> int:
        return max(0, self.hard - self.used)

    @property
    def missing(self) -> int:
        """How much more would have to be allowed."""
        return self.used + self.asked - self.hard


@dataclass(frozen=True)
class Limits:
    """Upper bounds by dimension, in the units of `Usage`, and of the cost, in the units of `Prices`.

    What is not bounded is not in `bounds`. Where nothing has a price, a bound on the cost bounds nothing.
    """

    bounds: Mapping[str, int]
    prices: Prices = FREE

    def amount(self, usage: Usage, dimension: str) -> int:
        """How much of the bounded thing this is."""
        return self.prices.of(usage) if dimension == COST else usage[dimension]

    def excess(self, used: Usage, asked: Usage, *, paid: tuple[Usage, Usage] | None = None) -> tuple[Excess, ...]:
        """Where `asked` on top of `used` goes above. Dimensions that do not rise are never in the way.

        `paid` are the two that the cost is judged by, where they are others.
        """
        found = []
        for dimension, bound in self.bounds.items():
            before, more = paid if paid is not None and dimension == COST else (used, asked)
            rise = self.amount(more, dimension)
            if rise > 0 and self.amount(before + more, dimension) > bound:
                found.append(Excess(dimension, rise, self.amount(before, dimension), bound, self.prices.currency))
        return tuple(found)

    def hold(self, usage: Usage) -> bool:
        """Whether this stays within all the bounds."""
        return all(self.amount(usage, dimension) <= bound for dimension, bound in self.bounds.items())

    def show(self, dimension: str, amount: int) -> str:
        """An amount of the bounded thing with its unit, as people write it."""
        return show(dimension, amount, self.prices.currency)


UNBOUNDED: Final = Limits({})


def limits(amounts: Amounts, catalog: CatalogSpec | None = None) -> Limits:
    """What these amounts bound. The Catalog gives the prices, where the cost is bounded."""
    bounds = {
        "clusters": amounts.clusters,
        "nodes": amounts.nodes,
        "vcpu": amounts.vcpu * 1000 if amounts.vcpu is not None else None,
        "memory": quantity.byte_count(amounts.memory) if amounts.memory is not None else None,
        "storage": quantity.byte_count(amounts.storage) if amounts.storage is not None else None,
        "gpus": amounts.gpus,
        "control_plane_replicas": amounts.control_plane_replicas,
        "load_balancers": amounts.load_balancers,
        COST: prices.parse(amounts.hourly_cost) if amounts.hourly_cost is not None else None,
    }
    kept = {dimension: bound for dimension, bound in bounds.items() if bound is not None}
    return Limits(kept, prices.of(catalog.prices) if catalog is not None else FREE)


def amounts(usage: Usage, prices_: Prices = FREE) -> Amounts:
    """Usage as the API shows it: vCPU in whole ones (rounded up), memory as a quantity, a cost where there are prices.

    What is more than the API can show (made by hand, around the webhook) is shown as the most that it can.
    """
    return Amounts(
        clusters=min(usage.clusters, MOST_CLUSTERS),
        nodes=min(usage.nodes, MOST_NODES),
        vcpu=min(-(-usage.vcpu // 1000), MOST_VCPU),
        memory=quantity.format_bytes(min(usage.memory, quantity.MOST)),
        storage=quantity.format_bytes(min(usage.storage, quantity.MOST)),
        gpus=min(usage.gpus, MOST_PIECES),
        control_plane_replicas=min(usage.control_plane_replicas, MOST_PIECES),
        load_balancers=min(usage.load_balancers, MOST_PIECES),
        hourly_cost=prices.show(min(prices_.of(usage), prices.MOST)) if prices_ != FREE else None,
    )


def usage(published: Amounts) -> Usage:
    """What `amounts` published, read back."""
    return Usage(**{name: amount for name, amount in limits(published).bounds.items() if name != COST})


def share(pool: NodePool, catalog: CatalogSpec) -> Usage:
    """The most that one pool can come to. A flavor that is not in the Catalog costs nothing here.

    `shape` refuses one, and lets nothing grow beside one that was taken out of the Catalog later.
    """
    flavor = catalog.flavor(pool.flavor)
    return (worker(flavor) if flavor is not None else Usage(nodes=1)) * machines(pool)


def worker(flavor: Flavor) -> Usage:
    """One virtual machine of this size."""
    return Usage(
        nodes=1,
        vcpu=flavor.vcpu * 1000,
        memory=quantity.byte_count(flavor.memory),
        storage=quantity.byte_count(flavor.disk) if flavor.disk is not None else 0,
        gpus=sum(gpu.count for gpu in flavor.gpus),
    )


def machines(pool: NodePool) -> int:
    """The most machines that a pool can come to, those that an update adds included; an empty pool has no update."""
    return pool.most + pool.max_surge if pool.most else 0


def envelope(spec: ClusterSpec, catalog: CatalogSpec) -> Usage:
    """The most that a TenantCluster can come to without asking again, the address of its API server included."""
    return sum((share(pool, catalog) for pool in spec.pools), Usage(clusters=1) + front(spec))


def standing(spec: ClusterSpec, catalog: CatalogSpec) -> Usage:
    """The most that it comes to while nothing is updated."""
    calm = tuple(pool.model_copy(update={"max_surge": 0}) for pool in spec.pools)
    return envelope(spec.model_copy(update={"pools": calm}), catalog)


def front(spec: ClusterSpec) -> Usage:
    """The control plane of a TenantCluster, and the address of its API server."""
    return Usage(control_plane_replicas=spec.control_plane.replicas, load_balancers=1)


def describe(found: Excess, *, by: str = "") -> str:
    """The numbers in one line: `vCPU: asks for 12, 4 of 20 free (16 used)`. `by` says who uses most of it."""
    asked, free, hard, used = (
        show(found.dimension, amount, found.currency) for amount in (found.asked, found.free, found.hard, found.used)
    )
    return f"{WORDS[found.dimension]}: asks for {asked}, {free} of {hard} free ({used} used{by and f', most by {by}'})"


def show(dimension: str, amount: int, currency: str = "") -> str:
    """An amount with its unit, as people write it."""
    match dimension:
        case "vcpu":
            return quantity.format_cpu(amount)
        case "memory" | "storage":
            return quantity.format_bytes(amount)
        case "cost":
            return f"{prices.show(amount)} {currency}".rstrip()
        case _:
            return str(amount)
