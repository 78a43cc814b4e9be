"""A tenant has no more than its quota, by whatever object and whoever writes it.

What an object costs is `provisioning.charges`' rule, which the keeper of the ledgers follows as well; which kinds there
are is in `webhooks.charged`. Here is what that means for a write: only what grows is charged, and with it goes what the
ledger needs to tell writes apart. Whose the namespace is, what the tenant may have and how large a flavor is are
cached, and a yes rests on them: so those are looked at once more while the ledger is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from provisioning import kinship, measures
from provisioning.charges import Assessor
from provisioning.errors import Cause, RuleError
from provisioning.ledger import slot_key
from provisioning.machine_sizes import TemplateMissing
from provisioning.manifest import Manifest
from provisioning.resources import CATALOGS, MACHINE_DEPLOYMENTS, MACHINE_SETS, MACHINES, TENANT_CLUSTERS, TENANTS
from provisioning.usage import Usage
from webhooks import charged, known, marks, pieces, reading, tree
from webhooks.charge import Charge
from webhooks.charged import Kind
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts, Unusable
from webhooks.policy import UPDATE, Policy, Rule
from webhooks.review import Request

MAKERS: Final = (MACHINE_DEPLOYMENTS, MACHINE_SETS, MACHINES)
"""What Cluster API makes machines for, or parts of such."""


def check(request: Request, facts: Facts) -> Verdict | Charge:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    kind = charged.BY_PLURAL[request.resource]
    before, after = _pair(kind, request, request.object, facts)
    if before is not None and (measures.alike(kind.resource, before, after) or _has_fewer(kind, before, after)):
        # Nothing needs to be measured: a MachineDeployment scales its old sets down when their template may be gone.
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return _of_nobody(kind, before, after, request, facts)
    try:
        cost, hint = _weighed(kind, before, after, request, facts)
    except TemplateMissing as error:
        if not request.dry_run:
            return refuse(*error.causes, code=INVALID)
        # Flux and `kubectl diff` try a whole set of manifests before they write the first: the template comes with it.
        return Allow(tuple(f"not held against the quota in this dry run: {cause.message}" for cause in error.causes))
    except RuleError as error:
        return refuse(*error.causes, code=INVALID)
    name, had = after["metadata"]["name"], _cost_before(kind, before, facts)
    charge = Charge(
        tenant=tenant.meta.name,
        hard=reading.limits(facts, tenant.it.spec),
        slot=slot_key(kind.resource, request.namespace, name),
        name=name,
        field=kind.field,
        before=had,
        after=cost,
        fence=before["metadata"]["resourceVersion"] if before is not None else "",
        uid=after["metadata"]["uid"],
        hint=hint,
        pieces=pieces.of(kind.resource, before, after, had=had, cost=cost, facts=facts),
        holds=kind.holds,
    )
    # A namespace that was its tenant's a moment ago still is, unless the Tenant says otherwise.
    facts.rest_on(CATALOGS, *((TENANTS,) if charge.rises else ()))
    return charge if charge.rises else Allow()


def _of_nobody(kind: Kind, before: Manifest | None, after: Manifest, request: Request, facts: Facts) -> Verdict:
    """Where no tenant is, nobody can be charged, and so nothing grows.

    What costs nothing may be written, and so may the parts of what is there: controllers keep alive what was made
    before there were tenants. They make no more parts than it says, so that theirs need not be measured.
    """
    try:
        cost, _ = _weighed(kind, before, after, request, facts)
        grows = (cost - _cost_before(kind, before, facts)).rises() != Usage()
    except RuleError:
        grows = not (facts.trusted.is_controller(request.user) and _is_part(after, facts))
    return refuse(reading.no_tenant(request.namespace)) if grows else Allow()


def _is_part(manifest: Manifest, facts: Facts) -> bool:
    """Whether something of Cluster API's that makes machines is there, and owns it."""
    return any(kinship.owner(manifest, kind, facts, controlling=False) for kind in MAKERS)


