"""A tenant has no more than its quota: clusters, nodes, vCPU, memory, by whatever object and whoever writes it.

What an object costs is `provisioning.charges`' rule, which the keeper of the ledgers follows as well. Here is what that
means for a write: only what grows is charged, and with it goes what the ledger needs to tell writes apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from provisioning import charges, footprint
from provisioning.errors import Cause, RuleError
from provisioning.ledger import slot_key
from provisioning.resources import CLUSTERS, MACHINE_DEPLOYMENTS, TENANT_CLUSTERS, Resource
from provisioning.usage import Usage
from webhooks import facts as reading
from webhooks import pieces, tree
from webhooks.charge import Charge
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts, Manifest
from webhooks.policy import Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict | Charge:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    before, after = _pair(request, request.object, facts)
    resource = next(r for r in charges.KINDS if (r.group, r.plural) == (request.group, request.resource))
    if before is not None and _measured(resource, before) == _measured(resource, after):
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    try:
        cost = _cost(resource, after, facts)
    except RuleError as error:
        return refuse(*error.causes, code=INVALID)
    name, had = after["metadata"]["name"], _cost_before(resource, before, facts)
    charge = Charge(
        tenant=tenant.meta.name,
        hard=reading.limits(facts, tenant.it.spec),
        slot=slot_key(resource, request.namespace, name),
        name=name,
        field=FIELDS[resource],
        before=had,
        after=cost,
        fence=before["metadata"]["resourceVersion"] if before is not None else "",
        uid=after["metadata"]["uid"],
        hint=_hint(after),
        pieces=pieces.of(resource, before, after, had=had, cost=cost, facts=facts),
    )
    return charge if charge.rises else Allow()


def _hint(manifest: Manifest) -> str:
    owner = reading.controller(manifest)
    if owner.get("kind") != TENANT_CLUSTERS.kind:
        return ""
    return f"it is larger than its share of the TenantCluster {owner.get('name')}; change the pool there"


def _cost(resource: Resource, manifest: Manifest, facts: Facts) -> Usage:
    try:
        return charges.cost(resource, manifest, find=facts.get, catalog=partial(reading.catalog, facts))
    except (AttributeError, KeyError, TypeError) as error:
        # No CRD lets such a shape through; should one ever, it is not measured, and so not admitted.
        raise RuleError(Cause("spec", "cannot be measured: a field is missing or of another type")) from error


def _cost_before(resource: Resource, before: Manifest | None, facts: Facts) -> Usage:
    try:
        return _cost(resource, before, facts) if before is not None else Usage()
    except RuleError:
        # A flavor or template that is gone: what it cost cannot be known, so nothing is credited.
        return Usage()


def _pair(request: Request, wanted: Manifest, facts: Facts) -> tuple[Manifest | None, Manifest]:
    """The object before and after. For `/scale`, the scaled object itself with the old and the new number."""
    if request.subresource != "scale":
        return request.old, wanted
    parent = facts.get(MACHINE_DEPLOYMENTS, request.name, namespace=request.namespace)
    if parent is None:
        raise reading.Unusable(f"there is no MachineDeployment {request.name} in {request.namespace}")
    return _scaled(parent, request.old or wanted), _scaled(parent, wanted)


def _scaled(parent: Manifest, scale: Manifest) -> Manifest:
    replicas = tree.dig(scale, "spec").get("replicas", 0)
    # The revision of a Scale is that of the object it scales.
    meta = {**parent["metadata"], "resourceVersion": scale["metadata"]["resourceVersion"]}
    return {**parent, "metadata": meta, "spec": {**parent["spec"], "replicas": replicas}}


def _measured(resource: Resource, manifest: Manifest) -> list[Any]:
    """What the cost depends on. Templates do not change, so what says the same costs the same, and nothing needs to be
    looked up: controllers that write annotations and the like are never held up."""
    meta, spec = manifest["metadata"], tree.dig(manifest, "spec")
    owners = meta.get("ownerReferences") or []
    if resource == TENANT_CLUSTERS:
        return [spec]
    if resource == CLUSTERS:
        return [owners]
    sizes = [(meta.get("annotations") or {}).get(key) for key in (footprint.MIN_SIZE, footprint.MAX_SIZE)]
    machine = tree.dig(spec, "template", "spec")
    surge = [spec.get(key) for key in ("replicas", "rollout", "strategy")]
    return [owners, sizes, surge, machine.get("infrastructureRef")]


FIELDS: Mapping[Resource, str] = {
    TENANT_CLUSTERS: "spec.pools",
    CLUSTERS: "spec",
    MACHINE_DEPLOYMENTS: "spec.replicas",
}
"""Where each kind says how large it is."""

POLICY = Policy(
    "tenant_quota",
    (
        Rule(TENANT_CLUSTERS),
        Rule(CLUSTERS),
        Rule(MACHINE_DEPLOYMENTS),
        Rule(MACHINE_DEPLOYMENTS, subresource="scale"),
    ),
    check,
)
