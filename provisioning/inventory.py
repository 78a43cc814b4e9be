"""What was put there for a cluster, line by line, so that it is found again even when somebody took its labels off.

A line is `Kind.group/name`, as `status.inventory` has it. An object carries our labels from its first moment, in the
same write; the lines come with the status after it. So at any moment it is found by one or the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from provisioning import names, plan
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL, is_ours
from provisioning.remains import Remains
from provisioning.resources import Resource

MOST: Final = 500
"""Lines that a status holds. What is beyond is found by its labels only."""
_KINDS: Final = {f"{kind.kind}.{kind.group}".rstrip("."): kind for kind in plan.KINDS}


def line(manifest: Manifest) -> str:
    """`Deployment.apps/web-csi-controller`, `ConfigMap/web-csi-controller`."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return f"{manifest['kind']}.{group}".rstrip(".") + f"/{manifest['metadata']['name']}"


def kind_of(manifest: Manifest) -> Resource:
    """The kind of an object that can stand in an inventory."""
    return _KINDS[line(manifest).partition("/")[0]]


def lines(*manifests: Iterable[Manifest], without: Iterable[Manifest] = ()) -> tuple[str, ...]:
    """The sorted lines of all of these that are of a kind that we render, `without` those of some."""
    left_out = {line(manifest) for manifest in without}
    found = {line(manifest) for some in manifests for manifest in some} - left_out
    return tuple(sorted(one for one in found if _resource(one)[0] is not None))[:MOST]


async def strays(
    kube: Kube, cluster: Remains, *, rendered: Iterable[Manifest], parts: Iterable[Manifest]
) -> list[Manifest]:
    """What the inventory lists and neither `rendered` nor the labels of `parts` account for, if it is still there.

    Only what our field manager has applied counts: a name may have been taken by somebody else since. The labels are
    put back on these copies, so that they can be judged like all others. Raises `KubeError`.
    """
    known = {line(manifest) for manifest in rendered} | {line(manifest) for manifest in parts if is_ours(manifest)}
    found = []
    for lost in [one for one in cluster.inventory if one not in known]:
        kind, name = _resource(lost)
        there = await kube.find(kind, name, namespace=cluster.meta.namespace) if kind else None
        if there is not None and _applied_by_us(there, cluster.meta.name):
            found.append(_labelled(there, cluster.meta.name))
    return found


def _resource(text: str) -> tuple[Resource | None, str]:
    kind, _, name = text.partition("/")
    return _KINDS.get(kind), name


def _applied_by_us(manifest: Manifest, cluster: str) -> bool:
    manager = f"{names.FIELD_MANAGER}-{cluster}"
    return any(entry.get("manager") == manager for entry in manifest["metadata"].get("managedFields") or ())


def _labelled(manifest: Manifest, cluster: str) -> Manifest:
    meta = manifest["metadata"]
    labels = {**(meta.get("labels") or {}), MANAGED_BY_LABEL: MANAGED_BY, names.CLUSTER_LABEL: cluster}
    return {**manifest, "metadata": {**meta, "labels": labels}}
