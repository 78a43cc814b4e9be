"""The marks that everything rendered carries: labels to find it by, and the owner that it goes away with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provisioning import names
from provisioning.manifest import Manifest
from provisioning.resources import Resource

MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "clusterdesk"
NAME_LABEL: Final = "app.kubernetes.io/name"


@dataclass(frozen=True)
class Owner:
    """An object that others go away with, as an ownerReference names it."""

    resource: Resource
    name: str
    uid: str

    def reference(self, *, controller: bool = True) -> Manifest:
        """The ownerReference. Only one owner of an object may be its controller: the API server refuses a second,
        which is also what keeps two clusters from taking an object of the same name from each other.

        It never says `blockOwnerDeletion`: the owner is held by our own finalizer, and where the admission plugin
        OwnerReferencesPermissionEnforcement is on (OpenShift), that takes a right on the owner's finalizers.
        """
        reference: Manifest = {
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "name": self.name,
            "uid": self.uid,
        }
        return {**reference, "controller": True} if controller else reference


def labels(*, cluster: str, tenant: str) -> dict[str, str]:
    """What everything that belongs to one tenant cluster can be selected by."""
    return {
        MANAGED_BY_LABEL: MANAGED_BY,
        names.CAPI_CLUSTER_LABEL: cluster,
        names.CLUSTER_LABEL: cluster,
        names.TENANT_LABEL: tenant,
    }


def is_ours(manifest: Manifest) -> bool:
    """Whether the label says that we put the object there."""
    found: dict[str, str] = manifest["metadata"].get("labels") or {}
    return found.get(MANAGED_BY_LABEL) == MANAGED_BY


def new(resource: Resource, metadata: Manifest, spec: Manifest) -> Manifest:
    """A manifest of that kind, its empty parts left out."""
    kept = {key: value for key, value in metadata.items() if value}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": kept, "spec": spec}
