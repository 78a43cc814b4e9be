"""The kubeconfig of a cluster is written by controllers only: others act on it, and it can say which program to run.

Cluster API reads the Secret `<cluster>-kubeconfig` in its own Pod, as do the components hosted beside a control plane.
A kubeconfig with `exec` in it runs a command there, and one with another server hands what they know to whoever waits
under that address (kubernetes/kubectl issue 697).
"""

from __future__ import annotations

from typing import Final

from provisioning import names
from provisioning.errors import Cause
from provisioning.resources import SECRETS
from webhooks import reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

SUFFIX: Final = names.kubeconfig_secret("")
"""What their names end with; those of Kamaji's own do as well."""


def check(request: Request, facts: Facts) -> Verdict:
    new, old = request.object, request.old
    name = str((new or {}).get("metadata", {}).get("name", ""))
    if new is None or not name.endswith(SUFFIX) or (old is not None and old.get("data") == new.get("data")):
        return Allow()
    if facts.trusted.is_system(request.user) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    text = (
        f"{name} would be taken for the kubeconfig of a cluster, which Kamaji's provider writes and controllers of the "
        f"management cluster act by, and not {request.user.name}; take another name"
    )
    return refuse(Cause("metadata.name", text))


POLICY = Policy("kubeconfig_writers", (Rule(SECRETS, reach=Reach.TENANTS),), check)
