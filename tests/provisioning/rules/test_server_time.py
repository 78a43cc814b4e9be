"""The API server's time as its answers show it: never ahead, and not led astray by one answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from provisioning import errors
from provisioning.server_time import DOUBT_SECONDS, SLACK, ServerTime

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """An API server whose clock shows `START` plus `set_by`, and whoever asks it, `elapsed` seconds later."""

    def __init__(self) -> None:
        self.elapsed = 5_000.0
        self.set_by = timedelta()
        self.time = ServerTime(clock=lambda: self.elapsed)

    @property
    def there(self) -> datetime:
        return START + self.set_by + timedelta(seconds=self.elapsed)

    def answer(self, after: float = 0.0) -> None:
        """An answer that is `after` seconds on its way."""
        date = format_datetime(self.there, usegmt=True)
        self.elapsed += after
        self.time.heard(date)


def test_before_the_first_answer_nobody_knows() -> None:
    with pytest.raises(errors.Unavailable):
        World().time.now()


def test_it_goes_on_between_two_answers() -> None:
    world = World()
    world.answer()
    world.elapsed += 3600

    assert world.time.now() == world.there


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 15)), min_size=1, max_size=20))
def test_it_is_never_ahead_and_no_further_behind_than_the_best_answer(answers: list[tuple[float, float]]) -> None:
    world = World()
    for pause, after in answers:
        world.elapsed += pause
        world.answer(after)

    behind = world.there - world.time.now()
    fastest = timedelta(seconds=min(after for _, after in answers))
    # A Date is in whole seconds.
    assert timedelta(microseconds=-1000) <= behind <= fastest + timedelta(seconds=1, milliseconds=1)


def test_one_answer_from_hours_ahead_is_not_believed() -> None:
    world = World()
    world.answer()
    world.set_by = 3 * HOUR
    world.answer()
    world.set_by = timedelta()
    world.elapsed += 2 * DOUBT_SECONDS
    world.answer()
    world.set_by = 3 * HOUR
    world.answer()
    world.set_by = timedelta()

    assert world.time.now() <= world.there


def test_a_clock_that_was_set_ahead_is_believed_once_all_answers_have_said_so_for_a_while() -> None:
    world = World()
    world.answer()
    world.set_by = 3 * HOUR
    for _ in range(3):
        assert world.there - world.time.now() > 2 * HOUR
        world.answer()
        world.elapsed += DOUBT_SECONDS / 2
    world.answer()

    assert world.there - world.time.now() < SLACK


def test_a_clock_that_was_set_back_is_believed_at_once() -> None:
    world = World()
    world.answer()
    world.set_by = -3 * HOUR
    world.answer()

    assert world.time.now() <= world.there


def test_of_two_that_disagree_the_earlier_one_is_believed_and_one_line_is_logged() -> None:
    world = World()
    world.answer()
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            world.set_by = HOUR
            world.answer()
            world.set_by = timedelta()
            world.elapsed += DOUBT_SECONDS
            world.answer()

    assert [line["event"] for line in lines] == ["api_server_clock_ahead"]
    assert world.there - world.time.now() < SLACK


@pytest.mark.parametrize(
    "date",
    [
        "",
        "tomorrow",
        "2026-11-29T12:00:00Z",
        f"Sun, 29 Nov {10**20} 12:00:00 GMT",
        f"Sun, 29 Nov 2026 12:00:00 +{10**20}",
    ],
)
def test_what_is_no_date_says_nothing(date: str) -> None:
    world = World()
    world.answer()
    before = world.time.now()

    world.time.heard(date)

    assert world.time.now() == before
