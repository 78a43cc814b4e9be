"""Handing on what nobody decides: which steps of the tenant's policy are taken, and who may decide then. Pure.

A step is taken when its time has come, counted from when the request was made, whether anybody noted it or not. It may
be taken earlier when nobody who was asked before can be reached; the bot, which alone can know that, notes it. Nobody
loses anything by a step: those who could decide before still can.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from provisioning import lifetime, people
from provisioning.model import ClusterRequest, EscalationStep, HandedOn, Person, Subject, TenantSpec, Urgency
from provisioning.objects import Stored, format_time, parse_time


def taken(request: Stored[ClusterRequest], tenant: TenantSpec, at: datetime) -> tuple[EscalationStep, ...]:
    """The steps that were taken by then."""
    created = request.meta.created
    noted = {each.step for each in request.it.status.handed_on if parse_time(each.at) <= at}
    return tuple(
        step
        for number, step in enumerate(tenant.approval.escalation)
        if number in noted or (created is not None and created + lifetime.parse(step.after) <= at)
    )


def widened(tenant: TenantSpec, request: Stored[ClusterRequest], at: datetime) -> TenantSpec:
    """The tenant with everybody as approver who may decide about this request at that time."""
    more = tuple(subject for step in taken(request, tenant, at) for subject in step.approvers)
    return tenant.model_copy(update={"approvers": (*tenant.approvers, *more)}) if more else tenant


def everybody(tenant: TenantSpec) -> TenantSpec:
    """The tenant with everybody as approver to whom a request may ever be handed on."""
    more = tuple(subject for step in tenant.approval.escalation for subject in step.approvers)
    return tenant.model_copy(update={"approvers": (*tenant.approvers, *more)}) if more else tenant


def above_quota(tenant: TenantSpec, person: Person) -> tuple[Subject, ...]:
    """Whom this person asks for more than the quota has room for: to whom the tenant hands on last what nobody decides,
    which is the platform as a rule; else who decides about what is large; else its approvers. Never themselves."""
    policy = tenant.approval
    last = policy.escalation[-1].approvers if policy.escalation else ()
    large = policy.large.approvers if policy.large is not None else ()
    me = people.recognised(tenant, person)
    return tuple(it for it in last or large or tenant.approvers if not people.names(it, me))


def noted(request: Stored[ClusterRequest], tenant: TenantSpec) -> tuple[tuple[HandedOn, EscalationStep], ...]:
    """The steps that somebody noted, in the order of the policy: what a card tells of, which has no clock."""
    steps = dict(enumerate(tenant.approval.escalation))
    found = sorted(request.it.status.handed_on, key=lambda each: each.step)
    return tuple((each, steps[each.step]) for each in found if each.step in steps)


def due(
    request: Stored[ClusterRequest], tenant: TenantSpec, *, unreachable: Collection[str], now: datetime
) -> HandedOn | None:
    """The step to be noted now: its time has come, or nobody of those before it can be reached.

    `unreachable` are the Slack accounts at which nobody is.
    """
    created, done = request.meta.created, {each.step for each in request.it.status.handed_on}
    ahead = [(number, step) for number, step in enumerate(tenant.approval.escalation) if number not in done]
    for number, step in ahead:
        if created is not None and created + lifetime.parse(step.after) <= now:
            return HandedOn(step=number, at=format_time(now), why=Urgency.TIME)
    if ahead and is_stranded(request, tenant, unreachable=unreachable):
        return HandedOn(step=ahead[0][0], at=format_time(now), why=Urgency.UNREACHABLE)
    return None


def next_at(request: Stored[ClusterRequest], tenant: TenantSpec) -> datetime | None:
    """When the next step is due by its time; None when none is left."""
    created, done = request.meta.created, {each.step for each in request.it.status.handed_on}
    if created is None:
        return None
    steps = enumerate(tenant.approval.escalation)
    return min((created + lifetime.parse(step.after) for number, step in steps if number not in done), default=None)


def is_stranded(request: Stored[ClusterRequest], tenant: TenantSpec, *, unreachable: Collection[str]) -> bool:
    """Whether nobody of those who may decide can be reached.

    Who is in a group nobody knows here, and who has no Slack account may look by kubectl: they count as reachable.
    """
    asked = (*tenant.approvers, *(subject for _, step in noted(request, tenant) for subject in step.approvers))
    requester = people.recognised(tenant, request.it.spec.requester)
    return not any(_may_come(subject, requester, tenant, unreachable) for subject in asked)


def _may_come(subject: Subject, requester: Person, tenant: TenantSpec, unreachable: Collection[str]) -> bool:
    if not subject.user:
        return True
    own = people.same(Person(user=subject.user, slack=subject.slack), requester)
    return (not own or tenant.approval.own_requests) and subject.slack not in unreachable
