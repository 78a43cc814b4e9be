"""Which requests are large or take protection off, and who decides about those: the tenant as it holds for one request.

A tenant may have more people, or others, decide about what is above bounds of its own; and what is protected stays so
until two people want it otherwise, whatever else the tenant lets one do alone. Whoever decides about a request, or
counts the votes on it, takes the tenant from here, so that the same people decide at every door. Pure.
What must never live here: whether a vote counts (`approval`).
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioning import approval, escalation, people, quota
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    CatalogSpec,
    ClusterSpec,
    LargeRequests,
    RequestSpec,
    TenantSpec,
)
from provisioning.quota import Excess
from provisioning.usage import Usage


@dataclass(frozen=True)
class Large:
    """How something large is decided otherwise than what is not: `where` it is above the tenant's bounds, how many must
    agree where these are `more` (0 where not), and whether they are `others`."""

    where: tuple[Excess, ...]
    more: int
    others: bool


def asked_size(spec: RequestSpec, present: ClusterSpec | None, catalog: CatalogSpec | None) -> Usage | None:
    """The envelope of what is asked for; for a deletion that of what is there. None where nobody can tell."""
    shown = present if spec.action is Action.DELETE else spec.desired
    return quota.envelope(shown, catalog) if shown is not None and catalog is not None else None


def large(tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec | None) -> Large | None:
    """Whether something of this size is large, and what follows. None when it is not."""
    of_large, where = tenant.approval.large, _beyond(tenant, size, catalog)
    if of_large is None or not where:
        return None
    required = deciding(tenant, size, catalog).approval.required
    return Large(where, required if required > tenant.approval.required else 0, bool(of_large.approvers))


def deciding(
    tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec | None, *, unprotects: bool = False
) -> TenantSpec:
    """The tenant as it decides about something of this size: who approves, how many of them, and whether in Slack.

    `unprotects` is what `approval.is_unprotection` says of it.
    """
    decides = _of_size(tenant, size, catalog)
    return _of_unprotection(decides) if unprotects else decides


def _of_size(tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec | None) -> TenantSpec:
    policy, of_large = tenant.approval, tenant.approval.large
    if of_large is None or not _beyond(tenant, size, catalog):
        return tenant
    # Nothing is large to what comes out, so that it stays as it is when it is asked again. And it still names everybody
    # whom the tenant names: who somebody is does not hang on the size of a request.
    settled = LargeRequests(above=Amounts(), approvers=tenant.approvers)
    changed = {
        "required": required(policy),
        "in_slack": policy.in_slack and of_large.in_slack,
        "large": settled,
    }
    decided = {"approvers": of_large.approvers or tenant.approvers, "approval": policy.model_copy(update=changed)}
    return tenant.model_copy(update=decided)


def _of_unprotection(tenant: TenantSpec) -> TenantSpec:
    """Somebody else agrees, in Slack or not, unless a waiver says that it is for this; or somebody breaks the glass."""
    policy = tenant.approval
    changed = {
        "required": max(policy.required, 1),
        "own_requests": False,
        "waivers": tuple(waiver for waiver in policy.waivers if waiver.unprotects),
    }
    return tenant.model_copy(update={"approval": policy.model_copy(update=changed)})


def required(policy: ApprovalPolicy) -> int:
    """How many must agree to a large request: never fewer than to another, and one at least."""
    said = policy.large.required if policy.large is not None else None
    return max(policy.required, said or 1)


def about(
    tenant: TenantSpec, request: RequestSpec, present: ClusterSpec | None, catalog: CatalogSpec | None
) -> TenantSpec:
    """The tenant as it decides about this request. `present` is the cluster as it is now."""
    unprotects = approval.is_unprotection(present, request.desired)
    return deciding(tenant, asked_size(request, present, catalog), catalog, unprotects=unprotects)


def waiver(
    tenant: TenantSpec, request: RequestSpec, present: ClusterSpec | None, catalog: CatalogSpec | None
) -> str | None:
    """The rule by which nobody has to agree to this request; None where people have to, or nobody can tell."""
    size = asked_size(request, present, catalog)
    if size is None or catalog is None:
        return None
    policy = about(tenant, request, present, catalog).approval
    extension = approval.is_extension(present, request.desired)
    return approval.waiver_for(policy, request.action, size, catalog, extension=extension)


def everybody(tenant: TenantSpec) -> TenantSpec:
    """The tenant with everybody as approver who may ever decide: about large requests, or once one is handed on."""
    return escalation.everybody(tenant.model_copy(update={"approvers": people.approvers_of_some(tenant)}))


def _beyond(tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec | None) -> tuple[Excess, ...]:
    """Where something of this size is above the tenant's bounds; nowhere where nobody can tell the size."""
    of_large = tenant.approval.large
    if of_large is None or size is None:
        return ()
    return quota.limits(of_large.above, catalog).excess(Usage(), size)
