"""What is approved and finds no room in its tenant's quota waits for some: in which order, until when, and what may
free room next. Pure.

What was approved first goes first. While it waits, whatever was approved later and needs room waits behind it, though
it might fit: else small ones would keep a large one waiting for ever. Before all of them goes what somebody took
through alone, because that is an emergency; never above the quota. What needs no more than there is already (fewer
workers, a later end, a deletion) goes at once. What asks for more than the whole quota holds up nobody: only the
platform can make room for it. Whoever writes a TenantCluster that nobody has to agree to stands in no line; the room
is theirs who come when it is there.

A request may be taken back while it waits, and it is done only once it is noted that it waits no more: so it is never
both. Until it is done it still stands before those behind it, and no longer than `WRITTEN_WITHIN`. What must never live
here: how much room there is, which only the admission webhook says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning import errors, lifetime, objects, quota, seats
from provisioning.model import (
    ApprovalPolicy,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    LifetimePolicy,
    Phase,
    TenantCluster,
    conditions,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.usage import Usage

WAITS: Final = "WaitsForRoom"
"""The condition of a request that waits for room; False once there is some, until it is done."""
NO_ROOM: Final = errors.NO_ROOM
IN_LINE: Final = "InLine"
TOO_LARGE: Final = "LargerThanQuota"
FOUND: Final = "RoomFound"
"""The reasons of that condition: there is no room now, others go first, there never is as the quota stands; and there
is some."""
MOST: Final = 100
"""So many of a tenant wait at a time. Where nobody has to agree, a program could ask without end."""
WRITTEN_WITHIN: Final = timedelta(hours=1)
"""What has found room and cannot be written for so long gives its place up. The platform was told long before."""
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
"""Between two looks when nothing is heard of the quota. What frees room is heard of; this is for what is missed."""


@dataclass(frozen=True)
class Wait:
    """Why something waits for room, or does no more: one of the reasons above, and the numbers in a sentence."""

    reason: str
    message: str = ""

    @property
    def is_over(self) -> bool:
        return self.reason == FOUND


@dataclass(frozen=True)
class Needs:
    """How much the cluster of a request comes to, as it is and as it will be."""

    before: Usage = field(default_factory=Usage)
    after: Usage = field(default_factory=Usage)

    @property
    def nothing(self) -> bool:
        """Whether it needs no more than there is already."""
        return self.after.within(self.before)


@dataclass(frozen=True)
class Turn:
    """Which place in the line a request has, from 1 on; 0 where it stands in none. `frees` is the cluster that ends
    next, and when, where some have an end. `forced`: somebody took it through alone, and so it goes before the others.
    """

    place: int
    frees: tuple[str, datetime] | None = None
    forced: bool = False


def waits(request: Stored[ClusterRequest]) -> bool:
    """Whether a request is approved and waits for room."""
    status = request.it.status
    return status.phase is Phase.APPROVED and conditions.is_true(status.conditions, WAITS)


def waits_for_anything(request: Stored[ClusterRequest]) -> bool:
    """Whether it waits: for somebody's word, or for room. Until it does no more it can be taken back."""
    return request.it.status.phase is Phase.PENDING or waits(request)


def is_open(request: Stored[ClusterRequest]) -> bool:
    """Whether something is still to come of it: it waits, or is approved and not done yet."""
    return request.it.status.phase in (Phase.PENDING, Phase.APPROVED)


def may_queue(request: Stored[ClusterRequest]) -> bool:
    """Whether it may be sent to its place in the line: not once it has found room, because it is just being done."""
    found = conditions.find(request.it.status.conditions, WAITS)
    return found is None or found.status == "True"


def noted(manifest: Mapping[str, Any] | None) -> str | None:
    """What the condition says of a request that is approved: a quick look at what is not parsed, to find few among very
    many. None for one that never had to wait, is decided otherwise by now, or is going."""
    it = manifest or {}
    status = it.get("status") or {}
    if (it.get("metadata") or {}).get("deletionTimestamp"):
        return None  # nobody does it any more, however long somebody holds on to it
    told = status.get("conditions") or () if status.get("phase") == Phase.APPROVED.value else ()
    return next((each.get("status") for each in told if each.get("type") == WAITS), None)


def ahead(request: Stored[ClusterRequest], others: Iterable[Stored[ClusterRequest]]) -> int:
    """How many of the others stand in the line before this one."""
    mine = _order(request)
    return sum(_stands(each) and _order(each) < mine for each in others)


def is_forced(request: Stored[ClusterRequest]) -> bool:
    """Whether somebody took it through alone, so that it goes before what others agreed to."""
    return seats.taken_through(request.it.status) is not None


