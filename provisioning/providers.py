"""Who has to be installed in the management cluster for a kind to be served there, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from provisioning import resources
from provisioning.resources import Resource

_BY_KIND: Final[Mapping[Resource, str]] = {
    resources.CLUSTER_RESOURCE_SETS: "Cluster API",
    resources.HELM_CHART_PROXIES: "Cluster API's add-on provider for Helm",
}
"""Kinds that share their group with those of somebody else."""
_BY_GROUP: Final[Mapping[str, str]] = {
    "cluster.x-k8s.io": "Cluster API",
    "bootstrap.cluster.x-k8s.io": "Cluster API's kubeadm bootstrap provider",
    "controlplane.cluster.x-k8s.io": "Cluster API's control-plane provider for Kamaji",
    "infrastructure.cluster.x-k8s.io": "Cluster API's infrastructure provider for KubeVirt",
    "helm.toolkit.fluxcd.io": "Flux's helm-controller",
    "source.toolkit.fluxcd.io": "Flux's source-controller",
    "kubevirt.io": "KubeVirt",
    "instancetype.kubevirt.io": "KubeVirt",
    "cdi.kubevirt.io": "KubeVirt's containerized data importer (CDI)",
    "kamaji.clastix.io": "Kamaji",
}


def provider_of(kind: Resource) -> str:
    """Who brings the CRD of this kind."""
    return _BY_KIND.get(kind) or _BY_GROUP.get(kind.group, f"whoever serves {kind.group or 'the core API'}")


def absence(kinds: Iterable[Resource]) -> str:
    """What is missing when these kinds are not served, and what would be right; "" for none."""
    lines: dict[str, list[str]] = {}
    for kind in kinds:
        lines.setdefault(provider_of(kind), []).append(f"{kind.kind} ({kind.api_version})")
    told = [f"{provider} is not installed: it would serve {', '.join(sorted(k))}" for provider, k in lines.items()]
    return f"the management cluster lacks what this cluster needs: {'; '.join(sorted(told))}" if told else ""
