"""Tenants that come to be above a quota which they are within, where the platform makes flavors larger. Pure; advice.

A Catalog is for everybody, and there may be ten thousand clusters: so they are not listed. What was published of each
tenant says how far it could rise at the most; the clusters are counted of those only that could come above, and of a
bounded number of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from typing import Final

from provisioning import objects, quota
from provisioning.errors import Invalid
from provisioning.model import CatalogSpec, NodePool, Tenant
from provisioning.objects import Stored
from provisioning.quota import Excess
from provisioning.resources import TENANT_CLUSTERS, TENANTS
from provisioning.usage import Usage
from webhooks import known, tree
from webhooks.facts import All, Facts

TOLD_MAX: Final = 10
"""Tenants that are named."""
COUNTED_MAX: Final = 50
"""Namespaces whose clusters are counted."""


def warnings(before: CatalogSpec, after: CatalogSpec, facts: Facts) -> Iterator[str]:
    """A sentence for each tenant, and one for those that are more than are named. Raises `Unknown`."""
    more = dict(_more(before, after))
    if not more:
        return
    most = reduce(Usage.most, more.values()).rises()
    # Nobody's machines rise by more than all of them by the largest step.
    suspects = [t for t in _tenants(facts) if _over(t, after, most * _used(t).nodes)]
    counted, rest = _within_reach(suspects)
    facts.need(*(All(TENANT_CLUSTERS, namespace) for tenant in counted for namespace in tenant.it.spec.namespaces))
    found = [(tenant, _over(tenant, after, _rise(tenant, more, facts))) for tenant in counted]
    told = [(tenant, over) for tenant, over in found if over]
    for tenant, over in told[:TOLD_MAX]:
        hard = quota.limits(tenant.it.spec.quota.hard, after)
        amounts = (
            f"{quota.WORDS[each.dimension]} {hard.show(each.dimension, each.used + each.asked)} of "
            f"{hard.show(each.dimension, each.hard)}"
            for each in over
        )
        yield f"tenant {tenant.meta.name} comes to be above its quota, and cannot grow then: {', '.join(amounts)}"
    if len(told) > TOLD_MAX:
        yield f"{len(told) - TOLD_MAX} more tenants come to be above their quotas"
    if rest:
        yield (
            f"{len(rest)} more tenants could come to be above their quotas, and their clusters were not counted here; "
            "their objects say so when the provisioner has counted"
        )


def _within_reach(suspects: Sequence[Stored[Tenant]]) -> tuple[Sequence[Stored[Tenant]], Sequence[Stored[Tenant]]]:
    """Those whose namespaces are few enough together, and the others."""
    counted: list[Stored[Tenant]] = []
    rest: list[Stored[Tenant]] = []
    left = COUNTED_MAX
    for tenant in suspects:
        fits = len(tenant.it.spec.namespaces) <= left
        left -= len(tenant.it.spec.namespaces) if fits else 0
        (counted if fits else rest).append(tenant)
    return counted, rest


def _over(tenant: Stored[Tenant], catalog: CatalogSpec, rise: Usage) -> list[Excess]:
    hard = quota.limits(tenant.it.spec.quota.hard, catalog)
    return [each for each in hard.excess(_used(tenant), rise) if each.used <= each.hard]


def _used(tenant: Stored[Tenant]) -> Usage:
    return quota.usage(tenant.it.status.quota.used)


def _more(before: CatalogSpec, after: CatalogSpec) -> Iterator[tuple[str, Usage]]:
    """What a worker of each flavor costs more than it did."""
    for flavor in after.flavors:
        old = before.flavor(flavor.name)
        rise = quota.worker(flavor) - quota.worker(old) if old is not None else Usage()
        if rise.rises() != Usage():
            yield flavor.name, rise


def _rise(tenant: Stored[Tenant], more: Mapping[str, Usage], facts: Facts) -> Usage:
    """By how much the tenant's clusters grow. Pools only are read: there may be thousands."""
    found = Usage()
    for namespace in tenant.it.spec.namespaces:
        for cluster in facts.list(TENANT_CLUSTERS, namespace=namespace):
            for pool in tree.mappings(tree.dig(cluster, "spec").get("pools")):
                rise = more.get(tree.text(pool.get("flavor")))
                if rise is None:
                    continue
                with suppress(Invalid):
                    found += rise * quota.machines(objects.parse(NodePool, pool))
    return found


def _tenants(facts: Facts) -> Iterator[Stored[Tenant]]:
    for manifest in facts.list(TENANTS):
        with suppress(Invalid):
            yield known.read(Tenant, manifest)
