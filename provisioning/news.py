"""Which changes of a cluster are worth an Event, and in what words. Pure.

An Event tells of a change, never of a look. What must never live here: the writing of it (`events`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provisioning import steps, unattended
from provisioning.model import ClusterSpec, ClusterStatus, Condition, StepState
from provisioning.model import conditions as conditions_of
from provisioning.objects import parse_time


@dataclass(frozen=True)
class News:
    """One change. `reason` is a word for machines, `action` what was done, `note` a sentence for people."""

    reason: str
    note: str
    action: str = "Reconcile"
    warning: bool = False


def of_change(before: ClusterStatus, after: ClusterStatus) -> Iterator[News]:
    """What is new between two statuses that follow one another."""
    yield from _steps(before, after)
    for type_, tell in _TELLING.items():
        was, is_ = conditions_of.find(before.conditions, type_), conditions_of.find(after.conditions, type_)
        yield from tell(was, is_, after)


def of_delivery(restored: Iterable[str], pruned: Iterable[str]) -> Iterator[News]:
    """What was done beside bringing about what is asked for: `restored` and `pruned` are kinds and names."""
    for what in restored:
        yield News("DriftPutRight", f"{what} had been changed by somebody else, and is again as it should be", "Apply")
    for what in pruned:
        yield News("Pruned", f"{what} is not needed any more, and was deleted", "Prune")


def of_failed_lifetime(request: str, spec: ClusterSpec, why: str) -> News:
    """Another end was approved by this request and could not be written; `spec` is the cluster's, with the old one."""
    kept = f"its lifetime stays {spec.lifetime}" if spec.lifetime else "it has no end, as before"
    note = f"{kept}: what {request} asked for could not be written ({why}); ask for another lifetime"
    return News("LifetimeFailed", note, "Extend", warning=True)


def of_giving_up() -> News:
    """A cluster is deleted because nobody chose what becomes of it."""
    note = "it failed before it was ever ready, and nobody chose in time what becomes of it, so it is deleted"
    return News("GivenUp", note, "GiveUp", warning=True)


def _steps(before: ClusterStatus, after: ClusterStatus) -> Iterator[News]:
    states = {step.name: step.state for step in before.steps}
    for step in after.steps:
        if step.state is states.get(step.name):
            continue
        if step.state is StepState.DONE:
            took = parse_time(step.ended_at or "") - parse_time(step.started_at or "")
            yield News(steps.word(step), f"{step.name}: done after {took}")
        elif step.state is StepState.FAILED:
            advice = f"; what to do: {step.hint}" if step.hint else ""
            yield News(steps.word(step), f"{step.name}: {step.message}{advice}", warning=True)


def _ready(was: Condition | None, is_: Condition | None, after: ClusterStatus) -> Iterator[News]:
    if is_ is None:
        return
    if is_.reason == "Deleting" and (was is None or was.reason != "Deleting"):
        yield News("Deleting", is_.message, "Delete")
    elif is_.status == "True" and (was is None or was.status != "True"):
        yield News("Ready", f"the cluster is ready at {after.endpoint}" if after.endpoint else "the cluster is ready")
    elif is_.status == "False" and was is not None and was.status == "True" and is_.reason != "Hibernated":
        yield News("NotReady", f"the cluster is not ready any more: {is_.message}")


def _stalled(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    """Failed steps tell of themselves; a refusal again whenever it is another."""
    if is_ is None or is_.status != "True" or is_.reason.endswith(StepState.FAILED.value):
        return
    told = was is not None and was.status == "True" and was.reason == is_.reason
    if not told or (is_.reason == "Refused" and was is not None and was.message != is_.message):
        yield News(is_.reason if is_.reason == "Refused" else "Stalled", is_.message, warning=True)


def _hibernated(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is None or (was is not None and was.status == is_.status):
        return
    if is_.status == "True":
        yield News("Hibernated", f"the cluster is asleep: {is_.message}", "Hibernate")
    elif is_.status == "Unknown" and is_.reason == "Waking":
        yield News("Waking", "the cluster is waking", "Wake")
    elif is_.status == "Unknown":
        yield News("FallingAsleep", f"the cluster is going to sleep: {is_.message}", "Hibernate")


def _expiring(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is not None and is_.status == "True" and (was is None or was.message != is_.message):
        yield News("Expiring", is_.message, "Expire", warning=True)


def _unattended(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    """That it is given up is told by whoever does it."""
    if is_ is not None and is_.reason == unattended.WAITS and (was is None or was.message != is_.message):
        yield News("Unattended", is_.message, "GiveUp", warning=True)


def _paused(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is not None and was is None:
        yield News("Paused", "nothing is applied or pruned from now on", "Pause")
    elif is_ is None and was is not None:
        yield News("Resumed", "what should be there is applied again", "Resume")


_TELLING: Final = {
    "Ready": _ready,
    "Stalled": _stalled,
    "Hibernated": _hibernated,
    "Expiring": _expiring,
    unattended.CONDITION: _unattended,
    "Paused": _paused,
}
