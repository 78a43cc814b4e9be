"""A new KubevirtCluster of a tenant is marked as Kamaji's: set later, the mark would come too late to be of use.

Where a ClusterClass topology owns it, its template has to say so: the topology would take our mark off again.
"""

from __future__ import annotations

from provisioning.manifest import Manifest
from provisioning.resources import KUBEVIRT_CLUSTERS
from webhooks import marks, reading
from webhooks.facts import Facts
from webhooks.policies.own_infrastructure import KAMAJI, MANAGED_BY
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    if marks.annotation(manifest, MANAGED_BY) or marks.topology_owned(manifest):
        return manifest
    if reading.tenant_of(facts, request.namespace) is None:
        return manifest
    return marks.annotated(manifest, MANAGED_BY, KAMAJI)


DEFAULT = Default("managed_by_kamaji", (Rule(KUBEVIRT_CLUSTERS, (CREATE,)),), complete)
