"""Who decided, who decides instead of whom, and who was passed over: people in mrkdwn. Pure.

What must never live here: whether a vote counts (`provisioning.approval`).
"""

from __future__ import annotations

from collections.abc import Iterable

from bot import replies, text
from provisioning import people, seats
from provisioning.model import DelegationSpec, Person, TenantSpec, Vote


def voter(vote: Vote) -> str:
    """Whose vote it is, and for whom they cast it."""
    said = text.name(vote.voter)
    return replies.instead_of(said, text.name(vote.instead_of)) if vote.instead_of else said


def voters(votes: Iterable[Vote]) -> str:
    return ", ".join(map(voter, votes))


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


def _sits(tenant: TenantSpec, delegation: DelegationSpec) -> Iterable[bool]:
    found = seats.seats(tenant, delegation.delegate, delegations=(delegation,))
    return (seat.instead_of is not None for seat in found)
