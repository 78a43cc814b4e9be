"""When time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import lifetime
from provisioning.lifetime import Ladder
from provisioning.model import ApprovalPolicy, LifetimePolicy
from tests import builders
from tests.builders import MADE

SLEEPY = LifetimePolicy(warnings=("2h", "10m"), hibernation="48h")


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("24h", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("90s", timedelta(seconds=90)),
        ("1500ms", timedelta(seconds=1.5)),
        ("0s", timedelta()),
        ("99999h", timedelta(hours=99_999)),
    ],
)
def test_durations_are_read_as_go_writes_them(text: str, long: timedelta) -> None:
    assert lifetime.parse(text) == long


@pytest.mark.parametrize(
    ("word", "long"),
    [
        ("24h", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("3d", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("1W2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("99999h", timedelta(hours=99_999)),
        *(
            (word, None)
            for word in ("", "0h", "3", "h", "-1h", "1.5h", "30m1h", "1h 30m", "100000h", "999w", "\u0663h")
        ),
    ],
)
def test_people_type_durations_alike_at_both_doors(word: str, long: timedelta | None) -> None:
    assert lifetime.typed(word) == long


@given(st.integers(1, 99_999 * 60))
def test_what_is_spelt_can_be_typed(minutes: int) -> None:
    assert lifetime.typed(lifetime.spell(timedelta(minutes=minutes))) == timedelta(minutes=minutes)


def rungs(policy: LifetimePolicy | None = SLEEPY, **fields: Any) -> Ladder:
    found = lifetime.ladder(MADE, builders.spec(**{"lifetime": "4h", **fields}), policy)
    assert found is not None
    return found


def test_a_cluster_is_over_at_the_very_moment_its_lifetime_ends() -> None:
    assert not rungs().is_over(MADE + timedelta(hours=4, microseconds=-1))
    assert rungs().is_over(MADE + timedelta(hours=4))


def test_a_cluster_without_a_lifetime_has_no_end() -> None:
    assert lifetime.ends_at(MADE, builders.spec()) is None
    assert lifetime.ladder(MADE, builders.spec(), SLEEPY) is None


def test_between_its_end_and_its_deletion_it_sleeps_as_long_as_its_tenant_has_it_so() -> None:
    assert rungs().sleeps
    assert not rungs().is_due(MADE + timedelta(hours=52, microseconds=-1))
    assert rungs().is_due(MADE + timedelta(hours=52))


@pytest.mark.parametrize("hibernation", [None, "0h"])
def test_where_there_is_no_sleep_it_is_deleted_at_its_end(hibernation: str | None) -> None:
    assert not rungs(LifetimePolicy(hibernation=hibernation)).sleeps
    assert rungs(LifetimePolicy(hibernation=hibernation)).is_due(MADE + timedelta(hours=4))


@pytest.mark.parametrize("hibernation", [None, "48h"])
def test_a_protected_cluster_sleeps_and_is_never_due(hibernation: str | None) -> None:
    found = rungs(LifetimePolicy(hibernation=hibernation), deletionProtection=True)
    assert found.sleeps
    assert not found.is_due(MADE + timedelta(days=36_500))


def test_what_no_tenant_has_anything_to_say_of_is_not_deleted() -> None:
    assert not rungs(None).is_due(MADE + timedelta(days=36_500))


@pytest.mark.parametrize(
    ("after", "warning"),
    [
        (timedelta(), None),
        (timedelta(hours=2, seconds=-1), None),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(hours=3, minutes=50), timedelta(minutes=10)),
        # From its end on it is the deletion that comes.
        (timedelta(hours=4), None),
        (timedelta(hours=50), timedelta(hours=2)),
        (timedelta(hours=51, minutes=55), timedelta(minutes=10)),
        (timedelta(hours=52), None),
    ],
)
def test_the_shortest_warning_that_holds_is_the_one_that_counts(after: timedelta, warning: timedelta | None) -> None:
    assert rungs().warned_by(MADE + after) == warning


def test_each_warning_and_each_rung_is_a_moment_to_look_again() -> None:
    now, seen = MADE, []
    while (coming := rungs().changes_at(now)) is not None:
        seen.append(coming - MADE)
        now = coming
    assert seen == [
        timedelta(hours=2),
        timedelta(hours=3, minutes=50),
        timedelta(hours=4),
        timedelta(hours=50),
        timedelta(hours=51, minutes=50),
        timedelta(hours=52),
    ]


def test_a_request_waits_as_long_as_the_policy_says() -> None:
    assert lifetime.expires_at(MADE, ApprovalPolicy(expiry="36h")) == MADE + timedelta(hours=36)


@given(st.from_regex(r"\A([0-9]{1,5}(h|m|s|ms)){1,4}\Z"))
def test_every_duration_that_the_model_takes_can_be_added_to_a_date(text: str) -> None:
    assert MADE + lifetime.parse(text) >= MADE


@given(st.integers(0, 10**8))
def test_what_is_spelt_is_read_as_the_same_time(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert lifetime.parse(lifetime.spell(span)) == span


def test_a_longer_life_counts_from_its_end_or_from_now_when_that_is_over() -> None:
    day = timedelta(days=1)
    assert lifetime.prolonged(MADE, "48h", day, now=MADE + day) == "72h"
    assert lifetime.prolonged(MADE, "1h30m", timedelta(minutes=45), now=MADE) == "2h15m"
    late = MADE + timedelta(hours=50, seconds=1)
    assert lifetime.prolonged(MADE, "48h", day, now=late) == "74h1m", "never less than was asked for"
