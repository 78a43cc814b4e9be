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

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning import anew, attention, errors, lifetime, names
from provisioning.attention import Attention
from provisioning.model import ClusterStatus, Condition, LifetimePolicy, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored, format_time, parse_time

CONDITION: Final = "Unattended"
"""The condition of a TenantCluster; it is there only while it is true."""
WAITS: Final = "NobodyHasChosen"
GIVEN_UP: Final = "GivenUp"
TOLD: Final = "GivenUpTold"
"""Its reasons. The second is written right before the deletion, and by whoever deletes it; the third once that is told
wherever it is to be."""


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
        return not attention.is_deletion_asked(cluster, requests, since=since)
    except errors.Invalid:
        return False


def _reason(cluster: Stored[TenantCluster]) -> str:
    found = conditions_of.find(cluster.it.status.conditions, CONDITION)
    return found.reason if found is not None else ""


def _since(status: ClusterStatus) -> datetime | None:
    found = conditions_of.find(status.conditions, CONDITION)
    return parse_time(found.last_transition_time) if found is not None else None
