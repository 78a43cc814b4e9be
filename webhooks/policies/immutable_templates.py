"""A machine template does not change: machines are made from it at any time, and quota was charged by its size.

A changed size is a new template under a new name, which is how Cluster API rolls machines anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from provisioning.errors import Cause
from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, MACHINE_DEPLOYMENTS, MACHINE_SETS
from webhooks import charged, confirmed, marks, reading, tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import All, Facts
from webhooks.policy import CREATE, UPDATE, Policy, Rule, Unless
from webhooks.review import Request

TOLD: Final = (
    "the template {name} cannot be changed; make one under another name and point the MachineDeployment's "
    "infrastructureRef to it"
)
MEASURED = (MACHINE_DEPLOYMENTS, MACHINE_SETS)
"""What is charged by a template's size."""
SETTLED_SECONDS: Final = charged.BY_TEMPLATE_SECONDS + confirmed.WITHIN + 1.0
"""After which whoever was measured by a template that is gone is stored, or was not let in."""


def check(request: Request, facts: Facts) -> Verdict | Unless:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    return _made(request, facts) if request.old is None else _verdict(_changed(request))


def _changed(request: Request) -> Iterator[Cause]:
    after, before = request.object or {}, request.old or {}
    if after.get("spec") != before.get("spec"):
        yield Cause("spec", TOLD.format(name=request.name))


def _made(request: Request, facts: Facts) -> Verdict | Unless:
    """Deleted and made again under the same name would be a change, too. Our own have their content in their name."""
    if request.user.name == facts.trusted.provisioner:
        return Allow()
    # Of a name that the API server made up, only the object knows.
    name, namespace = request.either["metadata"]["name"], request.namespace
    verdict = _verdict(_named(name, namespace, facts))
    if verdict != Allow() or request.dry_run or facts.trusted.is_platform(request.user):
        return verdict
    return Unless(partial(_settled, name, namespace))


def _settled(name: str, namespace: str, facts: Facts) -> Verdict:
    """Whoever was measured a moment ago, by one that is gone by now, may not be stored yet: in a while it is, or was
    sent back. While one is still there, others may go on being measured by it."""
    if facts.get(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=namespace) is not None:
        text = f"there is a template {name} already; take another name"
        return refuse(Cause("metadata.name", text), code=INVALID)
    return _verdict(_named(name, namespace, facts, after=SETTLED_SECONDS))


def _named(name: str, namespace: str, facts: Facts, *, after: float = 0.0) -> Iterator[Cause]:
    """Whoever was measured by a template of this name."""
    facts.need(*(All(kind, namespace, after) for kind in MEASURED))
    deployments, sets = (facts.list(kind, namespace=namespace, after=after) for kind in MEASURED)
    known = {deployment["metadata"]["uid"] for deployment in deployments}
    for user in (*deployments, *sets):
        used = tree.dig(user, "spec", "template", "spec", "infrastructureRef")
        if (used.get("kind"), used.get("name")) != (KUBEVIRT_MACHINE_TEMPLATES.kind, name):
            continue
        # A MachineDeployment keeps its old sets, with templates that are gone; those without a machine matter no more.
        if marks.controller(user).get("uid") not in known or tree.dig(user, "spec").get("replicas") != 0:
            text = (
                f"the {user['kind']} {user['metadata']['name']} was measured by a template of this name; take another"
            )
            yield Cause("metadata.name", text)


def _verdict(causes: Iterable[Cause]) -> Verdict:
    found = list(causes)
    return refuse(*found, code=INVALID) if found else Allow()


POLICY = Policy("immutable_templates", (Rule(KUBEVIRT_MACHINE_TEMPLATES, (CREATE, UPDATE)),), check)
