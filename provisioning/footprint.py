"""What objects of the management cluster cost by themselves: raw manifests in, `Usage` out. Pure; only `spec` and
annotations count. Whether an object is within what its owner was charged with is the business of `charges`.

Strict where an object is unclear: a size that cannot be read is an error, never zero. Status is never looked at, and
the autoscaler's capacity annotations, which anybody may write, are never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisioning import guests, quantity, resources
from provisioning.errors import MalformedQuantity
from provisioning.manifest import Tree
from provisioning.strict import count, digits, inside, items
from provisioning.usage import Usage

MAX_SIZE: Final = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
MIN_SIZE: Final = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size"
INSTANCETYPE: Final = resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES.kind
DEFAULT_SURGE: Final = 1
"""What Cluster API's webhook writes where `maxSurge` is absent."""
LOAD_BALANCER: Final = "LoadBalancer"
CONTROL_PLANE_REPLICAS: Final = 2
"""What Kamaji's CRDs write where nothing is said."""
_OF_TEMPLATE: Final = ("spec", "template", "spec", "virtualMachineTemplate", "spec")
_MACHINE: Final[Mapping[str, tuple[str, ...]]] = {
    resources.KUBEVIRT_MACHINES.kind: ("spec", "virtualMachineTemplate", "spec"),
    resources.VIRTUAL_MACHINES.kind: ("spec",),
}
"""Where the VirtualMachine's spec is in an object of that kind; in a template, `_OF_TEMPLATE`."""


def of_cluster(manifest: Tree) -> Usage:
    """A raw Cluster: one. Its machines are charged where they are made."""
    return Usage(clusters=1)


def machines(manifest: Tree) -> int:
    """Of a MachineDeployment: what it may be scaled to, and what a rolling update adds on top.

    Raises `MalformedQuantity`.
    """
    most = scalable(manifest)
    return most + _surge(inside(manifest, "spec"), most) if most else 0


def scalable(manifest: Tree) -> int:
    """Of a MachineDeployment or a MachineSet: replicas or the autoscaler's maximum, whichever is more.

    Raises `MalformedQuantity`.
    """
    most, annotations = replicas(manifest), inside(manifest, "metadata", "annotations")
    if MIN_SIZE in annotations and MAX_SIZE not in annotations:
        raise MalformedQuantity(f"{MIN_SIZE} without {MAX_SIZE}: nobody can tell how many machines it may become")
    for bound in (MIN_SIZE, MAX_SIZE):
        if bound in annotations:
            most = max(most, digits(annotations[bound], bound))
    return most


def replicas(manifest: Tree) -> int:
    """What `spec.replicas` says; one where it says nothing. Raises `MalformedQuantity`."""
    said = inside(manifest, "spec").get("replicas")
    return count(1 if said is None else said, "spec.replicas")


def of_machine(template: Tree, instancetype: Tree | None = None) -> Usage:
    """One virtual machine, of a KubevirtMachineTemplate, a KubevirtMachine or a VirtualMachine: the most that its guest
    can come to, and its own disks.

    Raises `MalformedQuantity` when neither the object says, nor the instancetype that it names.
    """
    machine = _machine(template)
    pod = inside(machine, "template", "spec")
    domain = inside(pod, "domain")
    storage = _storage(machine) + _scratch(pod)
    own = Usage(nodes=1, storage=storage, gpus=guests.devices(inside(domain, "devices")))
    name = instancetype_of(template)
    if not name:
        return own.having(vcpu=guests.vcpu(domain), memory=guests.memory(domain))
    if instancetype is None:
        raise MalformedQuantity(f"the size is that of the {INSTANCETYPE} {name}, and there is none")
    if inside(domain, "cpu") or inside(domain, "memory"):
        raise MalformedQuantity("the size is said twice: leave out domain.cpu and domain.memory, or the instancetype")
    return own.having(vcpu=guests.beside(domain)) + guests.of_instancetype(instancetype).having(nodes=0)


def instancetype_of(template: Tree) -> str:
    """The instancetype that machines are as large as (see `of_machine`); empty when the object says so itself.

    Raises `MalformedQuantity` for one that others than the platform write, or that may be another when the machine is
    made. A VirtualMachine may name a revision: KubeVirt itself writes there which one it took.
    """
    matcher = inside(_machine(template), "instancetype")
    if not matcher:
        return ""
    kind, name = matcher.get("kind") or INSTANCETYPE, matcher.get("name")
    if str(kind).lower() not in (INSTANCETYPE.lower(), f"{INSTANCETYPE}s".lower()):
        raise MalformedQuantity(f"a size by {kind} cannot be counted: whoever may write it can make it larger later")
    moving = matcher.get("revisionName") and template.get("kind") != resources.VIRTUAL_MACHINES.kind
    if not isinstance(name, str) or not name or moving or matcher.get("inferFromVolume"):
        raise MalformedQuantity("a size by instancetype can be counted only if instancetype.name says by which")
    return name


