"""A Cluster by a ClusterClass is the platform's to make: how large it becomes is known only when its parts are made.

Its class and the class's patches decide that, one after the other. Each part is charged when Cluster API makes it, so
the quota holds; but whoever asked would hear of it from the conditions of a half-made cluster. A TenantCluster says at
once what it takes, and can always be finished.
"""

from __future__ import annotations

from provisioning.errors import Cause
from provisioning.resources import CLUSTERS
from webhooks import reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    before, after = (tree.dig(manifest, "spec").get("topology") for manifest in (request.old, request.object))
    if not after or after == before or reading.is_platforms(facts, request) or facts.trusted.is_system(request.user):
        return Allow()
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    text = (
        "only the platform makes clusters by a ClusterClass: what they take is not known before; make a TenantCluster"
    )
    return refuse(Cause("spec.topology", text))


POLICY = Policy("no_topologies", (Rule(CLUSTERS),), check)
