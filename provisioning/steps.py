"""The steps on the way to Ready, and their times. Pure: what is seen now, plus the steps as recorded, gives the steps.

Which objects a step is seen in is the matter of `provisioning.sights`; this module knows only names and order.
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
STORAGE: Final = "Storage and load balancers"
ADD_ONS: Final = "Add-ons"
PROBE: Final = "Probe"

NEEDS: Final[Mapping[str, str]] = {
    ACCEPTED: "",
    CONTROL_PLANE: ACCEPTED,
    NETWORK: CONTROL_PLANE,
    WORKERS: CONTROL_PLANE,
    STORAGE: CONTROL_PLANE,
    ADD_ONS: NETWORK,
    PROBE: CONTROL_PLANE,
}
"""Every step in order, and the one that must be done before it begins. Network and workers come about together: a
Node is ready only with its network, and the network's Pods run only on Nodes. Our own probe looks as soon as there is
somebody to ask, and is the last to be content."""
DEPTH: Final = (ACCEPTED, CONTROL_PLANE, WORKERS, NETWORK, STORAGE, ADD_ONS, PROBE)
"""Of two steps in trouble the one to speak of first: without workers no network runs."""

OBSTACLE_PATIENCE: Final = timedelta(minutes=10)
"""How long something may stand in the way before the step counts as failed. Most things heal by being retried."""
STEP_PATIENCE: Final = timedelta(minutes=30)
"""How long a step may take when nothing says what is in the way."""
WORKER_PATIENCE: Final = timedelta(minutes=10)
"""How much longer for every worker: they are replaced one after the other."""
MESSAGE_MAX: Final = 1000


@dataclass(frozen=True)
class Obstacle:
    """What is in the way, in plain words, and what somebody could do about it."""

    message: str
    since: str = ""
    """RFC 3339; empty when nobody says."""
    hint: str = ""
    final: bool = False
    """Nobody will try again without a change."""
    shallow: bool = False
    """It follows from something else as a rule, which is then what to speak of."""


@dataclass(frozen=True)
class Sight:
    """How one step looks now: done, and since when as the objects say; or not, and how far it is.

    `hint` is what to look at when it takes too long and no obstacle says why.
    """

    name: str
    done: bool
    at: str = ""
    progress: str = ""
    obstacle: Obstacle | None = None
    patience: timedelta = STEP_PATIENCE
    hint: str = ""


def record(
    before: Iterable[Step], sights: Iterable[Sight], *, created: str, now: datetime, since: str = ""
) -> tuple[Step, ...]:
    """The steps to write down. Times once recorded stay; a step that is undone again begins anew.

    `created` is when the cluster was asked for, and `since` when work on it was taken up again (RFC 3339): no step
    that is not done has begun before. The sights come in the order of `NEEDS`.
    """
    known = {step.name: step for step in before}
    made: dict[str, Step] = {}
    for sight in sights:
        need = NEEDS[sight.name]
        began = made[need].ended_at if need else created
        if began is not None and not sight.done:
            began = max(began, since)
        made[sight.name] = _step(sight, known.get(sight.name, Step(name=sight.name)), began, now)
    return tuple(made.values())


def word(step: Step) -> str:
    """The step and its state as one word, as the reason of a condition is written: `ControlPlaneRunning`."""
    parts = step.name.replace("-", " ").split()
    return "".join(part.capitalize() for part in parts) + step.state.value


def failed(steps: Iterable[Step]) -> Step | None:
    """The first step that failed."""
    return next((step for step in steps if step.state is StepState.FAILED), None)


def telling(steps: Iterable[Step], sights: Iterable[Sight]) -> Step | None:
    """The step to speak of, of those not done: a failed one, else one with something in its way, else one that runs.

    Of several the deepest, so that a cause is told and not what follows from it. None when all are done.
    """
    obstacles = {sight.name: sight.obstacle for sight in sights}

    def rank(step: Step) -> tuple[int, bool, int]:
        obstacle = obstacles.get(step.name)
        running = 1 if obstacle is not None else 2
        state = {StepState.FAILED: 0, StepState.RUNNING: running}.get(step.state, 3)
        depth = DEPTH.index(step.name) if state < 2 else 0
        return state, obstacle is not None and obstacle.shallow, depth

    return min((step for step in steps if step.state is not StepState.DONE), key=rank, default=None)


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
    state, message, hint = _judge(sight, started, now)
    return Step(
        name=sight.name, state=state, started_at=started, message=message[:MESSAGE_MAX], hint=hint[:MESSAGE_MAX]
    )


def _judge(sight: Sight, started: str, now: datetime) -> tuple[StepState, str, str]:
    """State, message and hint of a step that has begun and is not done."""
    obstacle = sight.obstacle
    if obstacle is not None:
        since = max(started, obstacle.since)
        lasting = obstacle.final or now - parse_time(since) >= OBSTACLE_PATIENCE
        return StepState.FAILED if lasting else StepState.RUNNING, obstacle.message, obstacle.hint
    if now - parse_time(started) >= sight.patience:
        minutes = int(sight.patience.total_seconds() // 60)
        return StepState.FAILED, f"{sight.progress}; this has taken longer than {minutes} minutes", sight.hint
    return StepState.RUNNING, sight.progress, ""


def _earlier(one: str, other: str) -> str:
    """Both are metav1.Time: UTC in whole seconds, so their texts sort as they do."""
    return min(one, other)
