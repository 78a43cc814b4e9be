"""A Machine stays with the MachineSet that it was made for, and with its own virtual machine: so it was counted.

A MachineSet that loses a Machine makes another one. If the lost one ran on, nobody would have been charged for it.
Source: cluster-api, `core/reconcilers/machineset`.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import kinship
from provisioning.errors import Cause
from provisioning.resources import MACHINE_DEPLOYMENTS, MACHINE_SETS, MACHINES
from webhooks import facts as reading
from webhooks import tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts, Manifest
from webhooks.policy import UPDATE, Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    before, after = request.old, request.object
    if before is None or after is None or reading.is_platforms(facts, request):
        return Allow()
    if _same(before, after) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    found = list(_lost(before, after, facts))
    return refuse(*found) if found else Allow()


def _same(before: Manifest, after: Manifest) -> bool:
    return _machine(before) == _machine(after) and reading.controller(before) == reading.controller(after)


def _lost(before: Manifest, after: Manifest, facts: Facts) -> Iterator[Cause]:
    name = _machine(before)
    if name and _machine(after) != name:
        yield Cause("spec.infrastructureRef.name", f"must stay {name}: this Machine was counted with it; delete it")
    old, new = (kinship.owner(manifest, MACHINE_SETS, facts) for manifest in (before, after))
    # Of one MachineDeployment, Cluster API may hand a Machine on from an old MachineSet to the new one.
    if old is not None and (new is None or _pool(new) != _pool(old)):
        text = f"must stay the MachineSet {old['metadata']['name']}, which would make another one for it; delete it"
        yield Cause("metadata.ownerReferences", text)


def _pool(machine_set: Manifest) -> str:
    """What tells the MachineSets that belong together from others."""
    deployment = reading.controller(machine_set)
    together = deployment.get("kind") == MACHINE_DEPLOYMENTS.kind
    return str(deployment.get("uid") if together else machine_set["metadata"]["uid"])


def _machine(manifest: Manifest) -> str:
    return tree.text(tree.dig(manifest, "spec", "infrastructureRef").get("name"))


POLICY = Policy("kept_machines", (Rule(MACHINES, (UPDATE,)),), check)
