"""Raw manifests into the tenant, by a ClusterResourceSet: what has no chart, and must be there before any chart.

Cluster API itself applies them as soon as the tenant's API server answers, with no Node and no engine for charts, and
again when a ConfigMap is another (`Reconcile`). It takes nothing away: what is no longer in a ConfigMap stays in the
tenant.
"""

from __future__ import annotations

from typing import Final

from provisioning import names, resources
from provisioning.addons import csi_node, storage_classes, tenant_guard
from provisioning.addons.target import Target
from provisioning.addons.writing import UNFOLDED, written
from provisioning.manifest import Manifest
from provisioning.manifests.marks import NAME_LABEL, new
from provisioning.model import CatalogSpec

PARTS: Final = (tenant_guard, csi_node, storage_classes)
"""One ConfigMap each: one that cannot be applied does not keep the others out."""


def render(target: Target, catalog: CatalogSpec) -> list[Manifest]:
    """The ConfigMaps, and the set that names them."""
    parts = [(part.NAME, manifests) for part in PARTS if (manifests := part.manifests(catalog))]
    config_maps = [_config_map(target, name, manifests) for name, manifests in parts]
    references = [{"kind": resources.CONFIG_MAPS.kind, "name": m["metadata"]["name"]} for m in config_maps]
    spec = {
        "clusterSelector": {"matchLabels": {names.CLUSTER_LABEL: target.cluster}},
        "resources": references,
        "strategy": "Reconcile",
    }
    metadata = target.metadata(set_name(target.cluster), target.owner)
    return [*config_maps, new(resources.CLUSTER_RESOURCE_SETS, metadata, spec)]


def set_name(cluster: str) -> str:
    """The ClusterResourceSet's name."""
    return f"{cluster}-tenant"


def _config_map(target: Target, name: str, manifests: list[Manifest]) -> Manifest:
    metadata = target.metadata(f"{target.cluster}-{name}", target.owner)
    metadata["labels"] = {**metadata["labels"], NAME_LABEL: name}
    kind = resources.CONFIG_MAPS
    content = written(*manifests, width=UNFOLDED)
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "data": {f"{name}.yaml": content}}
