"""The Cluster: the parent that names its control plane and its infrastructure."""

from __future__ import annotations

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint
from provisioning.manifests.marks import new

KIND = resources.CLUSTERS


def render(blueprint: Blueprint) -> list[Manifest]:
    """`spec.controlPlaneEndpoint` is left out: the control plane's provider writes it."""
    references = {
        "controlPlaneRef": resources.KAMAJI_CONTROL_PLANES,
        "infrastructureRef": resources.KUBEVIRT_CLUSTERS,
    }
    spec: Manifest = {
        "clusterNetwork": {
            "pods": {"cidrBlocks": [blueprint.pods]},
            "services": {"cidrBlocks": [blueprint.services]},
            "serviceDomain": "cluster.local",
        },
        **{
            field: {"apiGroup": kind.group, "kind": kind.kind, "name": blueprint.name}
            for field, kind in references.items()
        },
    }
    return [new(KIND, blueprint.metadata(blueprint.name), spec)]
