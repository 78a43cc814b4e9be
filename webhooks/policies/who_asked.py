"""Who asked for a cluster is noted by us and by nobody else: it is what people read when they look for whom to ask.

The default writes it, from the API server's user info. This holds everybody to it, also while nobody answers there.
Our provisioner writes it for whoever made the request.
"""

from __future__ import annotations

from provisioning.errors import Cause
from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from webhooks import marks, reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request

FIELD = f"metadata.annotations[{REQUESTED_BY_ANNOTATION}]"


def check(request: Request, facts: Facts) -> Verdict:
    new, old = request.object, request.old
    if new is None or marks.deleting(new) or request.user.name == facts.trusted.provisioner:
        return Allow()
    said = marks.annotation(new, REQUESTED_BY_ANNOTATION)
    right = request.user.name if old is None else marks.annotation(old, REQUESTED_BY_ANNOTATION)
    if said == right or (old is None and not said) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    stays = f"stays {right}" if right else "is not filled in afterwards"
    how = stays if old is not None else f"is {right} here"
    return refuse(Cause(FIELD, f"is written by clusterdesk, and {how}"))


POLICY = Policy("who_asked", (Rule(TENANT_CLUSTERS), Rule(CLUSTERS)), check)
