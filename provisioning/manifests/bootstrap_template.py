"""KubeadmConfigTemplates: how a pool's machines join. Named by content, since an edit in place reaches no machine."""

from __future__ import annotations

from provisioning import names, resources
from provisioning.manifests.blueprint import Blueprint, pool_template
from provisioning.manifests.marks import Manifest, new
from provisioning.model import NodePool

KIND = resources.KUBEADM_CONFIG_TEMPLATES


def render(blueprint: Blueprint) -> list[Manifest]:
    return [
        new(KIND, blueprint.metadata(name(blueprint, pool)), {"template": {"spec": _joining(pool)}})
        for pool in blueprint.described
    ]


def name(blueprint: Blueprint, pool: NodePool) -> str:
    return pool_template(blueprint, pool, _joining(pool))


def node_labels(pool: NodePool) -> str:
    """The labels that a pool's Nodes have, as the kubelet takes them."""
    return f"{names.POOL_LABEL}={pool.name}"


def _joining(pool: NodePool) -> Manifest:
    arguments = [
        # Nodes wait for the cloud controller manager to say what they are, and take part in its clean-up.
        {"name": "cloud-provider", "value": "external"},
        {"name": "node-labels", "value": node_labels(pool)},
    ]
    return {"joinConfiguration": {"nodeRegistration": {"kubeletExtraArgs": arguments}}}
