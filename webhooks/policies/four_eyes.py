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

import json
from datetime import datetime, timedelta

from provisioning import approval, giving_up, lifecycle, objects, people, replacing
from provisioning.errors import Cause
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.lifetime import expires_at
from provisioning.model import ClusterRequest, Person, Phase, RequestStatus, TenantSpec, Vote
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_REQUESTS
from webhooks import facts as reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import UPDATE, Policy, Rule
from webhooks.review import Request

LEEWAY = timedelta(minutes=5)
"""How far the time that a writer notes may be from ours."""

WORDS = {
    Reason.NOT_AN_APPROVER: "is not an approver of this tenant",
    Reason.NOT_BY_SLACK: "is listed in this tenant, and not with this Slack account",
    Reason.OWN_REQUEST: "asked for it, and somebody else must decide",
    Reason.ALREADY_DECIDED: "comes too late: the request is decided",
    Reason.ALREADY_VOTED: "has voted already",
    Reason.NOT_YOURS: "did not ask for it, and withdraws it only as a member, once whoever asked is gone",
    Reason.EXPIRED: "comes too late: the request has expired",
    Reason.CHANGED: "voted on something else",
    Reason.GONE: "voted on what is no longer there",
    Reason.NOT_VOTED: "has no vote to take back",
    Reason.APPROVER_VOTED: "decides instead of somebody who has voted already",
    Reason.APPROVER_ASKED: "decides instead of whoever asked for it, and somebody else must decide",
    Reason.NO_BREAK_GLASS: "may not take a request of this tenant through alone",
    Reason.NO_REASON: "must say why",
    Reason.GROUP_UNKNOWN: "is not known to be in the group that decides",
    Reason.NOT_IN_SLACK: "would approve it in Slack, and it is approved by kubectl only",
    Reason.REPLACING: "comes too early: the request takes the place of another that is not taken back for it",
}

_FOLLOWS = ("phase", "votes", "waiver", "decided_at", "withdrawn_by", "replaced_by")
"""What the rules give. The rest is bookkeeping of our own programs, or words for people."""
_STANDING = ("conditions", "observed_generation", "expires_at")
"""What the provisioner alone keeps."""
_DRAWN = (
    "deliveries",
    "questions",
    "reminders",
    "next_reminder_at",
    "nudged_at",
    "handed_on",
    "unreachable",
    "stranded_at",
)
"""What the bot keeps: where its cards are, what people asked one another there, and whom it reminded."""
_WIRE = {
    "observed_generation": "observedGeneration",
    "expires_at": "expiresAt",
    "decided_at": "decidedAt",
    "withdrawn_by": "withdrawnBy",
    "replaced_by": "replacedBy",
    "next_reminder_at": "nextReminderAt",
    "nudged_at": "nudgedAt",
    "handed_on": "handedOn",
    "stranded_at": "strandedAt",
}


