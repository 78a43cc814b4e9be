"""A new control plane says which of CoreDNS, kube-proxy and Konnectivity it has: without a word it would have none.

The default fills it in for whoever leaves it out. Where nobody answered there, or a ClusterClass topology owns the
object and must not be interfered with, it is asked for: a cluster without them comes up, and nothing in it works.
"""

from __future__ import annotations

from provisioning.errors import Cause
from provisioning.resources import KAMAJI_CONTROL_PLANES
from webhooks import marks, reading, tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    new = request.object
    if new is None or "addons" in tree.dig(new, "spec") or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    if marks.topology_owned(new):
        how = "must name its coreDNS, kubeProxy and konnectivity; say so in the KamajiControlPlaneTemplate of the class"
    else:
        how = "was not filled in, because the defaults were not reached; send it again"
    return refuse(Cause("spec.addons", how), code=INVALID)


POLICY = Policy("core_add_ons", (Rule(KAMAJI_CONTROL_PLANES, (CREATE,)),), check)
