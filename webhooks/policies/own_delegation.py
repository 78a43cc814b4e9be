"""Who decides instead of an approver is that approver's own to say, with an end, and of people whom the platform knows.

Ending it early is open to whoever RBAC lets at the object: taking a right away must not have to wait for anybody.
Nothing that is written here is believed later without another look: the approver must still be one when a vote counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import objects, people, seats
from provisioning.errors import Cause
from provisioning.model import ApprovalDelegation, DelegationSpec, TenantSpec
from provisioning.resources import APPROVAL_DELEGATIONS
from webhooks import extent, reading
from webhooks.decision import FORBIDDEN, INVALID, Allow, Verdict, merge, refuse
from webhooks.facts import Facts
from webhooks.policy import DELETE, Policy, Reach, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or extent.says_the_same(request):
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    spec = objects.read(ApprovalDelegation, request.object).it.spec
    who = [*_of_approver(request, spec, tenant.it.spec, facts), *_of_delegate(spec, facts)]
    what = list(_of_end(spec, facts))
    verdicts = [refuse(*causes, code=code) for causes, code in ((who, FORBIDDEN), (what, INVALID)) if causes]
    return merge(verdicts)


def _of_approver(request: Request, spec: DelegationSpec, tenant: TenantSpec, facts: Facts) -> Iterator[Cause]:
    approver, by_bot = spec.approver, request.user.name == facts.trusted.bot
    if not by_bot and approver.user != request.user.name:
        yield Cause("spec.approver.user", f"must be {request.user.name}, who sends this; one delegates one's own word")
    if approver.slack or by_bot:
        listed = people.vouched(tenant, approver) if by_bot else people.by_slack(tenant, approver.slack) == approver
        if not listed:
            yield Cause("spec.approver.slack", f"is not listed as the account of {approver.user} in this tenant")
    if not people.approves_some(tenant, approver):
        # By a group, nobody could tell later whether they are still in it.
        yield Cause("spec.approver.user", f"{approver.user} is not listed by name among this tenant's approvers")


def _of_delegate(spec: DelegationSpec, facts: Facts) -> Iterator[Cause]:
    delegate = spec.delegate
    if people.same(spec.approver, delegate):
        yield Cause("spec.delegate", "is the approver: one decides for oneself without a delegation")
    tenants = reading.tenants(facts)
    if not any(people.lists(tenant, delegate) for tenant in tenants):
        account = f" with the Slack account {delegate.slack}" if delegate.slack else ""
        yield Cause("spec.delegate.user", f"{delegate.user} is not listed by name in any tenant{account}")
        return
    listed = (people.recognised(tenant, delegate).slack for tenant in tenants)
    account = delegate.slack or next((slack for slack in listed if slack), "")
    if account != delegate.slack:
        # Without it, they could be somebody else here than who asked.
        yield Cause("spec.delegate.slack", f"must be {account}, the account of {delegate.user}")


def _of_end(spec: DelegationSpec, facts: Facts) -> Iterator[Cause]:
    until = objects.parse_time(spec.until)
    if until <= facts.now:
        yield Cause("spec.until", f"{spec.until} is over already")
    elif until > facts.now + seats.LONGEST:
        yield Cause("spec.until", f"is more than {seats.LONGEST.days} days away, the longest that a delegation lasts")


POLICY = Policy(
    "own_delegation",
    (Rule(APPROVAL_DELEGATIONS), Rule(APPROVAL_DELEGATIONS, (DELETE,), reach=Reach.NOTED)),
    check,
)
