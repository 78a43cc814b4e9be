"""A Cluster that somebody applies by hand in a tenant's namespace gets the default add-ons too.

A label is all it takes, and no field of the Cluster changes; the provisioner does the rest. Taking the label away
puts it back: opting out is a matter of the tenant's policy.
"""

from __future__ import annotations

from provisioning.names import ADDONS_LABEL, TENANT_LABEL
from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from webhooks import facts as reading
from webhooks.facts import Facts, Manifest
from webhooks.policy import Default, Rule
from webhooks.review import Request

DEFAULT_ADDONS = "default"


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    if reading.deleting(manifest) or reading.controller(manifest).get("kind") == TENANT_CLUSTERS.kind:
        return manifest
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return manifest
    return reading.labelled(manifest, {ADDONS_LABEL: DEFAULT_ADDONS, TENANT_LABEL: tenant.meta.name})


DEFAULT = Default("label_clusters", (Rule(CLUSTERS),), complete)
