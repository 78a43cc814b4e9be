"""The steps on the way to Ready, and their times. Pure: what is seen now, plus the steps as recorded, gives the steps.

Which objects a step is seen in is the matter of `provisioning.observe`; this module knows only names and order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisioning.model import Step, StepState
from provisioning.objects import format_time, parse_time

ACCEPTED: Final = "Accepted"
CONTROL_PLANE: Final = "Control plane"
NETWORK: Final = "Network"
WORKERS: Final = "Workers"
ADD_ONS: Final = "Add-ons"

NEEDS: Final[Mapping[str, str]] = {
    ACCEPTED: "",
    CONTROL_PLANE: ACCEPTED,
    NETWORK: CONTROL_PLANE,
    WORKERS: CONTROL_PLANE,
    ADD_ONS: NETWORK,
}
"""Every step in order, and the one that must be done before it begins. Network and workers come about together: a
Node is ready only with its network, and the network's Pods run only on Nodes."""

OBSTACLE_PATIENCE: Final = timedelta(minutes=10)
"""How long something may stand in the way before the step counts as failed. Most things heal by being retried."""
STEP_PATIENCE: Final = timedelta(minutes=30)
"""How long a step may take when nothing says what is in the way."""
WORKER_PATIENCE: Final = timedelta(minutes=10)
"""How much longer for every worker: they are replaced one after the other."""
MESSAGE_MAX: Final = 1000


@dataclass(frozen=True)
class Obstacle:
    """What is in the way, in plain words. `final`: nobody will try again without a change."""

    message: str
    since: str = ""
    """RFC 3339; empty when nobody says."""
    final: bool = False


@dataclass(frozen=True)
class Sight:
    """How one step looks now: done, and since when as the objects say; or not, and how far it is."""

    name: str
    done: bool
    at: str = ""
    progress: str = ""
    obstacle: Obstacle | None = None
    patience: timedelta = STEP_PATIENCE


def record(before: Iterable[Step], sights: Iterable[Sight], *, created: str, now: datetime) -> tuple[Step, ...]:
    """The steps to write down. Times once recorded stay; a step that is undone again begins anew.

    `created` is when the cluster was asked for (RFC 3339). The sights come in the order of `NEEDS`.
    """
    known = {step.name: step for step in before}
    made: dict[str, Step] = {}
    for sight in sights:
        need = NEEDS[sight.name]
        began = made[need].ended_at if need else created
        made[sight.name] = _step(sight, known.get(sight.name, Step(name=sight.name)), began, now)
    return tuple(made.values())


def word(step: Step) -> str:
    """The step and its state as one word, as the reason of a condition is written: `ControlPlaneRunning`."""
    parts = step.name.replace("-", " ").split()
    return "".join(part.capitalize() for part in parts) + step.state.value


def failed(steps: Iterable[Step]) -> Step | None:
    """The first step that failed."""
    return next((step for step in steps if step.state is StepState.FAILED), None)


def unfinished(steps: Iterable[Step]) -> Step | None:
    """The step to speak of: the first that says what is in its way or how far it is, of those not done."""
    left = [step for step in steps if step.state is not StepState.DONE]
    return failed(left) or next((step for step in left if step.state is StepState.RUNNING), next(iter(left), None))


def _step(sight: Sight, was: Step, began: str | None, now: datetime) -> Step:
    moment = format_time(now)
    if sight.done:
        started = was.started_at or _earlier(began or moment, sight.at or moment)
        ended = was.ended_at if was.state is StepState.DONE and was.ended_at else sight.at or moment
        return Step(name=sight.name, state=StepState.DONE, started_at=started, ended_at=max(started, ended))
    if began is None:
        return Step(name=sight.name)
    again = was.state is StepState.DONE
    started = moment if again else was.started_at or began
    state, message = _judge(sight, started, now)
    return Step(name=sight.name, state=state, started_at=started, message=message[:MESSAGE_MAX])


def _judge(sight: Sight, started: str, now: datetime) -> tuple[StepState, str]:
    obstacle = sight.obstacle
    if obstacle is not None:
        since = max(started, obstacle.since)
        lasting = obstacle.final or now - parse_time(since) >= OBSTACLE_PATIENCE
        return StepState.FAILED if lasting else StepState.RUNNING, obstacle.message
    if now - parse_time(started) >= sight.patience:
        minutes = int(sight.patience.total_seconds() // 60)
        return StepState.FAILED, f"{sight.progress}; this has taken longer than {minutes} minutes"
    return StepState.RUNNING, sight.progress


def _earlier(one: str, other: str) -> str:
    """Both are metav1.Time: UTC in whole seconds, so their texts sort as they do."""
    return min(one, other)
