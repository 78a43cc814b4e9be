"""What is so, whoever found it says: nobody else writes our statuses, nor what controllers act by in theirs.

People believe a status: they follow the address in it, and take the numbers for theirs. So does one rule: what was
never ready is given up without an approval (`provisioning.giving_up`). The API server does not ask about our own writes
(see `Reach.OURS`).

Controllers believe theirs as well. Kamaji finds there which part of the data store all tenants share is a control
plane's, and by which kubeconfig to get into it; KubeVirt how large a machine is; Flux where what it delivers was put,
whatever the source itself says. Of other fields nobody is asked: controllers write them all the time, and what those of
Cluster API say stays within their own cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisioning.errors import Cause
from provisioning.resources import (
    CATALOGS,
    HELM_REPOSITORIES,
    OCI_REPOSITORIES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    TENANTS,
    VIRTUAL_MACHINES,
    Resource,
)
from webhooks import reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.kinds import BUCKETS, GIT_REPOSITORIES, HELM_CHARTS
from webhooks.policy import UPDATE, Policy, Reach, Rule
from webhooks.review import Request

TOLD: Final = "is written by clusterdesk itself, and not by {user}; change the spec, and it follows"
THEIRS: Final = "is written by the controller that acts by it, and not by {user}; change the spec, and it follows"
KINDS: Final = (TENANT_CLUSTERS, TENANTS, CATALOGS)
SOURCES: Final = (GIT_REPOSITORIES, OCI_REPOSITORIES, HELM_REPOSITORIES, HELM_CHARTS, BUCKETS)
ACTED_BY: Final[Mapping[Resource, tuple[str, ...]]] = {
    TENANT_CONTROL_PLANES: ("storage", "kubeconfig", "certificates"),
    VIRTUAL_MACHINES: ("instancetypeRef", "preferenceRef", "volumeRequests", "memoryDumpRequest"),
    **dict.fromkeys(SOURCES, ("artifact",)),
}
"""The fields of a status by which controllers do what nobody has judged. They change seldom."""


def check(request: Request, facts: Facts) -> Verdict:
    trusted, user = facts.trusted, request.user
    old, new = ((manifest or {}).get("status") for manifest in (request.old, request.object))
    if old == new or trusted.is_platform(user):
        return Allow()
    if request.group == TENANTS.group:
        is_ours = user.name in (trusted.provisioner, trusted.webhooks)
        return Allow() if is_ours else refuse(Cause("status", TOLD.format(user=user.name)))
    if trusted.is_system(user) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    if request.group == HELM_CHARTS.group and user.name in trusted.fetchers:
        return Allow()
    kind = next(kind for kind in ACTED_BY if (kind.group, kind.plural) == (request.group, request.resource))
    changed = [field for field in ACTED_BY[kind] if tree.mapping(old).get(field) != tree.mapping(new).get(field)]
    told = THEIRS.format(user=user.name)
    return refuse(*(Cause(f"status.{field}", told) for field in changed)) if changed else Allow()


POLICY = Policy(
    "status_writers",
    (
        *(Rule(kind, (UPDATE,), subresource="status", reach=Reach.OURS) for kind in KINDS),
        *(Rule(kind, (UPDATE,), subresource="status", reach=Reach.TENANTS) for kind in ACTED_BY),
    ),
    check,
)
