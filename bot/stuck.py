"""What does not go on by itself, in any tenant: the platform's people have to look at it. Pure.

What must never live here: a sentence (`replies`), or what is to be done about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Reads
from provisioning import objects, room, stage, standing
from provisioning.model import ClusterRequest, Phase, StepState, Surface, TenantCluster, conditions
from provisioning.objects import Stored
from provisioning.stage import Stage

PATIENCE = timedelta(minutes=30)
"""How long a step, a deletion or the carrying out of what was approved may take before somebody should look."""
LATE = timedelta(minutes=1)
"""What is approved is carried out within seconds. After this it is told that it is not."""
NEWS = timedelta(hours=24)
"""For how long it is told that something approved could not be done: whoever asked knows it, and may ask again."""


@dataclass(frozen=True)
class Stuck:
    """A cluster or a wish for one that stands still since then. `message` is what is known of the reason."""

    namespace: str
    cluster: str
    stage: Stage
    since: datetime
    step: str = ""
    message: str = ""


def found(desk: Reads, now: datetime) -> tuple[Stuck, ...]:
    """All of them, the oldest first."""
    each = (it for tenant in desk.all_tenants() for it in _of_tenant(desk, tenant.meta.name, now))
    return tuple(sorted(each, key=lambda it: (it.since, it.namespace, it.cluster)))


def _of_tenant(desk: Reads, tenant: str, now: datetime) -> Iterator[Stuck]:
    for cluster in desk.clusters(tenant):
        if it := of_cluster(cluster, now):
            yield it
    for request in desk.requests(tenant):
        if it := _request(request, now):
            yield it


def of_cluster(cluster: Stored[TenantCluster], now: datetime) -> Stuck | None:
    """Whether a cluster stands still; None when it goes on, or is as it should be."""
    where, is_now = cluster.key, stage.of_cluster(cluster)
    if is_now is Stage.DELETING:
        since = cluster.meta.deleted
        return Stuck(*where, is_now, since) if since and now - since > PATIENCE else None
    if is_now not in (Stage.STALLED, Stage.BUILDING):
        return None
    steps = cluster.it.status.steps
    failed = next((step for step in steps if step.state is StepState.FAILED), None)
    at = failed or next((step for step in steps if step.state is StepState.RUNNING), None)
    blocked = conditions.find(cluster.it.status.conditions, "Stalled")
    began = at.started_at if at else blocked.last_transition_time if blocked else None
    since = objects.parse_time(began) if began else cluster.meta.created or now
    if is_now is Stage.BUILDING and not failed and now - since <= PATIENCE:
        return None
    return Stuck(*where, is_now, since, at.name if at else "", at.message if at else "")


def undone(request: Stored[ClusterRequest], now: datetime) -> datetime | None:
    """Since when something is approved that should have been carried out by now. What waits for room waits rightly, and
    is no older than the room that it has found."""
    status = request.it.status
    found = conditions.find(status.conditions, room.WAITS)
    begins = found.last_transition_time if found else status.decided_at
    since = objects.parse_time(begins) if begins and stage.of_request(request, None) is Stage.ACCEPTED else None
    return since if since and now - since > LATE else None


def _request(request: Stored[ClusterRequest], now: datetime) -> Stuck | None:
    status, where = request.it.status, (request.meta.namespace, request.it.spec.cluster)
    ended = standing.ended_at(request)
    if status.phase is Phase.FAILED and ended and now - objects.parse_time(ended) <= NEWS:
        return Stuck(*where, Stage.FAILED, objects.parse_time(ended), message=status.message)
    if (since := undone(request, now)) and now - since > PATIENCE:
        return Stuck(*where, Stage.ACCEPTED, since, message=status.message)
    asked = [it for it in status.deliveries if it.surface is Surface.APPROVER]
    if status.phase is Phase.PENDING and asked and not any(it.ts for it in asked):
        why = ", ".join(dict.fromkeys(it.revision for it in asked))
        return Stuck(*where, Stage.WAITING, request.meta.created or now, message=why)
    return None
