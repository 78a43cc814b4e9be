"""What another version comes to for a cluster, as people read it before they ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import rollout, steps
from provisioning.model import NodePool, Release
from provisioning.rollout import Rollout
from provisioning.usual import Span, Usual
from tests import builders

IMAGE = "registry.example/node"
OFFERED = tuple(Release(version=each, image=IMAGE) for each in ("v1.33.8", "v1.34.4", "v1.34.6", "v1.35.1", "v1.36.0"))
MINUTE = timedelta(minutes=1)
KNOWN = Usual({steps.CONTROL_PLANE: Span(2 * MINUTE, 4 * MINUTE), steps.WORKERS: Span(3 * MINUTE, 5 * MINUTE)})


def step(name: str, state: str) -> dict[str, Any]:
    return {"name": name, "state": state, "startedAt": "2026-08-01T09:00:00Z"}


def found(
    after: str = "v1.34.4", *, known: Usual = KNOWN, status: dict[str, Any] | None = None, **spec: Any
) -> Rollout:
    cluster = builders.cluster(**{"version": "v1.33.8", **spec})
    seen = cluster.it.status.model_validate({"version": "v1.33.8", **(status or {})})
    cluster = type(cluster)(cluster.meta, cluster.it.model_copy(update={"status": seen}))
    return rollout.rollout(cluster, after, offered=OFFERED, known=known)


@pytest.mark.parametrize(
    ("after", "beyond"),
    [
        ("v1.34.4", ("v1.35.1", "v1.36.0")),
        ("v1.34.6", ("v1.35.1", "v1.36.0")),
        ("v1.35.1", ("v1.36.0",)),
        ("v1.36.0", ()),
    ],
)
def test_the_way_goes_on_to_the_newest_on_offer_one_minor_version_at_a_time(
    after: str, beyond: tuple[str, ...]
) -> None:
    it = found(after)

    assert (it.before, it.after, it.beyond) == ("v1.33.8", after, beyond)


@pytest.mark.parametrize(
    ("pool", "at_once", "turns"),
    [
        ({"replicas": 3}, 1, 3),
        ({"replicas": 3, "maxSurge": 2}, 2, 2),
        ({"replicas": 4, "maxSurge": 0, "maxUnavailable": 3}, 3, 2),
        ({"replicas": 4, "maxSurge": 1, "maxUnavailable": 1}, 2, 2),
        ({"min": 1, "max": 5}, 1, 5),
        ({"replicas": 0}, 1, 0),
    ],
)
def test_workers_are_replaced_so_many_at_a_time(pool: dict[str, int], at_once: int, turns: int) -> None:
    it = NodePool.model_validate({"name": "md0", "flavor": "small", **pool})

    assert (rollout.at_once(it), rollout.turns(it)) == (at_once, turns)


def test_it_takes_a_control_plane_and_then_as_many_turns_as_the_slowest_pool() -> None:
    pools = [{"name": "md0", "flavor": "small", "replicas": 3}, {"name": "gpu", "flavor": "large", "replicas": 1}]

    assert found(pools=pools).time == Span(11 * MINUTE, 19 * MINUTE)
    assert found(pools=[{"name": "md0", "flavor": "small", "replicas": 0}]).time == Span(2 * MINUTE, 4 * MINUTE)


def test_where_too_few_have_come_up_nobody_says_how_long() -> None:
    assert found(known=Usual()).time is None
    assert found(known=Usual({steps.WORKERS: Span(MINUTE, MINUTE)})).time is None


def test_pools_without_workers_are_not_rolled() -> None:
    pools = [{"name": "md0", "flavor": "small", "replicas": 2}, {"name": "gpu", "flavor": "large", "replicas": 0}]

    assert [pool.name for pool in found(pools=pools).pools] == ["md0"]


@pytest.mark.parametrize(
    ("status", "still", "trailing", "asleep"),
    [
        ({}, "", False, False),
        ({"version": "1.33.8"}, "", False, False),
        ({"version": ""}, "", False, False),
        ({"version": "v1.32.9"}, "v1.32.9", False, False),
        ({"steps": [step(steps.CONTROL_PLANE, "Done"), step(steps.WORKERS, "Running")]}, "", True, False),
        ({"steps": [step(steps.CONTROL_PLANE, "Done"), step(steps.WORKERS, "Done")]}, "", False, False),
        ({"steps": [step(steps.CONTROL_PLANE, "Running"), step(steps.WORKERS, "Waiting")]}, "", False, False),
        ({"asleepSince": "2026-08-01T09:00:00Z"}, "", False, True),
    ],
)
def test_what_keeps_it_from_beginning_at_once_is_known(
    status: dict[str, Any], still: str, trailing: bool, asleep: bool
) -> None:
    it = found(status=status)

    assert (it.still, it.trailing, it.asleep) == (still, trailing, asleep)
