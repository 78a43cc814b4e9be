"""What clusters cost and whether it still fits: whole numbers in, facts out. No clock, no client, no Slack.

The price of a cluster is its *envelope*: the most it can come to without asking again. An autoscaled pool counts with
its maximum, every pool with the machines more that a rolling update adds, so that a cluster that was admitted can
always be finished. One that sleeps costs the same: it may wake at any time, by itself too, and must find its room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from provisioning import quantity
from provisioning.model import Amounts, CatalogSpec, ClusterSpec, NodePool
from provisioning.model.tenant import MOST_CLUSTERS, MOST_NODES, MOST_VCPU


@dataclass(frozen=True)
class Usage:
    """An amount in every dimension: `vcpu` in milli-CPU, `memory` in bytes, the others in pieces."""

    clusters: int = 0
    nodes: int = 0
    vcpu: int = 0
    memory: int = 0

    def row(self) -> tuple[int, ...]:
        """The amounts, in the order of `DIMENSIONS`."""
        # Not `dataclasses.astuple`, which copies deeply: a ledger adds thousands of these up while people wait.
        return self.clusters, self.nodes, self.vcpu, self.memory

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(a + b for a, b in zip(self.row(), other.row(), strict=True)))

    def __sub__(self, other: Usage) -> Usage:
        return Usage(*(a - b for a, b in zip(self.row(), other.row(), strict=True)))

    def __mul__(self, times: int) -> Usage:
        return Usage(*(a * times for a in self.row()))

    def most(self, other: Usage) -> Usage:
        """The larger one, dimension by dimension."""
        return Usage(*(max(a, b) for a, b in zip(self.row(), other.row(), strict=True)))

    def within(self, other: Usage) -> bool:
        """Whether no dimension is larger than the other's."""
        return all(a <= b for a, b in zip(self.row(), other.row(), strict=True))

    def rises(self) -> Usage:
        """What is above zero; the rest is zero."""
        return self.most(Usage())

    def __getitem__(self, dimension: str) -> int:
        value: int = getattr(self, dimension)
        return value


DIMENSIONS: Final = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True)
class Excess:
    """A dimension in which what is asked for does not fit: `asked` on top of `used` is above `hard`."""

    dimension: str
    asked: int
    used: int
    hard: int

    @property
    def free(self) -> int:
        return max(0, self.hard - self.used)


def limits(amounts: Amounts) -> Mapping[str, int]:
    """Upper bounds by dimension, in the units of `Usage`; what is not bounded is not in it."""
    bounds = {
        "clusters": amounts.clusters,
        "nodes": amounts.nodes,
        "vcpu": amounts.vcpu * 1000 if amounts.vcpu is not None else None,
        "memory": quantity.byte_count(amounts.memory) if amounts.memory is not None else None,
    }
    return {dimension: bound for dimension, bound in bounds.items() if bound is not None}


def amounts(usage: Usage) -> Amounts:
    """Usage as the API shows it: vCPU in whole ones (rounded up), memory as a quantity.

    What is more than the API can show (made by hand, around the webhook) is shown as the most that it can.
    """
    return Amounts(
        clusters=min(usage.clusters, MOST_CLUSTERS),
        nodes=min(usage.nodes, MOST_NODES),
        vcpu=min(-(-usage.vcpu // 1000), MOST_VCPU),
        memory=quantity.format_bytes(min(usage.memory, quantity.MOST)),
    )


def share(pool: NodePool, catalog: CatalogSpec) -> Usage:
    """The most that one pool can come to. A flavor that is not in the Catalog costs nothing here.

    `shape` refuses one, and lets nothing grow beside one that was taken out of the Catalog later.
    """
    flavor = catalog.flavor(pool.flavor)
    if flavor is None:
        return Usage(nodes=machines(pool))
    return Usage(nodes=1, vcpu=flavor.vcpu * 1000, memory=quantity.byte_count(flavor.memory)) * machines(pool)


def machines(pool: NodePool) -> int:
    """The most machines that a pool can come to, those that an update adds included; an empty pool has no update."""
    return pool.most + pool.max_surge if pool.most else 0


def envelope(spec: ClusterSpec, catalog: CatalogSpec) -> Usage:
    """The most that a TenantCluster can come to without asking again."""
    return sum((share(pool, catalog) for pool in spec.pools), Usage(clusters=1))


def excess(hard: Mapping[str, int], used: Usage, asked: Usage) -> tuple[Excess, ...]:
    """Where `asked` on top of `used` goes above `hard`. Dimensions that do not rise are never in the way."""
    return tuple(
        Excess(dimension, asked[dimension], used[dimension], bound)
        for dimension, bound in hard.items()
        if asked[dimension] > 0 and used[dimension] + asked[dimension] > bound
    )


def fits(usage: Usage, bounds: Mapping[str, int]) -> bool:
    """Whether the usage stays within all the bounds."""
    return all(usage[dimension] <= bound for dimension, bound in bounds.items())


WORDS: Final = {"clusters": "clusters", "nodes": "nodes", "vcpu": "vCPU", "memory": "memory"}


def describe(found: Excess) -> str:
    """The numbers in one line: `vCPU: asks for 12, 4 of 20 free (16 used)`."""
    asked, free, hard, used = (
        show(found.dimension, amount) for amount in (found.asked, found.free, found.hard, found.used)
    )
    return f"{WORDS[found.dimension]}: asks for {asked}, {free} of {hard} free ({used} used)"


def show(dimension: str, amount: int) -> str:
    """An amount with its unit, as people write it."""
    if dimension == "vcpu":
        return quantity.format_cpu(amount)
    return quantity.format_bytes(amount) if dimension == "memory" else str(amount)