def of_instance(manifest: Tree) -> Usage:
    """A VirtualMachineInstance as it runs: the size that its guest has now.

    KubeVirt writes into it how far the guest could be enlarged while it runs (four times, where nobody said); it is
    enlarged by a change of its VirtualMachine, which is counted then. Raises `MalformedQuantity`.
    """
    pod = inside(manifest, "spec")
    domain = inside(pod, "domain")
    now = {**domain, "cpu": _without(domain, "cpu", "maxSockets"), "memory": _without(domain, "memory", "maxGuest")}
    return Usage(
        nodes=1,
        vcpu=guests.vcpu(now),
        memory=guests.memory(now),
        storage=_scratch(pod),
        gpus=guests.devices(inside(domain, "devices")),
    )


def of_control_plane(manifest: Tree) -> Usage:
    """A KamajiControlPlane: its replicas, and the address of its API server. Raises `MalformedQuantity`."""
    spec = inside(manifest, "spec")
    return _control_plane(spec.get("replicas"), inside(spec, "network").get("serviceType"))


def of_tenant_control_plane(manifest: Tree) -> Usage:
    """What Kamaji makes of one: a TenantControlPlane. Raises `MalformedQuantity`."""
    spec = inside(manifest, "spec", "controlPlane")
    return _control_plane(inside(spec, "deployment").get("replicas"), inside(spec, "service").get("serviceType"))


def _control_plane(said: object, service: object) -> Usage:
    # As Kamaji's CRDs default them.
    number = count(CONTROL_PLANE_REPLICAS if said is None else said, "replicas")
    return Usage(control_plane_replicas=number, load_balancers=int(service in (None, "", LOAD_BALANCER)))


def of_service(manifest: Tree) -> Usage:
    """A Service of type LoadBalancer is one; others cost nothing."""
    return Usage(load_balancers=int(inside(manifest, "spec").get("type") == LOAD_BALANCER))


def of_volume_claim(manifest: Tree) -> Usage:
    """A PersistentVolumeClaim: what it asks for. Raises `MalformedQuantity`."""
    asked = inside(manifest, "spec", "resources", "requests").get("storage")
    return Usage(storage=quantity.byte_count(asked) if asked is not None else 0)


def of_data_volume(manifest: Tree) -> Usage:
    """A DataVolume: what it asks for. One that takes its size from its source says nothing; then its claim will.

    Raises `MalformedQuantity`.
    """
    return Usage(storage=max(_asked(manifest), default=0))


def _machine(template: Tree) -> Tree:
    return inside(template, *_MACHINE.get(str(template.get("kind")), _OF_TEMPLATE))


def _without(holder: Tree, key: str, field: str) -> Tree:
    return {name: value for name, value in inside(holder, key).items() if name != field}


def disks(virtual_machine: Tree) -> dict[str, int]:
    """Bytes of the disks that are made for a VirtualMachine and go with it, by name. Raises `MalformedQuantity`."""
    templates = items(_machine(virtual_machine), "dataVolumeTemplates")
    return {str(inside(one, "metadata").get("name")): _disk(one) for one in templates if isinstance(one, Mapping)}


def _storage(machine: Tree) -> int:
    """The disks that are made for a virtual machine and go with it."""
    return sum(_disk(template) for template in items(machine, "dataVolumeTemplates"))


def _scratch(pod: Tree) -> int:
    """Empty disks, which are files on the node for as long as the guest runs."""
    sizes = (inside(one, "emptyDisk").get("capacity") for one in items(pod, "volumes") if isinstance(one, Mapping))
    return sum(quantity.byte_count(size) for size in sizes if size is not None)


def _disk(template: object) -> int:
    if not isinstance(template, Mapping):
        raise MalformedQuantity("dataVolumeTemplates: an entry is no object")
    sizes = _asked(template)
    if not sizes:
        raise MalformedQuantity("a data volume says nothing of its size: write storage.resources.requests.storage")
    return max(sizes)


def _asked(volume: Tree) -> list[int]:
    asked = [inside(volume, "spec", part, "resources", "requests").get("storage") for part in ("storage", "pvc")]
    return [quantity.byte_count(size) for size in asked if size is not None]


def _surge(spec: Tree, replicas: int) -> int:
    rollout = inside(spec, "rollout", "strategy") or inside(spec, "strategy")
    surge = inside(rollout, "rollingUpdate").get("maxSurge")
    if rollout.get("type") == "OnDelete":
        return 0
    if surge is None:
        return DEFAULT_SURGE
    if isinstance(surge, str) and surge.endswith("%"):
        return -(-replicas * digits(surge[:-1], "maxSurge") // 100)
    return count(surge, "maxSurge")
