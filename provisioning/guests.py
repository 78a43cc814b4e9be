"""How large a guest is that KubeVirt runs: processors, memory and devices of a `domain`, or of an instancetype. Pure.

The most that it can come to, wherever it says so: what can be enlarged while it runs counts as enlarged. Processors are
those that its Pod asks for. Source: KubeVirt, `pkg/virt-controller/services/renderresources.go`.
"""

from __future__ import annotations

from typing import Any, Final

from provisioning import quantity
from provisioning.errors import MalformedQuantity
from provisioning.manifest import Tree
from provisioning.strict import count, inside, items
from provisioning.usage import Usage

EMULATOR: Final = 2
"""Processors of an emulator that has its own: one, and another where KubeVirt is told to keep their number even."""


def of_instancetype(manifest: Tree) -> Usage:
    """One virtual machine of this size. Raises `MalformedQuantity`."""
    cpu, said = inside(manifest, "spec", "cpu"), inside(manifest, "spec", "memory")
    cpus = max(count(cpu.get(part) or 0, f"cpu.{part}") for part in ("guest", "maxSockets"))
    sizes = [quantity.byte_count(said[part]) for part in ("guest", "maxGuest") if said.get(part) is not None]
    if not cpus or not any(sizes):
        raise MalformedQuantity("the instancetype says nothing of its CPU or its memory")
    threads = beside(inside(manifest, "spec"))
    return Usage(nodes=1, vcpu=cpus * 1000 + threads, memory=max(sizes), gpus=devices(inside(manifest, "spec")))


def beside(holder: Tree) -> int:
    """Milli-CPU of what works for a guest beside its own processors: its emulator, and the threads that serve its
    disks. Of a domain or of an instancetype's spec. Raises `MalformedQuantity`."""
    emulator = EMULATOR if inside(holder, "cpu").get("isolateEmulatorThread") else 0
    threads = inside(holder, "ioThreads").get("supplementalPoolThreadCount")
    return (emulator + count(threads or 0, "ioThreads.supplementalPoolThreadCount")) * 1000


def vcpu(domain: Tree) -> int:
    """Milli-CPU, `beside` included. Raises `MalformedQuantity`."""
    cpu = inside(domain, "cpu")
    cores, threads = (count(cpu.get(part) or 1, f"domain.cpu.{part}") for part in ("cores", "threads"))
    sockets = max(count(cpu.get(part) or 1, f"domain.cpu.{part}") for part in ("sockets", "maxSockets"))
    # A machine has whole processors: KubeVirt rounds up what is asked for in parts.
    asked = -(-_resources(domain, "cpu", quantity.milli) // 1000) * 1000
    if not cpu and not asked:
        raise MalformedQuantity("the template says nothing of its CPU: write domain.cpu.cores")
    return max(cores * threads * sockets * 1000, asked) + beside(domain)


def memory(domain: Tree) -> int:
    """Bytes. Raises `MalformedQuantity`."""
    said = inside(domain, "memory")
    sizes = [quantity.byte_count(said[part]) for part in ("guest", "maxGuest") if said.get(part) is not None]
    most = max([*sizes, _resources(domain, "memory", quantity.byte_count)])
    if not most:
        raise MalformedQuantity("the template says nothing of its memory: write domain.memory.guest")
    return most + _added(domain)


def _added(domain: Tree) -> int:
    """Bytes that the guest's Pod asks for beside the guest. Raises `MalformedQuantity`."""
    added = inside(domain, "memory", "reservedOverhead").get("addedOverhead")
    return quantity.byte_count(added) if added is not None else 0


def _resources(domain: Tree, name: str, parse: Any) -> int:
    values = [inside(domain, "resources", part).get(name) for part in ("requests", "limits")]
    return max([parse(value) for value in values if value is not None], default=0)


def devices(holder: Tree) -> int:
    """Devices passed through, each by a name of its own."""
    return sum(len(items(holder, kind)) for kind in ("gpus", "hostDevices"))
