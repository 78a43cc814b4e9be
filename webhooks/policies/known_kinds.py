"""A tenant's cluster is made of kinds that are judged and charged here, whatever else a reference could name.

Cluster API makes an object of whatever kind a template has: named in place of a bootstrap template, a second machine
template would give every Machine a second virtual machine, which nobody charged. And a control plane of another
provider would run machines of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from provisioning.errors import Cause
from provisioning.resources import (
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_HEALTH_CHECKS,
    MACHINE_SETS,
    MACHINES,
    Resource,
)
from webhooks import extent, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request

_TEMPLATES: Final = {
    "spec.template.spec.bootstrap.configRef": KUBEADM_CONFIG_TEMPLATES,
    "spec.template.spec.infrastructureRef": KUBEVIRT_MACHINE_TEMPLATES,
}
REFERENCES: Final[Mapping[Resource, Mapping[str, Resource | None]]] = {
    CLUSTERS: {"spec.controlPlaneRef": KAMAJI_CONTROL_PLANES, "spec.infrastructureRef": KUBEVIRT_CLUSTERS},
    MACHINE_DEPLOYMENTS: _TEMPLATES,
    MACHINE_SETS: _TEMPLATES,
    MACHINES: {"spec.bootstrap.configRef": KUBEADM_CONFIGS, "spec.infrastructureRef": KUBEVIRT_MACHINES},
    # Here and in the older generation: what is made of it for every unhealthy machine.
    MACHINE_HEALTH_CHECKS: {"spec.remediation.templateRef": None, "spec.remediationTemplate": None},
}
"""What each kind may refer to, and where."""


def check(request: Request, facts: Facts) -> Verdict:
    if not reading.is_by_people(request, facts):
        return Allow()
    found = list(_others(request))
    return refuse(*found) if found else Allow()


def _others(request: Request) -> Iterator[Cause]:
    known = next(refs for kind, refs in REFERENCES.items() if kind.plural == request.resource)
    for path, wanted in known.items():
        reference, before = (tree.dig(manifest, *path.split(".")) for manifest in (request.object, request.old))
        if not reference or reference == before:
            continue
        if wanted is None:
            yield Cause(path, "would have Cluster API make something else than machines; leave it out")
            continue
        named = f"{reference.get('kind')}.{reference.get('apiGroup') or ''}"
        if named != f"{wanted.kind}.{wanted.group}":
            yield Cause(path, f"must be a {wanted.kind}.{wanted.group}, and not a {named}: others are not judged here")
        elsewhere = reference.get("namespace") or request.namespace
        if elsewhere != request.namespace:
            yield Cause(f"{path}.namespace", f"must be {request.namespace}, the object's own, and not {elsewhere}")


POLICY = Policy("known_kinds", tuple(Rule(kind) for kind in REFERENCES), check, concerns=extent.says_something_else)
