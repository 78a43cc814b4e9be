"""Who is asked about a request, and why: the Slack accounts and the names of those who may decide it. Pure.

What must never live here: whether a vote counts (`provisioning.approval`), or where somebody is asked (`places`).
"""

from __future__ import annotations

from bot import replies, text, verdicts
from bot.sights import Sight
from provisioning import escalation, giving_up, people
from provisioning.model import Person, TenantSpec


def are_needed(sight: Sight) -> bool:
    """Whether approvers have something to decide: no rule of the tenant makes them unnecessary.

    The provisioner settles what a rule covers; asking in the moment before it does would be noise.
    """
    return giving_up.waiver(sight.tenant.it.spec, sight.request.it.spec, sight.cluster, sight.catalog) is None


def account_of(tenant: TenantSpec, person: Person) -> str:
    """Somebody's Slack account: their own word, or for whoever asked by kubectl, the tenant's. Empty when unknown."""
    return people.recognised(tenant, person).slack


def asked(sight: Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request."""
    tenant, requester = sight.deciding, sight.request.it.spec.requester
    found = dict.fromkeys(subject.slack for subject in tenant.approvers if subject.slack)
    found |= dict.fromkeys((*handed_to(sight), *deputies(sight)))
    if not tenant.approval.own_requests:
        found.pop(account_of(tenant, requester), None)
    return tuple(found)


def asked_groups(sight: Sight) -> tuple[str, ...]:
    """The user groups of Slack whose members may decide this request."""
    handed_on = (it for _, step in escalation.noted(sight.request, sight.deciding) for it in step.approvers)
    return tuple(dict.fromkeys(it.slack_group for it in (*sight.deciding.approvers, *handed_on) if it.slack_group))


def called_in(sight: Sight) -> tuple[str, ...]:
    """The Slack accounts of those who decide about this request because it is large, and not about others; the
    requester's left out."""
    usual = {subject.slack for subject in sight.tenant.it.spec.approvers}
    tenant, requester = sight.deciding, sight.request.it.spec.requester
    found = dict.fromkeys(it.slack for it in tenant.approvers if it.slack and it.slack not in usual)
    if not tenant.approval.own_requests:
        found.pop(account_of(tenant, requester), None)
    return tuple(found)


def handed_to(sight: Sight) -> tuple[str, ...]:
    """The Slack accounts of those to whom the request was handed on, the requester's left out."""
    tenant, requester = sight.tenant.it.spec, sight.request.it.spec.requester
    steps = (step for _, step in escalation.noted(sight.request, tenant))
    found = dict.fromkeys(subject.slack for step in steps for subject in step.approvers if subject.slack)
    found.pop(account_of(tenant, requester), None)
    return tuple(found)


def deputies(sight: Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request instead of an approver."""
    tenant, requester = sight.deciding, people.recognised(sight.deciding, sight.request.it.spec.requester)
    found = verdicts.deputies(tenant, sight.delegations)
    if not tenant.approval.own_requests:
        own = [each for each in found if any(people.same(requester, it) for it in (each.delegate, each.approver))]
        found = tuple(each for each in found if each not in own)
    return tuple(dict.fromkeys(each.delegate.slack for each in found if each.delegate.slack))


def others(sight: Sight) -> tuple[str, ...]:
    """Everybody by whose word this request may be decided, in mrkdwn; whoever asked for it only where that counts."""
    tenant = sight.deciding
    requester = people.recognised(tenant, sight.request.it.spec.requester)
    handed_on = (it for _, step in escalation.noted(sight.request, tenant) for it in step.approvers)
    found = [*tenant.approvers, *handed_on]
    if not tenant.approval.own_requests:
        found = [it for it in found if not (it.user and people.same(Person(user=it.user, slack=it.slack), requester))]
    return tuple(dict.fromkeys((*map(text.subject, found), *map(text.mention, deputies(sight)))))


def why(sight: Sight) -> str:
    """Why whoever reads the approvers' card is asked. It is one card for all of them, so it says every way there is."""
    tenant = sight.deciding
    return replies.why_you(
        sight.tenant.meta.name,
        [text.user_group(it.slack_group) for it in tenant.approvers if it.slack_group],
        tuple(dict.fromkeys(text.name(it.approver) for it in verdicts.deputies(tenant, sight.delegations))),
        listed=any(it.user for it in tenant.approvers),
        handed_on=bool(escalation.noted(sight.request, tenant)),
    )
