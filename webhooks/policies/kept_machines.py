"""A Machine stays with the MachineSet that it was made for, and with its own virtual machine: so it was counted.

A MachineSet that loses a Machine makes another one. If the lost one ran on, nobody would have been charged for it.
Source: cluster-api, `core/reconcilers/machineset`. And a virtual machine has no owner: it goes only because the
provider deletes it before it lets go of its KubevirtMachine, as the Machine waits for that one. Source:
cluster-api-provider-kubevirt, `controllers`.

Nor does an object go before what it stands for. A guest that is told to end may take as long as its machine says, and a
volume stays with whom it is attached to: without the object, nobody would be charged for either. Source: KubeVirt,
`pkg/virt-controller/watch`; Kubernetes' storage object in use protection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from provisioning import kinship
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.residue import CLAIM_FINALIZER
from provisioning.resources import (
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from webhooks import marks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import UPDATE, Policy, Reach, Rule
from webhooks.review import Request

FINALIZERS: Final = {
    MACHINES: "machine.cluster.x-k8s.io",
    KUBEVIRT_MACHINES: "kubevirtmachine.infrastructure.cluster.x-k8s.io",
}
"""By which the controllers keep each until what was made for it is gone."""
_OF_KUBEVIRT: Final = ("kubevirt.io/virtualMachineControllerFinalize", "foregroundDeleteVirtualMachine")
IN_USE: Final[Mapping[Resource, tuple[str, ...]]] = {
    # By the last one, of the garbage collector, the guest stays: it takes it off once the guest is charged by itself.
    VIRTUAL_MACHINES: (*_OF_KUBEVIRT, "orphan"),
    VIRTUAL_MACHINE_INSTANCES: _OF_KUBEVIRT,
    PERSISTENT_VOLUME_CLAIMS: (CLAIM_FINALIZER,),
}
"""By which they keep each until it runs, or is used, no more: only they can tell when that is."""
USED: Final = (
    "must keep {finalizer}: it may be in use, and nobody would be charged for it; when it is not, it goes by itself"
)


def check(request: Request, facts: Facts) -> Verdict:
    before, after = request.old, request.object
    if before is None or after is None or reading.is_platforms(facts, request):
        return Allow()
    if _same(before, after) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    lost = _lost(before, after, facts) if request.resource == MACHINES.plural else ()
    let_go = () if facts.trusted.is_system(request.user) else _let_go(request, before, after, facts)
    found = [*lost, *let_go]
    return refuse(*found) if found else Allow()


def _let_go(request: Request, before: Manifest, after: Manifest, facts: Facts) -> Iterator[Cause]:
    """A finalizer that is taken away before what it stands for is gone. Controllers know when that is."""
    taken = set(before["metadata"].get("finalizers") or ()).difference(after["metadata"].get("finalizers") or ())
    in_use = next((those for kind, those in IN_USE.items() if kind.plural == request.resource), None)
    if in_use is not None:
        unused = request.resource == PERSISTENT_VOLUME_CLAIMS.plural and not tree.dig(before, "spec").get("volumeName")
        for finalizer in () if unused else sorted(taken.intersection(in_use)):
            yield Cause("metadata.finalizers", USED.format(finalizer=finalizer))
        return
    kind, finalizer = next(each for each in FINALIZERS.items() if each[0].plural == request.resource)
    if finalizer not in taken:
        return
    source = (VIRTUAL_MACHINES, request.name) if kind == KUBEVIRT_MACHINES else (KUBEVIRT_MACHINES, _machine(before))
    if not marks.deleting(after) or facts.get(*source, namespace=request.namespace) is not None:
        text = f"must keep {finalizer}: its virtual machine would run on, and nobody would be charged for it; delete it"
        yield Cause("metadata.finalizers", text)


def _same(before: Manifest, after: Manifest) -> bool:
    one, other = (manifest["metadata"].get("finalizers") for manifest in (before, after))
    return one == other and _machine(before) == _machine(after) and marks.controller(before) == marks.controller(after)


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
    deployment = marks.controller(machine_set)
    together = deployment.get("kind") == MACHINE_DEPLOYMENTS.kind
    return str(deployment.get("uid") if together else machine_set["metadata"]["uid"])


def _machine(manifest: Manifest) -> str:
    return tree.text(tree.dig(manifest, "spec", "infrastructureRef").get("name"))


POLICY = Policy(
    "kept_machines",
    (
        *(Rule(kind, (UPDATE,)) for kind in FINALIZERS),
        *(Rule(kind, (UPDATE,), reach=Reach.TENANTS) for kind in IN_USE),
        # A claim's status takes fewer finalizers along.
        Rule(PERSISTENT_VOLUME_CLAIMS, (UPDATE,), subresource="status", reach=Reach.TENANTS),
    ),
    check,
)
