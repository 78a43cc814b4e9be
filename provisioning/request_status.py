"""The status of a ClusterRequest, written by people's programs: each write is a compare-and-swap that decides again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provisioning import errors
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, RequestStatus
from provisioning.objects import Stored, read
from provisioning.resources import CLUSTER_REQUESTS

TRIES: Final = 8
"""Times a write decides again after somebody else was faster."""


async def rewrite(
    kube: Kube,
    namespace: str,
    name: str,
    decide: Callable[[Stored[ClusterRequest]], RequestStatus],
    *,
    dry_run: bool = False,
) -> Stored[ClusterRequest]:
    """Read, decide, write what was read; again while somebody else is faster. With `dry_run` all rules are asked, and
    nothing is kept. Raises `KubeError`, and `Refused` when the request is gone or `decide` says so.
    """
    written: RequestStatus | None = None
    for _ in range(TRIES):
        manifest = await live(kube, namespace, name)
        request = read(ClusterRequest, manifest)
        if request.it.status == written:
            # Lost to ourselves: a write whose answer got lost is sent again below us, and comes second then.
            return request
        status = decide(request)
        if status == request.it.status:
            return request
        manifest["status"], written = status.wire(), status
        try:
            replaced = await kube.replace(CLUSTER_REQUESTS, manifest, subresource="status", dry_run=dry_run)
            return read(ClusterRequest, replaced)
        except errors.Conflict:
            continue
        except errors.NotFound as error:
            raise Refused(Reason.GONE) from error
    raise errors.Throttled("the request changes faster than it can be written; try again")


async def live(kube: Kube, namespace: str, name: str) -> Manifest:
    """The request as it is now. Raises `Refused` when it is gone."""
    try:
        return await kube.get(CLUSTER_REQUESTS, name, namespace=namespace)
    except errors.NotFound as error:
        raise Refused(Reason.GONE) from error
