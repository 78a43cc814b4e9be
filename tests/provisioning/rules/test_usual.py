"""How long things usually take, from the clusters that are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provisioning import steps, usual
from provisioning.model import ClusterSpec, ClusterStatus, NodePool, Step, StepState, TenantCluster
from provisioning.objects import Meta, Stored, format_time
from provisioning.usual import Span, Usual

START = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def done(name: str, began: float, ended: float) -> Step:
    times = (format_time(START + minutes(each)) for each in (began, ended))
    return Step(name=name, state=StepState.DONE, started_at=next(times), ended_at=next(times))


def running(name: str, began: float) -> Step:
    return Step(name=name, state=StepState.RUNNING, started_at=format_time(START + minutes(began)))


def cluster(*made: Step, flavor: str = "small") -> Stored[TenantCluster]:
    spec = ClusterSpec(pools=(NodePool(name="md0", flavor=flavor, replicas=1),))
    return Stored(Meta(name="build-7"), TenantCluster(spec=spec, status=ClusterStatus(steps=made)))


def built(control_plane: float, workers: float, flavor: str = "small") -> Stored[TenantCluster]:
    """One that took so many minutes for each of two steps."""
    up = done(steps.CONTROL_PLANE, 0, control_plane)
    return cluster(up, done(steps.WORKERS, control_plane, control_plane + workers), flavor=flavor)


USUAL = Usual(
    {
        steps.CONTROL_PLANE: Span(minutes(2), minutes(4)),
        steps.WORKERS: Span(minutes(3), minutes(5)),
        steps.NETWORK: Span(minutes(1), minutes(2)),
    }
)


def test_half_and_nine_of_ten_are_times_that_were_really_seen() -> None:
    found = usual.of(built(n, 1) for n in range(1, 11))

    assert found.steps[steps.CONTROL_PLANE] == Span(minutes(5), minutes(9))


def test_of_two_clusters_nobody_can_say_what_is_usual() -> None:
    found = usual.of([built(1, 1), built(2, 2)])

    assert (found.steps, found.ready()) == ({}, None)


def test_the_way_to_ready_is_the_longest_chain_of_steps() -> None:
    side = (done(steps.CONTROL_PLANE, 0, 2), done(steps.NETWORK, 2, 3), done(steps.WORKERS, 2, 7))

    assert usual.whole(side) == minutes(7)


def test_a_step_done_anew_a_month_later_does_not_make_the_way_a_month() -> None:
    later = minutes(30 * 24 * 60).total_seconds() / 60
    again = (done(steps.CONTROL_PLANE, 0, 2), done(steps.WORKERS, later, later + 4))

    assert usual.whole(again) == minutes(6)


def test_a_cluster_that_is_not_ready_says_nothing_of_the_whole_way() -> None:
    half = cluster(done(steps.CONTROL_PLANE, 0, 2), running(steps.WORKERS, 2))

    assert usual.of([half, half, half]).ready() is None
    assert usual.of([half, half, half]).steps == {steps.CONTROL_PLANE: Span(minutes(2), minutes(2))}


def test_clusters_with_such_workers_count_when_there_are_enough_of_them() -> None:
    found = usual.of([*(built(1, 1) for _ in range(3)), *(built(1, 9, "large") for _ in range(3)), built(1, 4, "huge")])

    assert found.ready("large") == Span(minutes(10), minutes(10))
    assert found.ready("huge") == found.ready()


@pytest.mark.parametrize(
    ("at", "rest"),
    [(0, 5), (1, 4), (2.5, 4.5), (9, 3)],
    ids=["begun", "on the way", "later than half", "overdue"],
)
def test_what_is_left_is_what_the_steps_ahead_usually_take(at: float, rest: float) -> None:
    ahead = (running(steps.CONTROL_PLANE, 0), Step(name=steps.NETWORK), Step(name=steps.WORKERS))

    assert usual.left(ahead, USUAL, START + minutes(at)) == minutes(rest)


def test_what_is_left_is_not_guessed_while_nobody_knows_a_step() -> None:
    ahead = (running(steps.CONTROL_PLANE, 0), Step(name=steps.STORAGE))

    assert usual.left(ahead, USUAL, START) is None


@pytest.mark.parametrize(("at", "slow"), [(12, False), (12.1, True)])
def test_a_step_is_slow_beyond_three_times_what_nine_of_ten_took(at: float, slow: bool) -> None:
    assert usual.is_slow(running(steps.CONTROL_PLANE, 0), USUAL, START + minutes(at)) is slow


def test_seconds_are_never_slow() -> None:
    quick = Usual({steps.CONTROL_PLANE: Span(timedelta(seconds=1), timedelta(seconds=2))})

    assert not usual.is_slow(running(steps.CONTROL_PLANE, 0), quick, START + minutes(1))
    assert usual.is_slow(running(steps.CONTROL_PLANE, 0), quick, START + minutes(1.1))


def test_what_is_done_or_not_known_is_never_slow() -> None:
    late = START + minutes(1000)

    assert not usual.is_slow(done(steps.WORKERS, 0, 500), USUAL, late)
    assert not usual.is_slow(running(steps.STORAGE, 0), USUAL, late)
