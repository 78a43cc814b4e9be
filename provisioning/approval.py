"""Whether somebody has to agree, who may, and whether they did. Pure.

Asked early by the bot, bindingly by the webhook. Of one request it is always asked with the tenant as it decides about
that one (`risk`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from provisioning import escalation, lifecycle, lifetime, people, quota, room, seats
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.lifetime import expires_at
from provisioning.model import (
    Action,
    ApprovalPolicy,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    Decision,
    DelegationSpec,
    Person,
    Phase,
    RequestStatus,
    TenantSpec,
    Vote,
)
from provisioning.names import REQUEST_ANNOTATION
from provisioning.objects import Stored, parse_time
from provisioning.seats import Seat
from provisioning.usage import Usage

NOBODY: Final = "no approval needed"
"""The name of the rule by which a tenant whose policy requires nobody's approval passes."""

FIELD: Final = f"metadata.annotations[{REQUEST_ANNOTATION}]"
"""Where a refusal says that somebody has to agree."""
SHORTEST_DIGEST: Final = len("sha256:") + 16
"""Characters of a digest that are enough to tell what was shown."""


def waiver_for(
    policy: ApprovalPolicy, action: Action, size: Usage, catalog: CatalogSpec, *, extension: bool = False
) -> str | None:
    """The name of the rule that makes approval unnecessary for this action on a cluster of this size, or None.

    `size` is the envelope after the change; for a deletion the envelope of what is deleted. `extension` is what
    `is_extension` says of it.
    """
    if policy.required == 0:
        return NOBODY
    for waiver in policy.waivers:
        fits = action in waiver.actions and (extension or not waiver.extensions_only)
        if fits and quota.limits(waiver.up_to, catalog).hold(size):
            return waiver.name
    return None


def is_extension(old: ClusterSpec | None, new: ClusterSpec | None) -> bool:
    """Whether a change gives a cluster a later end, and nothing else. To have no end any more is none."""
    if old is None or new is None or not old.lifetime or not new.lifetime:
        return False
    return lifetime.is_later(old, new) and old.model_copy(update={"lifetime": new.lifetime}) == new


def is_unprotection(old: ClusterSpec | None, new: ClusterSpec | None) -> bool:
    """Whether a change takes a cluster's deletion protection off, whatever else it does."""
    return old is not None and new is not None and old.deletion_protection and not new.deletion_protection


def check_shown(request: Stored[ClusterRequest], digest: str) -> None:
    """Raises `Refused` unless this is the digest (whole, or enough of it) of what the request asks for."""
    if len(digest) < SHORTEST_DIGEST or not request.it.spec.digest.startswith(digest):
        raise Refused(Reason.CHANGED)


def check_voter(
    request: Stored[ClusterRequest],
    voter: Person,
    *,
    tenant: TenantSpec,
    groups: Iterable[str] = (),
    slack_groups: Iterable[str] = (),
    delegations: Iterable[DelegationSpec] = (),
    now: datetime,
) -> Seat:
    """By what this person's vote counts. Raises `Refused` with the reason why it does not.

    `groups` and `slack_groups` are those the person is in now, `delegations` those in force in the namespace.
    """
    _check_open(request, tenant, now)
    delegations = tuple(delegations)
    requester = people.recognised(tenant, request.it.spec.requester)
    known = tuple(seats.known_as(voter, tenant, delegations))
    if _is_among(requester, known) and not tenant.approval.own_requests:
        raise Refused(Reason.OWN_REQUEST)
    asked = escalation.widened(tenant, request, now)
    found = seats.seats(asked, voter, groups=groups, slack_groups=slack_groups, delegations=delegations)
    if not found:
        raise Refused(Reason.NOT_AN_APPROVER)
    if found == (Seat(),):
        check_account(voter, tenant)
    spoken = [who for vote in agreed(request, tenant, delegations) for who in seats.speakers(vote, tenant, delegations)]
    if any(_is_among(who, spoken) for who in known):
        raise Refused(Reason.ALREADY_VOTED)
    against = [_against(seat, requester, spoken, tenant) for seat in found]
    if None not in against:
        raise Refused(next(reason for reason in against if reason is not None))
    return found[against.index(None)]


