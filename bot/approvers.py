"""Who is asked about a request: the Slack accounts of those who may decide it. Pure.

What must never live here: whether a vote counts (`provisioning.approval`), or where somebody is asked (`places`).
"""

from __future__ import annotations

from bot import verdicts
from bot.sights import Sight
from provisioning import approval, escalation, people, quota
from provisioning.model import Person, TenantSpec
from provisioning.usage import Usage


def are_needed(sight: Sight) -> bool:
    """Whether approvers have something to decide: no rule of the tenant makes them unnecessary.

    The provisioner settles what a rule covers; asking in the moment before it does would be noise.
    """
    spec, old = sight.request.it.spec, sight.cluster.it.spec if sight.cluster else None
    shown = spec.desired or old
    size = quota.envelope(shown, sight.catalog) if shown else Usage()
    policy, extension = sight.tenant.it.spec.approval, approval.is_extension(old, spec.desired)
    return approval.waiver_for(policy, spec.action, size, sight.catalog, extension=extension) is None


def account_of(tenant: TenantSpec, person: Person) -> str:
    """Somebody's Slack account: their own word, or for whoever asked by kubectl, the tenant's. Empty when unknown."""
    named = (s.slack for s in (*tenant.members, *tenant.approvers) if s.user == person.user and s.slack)
    return person.slack or next(named, "")


def asked(sight: Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request."""
    tenant, requester = sight.tenant.it.spec, sight.request.it.spec.requester
    found = dict.fromkeys(subject.slack for subject in tenant.approvers if subject.slack)
    found |= dict.fromkeys((*handed_to(sight), *deputies(sight)))
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
    tenant, requester = sight.tenant.it.spec, people.recognised(sight.tenant.it.spec, sight.request.it.spec.requester)
    found = verdicts.deputies(tenant, sight.delegations)
    if not tenant.approval.own_requests:
        own = [each for each in found if any(people.same(requester, it) for it in (each.delegate, each.approver))]
        found = tuple(each for each in found if each not in own)
    return tuple(dict.fromkeys(each.delegate.slack for each in found if each.delegate.slack))