def turn(
    request: Stored[ClusterRequest],
    others: Iterable[Stored[ClusterRequest]],
    clusters: Iterable[Stored[TenantCluster]],
    policy: LifetimePolicy,
    *,
    now: datetime,
) -> Turn:
    """What can be said of when it is a request's turn. `others` and `clusters` are all of its tenant."""
    forced = is_forced(request)
    if _is_too_large(request):
        return Turn(0, forced=forced)
    ends = (
        (found.deletes_at, cluster.meta.name)
        for cluster in clusters
        if cluster.meta.created and not cluster.meta.deleting
        if (found := lifetime.ladder(cluster.meta.created, cluster.it.spec, policy)) and found.deletes_at
        if found.deletes_at > now
    )
    next_end = min(ends, default=None)
    return Turn(1 + ahead(request, others), (next_end[1], next_end[0]) if next_end else None, forced=forced)


def needed(request: Stored[ClusterRequest], had: ClusterSpec | None, catalog: CatalogSpec) -> Needs:
    """What it comes to; `had` is the cluster as it is."""
    wanted = request.it.spec.desired
    return Needs(*(quota.envelope(each, catalog) if each is not None else Usage() for each in (had, wanted)))


def of_shortage(message: str, needs: Needs, hard: Limits) -> Wait:
    """The API server has found no room, and says the numbers."""
    return Wait(TOO_LARGE if hard.excess(needs.before, needs.after - needs.before) else NO_ROOM, message)


def in_line(before: int) -> Wait:
    """So many go first: earlier approved, or taken through alone."""
    return Wait(IN_LINE, f"{before} {'goes' if before == 1 else 'go'} first")


def gives_up_at(request: Stored[ClusterRequest], policy: ApprovalPolicy, *, now: datetime) -> datetime:
    """Until when it waits: as long after it was approved as it might have waited for that."""
    decided = request.it.status.decided_at
    return lifetime.expires_at(objects.parse_time(decided) if decided else now, policy)


def to_be_written_by(request: Stored[ClusterRequest]) -> datetime | None:
    """Until when what has found room keeps its place though it cannot be written; None for one that has found none."""
    found = conditions.find(request.it.status.conditions, WAITS)
    if found is None or found.status == "True":
        return None
    return objects.parse_time(found.last_transition_time) + WRITTEN_WITHIN


def not_written(why: str) -> str:
    """What a request says that found room and could not be written."""
    return f"there was room for it, and for {lifetime.spell(WRITTEN_WITHIN)} it could not be written: {why}"


def given_up(why: Wait, end: datetime) -> str:
    """What a request says that has waited in vain."""
    return f"there was no room for it until {end:%Y-%m-%d %H:%M} UTC: {why.message}"


def not_another(why: Wait) -> str:
    """What a request says that comes when as many wait as may."""
    return f"there is no room for it, and {MOST} requests wait for some already: {why.message}"


def next_look(request: Stored[ClusterRequest], *, now: datetime) -> timedelta:
    """How long until the next look when nothing is heard: the longer, the longer it has waited."""
    decided = request.it.status.decided_at
    waited = now - objects.parse_time(decided) if decided else timedelta()
    return min(max(waited / 4, SHORTEST), LONGEST)


def taken_by(
    request: Stored[ClusterRequest], clusters: Iterable[Stored[TenantCluster]]
) -> Stored[TenantCluster] | None:
    """The newest cluster of the tenant that was made since something was asked for: it has taken of the room."""
    asked, key = request.meta.created, (request.meta.namespace, request.it.spec.cluster)
    later = [
        (cluster.meta.created, cluster.key, cluster)
        for cluster in clusters
        if cluster.key != key and asked and cluster.meta.created and cluster.meta.created > asked
    ]
    return max(later, key=lambda each: each[:2])[2] if later else None


def _stands(request: Stored[ClusterRequest]) -> bool:
    """Whether it is in the line: it waits, or has its turn and is not done yet."""
    status = request.it.status
    waited = status.phase is Phase.APPROVED and conditions.find(status.conditions, WAITS) is not None
    return waited and not request.meta.deleting and not _is_too_large(request)


def _is_too_large(request: Stored[ClusterRequest]) -> bool:
    found = conditions.find(request.it.status.conditions, WAITS)
    return found is not None and found.reason == TOO_LARGE


def _order(request: Stored[ClusterRequest]) -> tuple[bool, str, tuple[str, str]]:
    """What was taken through alone first; then by the moment of approval, in whole seconds; who came in the same one,
    by name."""
    return not is_forced(request), request.it.status.decided_at or "", request.key
