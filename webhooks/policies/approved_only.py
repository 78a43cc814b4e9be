"""A TenantCluster changes only as its tenant's policy lets it: by a rule that needs nobody, or by an approved request.

The request must want exactly this, made for exactly what is there now, and people who still decide must stand behind
it: whoever applies it changes nothing of what was agreed to. The rule itself is `provisioning.backing`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from provisioning import approval, attention, backing, giving_up, lifetime, objects, quota, risk, unattended, wording
from provisioning.completion import complete
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    DelegationSpec,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.names import PREVIEW_ANNOTATION, RECONCILE_ANNOTATION, REQUEST_ANNOTATION, TOLD_ANNOTATION
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_ACCESSES, CLUSTER_REQUESTS, NAMESPACES, TENANT_CLUSTERS
from webhooks import extent, marks, reading, tree
from webhooks.decision import Allow, Deny, Verdict, refuse
from webhooks.facts import All, Facts
from webhooks.policy import CREATE, DELETE, UPDATE, Policy, Rule
from webhooks.review import Request

CLOCKS_APART = timedelta(minutes=1)
"""How much earlier somebody else's clock may find that a cluster's time is over."""

ACTIONS = {CREATE: Action.CREATE, UPDATE: Action.CHANGE, DELETE: Action.DELETE}


def check(request: Request, facts: Facts) -> Verdict:
    if request.user.name == facts.trusted.bot and not request.dry_run:
        if _asks_for_another_look(request):
            return Allow()
        return refuse(Cause("", "the bot only asks: what is approved, clusterdesk's provisioner does"))
    if reading.is_platforms(facts, request) or extent.says_the_same(request):
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return _without_tenant(request)
    if reading.is_unread(request.old):
        return _of_unread(request, tenant, facts)
    before = reading.cluster(request.old) if request.old is not None else None
    return _by_policy(request, before, tenant, facts)


def _by_policy(request: Request, before: Stored[TenantCluster] | None, tenant: Stored[Tenant], facts: Facts) -> Verdict:
    """By a rule that needs nobody, or by an approved request."""
    after = reading.cluster(request.object) if request.object is not None else None
    action = ACTIONS[request.operation]
    if _needs_nothing(request, before, after, tenant, facts):
        return Allow()
    counted = reading.cluster(request.either).it.spec
    catalog = reading.catalog(facts)
    old, new = before.it.spec if before else None, after.it.spec if after else None
    extension = approval.is_extension(old, new)
    size = quota.envelope(counted, catalog)
    deciding = risk.deciding(tenant.it.spec, size, catalog, unprotects=approval.is_unprotection(old, new))
    waiver = approval.waiver_for(deciding.approval, action, size, catalog, extension=extension)
    if waiver is None and before is not None and after is None and _gives_up(request, before, tenant.it.spec, catalog):
        waiver = giving_up.RULE
    if waiver is not None:
        return Allow(audit={"approval": waiver})
    # A deletion cannot carry an annotation; what the cluster has is of its last change.
    named = marks.annotation(request.object, REQUEST_ANNOTATION) if request.object is not None else ""
    reasons: dict[str, str] = {}
    for candidate in _candidates(request, named, facts):
        why = backing.uncovered(
            candidate,
            action=action,
            cluster=request.name or request.either["metadata"]["name"],
            desired=after.it.spec if after is not None else None,
            generation=before.meta.generation if before is not None else 0,
            born=before.meta.created if before is not None else None,
            catalog=catalog,
            tenant=deciding,
            delegations=_delegations(candidate, facts),
            waiver=giving_up.waiver(tenant.it.spec, candidate.it.spec, before, catalog),
        )
        if not why:
            return Allow(audit={"approval": candidate.meta.name})
        reasons[candidate.meta.name] = why
    if before is not None and named and named == before.meta.annotations.get(REQUEST_ANNOTATION):
        # That is of the last change. Who changes something else has named none, and is told how to get one.
        return _refused(action, tenant.meta.name, deciding.approval.required, "", {})
    return _refused(action, tenant.meta.name, deciding.approval.required, named, reasons)


def _gives_up(request: Request, cluster: Stored[TenantCluster], tenant: TenantSpec, catalog: CatalogSpec) -> bool:
    """Whether whoever sends this may give the cluster up alone."""
    person, groups = reading.person(request.user), request.user.groups
    return giving_up.obstacle(cluster, person, tenant=tenant, catalog=catalog, groups=groups) is None


def _asks_for_another_look(request: Request) -> bool:
    """Whether nothing is written but the annotations by which a cluster is put there anew, and by which the bot knows
    what it has told of it."""
    old, new = (_as_written(manifest) for manifest in (request.old, request.object))
    return old is not None and old == new


def _as_written(manifest: Manifest | None) -> Manifest | None:
    """What people and programs say in it, but for those annotations."""
    if manifest is None:
        return None
    meta = manifest["metadata"]
    said = {key: meta.get(key) or None for key in ("labels", "finalizers", "ownerReferences")}
    bots = (RECONCILE_ANNOTATION, TOLD_ANNOTATION)
    notes = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in bots}
    return {"spec": manifest.get("spec"), **said, "annotations": notes}


def _without_tenant(request: Request) -> Verdict:
    """Whose is it, then? To make or change it is refused; what is left of a tenant that is gone may be cleared away."""
    return Allow() if request.operation == DELETE else refuse(reading.no_tenant(request.namespace))


def _of_unread(request: Request, tenant: Stored[Tenant], facts: Facts) -> Verdict:
    """The end of what an older version of us took and this one does not read. Nobody can be shown what they would agree
    to; so it goes where nobody has to agree, or by the platform's word."""
    policy, namespace = tenant.it.spec.approval, facts.get(NAMESPACES, request.namespace)
    nobody_agrees = policy.required == 0 and policy.large is None
    goes_anyway = marks.deleting(request.either) or (namespace is not None and marks.deleting(namespace))
    if request.object is None and (nobody_agrees or goes_anyway or facts.trusted.is_platform(request.user)):
        return Allow()
    return refuse(Cause("", f"it {reading.UNREAD}"))


