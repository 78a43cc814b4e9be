"""By what somebody decides about a tenant's requests: listed by name, by a group, or instead of an approver. Pure.

A delegation gives what its approver has and no more: one whom the tenant lists by name, for as long as they are listed
and it lasts. What somebody has by a delegation they cannot give on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisioning import people
from provisioning.model import ApprovalDelegation, Decision, DelegationSpec, Person, RequestStatus, TenantSpec, Vote
from provisioning.objects import Stored, parse_time

LONGEST: Final = timedelta(days=92)
"""For how long somebody may be decided for at a time. An absence has an end; who leaves is no approver any more."""


@dataclass(frozen=True)
class Seat:
    """What the vote of one person is counted by. Nothing is said of whom the tenant lists by name."""

    group: str = ""
    slack_group: str = ""
    instead_of: Person | None = None


def seats(
    tenant: TenantSpec,
    person: Person,
    *,
    groups: Iterable[str] = (),
    slack_groups: Iterable[str] = (),
    delegations: Iterable[DelegationSpec] = (),
) -> tuple[Seat, ...]:
    """All by which this person may decide; their own alone, where they have one. `delegations` are those in force."""
    groups, slack_groups = tuple(groups), tuple(slack_groups)
    if people.approver(tenant, person):
        return (Seat(),)
    if people.approver(tenant, person, groups):
        return (Seat(group=people.group_of(tenant.approvers, person, groups)),)
    held = (each.slack_group for each in tenant.approvers if each.slack_group and each.slack_group in slack_groups)
    if slack_group := next(held, ""):
        return (Seat(slack_group=slack_group),)
    return tuple(
        Seat(instead_of=each.approver)
        for each in delegations
        if people.same(person, each.delegate) and people.approver(tenant, each.approver) and _is_heard(each, tenant)
    )


def _is_heard(delegation: DelegationSpec, tenant: TenantSpec) -> bool:
    """Whether a delegation counts where it was made: else a word in Slack would approve what is not approved there."""
    return tenant.approval.in_slack or not delegation.approver.slack


def is_held(vote: Vote, tenant: TenantSpec, delegations: Iterable[DelegationSpec]) -> bool:
    """Whether whoever cast this vote still decides, by what they decided by then or by their own name.

    Whether they are still in a group nobody can ask here; that the group still decides is seen.
    """
    mine = [each for each in delegations if vote.instead_of and people.same(each.approver, vote.instead_of)]
    groups = (vote.group,) if vote.group else ()
    slack_groups = (vote.slack_group,) if vote.slack_group else ()
    return bool(seats(tenant, vote.voter, groups=groups, slack_groups=slack_groups, delegations=mine))


def speakers(vote: Vote, tenant: TenantSpec, delegations: Iterable[DelegationSpec]) -> Iterator[Person]:
    """Whose word this vote is: the voter's, and that of whom they decided for. Neither has another one."""
    yield from known_as(vote.voter, tenant, delegations)
    if vote.instead_of is not None:
        yield people.recognised(tenant, vote.instead_of)


def known_as(person: Person, tenant: TenantSpec, delegations: Iterable[DelegationSpec]) -> Iterator[Person]:
    """Somebody by all that is known of them: another tenant may list the Slack account of who decides here instead."""
    yield people.recognised(tenant, person)
    yield from (each.delegate for each in delegations if people.same(person, each.delegate))


def taken_through(status: RequestStatus) -> Vote | None:
    """The vote by which somebody took the request through alone, whether or not they still may."""
    return next((vote for vote in status.votes if vote.break_glass and vote.decision is Decision.APPROVE), None)


def in_force(found: Iterable[Stored[ApprovalDelegation]], now: datetime) -> tuple[DelegationSpec, ...]:
    """Those that last at this moment, in an order that does not change."""
    lasting = (each for each in found if not each.meta.deleting and parse_time(each.it.spec.until) > now)
    return tuple(each.it.spec for each in sorted(lasting, key=lambda each: each.key))
