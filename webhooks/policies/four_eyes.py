"""What becomes of a ClusterRequest, whoever writes it: votes by those who may, each once, and what follows from them.

The bot and `kubectl` go through the same functions (`provisioning.approval`, `provisioning.lifecycle`): the status that
is written must be the very one that these rules give for what happened.

Who is in a user group of Slack only Slack knows, and only the bot can ask. So the bot vouches for that, with the group
written into the vote, and is believed no further than this: the tenant must name that very group among its approvers,
some tenant must list the voter with that very Slack account, and whatever else holds for a vote holds for this one.
Nobody else may write such a vote. A bot that was taken over could put words into the mouths of listed people there, as
it can for those who are listed with a Slack account anyway; where that is too much, list Kubernetes users and groups.
"""

from __future__ import annotations

from datetime import datetime

from provisioning import giving_up, lifecycle, objects, replacing
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.lifetime import expires_at
from provisioning.model import ClusterRequest, Phase, RequestStatus, TenantSpec
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_REQUESTS
from webhooks import ballots, reading, status_fields
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import UPDATE, Policy, Rule
from webhooks.review import Request
from webhooks.status_fields import LEEWAY, Wrong


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or request.old is None:
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    before, after = (objects.read(ClusterRequest, m) for m in (request.old, request.object))
    try:
        for field in status_fields.kept_from(request.user.name, facts.trusted):
            if getattr(before.it.status, field) != getattr(after.it.status, field):
                raise Wrong(field, "is written by clusterdesk itself; leave it as it is")
        _check_handed_on(before, after, tenant.it.spec, facts)
        if status_fields.governed(before.it.status) != status_fields.governed(after.it.status):
            _hold(before, after.it.status, reading.deciding(facts, tenant.it.spec, before), request, facts)
        elif before.it.status.message != after.it.status.message:
            raise Wrong("message", "comes with a decision, and does not change without one")
    except Wrong as wrong:
        return refuse(wrong.cause)
    return Allow(audit={"phase": after.it.status.phase.value})


def _hold(
    before: Stored[ClusterRequest], wanted: RequestStatus, tenant: TenantSpec, request: Request, facts: Facts
) -> None:
    """Raises `Wrong` unless the wanted status is what the rules give for the one thing that happened."""
    now = _noted(wanted, facts.now)
    if wanted.votes != before.it.status.votes:
        expected = ballots.voted(before, wanted, tenant, request, facts, now)
    elif wanted.phase is Phase.WITHDRAWN and request.user.name == facts.trusted.provisioner:
        expected = _replaced(before, wanted, facts, now)
    elif wanted.phase is Phase.WITHDRAWN:
        expected = ballots.withdrawn(before, wanted, tenant, request, facts, now)
    elif request.user.name == facts.trusted.provisioner:
        expected = _by_provisioner(before, wanted, tenant, facts, now)
    else:
        raise Wrong("phase", f"does not become {wanted.phase.value} by itself: a request is decided by votes")
    for field in status_fields.FOLLOWS:
        right, given = getattr(expected, field), getattr(wanted, field)
        if right != given:
            raise Wrong(field, f"must be {status_fields.said(right)} after this, not {status_fields.said(given)}")


def _replaced(before: Stored[ClusterRequest], wanted: RequestStatus, facts: Facts, now: datetime) -> RequestStatus:
    """A request whose place another takes, or one that came too late to take another's."""
    namespace, spec = before.meta.namespace, before.it.spec
    newer, older = (reading.asked(facts, namespace, name) for name in (wanted.replaced_by, spec.replaces))
    try:
        if newer is not None:
            return replacing.taken_back(before, newer, now=now)
        return replacing.came_too_late(before, older, now=now)
    except Refused as refused:
        raise Wrong("phase", "does not become Withdrawn unless the requester says so, or replaces it") from refused


def _check_handed_on(
    before: Stored[ClusterRequest], after: Stored[ClusterRequest], tenant: TenantSpec, facts: Facts
) -> None:
    """A step that is noted is taken, so that it must be one of the tenant's, and noted when it is taken.

    That nobody can be reached the bot alone knows. It is believed, because those whom the step names are people whom
    the platform chose to decide.
    """
    noted, kept = after.it.status.handed_on, before.it.status.handed_on
    if noted[: len(kept)] != kept:
        raise Wrong("handed_on", "is only ever added to")
    for each in noted[len(kept) :]:
        if each.step >= len(tenant.approval.escalation):
            raise Wrong("handed_on", f"names step {each.step}, which the tenant's escalation does not have")
        if not status_fields.is_now(each.at, facts.now):
            raise Wrong("handed_on", f"is noted when it happens, not for {each.at}")


def _by_provisioner(
    before: Stored[ClusterRequest], wanted: RequestStatus, tenant: TenantSpec, facts: Facts, now: datetime
) -> RequestStatus:
    status = before.it.status
    events = {Phase.EXPIRED: Event.EXPIRED, Phase.APPLIED: Event.APPLIED, Phase.FAILED: Event.FAILED}
    event = Event.WAIVED if wanted.waiver != status.waiver else events.get(wanted.phase)
    if event is None:
        raise Wrong("phase", f"does not become {wanted.phase.value} by itself: a request is decided by votes")
    if event is Event.WAIVED:
        if not replacing.stands(before, reading.asked(facts, before.meta.namespace, before.it.spec.replaces)):
            raise Wrong("waiver", ballots.WORDS[Reason.REPLACING])
        rule = _waiver(before, tenant, facts)
        if rule != wanted.waiver:
            raise Wrong("waiver", f"must be {rule or 'left out: no rule fits, so people must agree'}")
        status = status.model_copy(update={"waiver": wanted.waiver})
    if event is Event.EXPIRED and before.meta.created is not None:
        end = expires_at(before.meta.created, tenant.approval)
        if end > facts.now + LEEWAY:
            raise Wrong("phase", f"cannot be Expired before {end:%Y-%m-%d %H:%M} UTC")
    try:
        return lifecycle.step(status, event, now=now)
    except Refused as refused:
        raise Wrong("phase", f"cannot become {wanted.phase.value} after {status.phase.value}") from refused


def _waiver(before: Stored[ClusterRequest], tenant: TenantSpec, facts: Facts) -> str | None:
    return giving_up.waiver(tenant, before.it.spec, reading.cluster_of(facts, before), reading.catalog(facts))


def _noted(wanted: RequestStatus, now: datetime) -> datetime:
    """The time that the writer noted for the decision, when it is about now; else ours, which will not be theirs."""
    if wanted.decided_at is None or not status_fields.is_now(wanted.decided_at, now):
        return now
    return objects.parse_time(wanted.decided_at)


POLICY = Policy("four_eyes", (Rule(CLUSTER_REQUESTS, (UPDATE,), subresource="status"),), check)
