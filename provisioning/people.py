"""Who somebody is to a tenant. Pure; identities come from the API server's user info or from Slack, never from text."""

from __future__ import annotations

from collections.abc import Iterable

from provisioning.model import Person, Subject, TenantSpec


def same(one: Person, other: Person) -> bool:
    """Whether two records mean one person: the same user name, or the same Slack account."""
    return one.user == other.user or (bool(one.slack) and one.slack == other.slack)


def member(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may ask for clusters of the tenant."""
    return _among(tenant.members, person, groups)


def approver(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may decide about the tenant's requests."""
    return _among(tenant.approvers, person, groups)


def deciders(tenant: TenantSpec, requester: Person) -> tuple[Subject, ...]:
    """Whom the tenant names to decide about what this person asks for."""
    if tenant.approval.own_requests:
        return tenant.approvers
    me = recognised(tenant, requester)
    return tuple(it for it in tenant.approvers if not (it.user and same(Person(user=it.user, slack=it.slack), me)))


def suffice(tenant: TenantSpec, requester: Person) -> bool:
    """Whether there can be as many of them as must agree. Of a group nobody knows here how many are in it."""
    named = deciders(tenant, requester)
    return any(not it.user for it in named) or len({it.user for it in named}) >= tenant.approval.required


def group_of(subjects: Iterable[Subject], person: Person, groups: Iterable[str]) -> str:
    """The group by which this person is one of these; empty for one who is listed by name, or is none of them.

    Noted where somebody is let in, because later nobody can ask in which groups they are.
    """
    subjects, held = tuple(subjects), frozenset(groups)
    if _among(subjects, person, ()):
        return ""
    return next((subject.group for subject in subjects if subject.group and subject.group in held), "")


def belongs_by(tenant: TenantSpec, person: Person, groups: Iterable[str]) -> str:
    """The group by which this person is a member, or else an approver; empty for one who is listed by name, or is
    neither."""
    groups = tuple(groups)
    subjects = tenant.members if member(tenant, person, groups) else tenant.approvers
    return group_of(subjects, person, groups)


def by_slack(tenant: TenantSpec, slack: str) -> Person | None:
    """The person whose Slack account this is, by the tenant's explicit list."""
    for subject in (*tenant.members, *tenant.approvers):
        if slack and subject.user and subject.slack == slack:
            return Person(user=subject.user, slack=slack)
    return None


def recognised(tenant: TenantSpec, person: Person) -> Person:
    """The person with the Slack account that the tenant lists for their user name, if they came without one.

    So somebody with two user names and one Slack account is still one person, whichever way they come.
    """
    if person.slack:
        return person
    listed = (s.slack for s in (*tenant.members, *tenant.approvers) if s.slack and s.user == person.user)
    return Person(user=person.user, slack=next(listed, ""))


def _among(subjects: Iterable[Subject], person: Person, groups: Iterable[str]) -> bool:
    held = frozenset(groups)
    return any(
        (bool(subject.user) and subject.user == person.user) or (bool(subject.group) and subject.group in held)
        for subject in subjects
    )
