"""KubeadmConfigTemplates: how a pool's machines join. Named by content, since an edit in place reaches no machine.

What is here rolls machines as `machine_template` does: a part that most pools do not need is left out of theirs.
"""

from __future__ import annotations

from typing import Final

from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint, pool_template
from provisioning.manifests.machine_template import DISK_DEVICE
from provisioning.manifests.marks import new
from provisioning.model import NodePool, Taint

KIND = resources.KUBEADM_CONFIG_TEMPLATES

DISK_LABEL: Final = "data"
"""The file system's label, at most 16 characters: one that carries it is kept as it is when the machine boots anew."""
DISK_MOUNT: Final = "/mnt/data"
MOVED: Final = ("containerd", "kubelet")
"""Whose data is on the disk: images and containers, and the volumes of Pods that live as long as these."""


def render(blueprint: Blueprint) -> list[Manifest]:
    return [
        new(KIND, blueprint.metadata(name(blueprint, pool)), {"template": {"spec": _content(blueprint, pool)}})
        for pool in blueprint.described
    ]


def name(blueprint: Blueprint, pool: NodePool) -> str:
    return pool_template(blueprint, pool, _content(blueprint, pool))


def node_labels(pool: NodePool) -> str:
    """The labels that a pool's Nodes have, as the kubelet takes them."""
    chosen = {names.POOL_LABEL: pool.name, **dict(sorted(pool.labels.items()))}
    return ",".join(f"{key}={value}" for key, value in chosen.items())


def node_taint(taint: Taint) -> str:
    """A taint, as the kubelet and the autoscaler take it."""
    value = f"={taint.value}" if taint.value else ""
    return f"{taint.key}{value}:{taint.effect.value}"


def sorted_taints(pool: NodePool) -> list[Taint]:
    """So that their order in the spec changes nothing."""
    return sorted(pool.taints, key=node_taint)


def _content(blueprint: Blueprint, pool: NodePool) -> Manifest:
    registration: Manifest = {
        "kubeletExtraArgs": [
            # Nodes wait for the cloud controller manager to say what they are, and take part in its clean-up.
            {"name": "cloud-provider", "value": "external"},
            {"name": "node-labels", "value": node_labels(pool)},
        ]
    }
    if pool.taints:
        registration["taints"] = [
            {"key": taint.key, **({"value": taint.value} if taint.value else {}), "effect": taint.effect.value}
            for taint in sorted_taints(pool)
        ]
    joining: Manifest = {"joinConfiguration": {"nodeRegistration": registration}}
    return {**joining, **_disk()} if blueprint.flavor(pool).disk else joining


def _disk() -> Manifest:
    """Puts the data of containerd and the kubelet onto the machine's own disk before the Node joins.

    `mounts` is for later boots, when both are started by the system; at the first one their directories on the disk
    are not there yet when cloud-init mounts, hence `nofail` and the commands.
    """
    paths = [(f"{DISK_MOUNT}/{what}", f"/var/lib/{what}") for what in MOVED]
    return {
        "diskSetup": {
            "filesystems": [
                {"device": DISK_DEVICE, "filesystem": "ext4", "label": DISK_LABEL, "partition": "none"},
            ]
        },
        "mounts": [
            [f"LABEL={DISK_LABEL}", DISK_MOUNT],
            *([there, here, "none", "bind,nofail"] for there, here in paths),
        ],
        "preKubeadmCommands": [
            "systemctl stop containerd.service",
            *(f"mkdir -p {there} {here}" for there, here in paths),
            *(f"mountpoint -q {here} || mount --bind {there} {here}" for there, here in paths),
            "systemctl start containerd.service",
        ],
    }
