"""What carries deletion protection is deleted by nobody: not the cluster, and not from under it what it stored.

All that a cluster keeps hangs on three objects that have its name: the Cluster, Kamaji's control plane, and the
TenantControlPlane behind that. Told by name and not by owner: a reference can be taken away a moment before.
"""

from __future__ import annotations

from provisioning.errors import Cause
from provisioning.resources import CLUSTERS, KAMAJI_CONTROL_PLANES, NAMESPACES, TENANT_CLUSTERS, TENANT_CONTROL_PLANES
from webhooks import marks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import DELETE, Policy, Reach, Rule
from webhooks.review import Request

PARTS = (CLUSTERS, KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES)
HOW = "is protected from deletion; first set its spec.deletionProtection to false"
"""Why not, and what would help."""


def check(request: Request, facts: Facts) -> Verdict:
    # The deletion of a whole collection is asked about once without an object, and then for each of them.
    if request.old is None or reading.is_platforms(facts, request):
        return Allow()
    name: str = request.old["metadata"]["name"]
    itself = request.resource == TENANT_CLUSTERS.plural
    found = request.old if itself else facts.get(TENANT_CLUSTERS, name, namespace=request.namespace)
    # As it is stored, which an older version of us may have taken: what cannot be read may go all the same.
    if found is None or marks.deleting(found) or not tree.dig(found, "spec").get("deletionProtection"):
        return Allow()
    namespace = facts.get(NAMESPACES, request.namespace)
    if namespace is not None and marks.deleting(namespace):
        return Allow()
    whose = f"the cluster {name}" if itself else f"this {request.kind} is what the cluster {name} stands on, which"
    return refuse(Cause("", f"{whose} {HOW}"))


POLICY = Policy(
    "protected_clusters",
    (Rule(TENANT_CLUSTERS, (DELETE,)), *(Rule(kind, (DELETE,), reach=Reach.TENANTS) for kind in PARTS)),
    check,
)
