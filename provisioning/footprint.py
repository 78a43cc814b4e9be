"""What objects of the management cluster cost by themselves: raw manifests in, `Usage` out. Pure; only `spec` and
annotations count. Whether an object is within what its owner was charged with is the business of `charges`.

Strict where an object is unclear: a size that cannot be read is an error, never zero. Status is never looked at, and
the autoscaler's capacity annotations, which anybody may write, are never believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from provisioning import quantity, resources
from provisioning.errors import MalformedQuantity
from provisioning.usage import Usage

Manifest = Mapping[str, Any]

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


def of_cluster(manifest: Manifest) -> Usage:
    """A raw Cluster: one. Its machines are charged where they are made."""
    return Usage(clusters=1)


def of_machine_deployment(manifest: Manifest, template: Manifest, instancetype: Manifest | None = None) -> Usage:
    """A raw MachineDeployment: the most machines it can come to, each as large as its KubevirtMachineTemplate says.

    `instancetype`: the one that the template names, see `instancetype_of`. Raises `MalformedQuantity` for numbers that
    are none.
    """
    return of_machine(template, instancetype) * machines(manifest)


def machines(manifest: Manifest) -> int:
    """Of a MachineDeployment: what it may be scaled to, and what a rolling update adds on top.

    Raises `MalformedQuantity`.
    """
    most = scalable(manifest)
    return most + _surge(_inside(manifest, "spec"), most) if most else 0


def scalable(manifest: Manifest) -> int:
    """Of a MachineDeployment or a MachineSet: replicas or the autoscaler's maximum, whichever is more.

    Raises `MalformedQuantity`.
    """
    most, annotations = replicas(manifest), _inside(manifest, "metadata", "annotations")
    if MIN_SIZE in annotations and MAX_SIZE not in annotations:
        raise MalformedQuantity(f"{MIN_SIZE} without {MAX_SIZE}: nobody can tell how many machines it may become")
    for bound in (MIN_SIZE, MAX_SIZE):
        if bound in annotations:
            most = max(most, _digits(annotations[bound], bound))
    return most


def replicas(manifest: Manifest) -> int:
    """What `spec.replicas` says; one where it says nothing. Raises `MalformedQuantity`."""
    said = _inside(manifest, "spec").get("replicas")
    return _count(1 if said is None else said, "spec.replicas")


def of_machine(template: Manifest, instancetype: Manifest | None = None) -> Usage:
    """One virtual machine, of a KubevirtMachineTemplate, a KubevirtMachine or a VirtualMachine: the most that its guest
    can come to, and its own disks.

    Raises `MalformedQuantity` when neither the object says, nor the instancetype that it names.
    """
    machine = _machine(template)
    domain = _inside(machine, "template", "spec", "domain")
    own = Usage(nodes=1, storage=_storage(machine), gpus=_devices(_inside(domain, "devices")))
    name = instancetype_of(template)
    if not name:
        return own.having(vcpu=_vcpu(domain), memory=_memory(domain))
    if instancetype is None:
        raise MalformedQuantity(f"the size is that of the {INSTANCETYPE} {name}, and there is none")
    if _inside(domain, "cpu") or _inside(domain, "memory"):
        raise MalformedQuantity("the size is said twice: leave out domain.cpu and domain.memory, or the instancetype")
    return own + of_instancetype(instancetype).having(nodes=0)


def instancetype_of(template: Manifest) -> str:
    """The instancetype that machines are as large as (see `of_machine`); empty when the object says so itself.

    Raises `MalformedQuantity` for one that others than the platform write, or that may be another when the machine is
    made. A VirtualMachine may name a revision: KubeVirt itself writes there which one it took.
    """
    matcher = _inside(_machine(template), "instancetype")
    if not matcher:
        return ""
    kind, name = matcher.get("kind") or INSTANCETYPE, matcher.get("name")
    if str(kind).lower() not in (INSTANCETYPE.lower(), f"{INSTANCETYPE}s".lower()):
        raise MalformedQuantity(f"a size by {kind} cannot be counted: whoever may write it can make it larger later")
    moving = matcher.get("revisionName") and template.get("kind") != resources.VIRTUAL_MACHINES.kind
    if not isinstance(name, str) or not name or moving or matcher.get("inferFromVolume"):
        raise MalformedQuantity("a size by instancetype can be counted only if instancetype.name says by which")
    return name


def of_instance(manifest: Manifest) -> Usage:
    """A VirtualMachineInstance as it runs: the size that its guest has now.

    KubeVirt writes into it how far the guest could be enlarged while it runs (four times, where nobody said); it is
    enlarged by a change of its VirtualMachine, which is counted then. Raises `MalformedQuantity`.
    """
    domain = _inside(manifest, "spec", "domain")
    now = {**domain, "cpu": _without(domain, "cpu", "maxSockets"), "memory": _without(domain, "memory", "maxGuest")}
    return Usage(nodes=1, vcpu=_vcpu(now), memory=_memory(now), gpus=_devices(_inside(domain, "devices")))


def of_control_plane(manifest: Manifest) -> Usage:
    """A KamajiControlPlane: its replicas, and the address of its API server. Raises `MalformedQuantity`."""
    spec = _inside(manifest, "spec")
    return _control_plane(spec.get("replicas"), _inside(spec, "network").get("serviceType"))


def of_tenant_control_plane(manifest: Manifest) -> Usage:
    """What Kamaji makes of one: a TenantControlPlane. Raises `MalformedQuantity`."""
    spec = _inside(manifest, "spec", "controlPlane")
    return _control_plane(_inside(spec, "deployment").get("replicas"), _inside(spec, "service").get("serviceType"))


def _control_plane(said: object, service: object) -> Usage:
    # As Kamaji's CRDs default them.
    count = _count(CONTROL_PLANE_REPLICAS if said is None else said, "replicas")
    return Usage(control_plane_replicas=count, load_balancers=int(service in (None, "", LOAD_BALANCER)))


def of_service(manifest: Manifest) -> Usage:
    """A Service of type LoadBalancer is one; others cost nothing."""
    return Usage(load_balancers=int(_inside(manifest, "spec").get("type") == LOAD_BALANCER))


def of_volume_claim(manifest: Manifest) -> Usage:
    """A PersistentVolumeClaim: what it asks for. Raises `MalformedQuantity`."""
    asked = _inside(manifest, "spec", "resources", "requests").get("storage")
    return Usage(storage=quantity.byte_count(asked) if asked is not None else 0)


def of_data_volume(manifest: Manifest) -> Usage:
    """A DataVolume: what it asks for. One that takes its size from its source says nothing; then its claim will.

    Raises `MalformedQuantity`.
    """
    return Usage(storage=max(_asked(manifest), default=0))


def _machine(template: Manifest) -> Manifest:
    return _inside(template, *_MACHINE.get(str(template.get("kind")), _OF_TEMPLATE))


def _without(holder: Manifest, key: str, field: str) -> Manifest:
    return {name: value for name, value in _inside(holder, key).items() if name != field}


def of_instancetype(manifest: Manifest) -> Usage:
    """One virtual machine of this size. Raises `MalformedQuantity`."""
    cpu, memory = _inside(manifest, "spec", "cpu"), _inside(manifest, "spec", "memory")
    vcpu = max(_count(cpu.get(part) or 0, f"cpu.{part}") for part in ("guest", "maxSockets"))
    sizes = [quantity.byte_count(memory[part]) for part in ("guest", "maxGuest") if memory.get(part) is not None]
    if not vcpu or not any(sizes):
        raise MalformedQuantity("the instancetype says nothing of its CPU or its memory")
    return Usage(nodes=1, vcpu=vcpu * 1000, memory=max(sizes), gpus=_devices(_inside(manifest, "spec")))


def _vcpu(domain: Manifest) -> int:
    cpu = _inside(domain, "cpu")
    cores, threads = (_count(cpu.get(part) or 1, f"domain.cpu.{part}") for part in ("cores", "threads"))
    sockets = max(_count(cpu.get(part) or 1, f"domain.cpu.{part}") for part in ("sockets", "maxSockets"))
    # A machine has whole processors: KubeVirt rounds up what is asked for in parts.
    asked = -(-_resources(domain, "cpu", quantity.milli) // 1000) * 1000
    if not cpu and not asked:
        raise MalformedQuantity("the template says nothing of its CPU: write domain.cpu.cores")
    return max(cores * threads * sockets * 1000, asked)


def _memory(domain: Manifest) -> int:
    memory = _inside(domain, "memory")
    sizes = [quantity.byte_count(memory[part]) for part in ("guest", "maxGuest") if memory.get(part) is not None]
    most = max([*sizes, _resources(domain, "memory", quantity.byte_count)])
    if not most:
        raise MalformedQuantity("the template says nothing of its memory: write domain.memory.guest")
    return most


def _resources(domain: Manifest, name: str, parse: Any) -> int:
    values = [_inside(domain, "resources", part).get(name) for part in ("requests", "limits")]
    return max([parse(value) for value in values if value is not None], default=0)


def _devices(holder: Manifest) -> int:
    """Devices passed through, each by a name of its own."""
    return sum(len(_list(holder, kind)) for kind in ("gpus", "hostDevices"))


def disks(virtual_machine: Manifest) -> dict[str, int]:
    """Bytes of the disks that are made for a VirtualMachine and go with it, by name. Raises `MalformedQuantity`."""
    templates = _list(_machine(virtual_machine), "dataVolumeTemplates")
    return {str(_inside(one, "metadata").get("name")): _disk(one) for one in templates if isinstance(one, Mapping)}


def _storage(machine: Manifest) -> int:
    """The disks that are made for a virtual machine and go with it."""
    return sum(_disk(template) for template in _list(machine, "dataVolumeTemplates"))


def _disk(template: object) -> int:
    if not isinstance(template, Mapping):
        raise MalformedQuantity("dataVolumeTemplates: an entry is no object")
    sizes = _asked(template)
    if not sizes:
        raise MalformedQuantity("a data volume says nothing of its size: write storage.resources.requests.storage")
    return max(sizes)


def _asked(volume: Manifest) -> list[int]:
    asked = [_inside(volume, "spec", part, "resources", "requests").get("storage") for part in ("storage", "pvc")]
    return [quantity.byte_count(size) for size in asked if size is not None]


def _list(holder: Manifest, key: str) -> Sequence[object]:
    found = holder.get(key) or ()
    if not isinstance(found, list | tuple):
        raise MalformedQuantity(f"{key} is no list")
    return found


def _surge(spec: Manifest, replicas: int) -> int:
    rollout = _inside(spec, "rollout", "strategy") or _inside(spec, "strategy")
    surge = _inside(rollout, "rollingUpdate").get("maxSurge")
    if rollout.get("type") == "OnDelete":
        return 0
    if surge is None:
        return DEFAULT_SURGE
    if isinstance(surge, str) and surge.endswith("%"):
        return -(-replicas * _digits(surge[:-1], "maxSurge") // 100)
    return _count(surge, "maxSurge")


def _inside(manifest: Manifest, *path: str) -> Manifest:
    """The part of a manifest at the path, empty when it is not there. Anything but an object there is an error."""
    found = manifest
    for part in path:
        value = found.get(part)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise MalformedQuantity(f"{'.'.join(path)}: {part} is no object")
        found = value
    return found


def _count(value: object, what: str) -> int:
    """A number of things as JSON writes it, as large as the API server's int32 at most."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    raise MalformedQuantity(f"{what}: {value!r} is no number that can be counted with")


def _digits(value: object, what: str) -> int:
    """A number of things as an annotation or a percentage writes it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return _count(int(value), what)
    raise MalformedQuantity(f"{what}: {value!r} is no number that can be counted with")
