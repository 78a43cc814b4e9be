"""What the cluster autoscaler is told of the machines of a pool that has none, in annotations on its MachineDeployment.

It believes every word: told of more than a machine has room for, it would make one for a Pod that then does not fit
there, again and again. So it is told what Pods may use, and not what the machine has.
"""

from __future__ import annotations

from typing import Final

from provisioning import quantity
from provisioning.manifests.blueprint import Blueprint
from provisioning.manifests.bootstrap_template import node_labels, node_taint, sorted_taints
from provisioning.model import Flavor, NodePool

CAPACITY: Final = "capacity.cluster-autoscaler.kubernetes.io"
MAX_PODS: Final = "110"
"""What a kubelet takes when nobody says."""
MEBI: Final = 1024 * 1024
MEMORY_SHARE: Final = 98
MEMORY_LESS: Final = 256 * MEBI
"""Of a machine's memory, in percent and less so many bytes: the kernel keeps 1.6 % for counting pages and some for
itself, and a kubelet evicts Pods when 100Mi are left."""
DISK_SHARE: Final = 85
"""Of its disk, in percent: the file system keeps some for itself, and a kubelet evicts Pods when a tenth is left."""


def describe(blueprint: Blueprint, pool: NodePool) -> dict[str, str]:
    """The annotations, as the pool's flavor says; as they stand, where the flavor has left the Catalog."""
    standing = blueprint.standing.get(pool.name)
    if standing is not None:
        found: dict[str, str] = standing["metadata"].get("annotations") or {}
        return {key: value for key, value in found.items() if key.startswith(f"{CAPACITY}/")}
    flavor = blueprint.flavor(pool)
    told = {
        "cpu": str(flavor.vcpu),
        "memory": _usable(flavor.memory, share=MEMORY_SHARE, less=MEMORY_LESS),
        "maxPods": MAX_PODS,
        "labels": node_labels(pool),
        "taints": ",".join(node_taint(taint) for taint in sorted_taints(pool)),
        "ephemeral-disk": _usable(flavor.disk, share=DISK_SHARE) if flavor.disk else "",
        **_devices(flavor),
    }
    return {f"{CAPACITY}/{key}": value for key, value in told.items() if value}


def _devices(flavor: Flavor) -> dict[str, str]:
    """The autoscaler knows one kind of device per pool: the first."""
    if not flavor.gpus:
        return {}
    kind = flavor.gpus[0].resource
    return {"gpu-type": kind, "gpu-count": str(sum(gpu.count for gpu in flavor.gpus if gpu.resource == kind))}


def _usable(size: str, *, share: int, less: int = 0) -> str:
    """What Pods may use of a memory or disk of this size, in whole Mi."""
    whole = quantity.byte_count(size)
    usable = max(whole * share // 100 - less, whole // 2)
    return quantity.format_bytes(usable // MEBI * MEBI)
