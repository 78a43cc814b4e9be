"""Whether somebody has to agree, who may, and whether they did. Pure.

Asked early by the bot, bindingly by the webhook.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from provisioning import lifecycle, people, quota
from provisioning.completion import complete
from provisioning.digest import digest_of
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.lifetime import expires_at
from provisioning.model import (
    Action,
    ApprovalPolicy,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    Decision,
    Person,
    Phase,
    RequestStatus,
    TenantSpec,
    Vote,
)
from provisioning.names import REQUEST_ANNOTATION
from provisioning.objects import Stored
from provisioning.usage import Usage

NOBODY: Final = "no approval needed"
"""The name of the rule by which a tenant whose policy requires nobody's approval passes."""

FIELD: Final = f"metadata.annotations[{REQUEST_ANNOTATION}]"
"""Where a refusal says that somebody has to agree."""
SHORTEST_DIGEST: Final = len("sha256:") + 16
"""Characters of a digest that are enough to tell what was shown."""


def waiver_for(policy: ApprovalPolicy, action: Action, size: Usage, catalog: CatalogSpec) -> str | None:
    """The name of the rule that makes approval unnecessary for this action on a cluster of this size, or None.

    `size` is the envelope after the change; for a deletion the envelope of what is deleted.
    """
    if policy.required == 0:
        return NOBODY
    for waiver in policy.waivers:
        if action in waiver.actions and quota.limits(waiver.up_to, catalog).hold(size):
            return waiver.name
    return None


def check_shown(request: Stored[ClusterRequest], digest: str) -> None:
    """Raises `Refused` unless this is the digest (whole, or enough of it) of what the request asks for."""
    if len(digest) < SHORTEST_DIGEST or not request.it.spec.digest.startswith(digest):
        raise Refused(Reason.CHANGED)


def check_voter(
    request: Stored[ClusterRequest], voter: Person, *, tenant: TenantSpec, groups: Iterable[str] = (), now: datetime
) -> None:
    """Raises `Refused` with the reason why this person's vote does not count."""
    status = request.it.status
    if status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if request.meta.created is not None and expires_at(request.meta.created, tenant.approval) <= now:
        raise Refused(Reason.EXPIRED)
    who, requester = (people.recognised(tenant, person) for person in (voter, request.it.spec.requester))
    if people.same(who, requester) and not tenant.approval.own_requests:
        raise Refused(Reason.OWN_REQUEST)
    if not people.approver(tenant, voter, groups):
        raise Refused(Reason.NOT_AN_APPROVER)
    if any(people.same(who, people.recognised(tenant, vote.voter)) for vote in agreed(request, tenant)):
        raise Refused(Reason.ALREADY_VOTED)


def agreed(request: Stored[ClusterRequest], tenant: TenantSpec) -> tuple[Vote, ...]:
    """The votes for it that count today: each of another person who still decides for the tenant.

    Who is no approver any more has not agreed, though they did while they were one. Whether somebody is still in the
    group by which they voted only the API server knows, and only when they come; that the group still decides is seen.
    """
    counted: list[Vote] = []
    spec = request.it.spec
    requester = people.recognised(tenant, spec.requester)
    for vote in request.it.status.votes:
        who = people.recognised(tenant, vote.voter)
        own = people.same(who, requester) and not tenant.approval.own_requests
        again = any(people.same(who, people.recognised(tenant, other.voter)) for other in counted)
        decides = people.approver(tenant, vote.voter, (vote.group,) if vote.group else ())
        if vote.decision is Decision.APPROVE and decides and not own and not again:
            counted.append(vote)
    return tuple(counted)


def cast(
    request: Stored[ClusterRequest], vote: Vote, *, tenant: TenantSpec, groups: Iterable[str] = (), now: datetime
) -> RequestStatus:
    """The status with the vote in it, and what follows from it. Raises `Refused`."""
    groups = tuple(groups)
    check_voter(request, vote.voter, tenant=tenant, groups=groups, now=now)
    status = request.it.status
    vote = vote.model_copy(update={"group": people.group_of(tenant.approvers, vote.voter, groups)})
    counted = status.model_copy(update={"votes": (*status.votes, vote)})
    return lifecycle.step(counted, _outcome(request, counted, vote, tenant), now=now, message=_last_word(vote))


def withdraw(request: Stored[ClusterRequest], person: Person, *, now: datetime) -> RequestStatus:
    """The status after the requester took the request back. Raises `Refused`."""
    if not people.same(person, request.it.spec.requester):
        raise Refused(Reason.NOT_YOURS)
    return lifecycle.step(request.it.status, Event.WITHDRAWN, now=now)


def uncovered(
    request: Stored[ClusterRequest],
    *,
    action: Action,
    cluster: str,
    desired: ClusterSpec | None,
    generation: int,
    born: datetime | None = None,
    catalog: CatalogSpec,
    tenant: TenantSpec,
) -> str:
    """Why the request does not stand behind this change; empty when it does.

    `desired` is the spec being written (None for a deletion), `generation` that of the stored object (0 for none),
    and `born` the time it was made: who asked to delete a cluster meant the one that was there then.
    Specs are compared completed, with the defaults of today on both sides. Votes are counted as they count today: who
    agreed and is no approver any more does not stand behind anything.
    """
    spec = request.it.spec
    if request.it.status.phase is not Phase.APPROVED:
        return f"it is {request.it.status.phase.value}, not Approved"
    if (spec.action, spec.cluster) != (action, cluster):
        return f"it asks to {spec.action.value.lower()} {spec.cluster}, not to {action.value.lower()} {cluster}"
    if why := _too_few(request, tenant):
        return why
    if spec.digest != digest_of(action=spec.action, cluster=spec.cluster, desired=spec.desired):
        return "its digest does not fit its own content"
    if action is not Action.DELETE and spec.base_generation != generation:
        return f"it was made for generation {spec.base_generation} of the cluster, and that is {generation} by now"
    asked = request.meta.created
    if action is Action.DELETE and born is not None and asked is not None and born > asked:
        return f"it was asked for before this {cluster} was made"
    if spec.desired is None or desired is None:
        return "" if spec.desired is desired else "it wants something else"
    approved, wanted = (complete(each, catalog=catalog, tenant=tenant) for each in (spec.desired, desired))
    return "" if approved == wanted else "the spec is not the one that was approved"


def _too_few(request: Stored[ClusterRequest], tenant: TenantSpec) -> str:
    status, required = request.it.status, tenant.approval.required
    if len(agreed(request, tenant)) >= required:
        return ""
    if status.waiver:
        return f"the rule by which it was approved, {status.waiver}, does not fit it any more; ask again"
    decide = ", ".join(vote.voter.user for vote in agreed(request, tenant)) or "nobody"
    return f"{required} must agree, and of those who did only {decide} may still decide; ask again"


def _outcome(request: Stored[ClusterRequest], after: RequestStatus, vote: Vote, tenant: TenantSpec) -> Event:
    if vote.decision is Decision.DENY:
        return Event.DENIED
    voted = replace(request, it=request.it.model_copy(update={"status": after}))
    return Event.APPROVED if len(agreed(voted, tenant)) >= tenant.approval.required else Event.VOTED


def _last_word(vote: Vote) -> str:
    return vote.reason if vote.decision is Decision.DENY else ""
