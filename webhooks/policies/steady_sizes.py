"""A size that machines were measured by does not grow under them; and who enlarges a flavor hears what comes of it.

What is charged by an instancetype was looked up when it was let in. Were it made larger afterwards, the next machine
would be larger than anybody was charged for. A flavor is another matter: its clusters are counted anew and rolled to
the new size, which is what the platform wants. It may put tenants above their quotas, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from provisioning import footprint, guests, objects, quota
from provisioning.errors import Cause, Invalid, MalformedQuantity
from provisioning.model import Catalog, CatalogSpec, NodePool, Tenant
from provisioning.objects import Stored
from provisioning.resources import (
    CATALOGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    TENANT_CLUSTERS,
    TENANTS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
)
from provisioning.usage import Usage
from webhooks import facts as reading
from webhooks import known, tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import All, Facts, Manifest
from webhooks.policy import UPDATE, Policy, Rule
from webhooks.review import Request

NAMED_MAX: Final = 3
"""Templates that a refusal names."""


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or request.old is None or reading.says_the_same(request):
        return Allow()
    if request.resource == CATALOGS.plural:
        return Allow(tuple(_above(request.old, request.object, facts)))
    # KubeVirt's operator keeps sizes of its own; nobody could tell it to stop.
    if facts.trusted.is_controller(request.user) or not _grows(request.old, request.object):
        return Allow()
    users = sorted(_measured_by(request.name, facts))
    if not users:
        return Allow()
    named = ", ".join(users[:NAMED_MAX]) + (f" and {len(users) - NAMED_MAX} more" if len(users) > NAMED_MAX else "")
    text = f"machines of {named} were measured by {request.name}; make a larger one under another name"
    return refuse(Cause("spec", text), code=INVALID)


def _grows(before: Manifest, after: Manifest) -> bool:
    try:
        had = guests.of_instancetype(before)
    except MalformedQuantity:
        # Nothing was let in by it.
        return False
    try:
        return (guests.of_instancetype(after) - had).rises() != Usage()
    except MalformedQuantity:
        return True


def _measured_by(instancetype: str, facts: Facts) -> Iterator[str]:
    for template in facts.list(KUBEVIRT_MACHINE_TEMPLATES):
        with suppress(MalformedQuantity):
            if footprint.instancetype_of(template) == instancetype:
                yield f"{template['metadata']['namespace']}/{template['metadata']['name']}"


def _above(old: Manifest, new: Manifest, facts: Facts) -> Iterator[str]:
    """Tenants that come to be above a quota which they are within, by what was published of them last."""
    before, after = _catalog(old), _catalog(new)
    if before is None or after is None:
        return
    more = dict(_more(before, after))
    if not more:
        return
    facts.need(All(TENANTS), All(TENANT_CLUSTERS))
    rises = _rises(more, facts)
    for tenant in _tenants(facts):
        rise = sum((rises.get(namespace, Usage()) for namespace in tenant.it.spec.namespaces), Usage())
        hard, used = quota.limits(tenant.it.spec.quota.hard, after), quota.usage(tenant.it.status.quota.used)
        over = [
            f"{quota.WORDS[each.dimension]} {hard.show(each.dimension, each.used + each.asked)} of "
            f"{hard.show(each.dimension, each.hard)}"
            for each in hard.excess(used, rise)
            if each.used <= each.hard
        ]
        if over:
            yield f"tenant {tenant.meta.name} comes to be above its quota, and cannot grow then: {', '.join(over)}"


def _more(before: CatalogSpec, after: CatalogSpec) -> Iterator[tuple[str, Usage]]:
    """What a worker of each flavor costs more than it did."""
    for flavor in after.flavors:
        old = before.flavor(flavor.name)
        rise = quota.worker(flavor) - quota.worker(old) if old is not None else Usage()
        if rise.rises() != Usage():
            yield flavor.name, rise


def _rises(more: dict[str, Usage], facts: Facts) -> dict[str, Usage]:
    """By how much the clusters of each namespace grow. Pools only are read: there may be thousands."""
    found: dict[str, Usage] = {}
    for cluster in facts.list(TENANT_CLUSTERS):
        namespace = cluster["metadata"]["namespace"]
        for pool in tree.mappings(tree.dig(cluster, "spec").get("pools")):
            rise = more.get(tree.text(pool.get("flavor")))
            if rise is None:
                continue
            with suppress(Invalid):
                machines = quota.machines(objects.parse(NodePool, pool))
                found[namespace] = found.get(namespace, Usage()) + rise * machines
    return found


def _catalog(manifest: Manifest) -> CatalogSpec | None:
    with suppress(Invalid):
        return objects.read(Catalog, manifest).it.spec
    return None


def _tenants(facts: Facts) -> Iterator[Stored[Tenant]]:
    for manifest in facts.list(TENANTS):
        with suppress(Invalid):
            yield known.read(Tenant, manifest)


POLICY = Policy(
    "steady_sizes",
    (Rule(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, (UPDATE,)), Rule(CATALOGS, (UPDATE,))),
    check,
)
