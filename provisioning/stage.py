"""How far a wish has come: one word for a request and the cluster it is about. Pure.

Cards, lists at a terminal and the order of redrawing all read it from here. Words for people are in `wording`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from provisioning import names, objects, room
from provisioning.handmade import HandMade
from provisioning.model import Action, ClusterRequest, Phase, TenantCluster, conditions
from provisioning.objects import Stored


class Stage(StrEnum):
    WAITING = "Waiting"  # for approvers
    DENIED = "Denied"
    WITHDRAWN = "Withdrawn"
    EXPIRED = "Expired"
    FAILED = "Failed"  # the approved change could not be applied
    ACCEPTED = "Accepted"  # approved, not applied yet
    NO_ROOM = "NoRoom"  # approved, and waits for room in the quota
    BUILDING = "Building"
    STALLED = "Stalled"
    READY = "Ready"
    ASLEEP = "Asleep"
    DELETING = "Deleting"
    DELETED = "Deleted"
    SUPERSEDED = "Superseded"  # the cluster has moved on with another request
    GIVEN_UP = "GivenUp"  # the cluster failed before it was ever ready, and nobody chose what becomes of it
    GONE = "Gone"  # applied, and the cluster is not there (any more), or another one of its name


GIVEN_UP: Final = "GivenUp"
"""The condition of a request whose cluster was given up because nobody chose. It is there only where that is so."""
_BEFORE_APPLIED = {
    Phase.PENDING: Stage.WAITING,
    Phase.APPROVED: Stage.ACCEPTED,
    Phase.DENIED: Stage.DENIED,
    Phase.WITHDRAWN: Stage.WITHDRAWN,
    Phase.EXPIRED: Stage.EXPIRED,
    Phase.FAILED: Stage.FAILED,
}


def of_cluster(cluster: Stored[TenantCluster]) -> Stage:
    """Building until Ready speaks of the present generation."""
    if cluster.meta.deleting:
        return Stage.DELETING
    status = cluster.it.status
    ready = conditions.find(status.conditions, "Ready")
    if ready and ready.status == "True" and ready.observed_generation >= cluster.meta.generation:
        return Stage.READY
    if conditions.is_true(status.conditions, "Hibernated"):
        return Stage.ASLEEP
    return Stage.STALLED if conditions.is_true(status.conditions, "Stalled") else Stage.BUILDING


def of_hand_made(cluster: HandMade) -> Stage:
    """Of a cluster that is none of ours we know no more than whether it is available."""
    if cluster.meta.deleting:
        return Stage.DELETING
    return Stage.READY if cluster.ready else Stage.BUILDING


def of_request(request: Stored[ClusterRequest], cluster: Stored[TenantCluster] | None) -> Stage:
    """Where the wish stands, given the cluster of that name as it is now."""
    phase = request.it.status.phase
    if room.waits(request):
        return Stage.NO_ROOM
    if phase in _BEFORE_APPLIED:
        return _BEFORE_APPLIED[phase]
    if request.it.spec.action is Action.DELETE:
        return Stage.DELETED if cluster is None or _younger(cluster, request) else Stage.DELETING
    if conditions.is_true(request.it.status.conditions, GIVEN_UP):
        return Stage.GIVEN_UP
    if cluster is None:
        return Stage.GONE
    behind = cluster.meta.annotations.get(names.REQUEST_ANNOTATION)
    if behind is None and made_since(cluster, request):
        return Stage.GONE
    return of_cluster(cluster) if behind in (None, request.meta.name) else Stage.SUPERSEDED


def made_since(cluster: Stored[TenantCluster], request: Stored[ClusterRequest]) -> bool:
    """Whether it was made after what was asked for had been written: another cluster under the same name."""
    done = conditions.find(request.it.status.conditions, "Ready")
    if done is None or done.status != "True" or cluster.meta.created is None:
        return False
    return cluster.meta.created > objects.parse_time(done.last_transition_time)


def _younger(cluster: Stored[TenantCluster], request: Stored[ClusterRequest]) -> bool:
    """Made after the deletion was agreed: another cluster under the same name."""
    decided = request.it.status.decided_at
    if decided is None or cluster.meta.created is None:
        return False
    return cluster.meta.created > objects.parse_time(decided)
