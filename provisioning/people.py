"""Who somebody is to a tenant. Pure; identities come from the API server's user info or from Slack, never from text."""

from __future__ import annotations

from collections.abc import Iterable

from provisioning.model import Person, Subject, TenantSpec


def same(one: Person, other: Person) -> bool:
    """Whether two records mean one person: the same user name, or the same Slack account."""
    return one.user == other.user or (bool(one.slack) and one.slack == other.slack)


def names(subject: Subject, person: Person) -> bool:
    """Whether whom a tenant lists is this person. A group is nobody in particular."""
    return bool(subject.user) and same(Person(user=subject.user, slack=subject.slack), person)


def member(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may ask for clusters of the tenant."""
    return _among(tenant.members, person, groups)


def approver(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may decide about the tenant's requests."""
    return _among(tenant.approvers, person, groups)


def approves_some(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may decide about some of the tenant's requests, if only about
    the large ones."""
    return _among(approvers_of_some(tenant), person, groups)


def delegates_in_slack(tenant: TenantSpec, person: Person) -> bool:
    """Whether what this person says in Slack can have somebody else decide instead of them here, if only about some
    requests."""
    large = tenant.approval.large
    decides = approver(tenant, person) or (large is not None and large.in_slack and _among(large.approvers, person, ()))
    return tenant.approval.in_slack and decides


def delegates_large_at_terminal(tenant: TenantSpec, person: Person) -> bool:
    """Whether it takes kubectl to have somebody else decide instead of this person about large requests, and only about
    those."""
    large = tenant.approval.large
    if large is None or large.in_slack or not delegates_in_slack(tenant, person):
        return False
    return _among(large.approvers or tenant.approvers, person, ())


def decides_by(tenant: TenantSpec, slack_group: str) -> bool:
    """Whether whoever is in this user group of Slack may decide about some of the tenant's requests."""
    return bool(slack_group) and any(each.slack_group == slack_group for each in approvers_of_some(tenant))


def approvers_of_some(tenant: TenantSpec) -> tuple[Subject, ...]:
    """Whom the tenant names to decide: about its requests, or about the large ones."""
    large = tenant.approval.large
    return (*tenant.approvers, *large.approvers) if large is not None else tenant.approvers


def has_left(tenant: TenantSpec, person: Person) -> bool:
    """Whether somebody who asked for something here has nothing to do with the tenant any more, by any name of theirs.

    Who came by Slack was listed by name. Who did not may be in a group that the tenant names, which nobody can ask.
    """
    known = recognised(tenant, person)
    if member(tenant, known) or approves_some(tenant, known) or by_slack(tenant, known.slack) is not None:
        return False
    return bool(person.slack) or not any(it.group for it in (*tenant.members, *approvers_of_some(tenant)))


def breaker(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> bool:
    """Whether this person (in these Kubernetes groups) may take a request through alone in an emergency."""
    return _among(tenant.approval.break_glass, person, groups)


def deciders(tenant: TenantSpec, requester: Person) -> tuple[Subject, ...]:
    """Whom the tenant names to decide about what this person asks for."""
    if tenant.approval.own_requests:
        return tenant.approvers
    me = recognised(tenant, requester)
    return tuple(it for it in tenant.approvers if not names(it, me))


def suffice(tenant: TenantSpec, requester: Person) -> bool:
    """Whether there can be as many of them as must agree. Of a group nobody knows here how many are in it; one of Slack
    agrees to nothing that is not approved there."""
    named = [it for it in deciders(tenant, requester) if tenant.approval.in_slack or not it.slack_group]
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
    subjects = tenant.members if member(tenant, person, groups) else approvers_of_some(tenant)
    return group_of(subjects, person, groups)


def by_slack(tenant: TenantSpec, slack: str) -> Person | None:
    """The person whose Slack account this is, by the tenant's explicit list."""
    for subject in _listed(tenant):
        if slack and subject.user and subject.slack == slack:
            return Person(user=subject.user, slack=slack)
    return None


def lists(tenant: TenantSpec, person: Person) -> bool:
    """Whether the tenant names this user, with this Slack account if they come with one."""
    return any(each.user == person.user and person.slack in ("", each.slack) for each in _listed(tenant))


def by_email(tenant: TenantSpec, address: str) -> frozenset[str]:
    """The user names of this tenant that an e-mail address may stand for, where the tenant lets addresses count.

    Only names that it lists without a Slack account: whoever has one listed comes with that one. Capitals do not
    matter, as they do not to Slack. Both are plain ASCII, because other scripts have letters that look like these, and
    some that turn into these when capitals are left aside.
    """
    if not (tenant.identity.email and "@" in address and address.isascii()):
        return frozenset()
    listed = _listed(tenant)
    with_account = {subject.user for subject in listed if subject.slack}
    return frozenset(
        subject.user
        for subject in listed
        if subject.user not in with_account and subject.user.isascii() and subject.user.lower() == address.lower()
    )


def addressed(tenants: Iterable[TenantSpec], address: str) -> frozenset[str]:
    """The user names that an e-mail address may stand for in all tenants; none whose Slack account one of them lists.
    With more than one it is nobody's."""
    tenants = tuple(tenants)
    found = frozenset[str]().union(*(by_email(tenant, address) for tenant in tenants))
    return frozenset(user for user in found if not any(recognised(t, Person(user=user)).slack for t in tenants))


def vouched(tenant: TenantSpec, person: Person) -> bool:
    """Whether the bot may act in this tenant for somebody with this user name and Slack account.

    Either the tenant lists the very account for the user. Or it lets e-mail addresses count: then the user is one whom
    it lists without an account, and the account is nobody else's here. That the address is this account's, confirmed
    and no other's, only Slack knows, and the bot asks it. So this is for what the bot sends, and never for what
    somebody says of themselves: they could name anybody's account for theirs, and so keep them from deciding.
    """
    listed = by_slack(tenant, person.slack)
    if listed is not None:
        return listed == person
    return bool(person.slack) and by_email(tenant, person.user) == {person.user}


def reachable(tenant: TenantSpec, person: Person) -> bool:
    """Whether the bot may act in this tenant for somebody as a record names them: whoever wrote it by kubectl comes
    without an account, and has one all the same."""
    known = recognised(tenant, person)
    return vouched(tenant, known) if known.slack else by_email(tenant, known.user) == {known.user}


def recognised(tenant: TenantSpec, person: Person) -> Person:
    """The person with the Slack account that the tenant lists for their user name, if they came without one.

    So somebody with two user names and one Slack account is still one person, whichever way they come.
    """
    if person.slack:
        return person
    listed = (s.slack for s in _listed(tenant) if s.slack and s.user == person.user)
    return Person(user=person.user, slack=next(listed, ""))


def _listed(tenant: TenantSpec) -> tuple[Subject, ...]:
    steps = (subject for step in tenant.approval.escalation for subject in step.approvers)
    return (*tenant.members, *approvers_of_some(tenant), *tenant.approval.break_glass, *steps)


def _among(subjects: Iterable[Subject], person: Person, groups: Iterable[str]) -> bool:
    held = frozenset(groups)
    return any(
        (bool(subject.user) and subject.user == person.user) or (bool(subject.group) and subject.group in held)
        for subject in subjects
    )
