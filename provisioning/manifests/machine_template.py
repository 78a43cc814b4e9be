"""KubevirtMachineTemplates: the virtual machine that a pool's workers are made from.

Immutable, so named by its content. Whatever changes here rolls every virtual machine of the platform at the next
upgrade; `tests/provisioning/manifests/test_template_names.py` says so before anybody else does.
"""

from __future__ import annotations

from provisioning import resources
from provisioning.manifests.blueprint import Blueprint, pool_template
from provisioning.manifests.marks import Manifest, new
from provisioning.model import NodePool

KIND = resources.KUBEVIRT_MACHINE_TEMPLATES


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
        "domain": {
            "cpu": {"cores": flavor.vcpu, "sockets": 1, "threads": 1},
            "memory": {"guest": flavor.memory},
            "devices": {
                "disks": [{"name": "system", "disk": {"bus": "virtio"}}],
                "interfaces": [{"name": "default", "bridge": {}}],
            },
        },
        "networks": [{"name": "default", "pod": {}}],
        "volumes": [{"name": "system", "containerDisk": {"image": blueprint.workers_image}}],
    }
    return {
        # `ssh` needs a key that the provider does not make for externally managed clusters.
        "virtualMachineBootstrapCheck": {"checkStrategy": "none"},
        "virtualMachineTemplate": {
            # Left out, or another one, it could put machines into a namespace that is not the tenant's.
            "metadata": {"namespace": blueprint.namespace},
            "spec": {
                "runStrategy": "Always",
                "template": {
                    "metadata": {"annotations": {"kubevirt.io/allow-pod-bridge-network-live-migration": "true"}},
                    "spec": pod,
                },
            },
        },
    }
