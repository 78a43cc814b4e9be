"""Nothing that goes into a tenant carries a controller that belongs beside the control plane.

The cloud controller manager, the CSI controller and the autoscaler act on the management cluster: inside a tenant they
would need its credentials. What they look like is a table in `provisioning.components`, what goes into tenants is
`webhooks.deliveries`' business.
"""

from __future__ import annotations

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from webhooks import deliveries, extent, inspection, placement
from webhooks.decision import Allow, Verdict
from webhooks.facts import Facts
from webhooks.placement import Finding
from webhooks.policy import Policy
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    try:
        found = inspection.found(request, facts, placement.find)
    except Overgrown as error:
        return inspection.refuse_unread(error)
    certain = [finding for finding in found if finding.certain]
    if certain:
        return inspection.refuse([_cause(finding) for finding in certain])
    return Allow(tuple(_warning(finding) for finding in found[: inspection.TOLD_MAX]))


def _cause(finding: Finding) -> Cause:
    component = finding.component
    return Cause(
        finding.field,
        f"{finding.evidence} is {component.name}: {component.place}; clusterdesk puts it beside the control plane of "
        "every cluster, so leave it out here",
    )


def _warning(finding: Finding) -> str:
    return f"{finding.field}: {finding.evidence} has the name of {finding.component.name}, which is not for tenants"


POLICY = Policy("hosted_controllers_only", deliveries.RULES, check, concerns=extent.says_something_else)
