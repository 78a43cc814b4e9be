"""What people do about a cluster beside changing it: requests about it, ways into it, what they made in it. Pure.

What must never live here: what follows from it (`unattended`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from provisioning import errors, objects, standing
from provisioning.losses import Losses
from provisioning.model import Action, ClusterAccess, ClusterRequest, Phase, TenantCluster
from provisioning.model.base import Model
from provisioning.objects import Stored, parse_time

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Attention:
    """What is known of it."""

    asked: bool = False
    """Whether a request about it is not done yet."""
    last: datetime | None = None
    """When one was made or decided last."""
    used: bool = False
    """Whether somebody has a way into it, or something in it, or nobody can read whether."""


def of(
    cluster: Stored[TenantCluster],
    *,
    requests: Iterable[Mapping[str, Any]],
    accesses: Iterable[Mapping[str, Any]],
    losses: Losses | None = None,
) -> Attention:
    """By these ClusterRequests and ClusterAccesses of its namespace. `losses` is what people made in it, as far as
    somebody has looked."""
    try:
        about = list(_about(ClusterRequest, cluster, requests))
        ways = list(_about(ClusterAccess, cluster, accesses))
    except errors.Invalid:
        return Attention(used=True)
    return Attention(
        asked=any(it.it.status.phase in (Phase.PENDING, Phase.APPROVED) for it in about),
        last=max((moment for it in about for moment in _moments(it)), default=None),
        # An older one led into another cluster of this name.
        used=any(_is_since(it, cluster.meta.created) for it in ways) or losses not in (None, Losses()),
    )


def is_deletion_asked(
    cluster: Stored[TenantCluster], requests: Iterable[Mapping[str, Any]], *, since: datetime
) -> bool:
    """Whether somebody asked for its deletion after that, or decided about it. Raises `Invalid` for a request that
    nobody can read."""
    about = list(_about(ClusterRequest, cluster, requests))
    deletions = (it for it in about if it.it.spec.action is Action.DELETE)
    return any(moment > since for it in deletions for moment in _moments(it))


def _about(
    model: type[M], cluster: Stored[TenantCluster], manifests: Iterable[Mapping[str, Any]]
) -> Iterator[Stored[M]]:
    """Those about this cluster. Raises `Invalid` for one that nobody can read."""
    for manifest in manifests:
        if (manifest.get("spec") or {}).get("cluster") == cluster.meta.name:
            yield objects.read(model, manifest)


def _moments(request: Stored[ClusterRequest]) -> Iterator[datetime]:
    ended = standing.ended_at(request)
    yield from (moment for moment in (request.meta.created, parse_time(ended) if ended else None) if moment)


def _is_since(access: Stored[ClusterAccess], born: datetime | None) -> bool:
    made = access.meta.created
    return made is None or born is None or made >= born
