"""What was measured by an instancetype, and what of it would come to more than it is charged with. Pure.

Machines are made by an instancetype's name at any time. One that was deleted says nothing any more of how large it was;
the tenants' ledgers still do, by what they have charged for everything that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from provisioning import footprint, objects
from provisioning.charges import Assessor
from provisioning.errors import Invalid, MalformedQuantity, RuleError
from provisioning.ledger import Garbled, Ledger, slot_key
from provisioning.manifest import Manifest
from provisioning.model import TenantLedger
from provisioning.resources import (
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    TENANT_LEDGERS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    Resource,
)
from provisioning.usage import Usage
from webhooks import reading, tree
from webhooks.facts import All, Facts, Query, Unknown

NAMING: Final = (KUBEVIRT_MACHINE_TEMPLATES, KUBEVIRT_MACHINES)
"""What names one. The virtual machines behind these keep the size that they were started with."""
POOLS: Final = (MACHINE_DEPLOYMENTS, MACHINE_SETS)
"""What has machines made by a template."""
LOOKED_AT_MAX: Final = 500
"""Objects whose charges are looked up."""

Thing = tuple[Resource, Manifest]


class TooMany(Exception):
    """More of them name it than can be looked through while somebody waits."""


def by(instancetype: str, facts: Facts) -> list[Thing]:
    """All templates and machines that name it. Raises `Unknown`."""
    facts.need(*map(All, NAMING))
    return [(kind, one) for kind in NAMING for one in facts.list(kind) if _names(one, instancetype)]


def outgrown(instancetype: Manifest, facts: Facts) -> list[str]:
    """What would cost more by this instancetype than it is charged with. Raises `Unknown` and `TooMany`."""
    things = by(instancetype["metadata"]["name"], facts)
    templates = {place(one) for kind, one in things if kind == KUBEVIRT_MACHINE_TEMPLATES}
    namespaces = sorted({namespace for namespace, _ in templates})
    if len(namespaces) > LOOKED_AT_MAX:
        raise TooMany
    facts.need(*(All(kind, namespace) for kind in POOLS for namespace in namespaces))
    pools = ((kind, one) for kind in POOLS for n in namespaces for one in facts.list(kind, namespace=n))
    charged = [(kind, one) for kind, one in pools if _template(one) in templates]
    charged += [(kind, one) for kind, one in things if kind == KUBEVIRT_MACHINES]
    if len(charged) > LOOKED_AT_MAX:
        raise TooMany
    there = _With(facts, instancetype)
    assessor = Assessor(there, partial(reading.catalog, facts))
    costs = _all(charged, lambda thing: _cost(assessor, thing))
    owed = _all(charged, lambda thing: _charge(thing, facts))
    judged = zip(charged, costs, owed, strict=True)
    return ["/".join(place(one)) for (_, one), cost, charge in judged if not _fits(cost, charge)]


class _With:
    """Everything that is known, with the instancetype as if it were there already."""

    def __init__(self, facts: Facts, instancetype: Manifest) -> None:
        self._facts = facts
        self._instancetype = instancetype

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        if resource == VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES and name == self._instancetype["metadata"]["name"]:
            return self._instancetype
        return self._facts.get(resource, name, namespace=namespace)

    def list(self, resource: Resource, *, namespace: str = "") -> Sequence[Manifest]:
        return self._facts.list(resource, namespace=namespace)


def _all(things: Sequence[Thing], ask: Callable[[Thing], Usage | None]) -> list[Usage | None]:
    """The answer for each. What is still to be looked up for any is asked for all at once. Raises `Unknown`."""
    found: list[Usage | None] = []
    missing: list[Query] = []
    for thing in things:
        try:
            found.append(ask(thing))
        except Unknown as unknown:
            missing += unknown.queries
    if missing:
        raise Unknown(*dict.fromkeys(missing))
    return found


def _cost(assessor: Assessor, thing: Thing) -> Usage | None:
    """None of what cannot be measured."""
    try:
        return assessor.cost(*thing)
    except RuleError:
        return None


def _charge(thing: Thing, facts: Facts) -> Usage | None:
    """None where no ledger tells: nobody is charged there."""
    kind, manifest = thing
    namespace, name = place(manifest)
    tenant = reading.tenant_of(facts, namespace)
    found = facts.get(TENANT_LEDGERS, tenant.meta.name, namespace=facts.trusted.home) if tenant is not None else None
    if found is None:
        return None
    try:
        return Ledger.loads(objects.read(TenantLedger, found).it.spec.data).cost(slot_key(kind, namespace, name))
    except (Garbled, Invalid):
        return None


def _fits(cost: Usage | None, charge: Usage | None) -> bool:
    return cost is not None and cost.within(charge if charge is not None else Usage())


def _names(manifest: Manifest, instancetype: str) -> bool:
    with suppress(MalformedQuantity):
        return footprint.instancetype_of(manifest) == instancetype
    return False


def _template(pool: Manifest) -> tuple[str, str]:
    reference = tree.dig(pool, "spec", "template", "spec", "infrastructureRef")
    return pool["metadata"]["namespace"], tree.text(reference.get("name"))


def place(manifest: Manifest) -> tuple[str, str]:
    """Namespace and name."""
    return manifest["metadata"]["namespace"], manifest["metadata"]["name"]
