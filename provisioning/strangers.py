"""Machines that somebody added by hand to one of our clusters: nothing of them is changed, and what waits for them is
told. Pure.

An upgrade leaves no machine more than one step behind, and no control plane sleeps while there are machines; for those
of our pools we see to it ourselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from provisioning import resources, upgrades
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.manifests.marks import is_ours
from provisioning.upgrades import Versions

_SETS: Final = (resources.MACHINE_DEPLOYMENTS.kind, resources.MACHINE_SETS.kind)


def in_the_way(existing: Iterable[Manifest], versions: Versions, *, wanted: str, asleep: bool) -> Iterator[Cause]:
    """What of this keeps a cluster from the wanted version, or from its sleep."""
    for manifest in existing:
        if not _is_strange(manifest):
            continue
        what = f"{manifest['kind']} {manifest['metadata']['name']} is of no pool, and nothing of it is changed"
        version, here = _version(manifest), versions.workers
        if asleep and _has_machines(manifest):
            yield Cause("", f"{what}: the control plane sleeps once it has no machines; scale it to 0 or delete it")
        elif not asleep and version != here == versions.control_plane != wanted:
            todo = f"have them at {here}, or delete it"
            yield Cause("spec.version", f"{what}: the upgrade goes on once its machines have left {version}; {todo}")


def _is_strange(manifest: Manifest) -> bool:
    """Whether it makes or is a machine, and neither we nor anything else of Cluster API made it."""
    if manifest["kind"] not in (*_SETS, resources.MACHINES.kind) or is_ours(manifest):
        return False
    return not any(owner.get("controller") for owner in manifest["metadata"].get("ownerReferences") or ())


def _version(manifest: Manifest) -> str:
    spec = manifest["spec"]
    return upgrades.tidy((spec["template"]["spec"] if manifest["kind"] in _SETS else spec).get("version"))


def _has_machines(manifest: Manifest) -> bool:
    return manifest["kind"] not in _SETS or bool(manifest["spec"].get("replicas", 1))
