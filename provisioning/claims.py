"""Whose a name is before its cluster is there: whoever asked for it first has it, until it is made or refused. Pure.

Both doors look here before they ask for a new cluster, so that nobody's approval is wasted on a name that somebody else
gets. It binds nobody: of two requests for one name, the one that is carried out first has it, as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from provisioning import names, room, shape
from provisioning.model import Action, ClusterRequest
from provisioning.objects import Stored


def claims(
    requests: Iterable[Stored[ClusterRequest]], namespace: str, *, besides: str = ""
) -> dict[str, Stored[ClusterRequest]]:
    """By the names of new clusters in this namespace: the oldest request for each of which something is still to come.
    `besides` is a request that is to be replaced, and so claims nothing."""
    standing = [
        request
        for request in requests
        if request.meta.namespace == namespace
        and request.it.spec.action is Action.CREATE
        and request.meta.name != besides
        and not request.meta.deleting
        and room.is_open(request)
    ]
    # Backwards, so that of one name the first stays.
    return {request.it.spec.cluster: request for request in sorted(standing, key=_order, reverse=True)}


def free_name(name: str, taken: Collection[str]) -> str:
    """The next name after `name` that nobody has, and that a cluster may have: `build-7` -> `build-8`."""
    head, _, tail = name.rpartition("-")
    stem, number = (head, int(tail)) if head and tail.isascii() and tail.isdigit() else (name, 1)
    while (candidate := _numbered(stem, number := number + 1)) in taken:
        pass
    return candidate


def fitting_name(name: str, taken: Collection[str]) -> str:
    """The free name that is closest to what somebody wrote, whether a cluster may be called so or not."""
    meant = names.tidy(name) if any(shape.name_problems(name)) else name
    return free_name(meant, taken) if meant in taken else meant


def _numbered(stem: str, number: int) -> str:
    """The stem gives way where the name would be too long."""
    tail = f"-{number}"
    return f"{stem[: names.CLUSTER_NAME_MAX - len(tail)].rstrip('-')}{tail}"


def _order(request: Stored[ClusterRequest]) -> tuple[float, str]:
    created = request.meta.created
    return (created.timestamp() if created else 0.0, request.meta.name)
