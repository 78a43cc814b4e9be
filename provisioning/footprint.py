"""What Cluster API objects made by hand cost: raw manifests in, `Usage` out. Pure; only `spec` and annotations count.

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
    """Replicas or the autoscaler's maximum, whichever is more, and what a rolling update adds on top.

    Raises `MalformedQuantity`.
    """
    spec, annotations = _inside(manifest, "spec"), _inside(manifest, "metadata", "annotations")
    replicas = _count(1 if spec.get("replicas") is None else spec["replicas"], "spec.replicas")
    if MIN_SIZE in annotations and MAX_SIZE not in annotations:
        raise MalformedQuantity(f"{MIN_SIZE} without {MAX_SIZE}: nobody can tell how many machines it may become")
    for bound in (MIN_SIZE, MAX_SIZE):
        if bound in annotations:
            replicas = max(replicas, _digits(annotations[bound], bound))
    return replicas + _surge(spec, replicas) if replicas else 0


def of_machine(template: Manifest, instancetype: Manifest | None = None) -> Usage:
    """One virtual machine of a KubevirtMachineTemplate: the most that its guest can come to.

    Raises `MalformedQuantity` when neither the template says, nor the instancetype that it names.
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
    """The instancetype that a KubevirtMachineTemplate's machines are as large as; empty when it says so itself.

    Raises `MalformedQuantity` for one that others than the platform write, or that may be another when the machine is
    made.
    """
    matcher = _inside(_machine(template), "instancetype")
    if not matcher:
        return ""
    kind, name = matcher.get("kind") or INSTANCETYPE, matcher.get("name")
    if str(kind).lower() not in (INSTANCETYPE.lower(), f"{INSTANCETYPE}s".lower()):
        raise MalformedQuantity(f"a size by {kind} cannot be counted: whoever may write it can make it larger later")
    if not isinstance(name, str) or not name or matcher.get("revisionName") or matcher.get("inferFromVolume"):
        raise MalformedQuantity("a size by instancetype can be counted only if instancetype.name says by which")
    return name


def _machine(template: Manifest) -> Manifest:
    return _inside(template, "spec", "template", "spec", "virtualMachineTemplate", "spec")


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


def _storage(machine: Manifest) -> int:
    """The disks that are made for a virtual machine and go with it."""
    return sum(_disk(template) for template in _list(machine, "dataVolumeTemplates"))


def _disk(template: object) -> int:
    if not isinstance(template, Mapping):
        raise MalformedQuantity("dataVolumeTemplates: an entry is no object")
    asked = [_inside(template, "spec", part, "resources", "requests").get("storage") for part in ("storage", "pvc")]
    sizes = [quantity.byte_count(size) for size in asked if size is not None]
    if not sizes:
        raise MalformedQuantity("a data volume says nothing of its size: write storage.resources.requests.storage")
    return max(sizes)


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
