"""Connections end after a while, each a little sooner or later than the others."""

from __future__ import annotations

from webhooks.connections import KEPT, SPREAD, Turnover


def test_a_connection_lasts_its_time_from_when_it_is_seen_first() -> None:
    turnover = Turnover(60, chance=lambda: 0.5)
    assert [turnover.is_over("one", now) for now in (1000, 1059, 1060)] == [False, False, True]


def test_those_that_were_made_together_end_one_after_the_other() -> None:
    chances = iter((0.0, 0.5, 1.0))
    turnover, made = Turnover(60, chance=lambda: next(chances)), range(3)
    assert [turnover.is_over(each, 0) for each in made] == [False, False, False]
    ended = [next(second for second in range(200) if turnover.is_over(each, second)) for each in made]
    assert ended == [60 * (1 - SPREAD), 60, 60 * (1 + SPREAD)]


def test_another_that_comes_by_the_same_name_begins_anew() -> None:
    turnover = Turnover(60, chance=lambda: 0.5)
    assert [turnover.is_over("one", now) for now in (0, 60, 61, 120, 121)] == [False, True, False, False, True]


def test_those_that_were_let_go_of_by_others_are_forgotten_in_the_end() -> None:
    turnover = Turnover(60)
    for name in range(2 * KEPT):
        turnover.is_over(name, 0)
    assert len(turnover._ends) == KEPT
