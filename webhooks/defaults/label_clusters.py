"""A Cluster that somebody applies by hand in a tenant's namespace is marked: whose it is, what it gets, who made it.

Labels and an annotation, and no field of the Cluster changes; the provisioner does the rest, and does it as well for a
Cluster that was made while nobody answered here. Opting out is a matter of the tenant's policy: a label that somebody
takes away or changes is put back.
"""

from __future__ import annotations

from provisioning import handmade
from provisioning.manifest import Manifest
from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from webhooks import marks, reading
from webhooks.facts import Facts
from webhooks.policy import Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    if marks.deleting(manifest) or marks.controller(manifest).get("kind") == TENANT_CLUSTERS.kind:
        return manifest
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return manifest
    author = request.user.name
    if request.old is not None:
        author = marks.annotation(request.old, REQUESTED_BY_ANNOTATION)
    signed = marks.annotated(manifest, REQUESTED_BY_ANNOTATION, author) if author else manifest
    cluster = manifest["metadata"].get("name", "")
    return marks.labelled(signed, handmade.marks(tenant.it.spec, name=tenant.meta.name, cluster=cluster))


DEFAULT = Default("label_clusters", (Rule(CLUSTERS),), complete)
