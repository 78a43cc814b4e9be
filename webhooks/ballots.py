"""What people do to a ClusterRequest, by kubectl or through the bot: votes, votes taken back, requests withdrawn. Pure.

Each function gives the status that follows by the rules (`provisioning.approval`), or raises `Wrong`.
"""

from __future__ import annotations

from datetime import datetime

from provisioning import approval, people, replacing
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, RequestStatus, TenantSpec
from provisioning.objects import Stored
from webhooks import reading, status_fields
from webhooks.facts import Facts
from webhooks.review import Request
from webhooks.status_fields import Wrong

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


def voted(
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
    if not status_fields.is_now(vote.at, facts.now):
        raise Wrong("votes", f"are cast now, not at {vote.at}")
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


def withdrawn(
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
            raise _unlisted(person, "withdrawn_by" if wanted.withdrawn_by else "phase")
    try:
        return approval.withdraw(before, person, tenant=tenant, groups=groups, now=now)
    except Refused as refused:
        raise Wrong("phase", f"{person.user} {WORDS[refused.reason]}") from refused
