"""What was approved is not undone through its parts: they go, and get another version, as their TenantCluster may.

Whoever may not delete a cluster without somebody's word would delete its Cluster or its control plane instead, and all
that it holds with it. Told by name and not by owner, as in `protected_clusters`: a reference can be taken away a moment
before. Controllers and the provisioner take apart what is going.
"""

from __future__ import annotations

from dataclasses import replace

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import KAMAJI_CONTROL_PLANES, TENANT_CLUSTERS
from webhooks import marks, reading, tree
from webhooks.decision import Allow, Deny, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policies import approved_only
from webhooks.policies.protected_clusters import PARTS
from webhooks.policy import DELETE, UPDATE, Policy, Reach, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    # The deletion of a whole collection is asked about once without an object, and then for each of them.
    part = request.old
    if part is None or reading.is_platforms(facts, request) or facts.trusted.is_system(request.user):
        return Allow()
    before, after = (tree.dig(manifest, "spec").get("version") for manifest in (part, request.object))
    if request.operation == UPDATE and before == after:
        return Allow()
    whole = facts.get(TENANT_CLUSTERS, part["metadata"]["name"], namespace=request.namespace)
    if whole is None or marks.deleting(whole):
        return Allow()
    return _of_deletion(request, whole, facts) if request.operation == DELETE else _of_version(after, whole)


def _of_deletion(request: Request, whole: Manifest, facts: Facts) -> Verdict:
    """As if whoever asks had asked to delete all of it."""
    name, kind = whole["metadata"]["name"], TENANT_CLUSTERS
    instead = replace(
        request, group=kind.group, version=kind.version, resource=kind.plural, kind=kind.kind, name=name, old=whole
    )
    verdict = approved_only.check(instead, facts)
    if not isinstance(verdict, Deny):
        return verdict
    return refuse(Cause("", f"this {request.kind} is what the cluster {name} stands on; {verdict.reason}"))


def _of_version(version: object, whole: Manifest) -> Verdict:
    wanted = tree.dig(whole, "spec").get("version")
    if not wanted or version == wanted:
        return Allow()
    name = whole["metadata"]["name"]
    return refuse(Cause("spec.version", f"the cluster {name} is to have {wanted}; change the TenantCluster instead"))


POLICY = Policy(
    "approved_parts",
    (*(Rule(kind, (DELETE,), reach=Reach.TENANTS) for kind in PARTS), Rule(KAMAJI_CONTROL_PLANES, (UPDATE,))),
    check,
)
