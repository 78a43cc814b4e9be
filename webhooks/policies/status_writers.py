"""What is so, clusterdesk says: nobody else writes the status of a TenantCluster, a Tenant or a Catalog.

People believe a status: they follow the address in it, and take the numbers for theirs. So does one rule: what was
never ready is given up without an approval (`provisioning.giving_up`). The API server does not ask about our own writes
(see `Reach.OURS`).
"""

from __future__ import annotations

from typing import Final

from provisioning.errors import Cause
from provisioning.resources import CATALOGS, TENANT_CLUSTERS, TENANTS
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import UPDATE, Policy, Reach, Rule
from webhooks.review import Request

TOLD: Final = "is written by clusterdesk itself, and not by {user}; change the spec, and it follows"
KINDS: Final = (TENANT_CLUSTERS, TENANTS, CATALOGS)


def check(request: Request, facts: Facts) -> Verdict:
    trusted = facts.trusted
    if request.user.name in (trusted.provisioner, trusted.webhooks) or trusted.is_platform(request.user):
        return Allow()
    old, new = request.old or {}, request.object or {}
    if old.get("status") == new.get("status"):
        return Allow()
    return refuse(Cause("status", TOLD.format(user=request.user.name)))


POLICY = Policy(
    "status_writers",
    tuple(Rule(kind, (UPDATE,), subresource="status", reach=Reach.OURS) for kind in KINDS),
    check,
)
