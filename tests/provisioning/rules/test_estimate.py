"""What a cluster would cost, for people to read."""

from __future__ import annotations

from typing import Any

from provisioning import estimate
from provisioning.estimate import Estimate
from provisioning.model import CatalogSpec, ClusterSpec
from tests import builders

PRICED = builders.catalog(prices={"currency": "EUR", "vcpu": "0.05", "cluster": "0.1"})


def spec(replicas: int = 2, **fields: Any) -> ClusterSpec:
    return builders.spec(**({"pools": [{"name": "md0", "flavor": "small", "replicas": replicas}]} | fields))


def of(was: ClusterSpec | None, becomes: ClusterSpec | None, catalog: CatalogSpec = PRICED) -> Estimate | None:
    return estimate.of(was, becomes, catalog)


def test_without_prices_there_is_no_estimate() -> None:
    assert of(None, spec(), builders.catalog()) is None
    assert of(None, spec(), builders.catalog(prices={"currency": "EUR"})) is None


def test_a_new_cluster_is_priced_by_the_hour_and_for_its_life_without_the_worker_more_for_updates() -> None:
    assert of(None, spec(lifetime="24h")) == Estimate("EUR", 0, 300_000, total=7_200_000, hours="24h")
    assert of(None, spec()) == Estimate("EUR", 0, 300_000)


def test_a_change_tells_both_and_the_hours_that_it_adds() -> None:
    assert of(spec(2, lifetime="24h"), spec(4, lifetime="24h")) == Estimate("EUR", 300_000, 500_000)
    longer = of(spec(2, lifetime="24h"), spec(2, lifetime="48h"))
    assert longer == Estimate("EUR", 300_000, 300_000, total=7_200_000, hours="24h")


def test_a_deletion_costs_nothing_any_more() -> None:
    assert of(spec(), None) == Estimate("EUR", 300_000, 0)


def test_what_comes_and_goes_costs_that_at_most() -> None:
    scaled = of(None, spec(pools=[{"name": "md0", "flavor": "small", "min": 0, "max": 2}]))
    sleeps = of(None, spec(hibernation={"schedules": [{"start": "0 20 * * *", "end": "0 7 * * *"}]}))

    assert scaled == sleeps == Estimate("EUR", 0, 300_000, bound=True)
