"""Who decided what, who decides instead of whom, and who was passed over: in mrkdwn. Pure.

What must never live here: whether a vote counts (`provisioning.approval`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot import replies, text
from provisioning import approval, people, seats, stage
from provisioning.lifecycle import Reason
from provisioning.model import ClusterRequest, Decision, DelegationSpec, Person, Phase, TenantSpec, Vote
from provisioning.objects import Stored, parse_time
from provisioning.stage import Stage


def voter(vote: Vote) -> str:
    """Whose vote it is, and for whom they cast it."""
    said = text.name(vote.voter)
    return replies.instead_of(said, text.name(vote.instead_of)) if vote.instead_of else said


def voters(votes: Iterable[Vote]) -> str:
    return ", ".join(map(voter, votes))


def line(request: Stored[ClusterRequest]) -> str:
    """Who ended it, when, and after how long, in one line of mrkdwn."""
    status = request.it.status
    if status.waiver:
        return replies.waived("" if status.waiver == approval.NOBODY else status.waiver)
    approved = status.phase in (Phase.APPROVED, Phase.APPLIED)
    word = Stage.ACCEPTED if approved else stage.of_request(request, None)
    when = " · ".join(filter(None, (text.moment(status.decided_at), _took(request)))) if status.decided_at else ""
    if (vote := seats.taken_through(status)) and word is Stage.ACCEPTED:
        return replies.forced_by(voter(vote), when)
    instead = text.name(status.withdrawn_by) if status.withdrawn_by else ""
    return replies.decided(word, instead or _deciders(status.phase, status.votes), when)


def why_not(request: Stored[ClusterRequest] | None, reason: Reason, others: Sequence[str] = ()) -> str:
    """Why a vote or a withdrawal does not count; when it came too late, with who decided what.

    `others` are those whose word counts, as `approvers.others` names them.
    """
    if reason is Reason.ALREADY_DECIDED and request and request.it.status.replaced_by:
        return replies.already_replaced(request.it.status.replaced_by)
    if reason is Reason.ALREADY_DECIDED and request and request.it.status.phase is not Phase.PENDING:
        return replies.already_decided(line(request))
    if reason is Reason.NOT_IN_SLACK and request:
        return replies.not_in_slack(request.meta.name, request.meta.namespace)
    if reason is Reason.NOT_AN_APPROVER:
        return replies.only_approvers(replies.REFUSED[reason], others)
    if reason in (Reason.OWN_REQUEST, Reason.APPROVER_ASKED):
        return replies.ask_others(replies.REFUSED[reason], others)
    return replies.REFUSED[reason]


def passed_over(tenant: TenantSpec, breaker: Person) -> str:
    """Everybody who would have been asked, by name; whom Slack knows is mentioned, and so is told."""
    others = [
        subject
        for subject in tenant.approvers
        if not subject.user or not people.same(Person(user=subject.user, slack=subject.slack), breaker)
    ]
    named = [text.subject(each) for each in others[: replies.NAMED]]
    return ", ".join([*named, *([replies.more_people(len(others) - len(named))] if len(others) > len(named) else [])])


def deputies(tenant: TenantSpec, delegations: Iterable[DelegationSpec]) -> tuple[DelegationSpec, ...]:
    """Of the delegations in force, those that let somebody decide for this tenant."""
    return tuple(each for each in delegations if any(_sits(tenant, each)))


def _took(request: Stored[ClusterRequest]) -> str:
    """How long whoever asked waited for somebody's word; empty where none came."""
    created, status = request.meta.created, request.it.status
    if created is None or not status.decided_at or status.phase in (Phase.WITHDRAWN, Phase.EXPIRED):
        return ""
    took = parse_time(status.decided_at) - created
    # The API server's clock and ours may differ by more than somebody took.
    return replies.after(text.about(took)) if took >= timedelta(seconds=1) else ""


def _deciders(phase: Phase, votes: Sequence[Vote]) -> str:
    if phase in (Phase.WITHDRAWN, Phase.EXPIRED, Phase.PENDING, Phase.FAILED):
        return ""
    wanted = Decision.DENY if phase is Phase.DENIED else Decision.APPROVE
    return voters(vote for vote in votes if vote.decision is wanted)


def _sits(tenant: TenantSpec, delegation: DelegationSpec) -> Iterable[bool]:
    found = seats.seats(tenant, delegation.delegate, delegations=(delegation,))
    return (seat.instead_of is not None for seat in found)