def _needs_nothing(
    request: Request,
    before: Stored[TenantCluster] | None,
    after: Stored[TenantCluster] | None,
    tenant: Stored[Tenant],
    facts: Facts,
) -> bool:
    if after is None:
        return before is None or _may_go(request, before, tenant, facts)
    if request.dry_run and after.meta.annotations.get(PREVIEW_ANNOTATION) == "true":
        return True
    if before is None:
        return False
    catalog = reading.catalog(facts)

    def completed(spec: ClusterSpec) -> ClusterSpec:
        return complete(spec, catalog=catalog, tenant=tenant.it.spec)

    return completed(before.it.spec) == completed(after.it.spec)


def _may_go(request: Request, cluster: Stored[TenantCluster], tenant: Stored[Tenant], facts: Facts) -> bool:
    """Deletion without anybody's word: it is going already, it is due, nobody chose what becomes of it, or its
    namespace is going.

    The last is no way around the approvers: `tenant_namespaces` lets no namespace go that holds clusters. Only one that
    slipped in at that very moment is met here, and whoever ends the namespace must be able to take it along.
    """
    if cluster.meta.deleting:
        return True
    born = cluster.meta.created
    ladder = lifetime.ladder(born, cluster.it.spec, tenant.it.spec.lifetime) if born is not None else None
    if ladder is not None and ladder.is_due(facts.now + CLOCKS_APART):
        return True
    if _is_unattended(request, cluster, tenant, facts):
        return True
    namespace = facts.get(NAMESPACES, request.namespace)
    return namespace is not None and marks.deleting(namespace)


def _is_unattended(request: Request, cluster: Stored[TenantCluster], tenant: Stored[Tenant], facts: Facts) -> bool:
    """Whether clusterdesk itself gives it up, because it failed before it was ever ready and nobody chose in time."""
    if request.user.name != facts.trusted.provisioner or not unattended.may_go(cluster):
        return False
    kinds = (CLUSTER_REQUESTS, CLUSTER_ACCESSES)
    facts.need(*(All(kind, request.namespace) for kind in kinds))
    requests, accesses = (facts.list(kind, namespace=request.namespace) for kind in kinds)
    about = attention.of(cluster, requests=requests, accesses=accesses)
    return unattended.is_due(cluster, tenant.it.spec.lifetime, about, now=facts.now + CLOCKS_APART)


def _candidates(request: Request, named: str, facts: Facts) -> Iterator[Stored[ClusterRequest]]:
    """The request that the annotation names; for a deletion every request to delete this cluster."""
    if request.operation != DELETE:
        candidate = reading.asked(facts, request.namespace, named)
        if candidate is not None:
            yield candidate
        return
    born = objects.Meta.of(request.either).created
    for manifest in facts.list(CLUSTER_REQUESTS, namespace=request.namespace):
        spec = tree.dig(manifest, "spec")
        if (spec.get("action"), spec.get("cluster")) == (Action.DELETE.value, request.name):
            asked = objects.read(ClusterRequest, manifest)
            # An older one meant a cluster of this name that is gone.
            if born is None or asked.meta.created is None or asked.meta.created >= born:
                yield asked


def _delegations(candidate: Stored[ClusterRequest], facts: Facts) -> tuple[DelegationSpec, ...]:
    """Looked up only where somebody decided instead of somebody else."""
    by_delegation = any(vote.instead_of is not None for vote in candidate.it.status.votes)
    return reading.delegations(facts, candidate.meta.namespace) if by_delegation else ()


def _refused(action: Action, tenant: str, required: int, named: str, reasons: Mapping[str, str]) -> Deny:
    """`reasons` is why each request that was asked for this does not stand behind it, by name."""
    verb = {Action.CREATE: "create", Action.CHANGE: "change", Action.DELETE: "delete"}[action]
    missing = [f"there is no ClusterRequest {named} in this namespace"] if named and not reasons else []
    facts = [f"the request {name} does not stand behind this: {why}" for name, why in reasons.items()] + missing
    if not facts:
        facts = [
            f"make a ClusterRequest with action {action.value}, or ask in Slack; once it is approved, clusterdesk does "
            "the rest"
        ]
    message = f"to {verb} this cluster {wording.must_agree(required, tenant)}; {'; '.join(facts)}"
    return Deny(message, (Cause(approval.FIELD, message), *(Cause(backing.FIELD, why) for why in reasons.values())))


POLICY = Policy("approved_only", (Rule(TENANT_CLUSTERS, (CREATE, UPDATE, DELETE)),), check)
