"""The objects of one cluster -> the status of its TenantCluster. Pure: `now` is an argument, nothing is asked for.

Only what is seen counts; what was seen before matters for times alone. So a status that is lost is made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provisioning import lifetime, names, obstacles, sights, steps
from provisioning.manifests.marks import Manifest
from provisioning.model import ClusterStatus, Condition, Step, TenantCluster
from provisioning.model.conditions import Truth, merge
from provisioning.objects import Stored, format_time
from provisioning.world import KINDS, World

__all__ = ["KINDS", "World", "observe"]

_DELETING: Final = {
    "WaitingForWorkersDeletion": "the workers are being deleted",
    "WaitingForControlPlaneDeletion": "the control plane is being deleted",
    "WaitingForInfrastructureDeletion": "the infrastructure is being deleted",
}


def observe(cluster: Stored[TenantCluster], world: World, *, now: datetime, refusal: str = "") -> ClusterStatus:
    """The status of a TenantCluster in this world.

    `refusal` says why the last attempt to render or apply it failed, in plain words; empty when it did not. Call it
    again at least every minute while the cluster is not ready: that a step takes too long shows only by the clock.
    """
    before = cluster.it.status
    created = format_time(cluster.meta.created or now)
    seen = sights.see(cluster, world, refusal=refusal)
    recorded = before.steps if cluster.meta.deleting else steps.record(before.steps, seen, created=created, now=now)
    control_plane = (world.control_plane or {}).get("status") or {}
    up = seen[1].done or bool(before.kubeconfig_secret)
    status = ClusterStatus(
        observed_generation=cluster.meta.generation,
        steps=recorded,
        version=control_plane.get("version", ""),
        endpoint=_endpoint(world.cluster),
        kubeconfig_secret=names.kubeconfig_secret(cluster.meta.name) if up else "",
        nodes=sights.nodes(cluster, world),
        expires_at=_expiry(cluster),
    )
    verdict = _deleting(world) if cluster.meta.deleting else _verdict(recorded, refusal)
    wanted = _conditions(verdict, generation=cluster.meta.generation, now=format_time(now))
    return status.model_copy(update={"conditions": merge(before.conditions, wanted)})


@dataclass(frozen=True)
class _Verdict:
    """The three conditions of kstatus in one."""

    ready: bool
    stalled: bool
    reason: str
    message: str


def _verdict(recorded: tuple[Step, ...], refusal: str) -> _Verdict:
    left = steps.unfinished(recorded)
    if refusal:
        return _Verdict(ready=False, stalled=True, reason="Refused", message=refusal)
    if left is None:
        return _Verdict(ready=True, stalled=False, reason="Ready", message="")
    stalled = steps.failed(recorded) is not None
    return _Verdict(ready=False, stalled=stalled, reason=steps.word(left), message=left.message)


def _deleting(world: World) -> _Verdict:
    condition = obstacles.conditions(world.cluster).get("Deleting", {})
    words = _DELETING.get(condition.get("reason", ""), "the cluster is being deleted")
    return _Verdict(ready=False, stalled=False, reason="Deleting", message=words)


def _conditions(verdict: _Verdict, *, generation: int, now: str) -> tuple[Condition, ...]:
    states = {
        "Ready": verdict.ready,
        "Reconciling": not verdict.ready and not verdict.stalled,
        "Stalled": verdict.stalled,
    }
    return tuple(
        Condition(
            type=type_,
            status=_truth(state),
            reason=verdict.reason,
            message=verdict.message[: steps.MESSAGE_MAX],
            last_transition_time=now,
            observed_generation=generation,
        )
        for type_, state in states.items()
    )


def _truth(state: bool) -> Truth:
    return "True" if state else "False"


def _endpoint(cluster: Manifest | None) -> str:
    endpoint = (cluster or {"spec": {}})["spec"].get("controlPlaneEndpoint") or {}
    return f"https://{endpoint['host']}:{endpoint['port']}" if endpoint.get("host") else ""


def _expiry(cluster: Stored[TenantCluster]) -> str | None:
    """When its lifetime is over; None for a cluster that may live for ever."""
    end = lifetime.ends_at(cluster.meta.created, cluster.it.spec) if cluster.meta.created else None
    return format_time(end) if end else None
