"""What people read about the end of a cluster's life, and that each thing is told once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from provisioning import expiry, lifetime
from provisioning.expiry import Notice
from provisioning.model import LifetimePolicy
from tests import builders
from tests.builders import MADE

HOUR = timedelta(hours=1)
SLEEPY = LifetimePolicy(longest="168h", warnings=("1h", "10m"), hibernation="48h")


def told(after: timedelta, policy: LifetimePolicy | None = SLEEPY, **fields: Any) -> Notice:
    ladder = lifetime.ladder(MADE, builders.spec(**{"lifetime": "24h", **fields}), policy)
    assert ladder is not None
    return expiry.notice(ladder, MADE + after)


def test_long_before_its_end_nothing_is_near_and_the_moments_are_told() -> None:
    assert told(HOUR) == Notice(
        expiring=False,
        reason="NotYet",
        message="its lifetime is over at 2026-08-04T09:00:00Z, then it sleeps until it is deleted at "
        "2026-08-06T09:00:00Z; "
        "to keep it, raise spec.lifetime, which counts from when it was made: 24h now, 168h at most",
    )


def test_a_warning_says_how_much_is_left_and_how_to_extend_it() -> None:
    near = told(23 * HOUR)
    assert (near.expiring, near.reason) == (True, "EndsSoon")
    assert near.message.startswith("less than 1h left: its lifetime is over at 2026-08-04T09:00:00Z")
    assert near.message.endswith("raise spec.lifetime, which counts from when it was made: 24h now, 168h at most")


def test_after_its_end_the_deletion_is_told_and_warned_of() -> None:
    assert (told(24 * HOUR).expiring, told(24 * HOUR).reason) == (True, "Over")
    assert told(24 * HOUR).message == (
        "its lifetime was over at 2026-08-04T09:00:00Z, and it is deleted at 2026-08-06T09:00:00Z; "
        "to wake and keep it, raise spec.lifetime, which counts from when it was made: 24h now, 168h at most"
    )
    near = told(71 * HOUR)
    assert near.reason == "DeletedSoon"
    assert near.message.startswith("less than 1h left: ")


@pytest.mark.parametrize(
    ("policy", "fields", "words"),
    [
        (
            LifetimePolicy(),
            {},
            "then it is deleted; to keep it, raise spec.lifetime, which counts from when it was made: 24h now",
        ),
        (LifetimePolicy(longest="24h"), {}, "cannot be extended: 24h is the most"),
        (LifetimePolicy(), {"deletionProtection": True}, "then it sleeps, and is not deleted as long as spec.deletion"),
        (None, {}, "then it sleeps; to keep it"),
    ],
)
def test_what_comes_then_is_as_the_tenant_and_the_cluster_have_it(
    policy: LifetimePolicy | None, fields: dict[str, Any], words: str
) -> None:
    assert words in told(HOUR, policy, **fields).message


def test_a_protected_cluster_that_sleeps_is_told_what_keeps_it() -> None:
    found = told(1000 * HOUR, deletionProtection=True)
    assert (found.expiring, found.reason) == (True, "Over")
    assert "is not deleted as long as spec.deletionProtection is set" in found.message


def test_between_two_moments_of_the_ladder_always_the_same_is_told() -> None:
    messages = [told(timedelta(minutes=minute)).message for minute in range(72 * 60)]
    changes = [minute for minute, (one, other) in enumerate(pairwise(messages), 1) if one != other]
    assert changes == [23 * 60, 24 * 60 - 10, 24 * 60, 71 * 60, 72 * 60 - 10]
