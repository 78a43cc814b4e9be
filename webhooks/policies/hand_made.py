"""Where a tenant may have nothing made by hand, nothing grows but by its TenantClusters, which people have approved.

Cluster API's own objects need room in the quota and nobody's approval. That is a way around the approvers, and it is
for the platform to say whether it is open (`spec.handMade.allowed` of the Tenant). What counts as made by hand is what
`tenant_quota` would charge beside the TenantClusters: owners and shares are checked there, not believed. So what is
there already may shrink and go, controllers do their work, and a pool is not raised past what was approved.
"""

from __future__ import annotations

from typing import Final

from provisioning.errors import Cause
from provisioning.resources import TENANT_CLUSTERS, TENANTS
from webhooks import charged, reading, tree
from webhooks.charge import Charge
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policies import tenant_quota
from webhooks.policy import Policy, Rule
from webhooks.review import Request

IN_PASSING: Final = ("", "cdi.kubevirt.io")
"""Groups of what a running cluster asks for by itself, volumes and load balancers: the quota alone bounds those."""


OPEN: Final = (
    "what is made by hand needs nobody's approval here; set spec.handMade.allowed to false, or to true to keep it"
)


def check(request: Request, facts: Facts) -> Verdict:
    if request.resource == TENANTS.plural:
        return _of_tenant(request)
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None or tenant.it.spec.hand_made.allowed:
        return Allow()
    charge = tenant_quota.check(request, facts)
    if not isinstance(charge, Charge):
        return Allow()
    instead = charge.hint or "make a TenantCluster, or ask for one in Slack"
    return refuse(Cause(charge.field, f"tenant {tenant.meta.name} may have nothing made by hand; {instead}"))


def _of_tenant(request: Request) -> Verdict:
    """A platform that wants approvals and has not said which it is to be hears that this is open."""
    old, spec = tree.dig(request.old, "spec"), tree.dig(request.object, "spec")
    nobody_agrees = tree.dig(spec, "approval").get("required") == 0
    said = "allowed" in tree.dig(spec, "handMade")
    return Allow() if nobody_agrees or said or spec == old else Allow((OPEN,))


POLICY = Policy(
    "hand_made",
    (
        *(
            rule
            for rule in tenant_quota.POLICY.applies_to
            if rule.resource != TENANT_CLUSTERS and rule.resource.group not in IN_PASSING
        ),
        Rule(TENANTS),
    ),
    check,
    concerns=charged.may_cost_otherwise,
)
