"""How long things usually take: each step, and the whole way to Ready. Pure.

The history is what stands in the status of the clusters that are there; nothing else is kept. A step that was done
anew, after an upgrade or a sleep, counts with the time it took then. What must never live here: a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from provisioning.model import Step, StepState, TenantCluster
from provisioning.objects import Stored, parse_time
from provisioning.steps import CONTROL_PLANE, NEEDS, WORKERS

LEAST: Final = 3
"""Of fewer nobody can say what is usual."""
SLOW: Final = 3
"""A step is slow when it takes so many times as long as nine of ten took,"""
SLOW_LEAST: Final = timedelta(minutes=1)
"""and so long at least: a second that became four is nothing to speak of."""


@dataclass(frozen=True)
class Span:
    """Half took no longer than `half`, nine of ten no longer than `most`."""

    half: timedelta
    most: timedelta


@dataclass(frozen=True)
class Usual:
    """`steps` by their names; `way` from the request to Ready, `flavors` the same of clusters with such workers."""

    steps: Mapping[str, Span] = field(default_factory=dict)
    way: Span | None = None
    flavors: Mapping[str, Span] = field(default_factory=dict)

    def ready(self, flavor: str = "") -> Span | None:
        """From the request to Ready: of clusters with such workers when there are enough, else of all."""
        return self.flavors.get(flavor, self.way)

    def upgrade(self, turns: int) -> Span | None:
        """From one version to the next: a control plane, then workers in so many turns. None where one of the two has
        taken too few times to say.

        Each turn counts as long as workers take that come up together, which is the time of one.
        """
        first, each = self.steps.get(CONTROL_PLANE), self.steps.get(WORKERS)
        if first is None or each is None:
            return None
        return Span(first.half + each.half * turns, first.most + each.most * turns)


def of(clusters: Iterable[Stored[TenantCluster]]) -> Usual:
    """What is usual among these clusters."""
    by_step: dict[str, list[timedelta]] = {}
    by_flavor: dict[str, list[timedelta]] = {}
    ways: list[timedelta] = []
    for cluster in clusters:
        steps = cluster.it.status.steps
        for step in steps:
            if (took := _took(step)) is not None:
                by_step.setdefault(step.name, []).append(took)
        if (way := whole(steps)) is not None:
            ways.append(way)
            for flavor in {pool.flavor for pool in cluster.it.spec.pools}:
                by_flavor.setdefault(flavor, []).append(way)
    return Usual(_spans(by_step), _span(ways), _spans(by_flavor))


def whole(steps: Sequence[Step]) -> timedelta | None:
    """From the request to Ready: the longest chain of steps. None while one is not done.

    Not from the first time to the last: a step that was done anew a month later would make it a month.
    """
    ends: dict[str, timedelta] = {}
    for step in steps:
        took = _took(step)
        if took is None:
            return None
        ends[step.name] = ends.get(NEEDS.get(step.name, ""), timedelta()) + took
    return max(ends.values(), default=None)


def left(steps: Sequence[Step], usual: Usual, now: datetime) -> timedelta | None:
    """How long it usually still takes from here. None when nobody can say; nothing left for what is overdue."""
    ends: dict[str, timedelta] = {}
    for step in steps:
        span = usual.steps.get(step.name)
        if step.state is StepState.DONE:
            ends[step.name] = timedelta()
        elif span is None:
            return None
        else:
            ends[step.name] = ends.get(NEEDS.get(step.name, ""), timedelta()) + _rest(step, span, now)
    return max(ends.values(), default=None)


def is_slow(step: Step, usual: Usual, now: datetime) -> bool:
    """Whether a step that runs takes much longer than usual."""
    span = usual.steps.get(step.name)
    if span is None or step.state is not StepState.RUNNING or not step.started_at:
        return False
    return now - parse_time(step.started_at) > max(SLOW * span.most, SLOW_LEAST)


def _rest(step: Step, span: Span, now: datetime) -> timedelta:
    """Beyond the usual half, what nine of ten took is the next best guess."""
    gone = now - parse_time(step.started_at) if step.started_at else timedelta()
    return next((each - gone for each in (span.half, span.most) if each > gone), timedelta())


def _took(step: Step) -> timedelta | None:
    if step.state is not StepState.DONE or not step.started_at or not step.ended_at:
        return None
    return max(timedelta(), parse_time(step.ended_at) - parse_time(step.started_at))


def _spans(found: Mapping[str, list[timedelta]]) -> dict[str, Span]:
    return {name: span for name, times in found.items() if (span := _span(times)) is not None}


def _span(times: list[timedelta]) -> Span | None:
    if len(times) < LEAST:
        return None
    ordered = sorted(times)
    return Span(_rank(ordered, 50), _rank(ordered, 90))


def _rank(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The nearest rank: always one that was really seen."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
