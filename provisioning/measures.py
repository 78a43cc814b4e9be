"""What of each charged kind says how large it is. Two objects that say the same there cost the same. Pure, a table.

Templates and instancetypes do not change, so what an object refers to is as good as the size itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provisioning import footprint
from provisioning.manifest import Manifest
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage

PATHS: Final[Mapping[Resource, tuple[str, ...]]] = {
    TENANT_CLUSTERS: ("spec",),
    CLUSTERS: (),
    KAMAJI_CONTROL_PLANES: ("spec.replicas", "spec.network.serviceType"),
    TENANT_CONTROL_PLANES: ("spec.controlPlane.deployment.replicas", "spec.controlPlane.service.serviceType"),
    MACHINE_DEPLOYMENTS: ("spec.replicas", "spec.rollout", "spec.strategy", "spec.template.spec.infrastructureRef"),
    MACHINE_SETS: ("spec.replicas", "spec.template.spec.infrastructureRef"),
    MACHINES: ("spec.infrastructureRef",),
    KUBEVIRT_MACHINES: ("spec.virtualMachineTemplate.spec",),
    VIRTUAL_MACHINES: (
        "spec.instancetype",
        "spec.dataVolumeTemplates",
        "spec.template.spec.domain",
        "spec.template.spec.volumes",
    ),
    VIRTUAL_MACHINE_INSTANCES: ("spec.domain", "spec.volumes"),
    DATA_VOLUMES: ("spec.storage", "spec.pvc"),
    PERSISTENT_VOLUME_CLAIMS: ("spec.resources", "spec.volumeName"),
    SERVICES: ("spec.type",),
}
"""Dotted, besides the owners and the autoscaler's marks. A Machine costs nothing itself, but says whose its
KubevirtMachine is."""
_KEPT: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp")
_MARKS: Final = (footprint.MIN_SIZE, footprint.MAX_SIZE)


def of(resource: Resource, manifest: Manifest) -> list[Any]:
    """All that the cost depends on. Equal where it has not changed, so that nothing needs to be looked up."""
    return [*_marked(manifest), *(_at(manifest, path) for path in PATHS[resource])]


def alike(resource: Resource, one: Manifest, other: Manifest) -> bool:
    """Whether all that the cost depends on is the same in both. Most changes are of other marks, or of the status."""
    if one.get("spec") == other.get("spec"):
        return _marked(one) == _marked(other)
    return of(resource, one) == of(resource, other)


def gist(resource: Resource, manifest: Manifest) -> Manifest | None:
    """As little of a charged object as its cost depends on, for who keeps very many; None for what costs nothing."""
    if resource == SERVICES and footprint.of_service(manifest) == Usage():
        return None
    meta = {key: manifest["metadata"][key] for key in (*_KEPT, "ownerReferences") if key in manifest["metadata"]}
    small: Manifest = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
    for path in PATHS[resource]:
        found = _at(manifest, path)
        if found is not None:
            *parents, last = path.split(".")
            holder = small
            for key in parents:
                holder = holder.setdefault(key, {})
            holder[last] = found
    return small


def _marked(manifest: Manifest) -> list[Any]:
    meta = manifest["metadata"]
    annotations = meta.get("annotations") or {}
    return [meta.get("ownerReferences") or [], *map(annotations.get, _MARKS)]


def _at(manifest: Manifest, path: str) -> Any:
    found: Any = manifest
    for key in path.split("."):
        # JSON makes dicts; to ask for any Mapping takes ten times as long.
        found = found.get(key) if isinstance(found, dict) else None
    return _scratch(found) if path.endswith(".volumes") and isinstance(found, list) else found


def _scratch(volumes: list[Any]) -> list[Any] | None:
    """Of a machine's volumes those that cost something. Others are plugged in and out while it runs, and a machine that
    nobody can measure any more must not be kept from its disks."""
    return [each for each in volumes if isinstance(each, Mapping) and "emptyDisk" in each] or None
