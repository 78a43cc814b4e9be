"""What a controller makes out of something else is made by nobody else: it follows from what was judged and charged.

A TenantControlPlane follows from a KamajiControlPlane; a virtual machine from a KubevirtMachine, and what runs of it
from the virtual machine. Written directly, each of them would bring what the rules for its source refuse: own images
beside the data store's credentials, another tenant's data, a guest that mounts a Secret. RBAC alone does not hold it
back: whoever is given `edit` on KubeVirt's kinds has it.

So does the claim that the importer fills for another follow from that one, and it costs nothing beside it: until the
other one has its volume, nothing else tells them apart.

And so does the revision that KubeVirt keeps of an instancetype or a preference: it makes the next machine by that, and
takes whatever is there under its name. What it makes of a machine's Pod on another node it takes from the annotations
of the VirtualMachineInstance. Source: KubeVirt, `pkg/instancetype/revision` and `pkg/virt-controller/services`. And
whoever pauses a TenantControlPlane keeps Pods running that it says nothing of any more. Source: clastix/kamaji,
`controllers/utils`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provisioning import charges
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import (
    KAMAJI_CONTROL_PLANES,
    PERSISTENT_VOLUME_CLAIMS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
)
from webhooks import extent, marks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.kinds import CONTROLLER_REVISIONS
from webhooks.policy import CREATE, UPDATE, Policy, Reach, Rule
from webhooks.review import Request

SOURCES = {
    TENANT_CONTROL_PLANES: ("Kamaji for a KamajiControlPlane", "change that one"),
    VIRTUAL_MACHINES: ("Cluster API's provider for a KubevirtMachine", "scale the MachineDeployment"),
    VIRTUAL_MACHINE_INSTANCES: ("KubeVirt for a VirtualMachine", "scale the MachineDeployment"),
}
"""Who makes these, of what, and what to do instead."""
FILLING: Final = re.compile(f"{charges.FILLING}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}")
"""Names with an uid, as the API server makes them."""
SAID_BY_CLIENTS: Final = "kubectl.kubernetes.io/last-applied-configuration"
PAUSED: Final = "kamaji.clastix.io/paused"


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    if request.resource == PERSISTENT_VOLUME_CLAIMS.plural:
        return _of_claim(request.object, request, facts)
    if request.resource == CONTROLLER_REVISIONS.plural:
        return _of_revision(request, facts)
    if extent.says_the_same(request):
        return _of_marks(request.object, request, facts)
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    trusted = facts.trusted
    if trusted.is_platform(request.user) or request.user.name == trusted.provisioner:
        return Allow()
    if not trusted.is_controller(request.user):
        kind, (maker, instead) = next(each for each in SOURCES.items() if each[0].plural == request.resource)
        made = f"a {kind.kind} is made and changed by {maker} only, and not by {request.user.name}"
        return refuse(Cause("", f"{made}; {instead}"))
    if request.resource == TENANT_CONTROL_PLANES.plural and request.old is None:
        return _of_control_plane(request.object, request.namespace, facts)
    return Allow()


def _of_claim(claim: Manifest, request: Request, facts: Facts) -> Verdict:
    """By its name, which stays, and its owners: all else is free, and those that are there may be marked."""
    owners = [tree.dig(one, "metadata").get("ownerReferences") for one in (request.old, claim)]
    if not FILLING.fullmatch(claim["metadata"]["name"]) or (request.old is not None and owners[0] == owners[1]):
        return Allow()
    if facts.trusted.is_system(request.user) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    text = "is what only the importer calls a claim that it fills for another, and says whose; take another name"
    return refuse(Cause("metadata.name", text))


def _is_of_tenant(request: Request, facts: Facts) -> bool:
    """Whether people or accounts of a tenant write it, also while it is on its way out: not what runs beside tenants,
    which keeps revisions of its own, and brings back what was there."""
    if facts.trusted.is_system(request.user) or reading.tenant_of(facts, request.namespace) is None:
        return False
    return not reading.is_by_operator(request.user, facts)


def _of_revision(request: Request, facts: Facts) -> Verdict:
    if not _is_of_tenant(request, facts):
        return Allow()
    text = f"a ControllerRevision is made by controllers only, and not by {request.user.name}: machines are made by it"
    return refuse(Cause("", f"{text}; leave it out"))


def _of_marks(manifest: Manifest, request: Request, facts: Facts) -> Verdict:
    found = list(_marked(request.resource, manifest, request.old))
    return refuse(*found) if found and _is_of_tenant(request, facts) else Allow()


def _marked(plural: str, manifest: Manifest, old: Manifest | None) -> Iterator[Cause]:
    """Annotations that are new, and that controllers act by."""
    said, had = (tree.dig(one, "metadata", "annotations") for one in (manifest, old))
    for key in sorted(key for key, value in said.items() if had.get(key) != value):
        if plural == VIRTUAL_MACHINE_INSTANCES.plural and key != SAID_BY_CLIENTS:
            text = "would come to the guest's Pod when it moves to another node; leave it out, or ask the platform"
            yield Cause(f"metadata.annotations[{key}]", text)
        elif plural == TENANT_CONTROL_PLANES.plural and key == PAUSED:
            text = "would keep running what nobody is charged for any more; leave it out, or ask the platform"
            yield Cause(f"metadata.annotations[{key}]", text)


def _of_control_plane(manifest: Manifest, namespace: str, facts: Facts) -> Verdict:
    """Kamaji's provider makes it for a KamajiControlPlane that lives; what the reference says is held against that."""
    owner = marks.controller(manifest)
    named = str(owner.get("name") or "")
    found = facts.get(KAMAJI_CONTROL_PLANES, named, namespace=namespace) if named else None
    if owner.get("kind") == KAMAJI_CONTROL_PLANES.kind and found and found["metadata"]["uid"] == owner.get("uid"):
        return Allow()
    text = f"its controller must be a KamajiControlPlane in {namespace}, by its name and its uid"
    return refuse(Cause("metadata.ownerReferences", text))


POLICY = Policy(
    "made_by_controllers",
    (
        Rule(TENANT_CONTROL_PLANES, (UPDATE,), subresource="scale", reach=Reach.TENANTS),
        *(Rule(kind, reach=Reach.TENANTS) for kind in (*SOURCES, PERSISTENT_VOLUME_CLAIMS)),
        # What is in one never changes.
        Rule(CONTROLLER_REVISIONS, (CREATE,), reach=Reach.TENANTS),
    ),
    check,
)
