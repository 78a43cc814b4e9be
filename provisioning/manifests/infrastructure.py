"""The KubevirtCluster: an empty shell, because Kamaji looks after the endpoint."""

from __future__ import annotations

from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint
from provisioning.manifests.marks import new

KIND = resources.KUBEVIRT_CLUSTERS
MANAGED_BY_ANNOTATION: Final = "cluster.x-k8s.io/managed-by"


def render(blueprint: Blueprint) -> list[Manifest]:
    """The annotation must be there at creation: added later, the KubeVirt provider's finalizer is never removed."""
    metadata = blueprint.metadata(blueprint.name, controlled=False)
    metadata["annotations"] = {MANAGED_BY_ANNOTATION: "kamaji"}
    return [new(KIND, metadata, {})]
