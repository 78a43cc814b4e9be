"""When time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import lifetime
from provisioning.model import ApprovalPolicy
from tests import builders
from tests.builders import MADE


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


def test_a_cluster_is_over_at_the_very_moment_its_lifetime_ends() -> None:
    spec = builders.spec(lifetime="2h")
    assert not lifetime.is_over(MADE, spec, now=MADE + timedelta(hours=2, microseconds=-1))
    assert lifetime.is_over(MADE, spec, now=MADE + timedelta(hours=2))


def test_a_cluster_without_a_lifetime_is_never_over() -> None:
    assert lifetime.ends_at(MADE, builders.spec()) is None
    assert not lifetime.is_over(MADE, builders.spec(), now=MADE + timedelta(days=36_500))


def test_a_request_waits_as_long_as_the_policy_says() -> None:
    assert lifetime.expires_at(MADE, ApprovalPolicy(expiry="36h")) == MADE + timedelta(hours=36)


@given(st.from_regex(r"\A([0-9]{1,5}(h|m|s|ms)){1,4}\Z"))
def test_every_duration_that_the_model_takes_can_be_added_to_a_date(text: str) -> None:
    assert MADE + lifetime.parse(text) >= MADE
