"""The objects of one cluster -> the status of its TenantCluster. Pure: `now` is an argument, nothing is asked for.

Only what is seen counts; what was seen before matters for times alone. So a status that is lost is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from provisioning import advice, expiry, names, sights, steps, unattended
from provisioning.ending import Ending
from provisioning.hibernation import Rest
from provisioning.lifetime import Ladder
from provisioning.manifest import Manifest
from provisioning.model import ClusterStatus, Condition, Precheck, Step, StepState, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.model.conditions import Summary, Truth
from provisioning.objects import Stored, format_time, parse_time
from provisioning.steps import Sight
from provisioning.world import KINDS, World

__all__ = ["KINDS", "World", "observe"]

HIBERNATED: Final = "Hibernated"
FALLING_ASLEEP: Final = "FallingAsleep"
WAKING: Final = "Waking"
PAUSED: Final = "Paused"
REASON_MOST: Final = 1000
"""Characters of why nobody could look into the cluster: what its kubeconfig says may be long."""


def observe(
    cluster: Stored[TenantCluster],
    world: World,
    *,
    now: datetime,
    refusal: str = "",
    rest: Rest | None = None,
    ladder: Ladder | None = None,
    ending: Ending | None = None,
    until: datetime | None = None,
) -> ClusterStatus:
    """The status of a TenantCluster in this world.

    `refusal` says why the last attempt to render or apply it failed, in plain words; empty when it did not. `rest` is
    whether it is to sleep, `ladder` how its life ends, `ending` how far its deletion is, `until` how long it is kept
    if it has failed for good. Call it again at least every minute while the cluster is not ready: that a step takes too
    long shows only by the clock.

    While it is paused, what is written into its spec counts as not observed: nobody acts upon it.
    """
    before, deleting, paused = cluster.it.status, cluster.meta.deleting, is_paused(cluster, rest)
    created, moment = format_time(cluster.meta.created or now), format_time(now)
    asleep = rest is not None and rest.asleep and not deleting
    seen = sights.see(cluster, world, refusal=refusal)
    if asleep or deleting:
        recorded = before.steps
    elif not paused and _was_left_alone(before):
        # Nobody was at work meanwhile: what is not done has not taken long, it begins now.
        done = (step for step in before.steps if step.state is StepState.DONE)
        recorded = steps.record(done, seen, created=created, now=now, since=moment)
    else:
        recorded = steps.record(before.steps, seen, created=created, now=now)
    summary = _summary(cluster, world, recorded, seen, now=now, refusal=refusal, rest=rest, ending=ending)
    generation = before.observed_generation if paused else cluster.meta.generation
    # What is to sleep and does not has not failed to be set up.
    gives_up_at = until if summary.stalled and not asleep and not deleting else None
    wanted = (
        *summary.conditions(now=moment, generation=generation),
        *_more(cluster, summary, rest, now=moment, generation=generation),
        *_expiring(cluster, ladder, now=now, generation=generation),
        *([unattended.condition(gives_up_at, now=now, generation=generation)] if gives_up_at else ()),
        *(each for each in before.conditions if each.type == unattended.CONDITION and deleting),
    )
    sleeping = summary.reason == HIBERNATED
    up = seen[1].done or bool(before.kubeconfig_secret)
    nodes, first = sights.nodes(cluster, world), not before.conditions and not up
    return ClusterStatus(
        observed_generation=generation,
        conditions=conditions_of.merge(before.conditions, wanted),
        initialized=_ever(before.initialized, summary.ready, first=first),
        had_ready_node=_ever(before.had_ready_node, nodes.ready > 0, first=first),
        steps=recorded,
        version=((world.control_plane or {}).get("status") or {}).get("version", ""),
        endpoint=_endpoint(world.cluster),
        kubeconfig_secret=names.kubeconfig_secret(cluster.meta.name) if up else "",
        nodes=nodes,
        expires_at=format_time(ladder.ends_at) if ladder is not None else None,
        deletes_at=format_time(ladder.deletes_at) if ladder is not None and ladder.deletes_at is not None else None,
        gives_up_at=format_time(gives_up_at) if gives_up_at is not None else None,
        asleep_since=(before.asleep_since or moment) if sleeping else None,
        inventory=before.inventory,
        last_handled_reconcile_at=before.last_handled_reconcile_at,
        residue=ending.residue if ending is not None else (),
        precheck=_precheck(before, world),
    )


def is_paused(cluster: Stored[TenantCluster], rest: Rest | None) -> bool:
    """Whether nothing is to be applied or pruned. A deletion goes on all the same, and so does the end of the lifetime:
    an annotation that nobody has to agree to must not keep machines longer than the tenant may have them."""
    ended = cluster.meta.deleting or (rest is not None and rest.is_over)
    return not ended and cluster.meta.annotations.get(names.PAUSED_ANNOTATION) == "true"


def _precheck(before: ClusterStatus, world: World) -> Precheck | None:
    """As it was seen last. While nobody can look, that is all there is, and why is told."""
    seen = world.precheck or before.precheck
    return (seen or Precheck()).model_copy(update={"unseen": (world.silence[:REASON_MOST],)}) if world.silence else seen


def _ever(was: bool | None, is_: bool, *, first: bool) -> bool | None:
    """Whether it was so once; None when nobody knows. `first`: nobody has looked yet, and its control plane is not up.

    That it never was is known only of one that was looked at from the beginning: one whose status was lost, or that is
    older than this field, may hold what people need.
    """
    if is_ or was:
        return True
    return False if first or was is False else None


def _was_left_alone(before: ClusterStatus) -> bool:
    """Whether the cluster slept, or was going to, or was paused when it was looked at last."""
    slept = conditions_of.find(before.conditions, HIBERNATED)
    fell = slept is not None and (slept.status == "True" or slept.reason == FALLING_ASLEEP)
    return fell or conditions_of.find(before.conditions, PAUSED) is not None


def _summary(
    cluster: Stored[TenantCluster],
    world: World,
    recorded: tuple[Step, ...],
    seen: tuple[Sight, ...],
    *,
    now: datetime,
    refusal: str,
    rest: Rest | None,
    ending: Ending | None,
) -> Summary:
    if cluster.meta.deleting:
        end = ending or Ending()
        return Summary(reconciling=not end.stuck, stalled=end.stuck, reason="Deleting", message=end.message)
    if refusal:
        return Summary(stalled=True, reason="Refused", message=refusal, hint=advice.about(refusal))
    if rest is not None and rest.asleep and (_sleeps(world) or not is_paused(cluster, rest)):
        return _asleep(cluster, world, rest, now)
    left = steps.telling(recorded, seen)
    if left is None:
        return Summary(ready=True)
    if is_paused(cluster, rest):
        return Summary(reason=PAUSED, message=f"nothing is done while it is paused; {left.message}", hint=left.hint)
    stalled = steps.failed(recorded) is not None
    return Summary(
        reconciling=not stalled, stalled=stalled, reason=steps.word(left), message=left.message, hint=left.hint
    )


def _asleep(cluster: Stored[TenantCluster], world: World, rest: Rest, now: datetime) -> Summary:
    """A cluster that is to sleep: on its way there, or there. That it is asleep is nothing wrong, and nothing to do."""
    if _sleeps(world):
        return Summary(reason=HIBERNATED, message=f"asleep: {rest.why}")
    was = conditions_of.find(cluster.it.status.conditions, HIBERNATED)
    begun = parse_time(was.last_transition_time) if was is not None and was.reason == FALLING_ASLEEP else now
    stuck = now - begun >= steps.STEP_PATIENCE + steps.WORKER_PATIENCE * len(world.machines)
    workers = len(world.machines)
    left = f"{workers} worker{'s are' if workers > 1 else ' is'} left" if workers else "the control plane is stopped"
    message = f"going to sleep: {left}" + ("; this has taken too long" if stuck else "")
    return Summary(reconciling=not stuck, stalled=stuck, reason=FALLING_ASLEEP, message=message)


def _sleeps(world: World) -> bool:
    """Whether there is neither a worker nor a running control plane."""
    control_plane = world.control_plane or {"spec": {}}
    running = control_plane["spec"].get("replicas") != 0 or (control_plane.get("status") or {}).get("readyReplicas")
    return not running and not world.machines


def _more(
    cluster: Stored[TenantCluster], summary: Summary, rest: Rest | None, *, now: str, generation: int
) -> Iterator[Condition]:
    """The conditions that not every cluster has. Hibernated is Unknown while it falls asleep or wakes."""
    if is_paused(cluster, rest):
        message = f"the annotation {names.PAUSED_ANNOTATION} says so"
        yield conditions_of.make(PAUSED, True, reason=PAUSED, message=message, now=now, generation=generation)
    if rest is None or cluster.meta.deleting:
        return
    was = conditions_of.find(cluster.it.status.conditions, HIBERNATED)
    state: Truth
    if summary.reason == HIBERNATED:
        state, reason = "True", rest.reason
    elif summary.reason == FALLING_ASLEEP:
        state, reason = "Unknown", FALLING_ASLEEP
    elif was is not None and was.status != "False" and not summary.ready:
        state, reason = "Unknown", WAKING
    else:
        state, reason = "False", rest.reason
    yield conditions_of.make(HIBERNATED, state, reason=reason, message=rest.why, now=now, generation=generation)


def _expiring(
    cluster: Stored[TenantCluster], ladder: Ladder | None, *, now: datetime, generation: int
) -> Iterator[Condition]:
    if ladder is None or cluster.meta.deleting:
        return
    told = expiry.notice(ladder, now)
    yield conditions_of.make(
        expiry.CONDITION,
        told.expiring,
        reason=told.reason,
        message=told.message,
        now=format_time(now),
        generation=generation,
    )


def _endpoint(cluster: Manifest | None) -> str:
    endpoint = (cluster or {"spec": {}})["spec"].get("controlPlaneEndpoint") or {}
    return f"https://{endpoint['host']}:{endpoint['port']}" if endpoint.get("host") else ""
