"""The KamajiControlPlane: an API server that runs as Pods of the management cluster."""

from __future__ import annotations

import hashlib
from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint
from provisioning.manifests.marks import new

KIND = resources.KAMAJI_CONTROL_PLANES

KUBECONFIG_KEY_ANNOTATION: Final = "kamaji.clastix.io/kubeconfig-secret-key"
KUBECONFIG_KEY: Final = "super-admin.svc"
"""Whose server is `<cluster>.<namespace>.svc`: controllers in the management cluster reach it however the API server
is exposed, before it has an address and when that address changes."""


def render(blueprint: Blueprint) -> list[Manifest]:
    """`spec.controlPlaneEndpoint` is left out (the provider writes it), and so is the controlling owner (Cluster API
    makes the Cluster the one; a control plane that no Cluster names stays unbuilt)."""
    storage = data_store_name(blueprint)
    metadata = blueprint.metadata(blueprint.name, controlled=False)
    metadata["annotations"] = {KUBECONFIG_KEY_ANNOTATION: KUBECONFIG_KEY}
    spec: Manifest = {
        "version": blueprint.versions.control_plane,
        "replicas": 0 if blueprint.rest.control_plane else blueprint.spec.control_plane.replicas,
        "dataStoreName": blueprint.data_store,
        "dataStoreSchema": storage,
        "dataStoreUsername": storage,
        "addons": blueprint.core.addons(),
        "network": {
            "serviceType": "LoadBalancer",
            "certSANs": [f"{blueprint.name}.{blueprint.namespace}.svc"],
        },
    }
    return [new(KIND, metadata, spec)]


def data_store_name(blueprint: Blueprint) -> str:
    """Where the cluster's data lives: at most 32 characters, for a database as well as for an etcd prefix.

    Older Kamajis join namespace and name with `_`, so `a-b/c` and `a/b-c` came to share one store (CVE-2026-62246).
    With the uid in it, a cluster that follows a deleted one of the same name never meets its data either.
    """
    seed = "/".join((blueprint.namespace, blueprint.name, blueprint.owner.uid))
    return "cd_" + hashlib.sha256(seed.encode()).hexdigest()[:24]
