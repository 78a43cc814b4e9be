"""Connections end after a while, each a little sooner or later than the others."""

from __future__ import annotations

import gc

from webhooks.connections import SPREAD, Turnover


class Connection:
    """Something with an identity, as a transport is."""


def test_a_connection_lasts_its_time_from_when_it_is_seen_first() -> None:
    turnover, connection = Turnover(60, chance=lambda: 0.5), Connection()
    assert [turnover.is_over(connection, now) for now in (1000, 1059, 1060, 1061)] == [False, False, True, True]


def test_those_that_were_made_together_end_one_after_the_other() -> None:
    chances = iter((0.0, 0.5, 1.0))
    turnover, made = Turnover(60, chance=lambda: next(chances)), [Connection() for _ in range(3)]
    assert [turnover.is_over(each, 0) for each in made] == [False, False, False]
    ended = [next(second for second in range(200) if turnover.is_over(each, second)) for each in made]
    assert ended == [60 * (1 - SPREAD), 60, 60 * (1 + SPREAD)]


def test_a_new_connection_begins_anew() -> None:
    turnover = Turnover(60)
    assert not turnover.is_over(Connection(), 0)
    assert not turnover.is_over(Connection(), 1000)


def test_what_was_a_connection_is_not_remembered() -> None:
    turnover = Turnover(60)
    for now in range(100):
        turnover.is_over(Connection(), now)
    gc.collect()
    assert len(turnover._ends) == 0
