"""What an object is made of many of: the workers of a pool, the machines of a set. Pure, and only for advice.

Whoever has no room for all of them is told how many would fit; nothing is admitted or refused by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from provisioning import quota
from provisioning.fitting import Pieces
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, NodePool
from provisioning.resources import TENANT_CLUSTERS, Resource
from provisioning.usage import Usage
from webhooks import marks, reading
from webhooks.facts import Facts


def of(
    resource: Resource, before: Manifest | None, after: Manifest, *, had: Usage, cost: Usage, facts: Facts
) -> tuple[Pieces, ...]:
    """Of an object of this kind, before and after, which costs so much. Raises `Unknown`."""
    if resource == TENANT_CLUSTERS:
        # What it had is read only if it could be measured: an old object may be one that nobody would take any more.
        kept = reading.cluster(before).it.spec.pools if before is not None and had != Usage() else ()
        return workers({pool.name: pool for pool in kept}, reading.cluster(after).it.spec.pools, reading.catalog(facts))
    # Of what is part of something else only the excess is charged, and that is no number that anybody wrote.
    return () if marks.controller(after) else machines(had, cost)


def workers(before: Mapping[str, NodePool], pools: tuple[NodePool, ...], catalog: CatalogSpec) -> tuple[Pieces, ...]:
    """Of a TenantCluster with these pools; `before` are those that it had, by name."""
    found = []
    for pool in pools:
        flavor, old = catalog.flavor(pool.flavor), before.get(pool.name)
        if flavor is not None:
            where = f" in pool {pool.name}" if len(pools) > 1 else ""
            had = old.most if old is not None and old.flavor == pool.flavor else 0
            found.append(Pieces(f"workers of {flavor.name}{where}", quota.worker(flavor), pool.most, had))
    return tuple(found)


def machines(had: Usage, cost: Usage) -> tuple[Pieces, ...]:
    """Of anything that costs so much and is nothing but machines of one size."""
    count = cost.nodes
    if count < 2 or any(amount % count for amount in cost.row()):
        return ()
    each = Usage(*(amount // count for amount in cost.row()))
    return (Pieces("machines, those of a rolling update included,", each, count, had.nodes),)
