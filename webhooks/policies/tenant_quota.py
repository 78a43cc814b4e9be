"""A tenant has no more than its quota: clusters, nodes, vCPU, memory, by whatever object and whoever writes it.

What is charged is the root of a tree: a TenantCluster with its whole envelope (surge and autoscaler's maximum
included), a hand-made Cluster, a hand-made MachineDeployment. What is rendered for a TenantCluster is within that
envelope already, if it really is: owner, name and size are checked, not believed. Reserving is the ledger's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioning import footprint, names, objects, quota
from provisioning.errors import Cause, Invalid, MalformedQuantity, RuleError
from provisioning.ledger import slot_key
from provisioning.model import CatalogSpec, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.quota import Usage
from provisioning.resources import (
    CLUSTERS,
    GROUP,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    TENANT_CLUSTERS,
    Resource,
)
from webhooks import facts as reading
from webhooks.charge import Charge
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts, Manifest
from webhooks.policy import Policy, Rule
from webhooks.review import Request

Weigh = Callable[[Manifest, Facts], Usage]


def check(request: Request, facts: Facts) -> Verdict | Charge:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    before, after = _pair(request, request.object, facts)
    if before is not None and _unchanged(before, after):
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    resource = _resource(request)
    weigh = WEIGH[resource]
    try:
        cost = weigh(after, facts)
    except (RuleError, Invalid) as error:
        return refuse(*(error.causes or (Cause("spec", str(error)),)), code=INVALID)
    except MalformedQuantity as error:
        return refuse(Cause("spec", str(error)), code=INVALID)
    charge = Charge(
        tenant=tenant.meta.name,
        hard=quota.limits(tenant.it.spec.quota.hard),
        slot=slot_key(resource, request.namespace, after["metadata"]["name"]),
        name=after["metadata"]["name"],
        before=_weighed_before(weigh, before, facts),
        after=cost,
        fence=before["metadata"]["resourceVersion"] if before is not None else "",
        uid=after["metadata"]["uid"],
    )
    return charge if charge.rises else Allow()


def _resource(request: Request) -> Resource:
    return next(r for r in WEIGH if (r.group, r.plural) == (request.group, request.resource))


def _pair(request: Request, wanted: Manifest, facts: Facts) -> tuple[Manifest | None, Manifest]:
    """The object before and after. For `/scale`, the scaled object itself with the old and the new number."""
    if request.subresource != "scale":
        return request.old, wanted
    parent = facts.get(MACHINE_DEPLOYMENTS, request.name, namespace=request.namespace)
    if parent is None:
        raise reading.Unusable(f"there is no MachineDeployment {request.name} in {request.namespace}")
    return _scaled(parent, request.old or wanted), _scaled(parent, wanted)


def _scaled(parent: Manifest, scale: Manifest) -> Manifest:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    # The revision of a Scale is that of the object it scales.
    meta = {**parent["metadata"], "resourceVersion": scale["metadata"]["resourceVersion"]}
    return {**parent, "metadata": meta, "spec": {**parent["spec"], "replicas": replicas}}


def _unchanged(before: Manifest, after: Manifest) -> bool:
    """Templates do not change, so what says the same costs the same: nothing needs to be looked up."""
    return all(
        (before["metadata"].get(key) or None) == (after["metadata"].get(key) or None)
        for key in ("annotations", "ownerReferences")
    ) and before.get("spec") == after.get("spec")


def _weighed_before(weigh: Weigh, before: Manifest | None, facts: Facts) -> Usage:
    try:
        return weigh(before, facts) if before is not None else Usage()
    except (RuleError, Invalid, MalformedQuantity):
        # A flavor or template that is gone: what it cost cannot be known, so nothing is credited.
        return Usage()


def _tenant_cluster(manifest: Manifest, facts: Facts) -> Usage:
    return quota.envelope(objects.read(TenantCluster, manifest).it.spec, reading.catalog(facts))


def _cluster(manifest: Manifest, facts: Facts) -> Usage:
    owner = _owner(manifest, facts)
    if owner is not None and manifest["metadata"]["name"] == owner.meta.name:
        return Usage()
    return footprint.of_cluster(manifest)


def _machine_deployment(manifest: Manifest, facts: Facts) -> Usage:
    try:
        cost = footprint.of_machine_deployment(manifest, _template(manifest, facts))
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedQuantity("the template has no virtual machine to measure by") from error
    owner = _owner(manifest, facts)
    if owner is not None:
        catalog = reading.catalog(facts)
        share = _share(manifest["metadata"]["name"], owner, catalog)
        if share is not None and cost.within(share):
            return Usage()
    return cost


def _owner(manifest: Manifest, facts: Facts) -> Stored[TenantCluster] | None:
    """The TenantCluster that controls this object, when it really lives and is the one that is meant."""
    claim = reading.controller(manifest)
    group = str(claim.get("apiVersion", "")).partition("/")[0]
    if (claim.get("kind"), group) != (TENANT_CLUSTERS.kind, GROUP):
        return None
    found = facts.get(TENANT_CLUSTERS, claim["name"], namespace=manifest["metadata"]["namespace"])
    if found is None or found["metadata"]["uid"] != claim.get("uid"):
        return None
    return objects.read(TenantCluster, found)


def _share(name: str, owner: Stored[TenantCluster], catalog: CatalogSpec) -> Usage | None:
    pool = _pool(name, owner)
    return quota.share(pool, catalog) if pool is not None else None


def _pool(name: str, owner: Stored[TenantCluster]) -> NodePool | None:
    pools = owner.it.spec.pools
    return next((p for p in pools if names.machine_deployment(owner.meta.name, p.name) == name), None)


def _template(manifest: Manifest, facts: Facts) -> Manifest:
    at = "spec.template.spec.infrastructureRef"
    spec: Mapping[str, Any] = ((manifest.get("spec") or {}).get("template") or {}).get("spec") or {}
    reference = spec.get("infrastructureRef") or {}
    kind, name = reference.get("kind"), reference.get("name", "")
    if kind != KUBEVIRT_MACHINE_TEMPLATES.kind:
        raise RuleError(Cause(f"{at}.kind", f"must be {KUBEVIRT_MACHINE_TEMPLATES.kind}: others cannot be measured"))
    namespace = manifest["metadata"]["namespace"]
    template = facts.get(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=namespace)
    if template is None:
        raise RuleError(Cause(f"{at}.name", f"there is no {kind} {name} in {namespace} to measure by; make it first"))
    return template


WEIGH: Mapping[Resource, Weigh] = {
    TENANT_CLUSTERS: _tenant_cluster,
    CLUSTERS: _cluster,
    MACHINE_DEPLOYMENTS: _machine_deployment,
}

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
