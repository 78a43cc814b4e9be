"""Who may go when Slack takes no more: the weightier first, nobody for ever, nobody all at once."""

from __future__ import annotations

import itertools

import pytest

from bot.budgets import SPREAD_SECONDS, Bucket
from bot.weights import Weight, of_card
from provisioning.model import Surface
from provisioning.stage import Stage


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bucket(clock: Clock) -> Bucket:
    """Fifty a minute, ten at once: what Slack grants for redrawing cards."""
    return Bucket(50 / 60, burst=10, clock=clock)


def spent(it: Bucket, weight: Weight) -> int:
    """How many messages of this weight may go at once."""
    gone = 0
    while it.wait(weight) == 0:
        it.spend()
        gone += 1
    return gone


def test_what_weighs_less_leaves_room_for_what_weighs_more(clock: Clock) -> None:
    left = {weight: spent(bucket(clock), weight) for weight in Weight}

    assert list(left.values()) == sorted(left.values(), reverse=True)
    assert left[Weight.DECISION] == 10
    assert left[Weight.LEFTOVER] >= 1


def test_a_decision_goes_at_once_while_progress_takes_all_it_can_get(clock: Clock) -> None:
    it = bucket(clock)
    spent(it, Weight.PROGRESS)

    assert [it.wait(weight) == 0 for weight in Weight] == [True, True, True, False, False]


def test_over_a_minute_no_more_goes_than_slack_grants(clock: Clock) -> None:
    it, gone = bucket(clock), 0
    for _ in range(600):
        clock.now += 0.1
        gone += spent(it, Weight.DECISION)

    assert gone <= 10 + 50


def test_whoever_comes_back_at_their_turn_may_go(clock: Clock) -> None:
    it = bucket(clock)
    spent(it, Weight.PROGRESS)

    clock.now += it.wait(Weight.PROGRESS)

    assert it.wait(Weight.PROGRESS) == 0


def test_those_who_wait_come_back_one_after_the_other(clock: Clock) -> None:
    it = bucket(clock)
    spent(it, Weight.PROGRESS)

    turns = [it.wait(Weight.PROGRESS) for _ in range(5)]

    gaps = [after - before for before, after in itertools.pairwise(turns)]
    assert gaps == pytest.approx([60 / 50] * 4)


def test_whoever_asks_again_before_their_turn_keeps_it(clock: Clock) -> None:
    it = bucket(clock)
    spent(it, Weight.PROGRESS)
    first, second = it.wait(Weight.PROGRESS, "first"), it.wait(Weight.PROGRESS, "second")

    clock.now += 0.4

    assert it.wait(Weight.PROGRESS, "first") == pytest.approx(first - 0.4)
    assert it.wait(Weight.PROGRESS, "second") == pytest.approx(second - 0.4)
    assert it.wait(Weight.PROGRESS, "third") > second - 0.4


def test_nobody_is_sent_away_for_ever(clock: Clock) -> None:
    it = bucket(clock)
    spent(it, Weight.LEFTOVER)

    assert max(it.wait(Weight.LEFTOVER) for _ in range(3000)) <= SPREAD_SECONDS + 2


def test_a_closed_method_is_closed_to_decisions_too_and_a_shorter_word_does_not_open_it(clock: Clock) -> None:
    it = bucket(clock)
    it.close(30)
    it.close(5)

    assert it.wait(Weight.DECISION) == pytest.approx(30)
    clock.now += 30
    assert it.wait(Weight.DECISION) == 0


@pytest.mark.parametrize(
    ("surface", "stage", "old", "weight"),
    [
        (Surface.APPROVER, Stage.WAITING, False, Weight.DECISION),
        (Surface.APPROVER, Stage.BUILDING, False, Weight.DECISION),
        (Surface.REQUESTER, Stage.DENIED, False, Weight.DECISION),
        (Surface.REQUESTER, Stage.ACCEPTED, False, Weight.DECISION),
        (Surface.REQUESTER, Stage.STALLED, False, Weight.FAILURE),
        (Surface.REQUESTER, Stage.READY, False, Weight.READY),
        (Surface.REQUESTER, Stage.BUILDING, False, Weight.PROGRESS),
        (Surface.APPROVER, Stage.DENIED, True, Weight.LEFTOVER),
    ],
)
def test_decisions_weigh_more_than_failures_than_ready_than_progress(
    surface: Surface, stage: Stage, old: bool, weight: Weight
) -> None:
    assert of_card(surface, stage, old=old) is weight