def check_breaker(
    request: Stored[ClusterRequest],
    voter: Person,
    *,
    reason: str,
    tenant: TenantSpec,
    groups: Iterable[str] = (),
    now: datetime,
) -> Seat:
    """By what this person takes the request through alone. Raises `Refused` with the reason why they may not."""
    _check_open(request, tenant, now)
    groups = tuple(groups)
    if not people.breaker(tenant, voter, groups):
        raise Refused(Reason.NO_BREAK_GLASS)
    check_account(voter, tenant)
    if not reason.strip():
        raise Refused(Reason.NO_REASON)
    return Seat(group=people.group_of(tenant.approval.break_glass, voter, groups))


def check_account(voter: Person, tenant: TenantSpec) -> None:
    """Raises `Refused` when somebody comes by a Slack account that this tenant does not tie to their name.

    What another tenant says of them is not enough for whom this one names itself: it may leave their account out, so
    that nothing here hangs on the bot.
    """
    if voter.slack and not people.vouched(tenant, voter):
        raise Refused(Reason.NOT_BY_SLACK)


def check_door(voter: Person, tenant: TenantSpec) -> None:
    """Raises `Refused` when somebody would approve in Slack what is approved by kubectl only."""
    if not _is_heard(voter, tenant):
        raise Refused(Reason.NOT_IN_SLACK)


def agreed(
    request: Stored[ClusterRequest], tenant: TenantSpec, delegations: Iterable[DelegationSpec] = ()
) -> tuple[Vote, ...]:
    """The votes for it that count today: each the word of other people, by somebody who still decides for the tenant.

    Who is no approver any more has not agreed, though they did while they were one; nor has who decided instead of
    somebody, once that has ended, nor who did in Slack where that does not count. Whether somebody is still in the
    group by which they voted only the API server (or Slack) knows, and only when they come; that the group still
    decides is seen.
    """
    counted: list[Vote] = []
    heard: list[Person] = []
    delegations = tuple(delegations)
    requester = people.recognised(tenant, request.it.spec.requester)
    for vote in request.it.status.votes:
        speakers = tuple(seats.speakers(vote, tenant, delegations))
        own = _is_among(requester, speakers) and not tenant.approval.own_requests
        again = any(_is_among(who, heard) for who in speakers)
        agrees = vote.decision is Decision.APPROVE and not vote.break_glass and _is_heard(vote.voter, tenant)
        asked = escalation.widened(tenant, request, parse_time(vote.at))
        if agrees and not own and not again and seats.is_held(vote, asked, delegations):
            counted.append(vote)
            heard += speakers
    return tuple(counted)


def forced(request: Stored[ClusterRequest], tenant: TenantSpec) -> Vote | None:
    """The vote by which somebody took the request through alone, who may still do so today."""
    vote = seats.taken_through(request.it.status)
    if vote is None or not _is_heard(vote.voter, tenant):
        return None
    return vote if people.breaker(tenant, vote.voter, (vote.group,) if vote.group else ()) else None


def cast(
    request: Stored[ClusterRequest],
    vote: Vote,
    *,
    tenant: TenantSpec,
    groups: Iterable[str] = (),
    slack_groups: Iterable[str] = (),
    delegations: Iterable[DelegationSpec] = (),
    now: datetime,
) -> RequestStatus:
    """The status with the vote in it, and what follows from it. Raises `Refused`."""
    groups, delegations, status = tuple(groups), tuple(delegations), request.it.status
    if vote.break_glass:
        if vote.decision is not Decision.APPROVE:
            raise Refused(Reason.NO_BREAK_GLASS)
        seat = check_breaker(request, vote.voter, reason=vote.reason, tenant=tenant, groups=groups, now=now)
    else:
        seat = check_voter(
            request,
            vote.voter,
            tenant=tenant,
            groups=groups,
            slack_groups=slack_groups,
            delegations=delegations,
            now=now,
        )
        if vote.decision is Decision.DENY and not vote.reason.strip():
            raise Refused(Reason.NO_REASON)
    if vote.decision is Decision.APPROVE:
        check_door(vote.voter, tenant)
    by = {"group": seat.group, "slack_group": seat.slack_group, "instead_of": seat.instead_of}
    vote = vote.model_copy(update=by)
    counted = status.model_copy(update={"votes": (*status.votes, vote)})
    event = _outcome(request, counted, vote, tenant, delegations)
    return lifecycle.step(counted, event, now=now, message=_last_word(vote))


