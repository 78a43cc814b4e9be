"""What of that which was seen in a cluster is in the way of one version, and what nobody could see."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import hindrances
from provisioning.hindrances import Hindrances
from provisioning.model import DeprecatedApi, HoldingBudget, Precheck
from tests import builders

AT = "2026-08-03T11:40:00Z"
BUDGET = HoldingBudget(namespace="shop", name="web", expected=2, healthy=2, needed=2)


def api(removed: str) -> DeprecatedApi:
    return DeprecatedApi(group="storage.k8s.io", version="v1beta1", resource="volumes", removed_release=removed)


def found(
    after: str = "v1.36.0", *, seen: Precheck | None = None, status: dict[str, Any] | None = None, **spec: Any
) -> Hindrances:
    cluster = builders.cluster(**{"version": "v1.35.1", **spec})
    stands = cluster.it.status.model_validate({"version": "v1.35.1", **(status or {})})
    return hindrances.of(cluster.it.spec, stands.model_copy(update={"precheck": seen}), after)


@pytest.mark.parametrize(
    ("removed", "after", "runs", "is_hit"),
    [
        ("1.36", "v1.36.0", "v1.35.1", True),
        ("1.36", "v1.36.7", "v1.35.1", True),
        ("1.37", "v1.36.0", "v1.35.1", False),
        ("1.36", "v1.35.9", "v1.35.1", False),
        # It is there no more, so nobody uses it: the look is of before the last upgrade.
        ("1.35", "v1.36.0", "v1.35.1", False),
        ("1.100", "v1.36.0", "v1.35.1", False),
        # A control plane that has not arrived yet: what the steps between drop, counts.
        ("1.35", "v1.36.0", "v1.34.4", True),
        ("1.36", "v1.36.0", "1.35.1", True),
        ("1.36", "v1.36.0", "none that anybody knows", True),
    ],
)
def test_an_api_is_in_the_way_of_the_versions_that_drop_it(removed: str, after: str, runs: str, is_hit: bool) -> None:
    it = found(after, seen=Precheck(checked_at=AT, apis=(api(removed),)), status={"version": runs})

    assert it.apis == ((api(removed),) if is_hit else ())
    assert it.none is not is_hit


def test_budgets_hold_up_every_version_as_long_as_the_longest_drain_takes() -> None:
    pools = [
        {"name": "a", "flavor": "small", "replicas": 1, "drainTimeout": "90s"},
        {"name": "b", "flavor": "small", "replicas": 1, "drainTimeout": "15m"},
        {"name": "c", "flavor": "small", "replicas": 0, "drainTimeout": "4h"},
    ]
    it = found("v1.35.2", seen=Precheck(checked_at=AT, budgets=(BUDGET,), more_budgets=3), pools=pools)

    assert (it.budgets, it.more_budgets, it.waits, it.at) == ((BUDGET,), 3, "15m", AT)


def test_without_workers_there_is_nothing_to_hold() -> None:
    none = [{"name": "a", "flavor": "small", "replicas": 0}]
    it = found(seen=Precheck(checked_at=AT, budgets=(BUDGET,), more_budgets=3), pools=none)

    assert it == Hindrances(at=AT)
    assert it.none


@pytest.mark.parametrize(
    ("seen", "status", "unseen", "at"),
    [
        (None, {}, hindrances.NOT_YET, ""),
        (Precheck(unseen=("it is silent",)), {}, "it is silent", ""),
        (Precheck(checked_at=AT, unseen=("it is silent",)), {}, "it is silent", AT),
        (Precheck(checked_at=AT), {"asleepSince": AT}, hindrances.ASLEEP, AT),
        (None, {"asleepSince": AT}, hindrances.ASLEEP, ""),
    ],
)
def test_that_nobody_could_look_is_no_all_clear(
    seen: Precheck | None, status: dict[str, Any], unseen: str, at: str
) -> None:
    it = found(seen=seen, status=status)

    assert (it.unseen, it.at, it.none) == ((unseen,), at, False)


def test_what_was_seen_before_it_fell_asleep_is_still_told() -> None:
    it = found(seen=Precheck(checked_at=AT, budgets=(BUDGET,)), status={"asleepSince": AT})

    assert (it.budgets, it.unseen) == ((BUDGET,), (hindrances.ASLEEP,))
