"""A new control plane gets CoreDNS, kube-proxy and Konnectivity, as every cluster has them.

Only where nothing is said, only at its creation, and never where a ClusterClass topology owns the object: it would
put its own version back, and we ours, for ever.
"""

from __future__ import annotations

from provisioning.manifest import Manifest
from provisioning.resources import KAMAJI_CONTROL_PLANES
from webhooks import marks, reading, tree
from webhooks.facts import Facts
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request

CORE = ("coreDNS", "kubeProxy", "konnectivity")


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    spec = tree.dig(manifest, "spec")
    if marks.topology_owned(manifest) or "addons" in spec or reading.tenant_of(facts, request.namespace) is None:
        return manifest
    return {**manifest, "spec": {**spec, "addons": {name: {} for name in CORE}}}


DEFAULT = Default("kamaji_addons", (Rule(KAMAJI_CONTROL_PLANES, (CREATE,)),), complete)
