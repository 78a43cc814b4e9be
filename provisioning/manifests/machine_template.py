"""KubevirtMachineTemplates: the virtual machine that a pool's workers are made from.

Immutable, so named by its content. Whatever changes here rolls every virtual machine of the platform at the next
upgrade; `tests/provisioning/manifests/test_template_names.py` says so before anybody else does.
"""

from __future__ import annotations

from typing import Final

from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint, pool_template
from provisioning.manifests.marks import new
from provisioning.model import Flavor, NodePool

KIND = resources.KUBEVIRT_MACHINE_TEMPLATES

DISK: Final = "data"
DISK_DEVICE: Final = f"/dev/disk/by-id/virtio-{DISK}"
"""Where the guest finds its own disk: by the serial number, which no order of devices changes."""


def render(blueprint: Blueprint) -> list[Manifest]:
    return [
        new(KIND, blueprint.metadata(name(blueprint, pool)), {"template": {"spec": _machine(blueprint, pool)}})
        for pool in blueprint.described
    ]


def name(blueprint: Blueprint, pool: NodePool) -> str:
    return pool_template(blueprint, pool, _machine(blueprint, pool))


def _machine(blueprint: Blueprint, pool: NodePool) -> Manifest:
    flavor = blueprint.flavor(pool)
    pod: Manifest = {
        # The provider drains the guest before its virtual machine leaves a node that is being emptied.
        "evictionStrategy": "External",
        "domain": {**_size(flavor), "devices": _devices(flavor)},
        "networks": [{"name": "default", "pod": {}}],
        "volumes": [
            {"name": "system", "containerDisk": {"image": blueprint.workers_image}},
            *([{"name": DISK, "dataVolume": {"name": DISK}}] if flavor.disk else []),
        ],
    }
    return {
        # `ssh` needs a key that the provider does not make for externally managed clusters.
        "virtualMachineBootstrapCheck": {"checkStrategy": "none"},
        "virtualMachineTemplate": {
            # Left out, or another one, it could put machines into a namespace that is not the tenant's.
            "metadata": {"namespace": blueprint.namespace},
            "spec": {
                "runStrategy": "Always",
                **_instancetype(flavor),
                **({"dataVolumeTemplates": [_data_volume(blueprint, flavor)]} if flavor.disk else {}),
                "template": {
                    "metadata": {"annotations": {"kubevirt.io/allow-pod-bridge-network-live-migration": "true"}},
                    "spec": pod,
                },
            },
        },
    }


def _devices(flavor: Flavor) -> Manifest:
    disk = {"name": DISK, "serial": DISK, "disk": {"bus": "virtio"}}
    devices: Manifest = {
        "disks": [{"name": "system", "disk": {"bus": "virtio"}}, *([disk] if flavor.disk else [])],
        "interfaces": [{"name": "default", "bridge": {}}],
    }
    passed = [gpu.device for gpu in flavor.gpus for _ in range(gpu.count)]
    if passed:
        devices["gpus"] = [{"name": f"gpu{number}", "deviceName": device} for number, device in enumerate(passed)]
    return devices


def _size(flavor: Flavor) -> Manifest:
    """KubeVirt refuses a machine that says its size twice."""
    if flavor.instancetype:
        return {}
    return {"cpu": {"cores": flavor.vcpu, "sockets": 1, "threads": 1}, "memory": {"guest": flavor.memory}}


def _instancetype(flavor: Flavor) -> Manifest:
    if not flavor.instancetype:
        return {}
    kind = resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES.kind
    return {"instancetype": {"kind": kind, "name": flavor.instancetype}}


def _data_volume(blueprint: Blueprint, flavor: Flavor) -> Manifest:
    """An empty disk. The provider puts the machine's name before its name, here and where it is used."""
    storage: Manifest = {"resources": {"requests": {"storage": flavor.disk}}}
    if flavor.storage_class:
        storage["storageClassName"] = flavor.storage_class
    # It goes with its virtual machine; the label is for finding it if it ever does not.
    labels = {names.CAPI_CLUSTER_LABEL: blueprint.name}
    return {"metadata": {"name": DISK, "labels": labels}, "spec": {"source": {"blank": {}}, "storage": storage}}
