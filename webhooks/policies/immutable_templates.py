"""A machine template does not change: machines are made from it at any time, and quota was charged by its size.

A changed size is a new template under a new name, which is how Cluster API rolls machines anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.errors import Cause
from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, MACHINE_DEPLOYMENTS
from webhooks import facts as reading
from webhooks import tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, UPDATE, Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    causes = _changed(request) if request.old is not None else _replaced(request, facts)
    found = list(causes)
    return refuse(*found, code=INVALID) if found else Allow()


def _changed(request: Request) -> Iterator[Cause]:
    after, before = request.object or {}, request.old or {}
    if after.get("spec") != before.get("spec"):
        yield Cause(
            "spec",
            f"the template {request.name} cannot be changed; make one under another name and point the "
            "MachineDeployment's infrastructureRef to it",
        )


def _replaced(request: Request, facts: Facts) -> Iterator[Cause]:
    """Deleted and made again under the same name would be a change, too."""
    for deployment in facts.list(MACHINE_DEPLOYMENTS, namespace=request.namespace):
        used = tree.dig(deployment, "spec", "template", "spec", "infrastructureRef")
        if (used.get("kind"), used.get("name")) == (KUBEVIRT_MACHINE_TEMPLATES.kind, request.name):
            name = deployment["metadata"]["name"]
            yield Cause(
                "metadata.name", f"the MachineDeployment {name} was measured by a template of this name; take another"
            )


POLICY = Policy("immutable_templates", (Rule(KUBEVIRT_MACHINE_TEMPLATES, (CREATE, UPDATE)),), check)