def _weighed(kind: Kind, before: Manifest | None, after: Manifest, request: Request, facts: Facts) -> tuple[Usage, str]:
    """What it costs, and what else helps whoever has no room for that."""
    cost, hint = _cost(kind, after, facts), _hint(kind, after)
    if kind.shared and _owners(after) and not facts.trusted.is_system(request.user):
        return _by_itself(kind, before, after, facts) or (cost, hint)
    return cost, hint


def _has_fewer(kind: Kind, before: Manifest, after: Manifest) -> bool:
    """Whether a smaller number is all that changes."""
    if not kind.scaled:
        return False
    *path, last = kind.scaled.split(".")
    old, new = (tree.dig(manifest, *path).get(last) for manifest in (before, after))
    if type(old) is not int or type(new) is not int or not 0 <= new <= old:
        return False
    return measures.alike(kind.resource, before, kind.scaled_to(after, old))


def _by_itself(kind: Kind, before: Manifest | None, after: Manifest, facts: Facts) -> tuple[Usage, str] | None:
    """What it costs as nobody's part, where it grows by itself.

    A controller makes the parts of one owner one after the other. Whoever else makes many at the same moment would have
    each of them find the same room, for none is there yet when the others are looked at.
    """
    cost, had = _cost(kind, _alone(after), facts), _cost_before(kind, before and _alone(before), facts)
    if (cost - had).rises() == Usage():
        return None
    owner = marks.controller(after) or _owners(after)[0]
    hint = f"only its controller makes it a part of the {owner.get('kind')} {owner.get('name')}; change that one"
    return cost, hint


def _owners(manifest: Manifest) -> list[Mapping[str, Any]]:
    """Claims, as those of `facts.controller`."""
    return manifest["metadata"].get("ownerReferences") or []


def _alone(manifest: Manifest) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": []}}


def _hint(kind: Kind, manifest: Manifest) -> str:
    owner = marks.controller(manifest)
    if owner.get("kind") == TENANT_CLUSTERS.kind:
        return f"it is larger than its share of the TenantCluster {owner.get('name')}; change the pool there"
    if kind.part and owner:
        return f"it is more than the {owner.get('kind')} {owner.get('name')} was charged with; change that one"
    return ""


def _cost(kind: Kind, manifest: Manifest, facts: Facts) -> Usage:
    try:
        return Assessor(facts, partial(reading.catalog, facts), own=known.size).cost(kind.resource, manifest)
    except (AttributeError, KeyError, TypeError) as error:
        # No CRD lets such a shape through; should one ever, it is not measured, and so not admitted.
        raise RuleError(Cause("spec", "cannot be measured: a field is missing or of another type")) from error


def _cost_before(kind: Kind, before: Manifest | None, facts: Facts) -> Usage:
    try:
        return _cost(kind, before, facts) if before is not None else Usage()
    except RuleError:
        # A flavor or template that is gone: what it cost cannot be known, so nothing is credited.
        return Usage()


def _pair(kind: Kind, request: Request, wanted: Manifest, facts: Facts) -> tuple[Manifest | None, Manifest]:
    """The object before and after. For `/scale`, the scaled object itself with the old and the new number."""
    if request.subresource != "scale":
        return request.old, wanted
    parent = facts.get(kind.resource, request.name, namespace=request.namespace)
    if parent is None:
        raise Unusable(f"there is no {kind.resource.kind} {request.name} in {request.namespace}")
    return _scaled(kind, parent, request.old) if request.old is not None else parent, _scaled(kind, parent, wanted)


def _scaled(kind: Kind, parent: Manifest, scale: Manifest) -> Manifest:
    # The revision of a Scale is that of the object it scales; whoever writes one need not name it.
    meta = {**parent["metadata"], "resourceVersion": scale["metadata"].get("resourceVersion", "")}
    replicas = tree.dig(scale, "spec").get("replicas", 0)
    return {**kind.scaled_to(parent, replicas), "metadata": meta}


POLICY = Policy(
    "tenant_quota",
    (
        *(Rule(kind.resource, reach=kind.reach) for kind in charged.KINDS),
        *(Rule(kind.resource, (UPDATE,), "scale", kind.reach) for kind in charged.KINDS if kind.scaled),
    ),
    check,
    concerns=charged.may_cost_otherwise,
)