def take_back(request: Stored[ClusterRequest], person: Person, *, tenant: TenantSpec, now: datetime) -> RequestStatus:
    """The status without this person's vote, as long as nothing is decided. Raises `Refused`."""
    _check_open(request, tenant, now)
    status, who = request.it.status, people.recognised(tenant, person)
    kept = tuple(vote for vote in status.votes if not people.same(who, people.recognised(tenant, vote.voter)))
    if kept == status.votes:
        raise Refused(Reason.NOT_VOTED)
    return lifecycle.step(status.model_copy(update={"votes": kept}), Event.TAKEN_BACK, now=now)


def is_left_behind(request: Stored[ClusterRequest], tenant: TenantSpec) -> bool:
    """Whether whoever asked has left the tenant, or Slack says that nobody is at their account any more."""
    requester = request.it.spec.requester
    account = people.recognised(tenant, requester).slack
    return people.has_left(tenant, requester) or (bool(account) and account in request.it.status.unreachable)


def may_withdraw(
    request: Stored[ClusterRequest], person: Person, *, tenant: TenantSpec | None, groups: Iterable[str] = ()
) -> bool:
    """Whether it is this person's to take back: they asked for it; or are a member, and whoever asked is not there any
    more. `tenant` is None where nobody can tell whose it is, `groups` those the person is in now."""
    if people.same(person, request.it.spec.requester):
        return True
    return tenant is not None and people.member(tenant, person, groups) and is_left_behind(request, tenant)


def withdraw(
    request: Stored[ClusterRequest],
    person: Person,
    *,
    tenant: TenantSpec | None,
    groups: Iterable[str] = (),
    now: datetime,
) -> RequestStatus:
    """The status after this person took the request back, undecided or while it waits for room. Raises `Refused`."""
    if not may_withdraw(request, person, tenant=tenant, groups=groups):
        raise Refused(Reason.NOT_YOURS)
    if request.it.status.phase is Phase.APPROVED and not room.waits(request):
        raise Refused(Reason.ALREADY_DECIDED)
    instead = None if people.same(person, request.it.spec.requester) else person
    status = request.it.status.model_copy(update={"withdrawn_by": instead})
    return lifecycle.step(status, Event.WITHDRAWN, now=now)


def _check_open(request: Stored[ClusterRequest], tenant: TenantSpec, now: datetime) -> None:
    if request.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if request.meta.created is not None and expires_at(request.meta.created, tenant.approval) <= now:
        raise Refused(Reason.EXPIRED)


def _is_heard(voter: Person, tenant: TenantSpec) -> bool:
    """Whether a word for a request counts where it was spoken. Who comes by kubectl comes without a Slack account."""
    return tenant.approval.in_slack or not voter.slack


def _against(seat: Seat, requester: Person, spoken: Iterable[Person], tenant: TenantSpec) -> Reason | None:
    """Why nobody decides instead of this approver, about this request."""
    if seat.instead_of is None:
        return None
    approver = people.recognised(tenant, seat.instead_of)
    if people.same(approver, requester) and not tenant.approval.own_requests:
        return Reason.APPROVER_ASKED
    return Reason.APPROVER_VOTED if _is_among(approver, spoken) else None


def _is_among(person: Person, others: Iterable[Person]) -> bool:
    return any(people.same(person, other) for other in others)


def _outcome(
    request: Stored[ClusterRequest],
    after: RequestStatus,
    vote: Vote,
    tenant: TenantSpec,
    delegations: tuple[DelegationSpec, ...],
) -> Event:
    if vote.decision is Decision.DENY:
        return Event.DENIED
    voted = replace(request, it=request.it.model_copy(update={"status": after}))
    enough = len(agreed(voted, tenant, delegations)) >= tenant.approval.required
    return Event.APPROVED if enough or vote.break_glass else Event.VOTED


def _last_word(vote: Vote) -> str:
    return vote.reason if vote.decision is Decision.DENY else ""
