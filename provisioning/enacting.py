"""What an approved request does to its cluster: make it, change it, delete it.

Doing it twice is doing it once: the TenantCluster names the request. Whether and when it is done is not known here (see
`enactor`), nor whether it may be, which the admission webhook says.
"""

from __future__ import annotations

from typing import Final

from provisioning import errors, names, objects, resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest
from provisioning.objects import Stored


class Failed(errors.ClusterdeskError):
    """What was approved cannot be done, and trying again would not help. The text says why."""


async def is_done(kube: Kube, request: Stored[ClusterRequest]) -> bool:
    """Whether the cluster names this request: the answer to the write was lost, or we were stopped before noting it."""
    name, namespace = request.it.spec.cluster, request.meta.namespace
    present = await kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace)
    return present is not None and _done_by(present, request)


async def _create(kube: Kube, request: Stored[ClusterRequest], *, dry_run: bool = False) -> None:
    spec = request.it.spec
    if spec.desired is None:
        raise Failed("the request does not say what is wanted")
    body = {
        "apiVersion": resources.TENANT_CLUSTERS.api_version,
        "kind": resources.TENANT_CLUSTERS.kind,
        "metadata": {
            "name": spec.cluster,
            "namespace": request.meta.namespace,
            "annotations": _marks(request),
        },
        "spec": spec.desired.wire(),
    }
    # Looked up first: a create that meets its own result is charged until it can no longer land, minutes later.
    present = await kube.find(resources.TENANT_CLUSTERS, spec.cluster, namespace=request.meta.namespace)
    if present is None:
        await kube.create(resources.TENANT_CLUSTERS, body, dry_run=dry_run)
    elif not _done_by(present, request):
        raise Failed(f"there is a cluster {spec.cluster} in this namespace already")


async def _change(kube: Kube, request: Stored[ClusterRequest], *, dry_run: bool = False) -> None:
    spec = request.it.spec
    present = await kube.find(resources.TENANT_CLUSTERS, spec.cluster, namespace=request.meta.namespace)
    if present is None or "deletionTimestamp" in present["metadata"] or spec.desired is None:
        raise Failed(f"there is no cluster {spec.cluster} in this namespace any more")
    generation = objects.Meta.of(present).generation
    if generation != spec.base_generation:
        # Ours is the change when it names us: the answer to the write was lost, or we were stopped before noting it.
        if _done_by(present, request):
            return
        raise Failed(
            f"the cluster has changed since this was asked for (generation {generation}, not {spec.base_generation})"
        )
    meta = present["metadata"]
    annotations = {**(meta.get("annotations") or {}), **_marks(request)}
    wanted = {**present, "metadata": {**meta, "annotations": annotations}, "spec": spec.desired.wire()}
    await kube.replace(resources.TENANT_CLUSTERS, wanted, dry_run=dry_run)


async def _delete(kube: Kube, request: Stored[ClusterRequest], *, dry_run: bool = False) -> None:
    name, namespace = request.it.spec.cluster, request.meta.namespace
    present = await kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace)
    if present is None or "deletionTimestamp" in present["metadata"]:
        return
    if is_younger(present, request):
        raise Failed(f"the cluster {name} that this was asked for is gone; there is a new one of that name")
    uid = present["metadata"]["uid"]
    await kube.delete(resources.TENANT_CLUSTERS, name, namespace=namespace, uid=uid, dry_run=dry_run)


DO: Final = {Action.CREATE: _create, Action.CHANGE: _change, Action.DELETE: _delete}
"""By what is asked for. Raises `Failed` or `KubeError`; with `dry_run` nothing is written."""


def _marks(request: Stored[ClusterRequest]) -> dict[str, str]:
    return {
        names.REQUEST_ANNOTATION: request.meta.name,
        names.REQUESTED_BY_ANNOTATION: request.it.spec.requester.user,
    }


def _done_by(cluster: Manifest, request: Stored[ClusterRequest]) -> bool:
    return objects.Meta.of(cluster).annotations.get(names.REQUEST_ANNOTATION) == request.meta.name


def is_younger(cluster: Manifest, request: Stored[ClusterRequest]) -> bool:
    """Whether the cluster was made after it was asked to be deleted."""
    born = objects.Meta.of(cluster).created
    return born is not None and request.meta.created is not None and born > request.meta.created
