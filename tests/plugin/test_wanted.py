"""What the commands make of a cluster's spec. Values in, values out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin import finding
from plugin.commands import create, scale, wake
from plugin.errors import NotDone
from plugin.wishes import laid_over
from provisioning.errors import Invalid
from provisioning.model import LifetimePolicy, NodePool
from tests import builders
from tests.builders import MADE, NOW

FIXED = NodePool(name="md0", flavor="small", replicas=2, labels={"team": "shop"})
AUTOSCALED = NodePool(name="md0", flavor="small", min=1, max=4)


@pytest.mark.parametrize(
    ("pool", "said", "becomes"),
    [
        (FIXED, {"replicas": 5}, (5, None, None)),
        (FIXED, {"least": 1, "most": 3}, (None, 1, 3)),
        (AUTOSCALED, {"most": 9}, (None, 1, 9)),
        (AUTOSCALED, {"least": 0}, (None, 0, 4)),
        (AUTOSCALED, {"replicas": 0}, (0, None, None)),
    ],
)
def test_a_pool_takes_the_numbers_that_are_said_and_keeps_the_rest(
    pool: NodePool, said: dict[str, int], becomes: tuple[int | None, ...]
) -> None:
    after = scale.sized(pool, **{"replicas": None, "least": None, "most": None, **said})
    assert (after.replicas, after.min, after.max) == becomes
    assert after.labels == pool.labels


@pytest.mark.parametrize(
    ("pool", "said", "told"),
    [
        (FIXED, {}, "say how many workers"),
        (FIXED, {"most": 3}, "md0 is not autoscaled so far: say both --min and --max"),
        (AUTOSCALED, {"least": 5}, "--min must not be above --max, and 5 is above 4"),
        (FIXED, {"replicas": 2, "least": 1}, "say either --replicas, or --min and --max"),
    ],
)
def test_numbers_that_do_not_go_together_are_told(pool: NodePool, said: dict[str, int], told: str) -> None:
    with pytest.raises(NotDone, match=told):
        scale.sized(pool, **{"replicas": None, "least": None, "most": None, **said})


def test_of_several_pools_one_has_to_be_named() -> None:
    both = builders.spec(pools=[FIXED.wire(), {"name": "gpu", "flavor": "large", "replicas": 1}])
    assert finding.pool(both, "gpu").name == "gpu"
    with pytest.raises(NotDone, match="there are several pools; say which one with --pool: md0, gpu"):
        finding.pool(both, "")
    with pytest.raises(NotDone, match="there is no pool cpu; there is md0, gpu"):
        finding.pool(both, "cpu")
    assert finding.pool(builders.spec(), "").name == "md0"


def test_flags_make_a_spec_and_what_is_left_out_is_left_to_the_desk() -> None:
    plain = create.of_flags("workers", "small", (None, None, None))
    assert plain.wire() == {"pools": [{"name": "workers", "flavor": "small", "replicas": 1}]}
    grown = create.of_flags("web", "large", (None, 1, 3), version="v1.35.1", lifetime="24h", add_ons=["cert-manager"])
    assert grown.wire() == {
        "version": "v1.35.1",
        "pools": [{"name": "web", "flavor": "large", "min": 1, "max": 3}],
        "addOns": [{"name": "cert-manager"}],
        "lifetime": "24h",
    }
    with pytest.raises(Invalid, match=r"spec\.lifetime"):
        create.of_flags("workers", "small", (1, None, None), lifetime="two days")


def woken(hours: int | None = None, *, lifetime: str | None = None, **hibernation: Any) -> dict[str, Any]:
    cluster = builders.cluster(lifetime=lifetime, hibernation=hibernation)
    awake_for = timedelta(hours=hours) if hours else None
    return wake.woken(cluster, LifetimePolicy(hibernation="48h"), awake_for, now=NOW).hibernation.wire()


SCHEDULE = {"start": "0 8 * * *", "end": "0 20 * * *"}
"""Asleep at `NOW`, which is noon."""


def test_what_was_put_to_sleep_by_hand_wakes() -> None:
    assert woken(enabled=True) == {}


def test_what_sleeps_by_its_schedule_wakes_for_a_while() -> None:
    assert woken(3, schedules=[SCHEDULE]) == {"schedules": [SCHEDULE], "awakeUntil": "2026-08-03T15:00:00Z"}
    with pytest.raises(NotDone, match=r"it sleeps by its schedule .*; say for how long .* --for 2h"):
        woken(schedules=[SCHEDULE], enabled=True)


def test_tonight_skips_the_sleep_that_is_on_and_needs_a_schedule() -> None:
    sleeper = builders.cluster(hibernation={"schedules": [SCHEDULE]})
    assert wake.sleepless(sleeper, now=NOW).hibernation.awake_until == "2026-08-03T20:00:00Z"
    with pytest.raises(NotDone, match="web has no schedule that would put it to sleep"):
        wake.sleepless(builders.cluster(), now=NOW)


def test_a_while_without_a_schedule_would_last_for_ever_and_is_refused() -> None:
    with pytest.raises(NotDone, match="web has no schedule, and nothing would put it to sleep afterwards"):
        woken(3, enabled=True)


def test_what_sleeps_because_its_time_is_over_has_to_be_extended() -> None:
    with pytest.raises(NotDone, match=r"its lifetime was over .* kubectl clusterdesk extend web 24h"):
        woken(lifetime="1h")
    assert MADE < NOW


def test_only_what_differs_is_written_and_the_rest_stays_word_for_word() -> None:
    written = {"version": "v1.35.1", "controlPlane": {"replicas": 2}, "pools": [FIXED.wire()], "lifetime": "24h"}
    before = builders.spec(**{**dict.fromkeys(builders.CLUSTER["spec"]), **written})
    after = before.model_copy(update={"version": "v1.36.0", "lifetime": None})
    assert laid_over(written, before, after) == {
        "version": "v1.36.0",
        "controlPlane": {"replicas": 2},
        "pools": [FIXED.wire()],
    }
