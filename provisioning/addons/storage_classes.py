"""The StorageClasses of a tenant, each with the management cluster's StorageClass behind it.

Which of those a tenant can reach is not decided here, where its people may write their own, but by the CSI controller
(`addons.csi_controller`). What a StorageClass says cannot be changed: another meaning needs another name.
"""

from __future__ import annotations

from typing import Final

from provisioning.addons.csi_node import DRIVER
from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL
from provisioning.model import CatalogSpec, StorageClass

NAME: Final = "storage-classes"
DEFAULT_ANNOTATION: Final = "storageclass.kubernetes.io/is-default-class"


def manifests(catalog: CatalogSpec) -> list[Manifest]:
    """As they stand in the tenant."""
    return [_storage_class(offered) for offered in sorted(catalog.storage_classes, key=lambda offered: offered.name)]


def _storage_class(offered: StorageClass) -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": offered.name,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY},
            "annotations": {DEFAULT_ANNOTATION: str(offered.default).lower()},
        },
        "provisioner": DRIVER,
        "parameters": {"bus": offered.bus, **({"infraStorageClassName": offered.infra} if offered.infra else {})},
        "reclaimPolicy": "Retain" if offered.retain else "Delete",
        "allowVolumeExpansion": True,
    }
