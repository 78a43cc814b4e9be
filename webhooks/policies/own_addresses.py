"""A tenant's Service claims no address: whoever claims one that is another's gets what is sent there.

Every node takes what is sent to a Service's `externalIPs` to that Service, whosever the address is: another tenant's
API server, or one that the platform itself talks to (CVE-2020-8554). A cloud controller manager copies the field out of
its tenant. Which address a load balancer has, the platform gives.
"""

from __future__ import annotations

from typing import Final

from provisioning.errors import Cause
from provisioning.resources import SERVICES
from webhooks import reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

TOLD: Final = (
    "in the whole management cluster, what is sent to {address} would go to this Service; leave it out, and take a "
    "load balancer, whose address the platform gives"
)


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or not reading.is_by_people(request, facts):
        return Allow()
    said, before = (
        tree.sequence(tree.dig(manifest, "spec").get("externalIPs")) for manifest in (request.object, request.old)
    )
    found = [
        Cause(f"spec.externalIPs[{number}]", TOLD.format(address=address))
        for number, address in enumerate(said)
        if address not in before
    ]
    return refuse(*found) if found else Allow()


POLICY = Policy("own_addresses", (Rule(SERVICES, reach=Reach.TENANTS),), check)
