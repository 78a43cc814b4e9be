"""A cluster that failed for good before it was ever ready, while nobody chooses what becomes of it. Pure; `now` is an
argument.

It takes room in the quota, and nothing ever ran in it: no worker of it was ever ready. Objects that people have put
into its API server all the same are not looked for. So it is kept for as long as its tenant has it so, and then given
up. Whatever somebody does about it is a choice, after which the time begins anew: another spec, another try, a request
about it. Since when nobody has chosen stands in its status, as the time of a condition, so that whoever leads next goes
on counting from there.
What must never live here: the API server's answers (`clearance`), or what is told of it in Slack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from provisioning import anew, errors, lifetime, names, objects, standing
from provisioning.losses import Losses
from provisioning.model import (
    Action,
    ClusterAccess,
    ClusterRequest,
    ClusterStatus,
    Condition,
    LifetimePolicy,
    Phase,
    TenantCluster,
)
from provisioning.model import conditions as conditions_of
from provisioning.model.base import Model
from provisioning.objects import Stored, format_time, parse_time

CONDITION: Final = "Unattended"
"""The condition of a TenantCluster; it is there only while it is true."""
WAITS: Final = "NobodyHasChosen"
GIVEN_UP: Final = "GivenUp"
TOLD: Final = "GivenUpTold"
"""Its reasons. The second is written right before the deletion, and by whoever deletes it; the third once that is told
wherever it is to be."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Attention:
    """What people do about a cluster beside changing it."""

    asked: bool = False
    """Whether a request about it is not done yet."""
    last: datetime | None = None
    """When one was made or decided last."""
    used: bool = False
    """Whether somebody has a way into it, or something in it, or nobody can read whether."""


def kept(policy: LifetimePolicy | None) -> timedelta | None:
    """How long the tenant has it kept; None for ever, or where nobody knows whose it is."""
    return (lifetime.parse(policy.failed) or None) if policy is not None else None


def may_go(cluster: Stored[TenantCluster]) -> bool:
    """Whether it is one that is given up when nobody chooses: it is stuck, surely neither it nor any worker of it was
    ever ready, and nothing protects it. How its request was approved, by break-glass too, makes no difference."""
    status, paused = cluster.it.status, cluster.meta.annotations.get(names.PAUSED_ANNOTATION) == "true"
    if cluster.meta.deleting or cluster.it.spec.deletion_protection or paused:
        return False
    unused = status.initialized is False and status.had_ready_node is False
    return unused and conditions_of.is_true(status.conditions, "Stalled")


def attention(
    cluster: Stored[TenantCluster],
    *,
    requests: Iterable[Mapping[str, Any]],
    accesses: Iterable[Mapping[str, Any]],
    losses: Losses | None = None,
) -> Attention:
    """What is known of it by these ClusterRequests and ClusterAccesses of its namespace. `losses` is what people made
    in it, as far as somebody has looked."""
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


def kept_until(
    cluster: Stored[TenantCluster], policy: LifetimePolicy | None, about: Attention, *, now: datetime
) -> datetime | None:
    """When it is given up unless somebody chooses. None where it is not, or somebody has chosen since it was looked at
    last: then the time begins with the next look."""
    patience, since = kept(policy), _since(cluster.it.status)
    if patience is None or not may_go(cluster) or about.asked or about.used:
        return None
    if cluster.it.status.observed_generation != cluster.meta.generation or anew.is_due(cluster):
        return None
    if since is not None and about.last is not None and about.last > since:
        return None
    return (since or now) + patience


def is_due(cluster: Stored[TenantCluster], policy: LifetimePolicy | None, about: Attention, *, now: datetime) -> bool:
    """Whether nobody has chosen for so long that it is to be given up."""
    until = kept_until(cluster, policy, about, now=now)
    return until is not None and until <= now


def condition(until: datetime, *, now: datetime, generation: int) -> Condition:
    """Of a cluster that is kept until then. Its time is since when, once it has been written."""
    message = (
        f"it failed before it was ever ready, and no worker of it ever was: at {format_time(until)} it is given up, "
        "unless somebody has it tried again, changes it or asks for something else until then"
    )
    return conditions_of.make(
        CONDITION, True, reason=WAITS, message=message, now=format_time(now), generation=generation
    )


def given_up(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions of a cluster once they say that it is given up because nobody has chosen."""
    message = "it failed before it was ever ready, and nobody chose what becomes of it"
    said = {"reason": GIVEN_UP, "message": message}
    return tuple(each.model_copy(update=said) if each.type == CONDITION else each for each in conditions)


def told(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The same once that it goes is told."""
    return tuple(each.model_copy(update={"reason": TOLD}) if each.type == CONDITION else each for each in conditions)


def is_given_up(cluster: Stored[TenantCluster]) -> bool:
    """Whether it goes because nobody chose, and not by somebody's word."""
    return cluster.meta.deleting and _reason(cluster) in (GIVEN_UP, TOLD)


def is_to_be_told(cluster: Stored[TenantCluster], requests: Iterable[Mapping[str, Any]]) -> bool:
    """Whether that is not told yet. Who was stopped between the mark and the deletion has not deleted it: whoever asked
    for that since then has."""
    since = _since(cluster.it.status)
    if not is_given_up(cluster) or _reason(cluster) == TOLD or since is None:
        return False
    try:
        about = list(_about(ClusterRequest, cluster, requests))
    except errors.Invalid:
        return False
    deletions = (it for it in about if it.it.spec.action is Action.DELETE)
    return not any(moment > since for it in deletions for moment in _moments(it))


def _reason(cluster: Stored[TenantCluster]) -> str:
    found = conditions_of.find(cluster.it.status.conditions, CONDITION)
    return found.reason if found is not None else ""


def _since(status: ClusterStatus) -> datetime | None:
    found = conditions_of.find(status.conditions, CONDITION)
    return parse_time(found.last_transition_time) if found is not None else None


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