class Wrong(Exception):
    """The change is not one that can happen. Carries where and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.cause = Cause(f"status.{field}", message)


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or request.old is None:
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    before, after = (objects.read(ClusterRequest, m) for m in (request.old, request.object))
    try:
        for field in _kept_from(request.user.name, facts):
            if getattr(before.it.status, field) != getattr(after.it.status, field):
                raise Wrong(_WIRE.get(field, field), "is written by clusterdesk itself; leave it as it is")
        _check_handed_on(before, after, tenant.it.spec, facts)
        if _governed(before.it.status) != _governed(after.it.status):
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
        expected = _voted(before, wanted, tenant, request, facts, now)
    elif wanted.phase is Phase.WITHDRAWN and request.user.name == facts.trusted.provisioner:
        expected = _replaced(before, wanted, facts, now)
    elif wanted.phase is Phase.WITHDRAWN:
        expected = _withdrawn(before, wanted, tenant, request, facts, now)
    elif request.user.name == facts.trusted.provisioner:
        expected = _by_provisioner(before, wanted, tenant, facts, now)
    else:
        raise Wrong("phase", f"does not become {wanted.phase.value} by itself: a request is decided by votes")
    for field in _FOLLOWS:
        right, given = getattr(expected, field), getattr(wanted, field)
        if right != given:
            raise Wrong(_WIRE.get(field, field), f"must be {_said(right)} after this, not {_said(given)}")


def _voted(
    before: Stored[ClusterRequest],
    wanted: RequestStatus,
    tenant: TenantSpec,
    request: Request,
    facts: Facts,
    now: datetime,
) -> RequestStatus:
    cast = before.it.status.votes
    if len(wanted.votes) < len(cast):
        return _taken_back(before, wanted, tenant, request, facts, now)
    if len(wanted.votes) != len(cast) + 1 or wanted.votes[: len(cast)] != cast:
        raise Wrong("votes", "are only ever added, one at a time")
    vote, by_bot = wanted.votes[-1], request.user.name == facts.trusted.bot
    if by_bot:
        _known_to_slack(vote.voter, tenant, facts)
    elif vote.voter != reading.person(request.user):
        raise Wrong("votes", f"cannot be cast for somebody else: the voter must be {request.user.name}, without slack")
    _just_now(vote, facts.now)
    try:
        replacing.check_stands(before, reading.asked(facts, request.namespace, before.it.spec.replaces))
        return approval.cast(
            before,
            vote,
            tenant=tenant,
            groups=() if by_bot else request.user.groups,
            slack_groups=(vote.slack_group,) if by_bot and vote.slack_group else (),
            delegations=reading.delegations(facts, request.namespace),
            now=now,
        )
    except Refused as refused:
        raise Wrong("votes", f"{vote.voter.user} {WORDS[refused.reason]}") from refused


def _taken_back(
    before: Stored[ClusterRequest],
    wanted: RequestStatus,
    tenant: TenantSpec,
    request: Request,
    facts: Facts,
    now: datetime,
) -> RequestStatus:
    """Somebody takes their own vote back. Of whom the bot does that for, the vote that is gone says who they are."""
    person = reading.person(request.user)
    if request.user.name == facts.trusted.bot:
        gone = next((vote for vote in before.it.status.votes if vote not in wanted.votes), None)
        if gone is None:
            raise Wrong("votes", "are only ever added, one at a time")
        person = gone.voter
        by_name = gone.instead_of is None and not gone.slack_group
        for_them = (tenant,) if by_name else (tenant, *reading.tenants(facts))
        if not any(people.reachable(spec, person) for spec in for_them):
            raise _unlisted(person, "votes")
    try:
        return approval.take_back(before, person, tenant=tenant, now=now)
    except Refused as refused:
        raise Wrong("votes", f"{person.user} {WORDS[refused.reason]}") from refused


def _known_to_slack(person: Person, tenant: TenantSpec, facts: Facts) -> None:
    """Whoever decides instead of an approver, or by a user group, may be known to another tenant alone."""
    if people.vouched(tenant, person):
        return
    if not any(people.vouched(spec, person) for spec in reading.tenants(facts)):
        raise _unlisted(person, "votes")


def _unlisted(person: Person, field: str) -> Wrong:
    if not person.slack:
        return Wrong(field, f"no Slack account of {person.user} is known here, so they do this by kubectl")
    return Wrong(field, f"{person.slack} is not listed as the Slack account of {person.user}")


def _withdrawn(
    before: Stored[ClusterRequest],
    wanted: RequestStatus,
    tenant: TenantSpec,
    request: Request,
    facts: Facts,
    now: datetime,
) -> RequestStatus:
    """By whoever asked; or by a member, where whoever asked is not there any more. The bot says for whom it is."""
    person, groups = reading.person(request.user), request.user.groups
    if request.user.name == facts.trusted.bot:
        person, groups = wanted.withdrawn_by or before.it.spec.requester, ()
        if not (people.vouched if wanted.withdrawn_by else people.reachable)(tenant, person):
            raise _unlisted(person, "withdrawnBy" if wanted.withdrawn_by else "phase")
    try:
        return approval.withdraw(before, person, tenant=tenant, groups=groups, now=now)
    except Refused as refused:
        raise Wrong("phase", f"{person.user} {WORDS[refused.reason]}") from refused


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
        raise Wrong("handedOn", "is only ever added to")
    for each in noted[len(kept) :]:
        if each.step >= len(tenant.approval.escalation):
            raise Wrong("handedOn", f"names step {each.step}, which the tenant's escalation does not have")
        if abs(objects.parse_time(each.at) - facts.now) > LEEWAY:
            raise Wrong("handedOn", f"is noted when it happens, not for {each.at}")


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
            raise Wrong("waiver", WORDS[Reason.REPLACING])
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
    if wanted.decided_at is None:
        return now
    noted = objects.parse_time(wanted.decided_at)
    return noted if abs(noted - now) <= LEEWAY else now


def _just_now(vote: Vote, now: datetime) -> None:
    if abs(objects.parse_time(vote.at) - now) > LEEWAY:
        raise Wrong("votes", f"are cast now, not at {vote.at}")


def _governed(status: RequestStatus) -> dict[str, object]:
    return {field: getattr(status, field) for field in _FOLLOWS}


def _kept_from(user: str, facts: Facts) -> tuple[str, ...]:
    """What this user does not write."""
    if user == facts.trusted.provisioner:
        return _DRAWN
    return _STANDING if user == facts.trusted.bot else (*_STANDING, *_DRAWN)


def _said(value: object) -> str:
    """A value as it is written in the object."""
    if isinstance(value, tuple):
        return ", ".join(json.dumps(vote.wire()) for vote in value if isinstance(vote, Vote)) or "none"
    return str(value) if value else "left out"


POLICY = Policy("four_eyes", (Rule(CLUSTER_REQUESTS, (UPDATE,), subresource="status"),), check)
