"""What clusters cost, and whether it fits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from provisioning import prices, quota
from provisioning.model import Amounts, ClusterSpec
from provisioning.quota import Excess, Limits
from provisioning.usage import DIMENSIONS, Usage
from tests import builders

GI = 2**30
amounts = st.builds(Usage, *(st.integers(0, 2**40),) * len(DIMENSIONS))
pool_sizes = st.tuples(st.integers(0, 1000), st.sampled_from(["small", "large"]))


def pools(*sizes: tuple[int, str]) -> ClusterSpec:
    return builders.spec(
        pools=[{"name": f"p{n}", "flavor": flavor, "replicas": replicas} for n, (replicas, flavor) in enumerate(sizes)]
    )


def test_a_cluster_costs_itself_and_its_nodes_with_the_one_that_an_update_adds() -> None:
    assert quota.envelope(builders.spec(), builders.catalog()) == builders.envelope(nodes=3, vcpu=6000, memory=12 * GI)


def test_an_autoscaled_pool_costs_its_maximum() -> None:
    spec = builders.spec(pools=[{"name": "md0", "flavor": "large", "min": 1, "max": 4}])
    assert quota.envelope(spec, builders.catalog()) == builders.envelope(nodes=5, vcpu=40_000, memory=160 * GI)


def test_an_empty_pool_costs_nothing() -> None:
    assert quota.envelope(pools((0, "large")), builders.catalog()) == builders.envelope()


def test_a_cluster_that_sleeps_costs_what_it_costs_awake() -> None:
    awake = quota.envelope(builders.spec(), builders.catalog())
    assert quota.envelope(builders.spec(hibernation={"enabled": True}), builders.catalog()) == awake


def test_the_pools_of_a_cluster_add_up() -> None:
    catalog = builders.catalog()
    both = quota.envelope(pools((2, "small"), (1, "large")), catalog)
    assert both == builders.envelope(nodes=3 + 2, vcpu=3 * 2000 + 2 * 8000, memory=3 * 4 * GI + 2 * 32 * GI)


@given(st.lists(pool_sizes, min_size=1, max_size=5), st.integers(0, 4), st.integers(1, 50))
def test_a_cluster_with_more_nodes_never_costs_less(sizes: list[tuple[int, str]], at: int, more: int) -> None:
    at %= len(sizes)
    larger = [*sizes]
    larger[at] = (min(1000, sizes[at][0] + more), sizes[at][1])
    catalog = builders.catalog()
    assert quota.envelope(pools(*sizes), catalog).within(quota.envelope(pools(*larger), catalog))


@given(st.lists(pool_sizes, min_size=1, max_size=5))
def test_a_cluster_is_the_sum_of_its_pools_shares(sizes: list[tuple[int, str]]) -> None:
    spec, catalog = pools(*sizes), builders.catalog()
    assert sum((quota.share(pool, catalog) for pool in spec.pools), builders.envelope()) == quota.envelope(
        spec, catalog
    )


def test_what_is_not_bounded_is_no_limit() -> None:
    assert quota.limits(Amounts(vcpu=2)).bounds == {"vcpu": 2000}
    assert quota.limits(Amounts(clusters=0, nodes=1, memory="1Gi")).bounds == {"clusters": 0, "nodes": 1, "memory": GI}


def test_exactly_the_limit_fits_and_one_more_does_not() -> None:
    hard = Limits({"clusters": 3})
    assert hard.excess(Usage(clusters=2), Usage(clusters=1)) == ()
    assert hard.excess(Usage(clusters=2), Usage(clusters=2)) == (Excess("clusters", 2, 2, 3),)


def test_what_does_not_rise_is_not_in_the_way_even_when_over_the_limit() -> None:
    hard = Limits({"clusters": 1, "nodes": 5})
    over = Usage(clusters=4, nodes=5)
    assert hard.excess(over, Usage(nodes=-2)) == ()
    assert [e.dimension for e in hard.excess(over, Usage(nodes=1))] == ["nodes"]


def test_every_dimension_that_does_not_fit_is_named() -> None:
    one = Usage(1, 1, 1000, GI, GI, 1, 1, 1)
    hard = quota.limits(quota.amounts(one))
    found = hard.excess(one, Usage(1, 1, 1, 1, 1, 1, 1, 1))
    assert tuple(e.dimension for e in found) == DIMENSIONS


@given(amounts, amounts, amounts)
def test_an_excess_is_a_truth_about_the_numbers(limit: Usage, used: Usage, asked: Usage) -> None:
    hard = Limits({dimension: limit[dimension] for dimension in DIMENSIONS})
    for found in hard.excess(used, asked):
        assert found.used + found.asked > found.hard
        assert found.free >= 0
    if (used + asked).within(limit):
        assert hard.excess(used, asked) == ()


@given(amounts, amounts)
def test_usage_is_counted_like_numbers(one: Usage, other: Usage) -> None:
    assert one + other - other == one
    assert one.most(other) == other.most(one)
    assert one.within(one.most(other))
    assert (one - other).rises().within(one)
    assert one * 3 == one + one + one


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Excess("vcpu", 12_000, 16_000, 20_000), "vCPU: asks for 12, 4 of 20 free (16 used)"),
        (Excess("memory", 8 * GI, 2 * GI, 8 * GI), "memory: asks for 8Gi, 6Gi of 8Gi free (2Gi used)"),
        (Excess("clusters", 1, 3, 2), "clusters: asks for 1, 0 of 2 free (3 used)"),
    ],
)
def test_an_excess_is_told_with_its_numbers(found: Excess, text: str) -> None:
    assert quota.describe(found) == text


def test_usage_is_published_in_whole_processors_rounded_up() -> None:
    published = quota.amounts(Usage(1, 2, 2500, 3 * GI))
    assert (published.clusters, published.nodes, published.vcpu, published.memory) == (1, 2, 3, "3Gi")
    assert published.hourly_cost is None


@given(st.builds(Usage, *(st.integers(0, 2**90),) * len(DIMENSIONS)))
def test_any_usage_can_be_published_and_read_back_no_smaller_than_can_be_shown(usage: Usage) -> None:
    published = quota.usage(quota.amounts(usage))
    most = Usage(100_000, 1_000_000, 10_000_000_000, 2**63 - 1, 2**63 - 1, 1_000_000, 1_000_000, 1_000_000)
    assert Usage(*(min(a, b) for a, b in zip(usage.row(), most.row(), strict=True))).within(published)


def test_a_workers_disk_and_devices_are_counted_with_it() -> None:
    gpus = [{"device": "nvidia.com/A10", "count": 2}, {"device": "nvidia.com/T4"}]
    catalog = builders.catalog(flavors=[{"name": "small", "vcpu": 2, "memory": "4Gi", "disk": "50Gi", "gpus": gpus}])
    share = quota.share(builders.spec().pools[0], catalog)
    assert share == Usage(nodes=3, vcpu=6000, memory=12 * GI, storage=150 * GI, gpus=9)


PRICES = {"currency": "EUR", "cluster": "0.10", "vcpu": "0.012", "memoryGib": "0.0015"}


def test_a_bound_on_the_cost_is_kept_by_the_catalogs_prices() -> None:
    hard = quota.limits(Amounts(hourly_cost="0.50"), builders.catalog(prices=PRICES))
    cluster = Usage(clusters=1, vcpu=6000, memory=12 * GI)  # 0.10 + 0.072 + 0.018
    assert hard.excess(cluster, cluster) == ()
    (found,) = hard.excess(cluster * 2, cluster)
    assert quota.describe(found) == "cost per hour: asks for 0.19 EUR, 0.12 EUR of 0.50 EUR free (0.38 EUR used)"


def test_where_nothing_has_a_price_a_bound_on_the_cost_bounds_nothing() -> None:
    for catalog in (None, builders.catalog()):
        assert quota.limits(Amounts(hourly_cost="0"), catalog).hold(Usage(clusters=10**5))


def test_what_costs_no_more_is_let_in_however_dear_it_all_is() -> None:
    hard = quota.limits(Amounts(hourly_cost="0"), builders.catalog(prices=PRICES))
    assert hard.excess(Usage(clusters=3), Usage(nodes=5)) == ()  # nodes have no price


@given(amounts, amounts)
def test_a_cost_is_exact_to_a_millionth_and_never_rounded_down(one: Usage, other: Usage) -> None:
    of = prices.of(builders.catalog(prices=PRICES).prices).of
    assert of(one + other) <= of(one) + of(other) <= of(one + other) + 1
    assert of(one) * 1000 * 2**30 >= 100_000 * 1000 * 2**30 * one.clusters + 12_000 * 2**30 * one.vcpu + (
        1_500 * 1000 * one.memory
    )


@pytest.mark.parametrize(
    ("text", "micro", "shown"),
    [("12", 12_000_000, "12"), ("0.5", 500_000, "0.50"), ("0.000001", 1, "0.000001"), ("007.250", 7_250_000, "7.25")],
)
def test_money_is_read_and_shown_without_a_float(text: str, micro: int, shown: str) -> None:
    assert prices.parse(text) == micro
    assert prices.show(micro) == shown


@pytest.mark.parametrize("memory", ["99999999999P", "-1", "1e3", "1Zi", "", "1Gi "])
def test_a_limit_or_size_that_cannot_be_counted_is_no_valid_object(memory: str) -> None:
    with pytest.raises(ValidationError):
        Amounts(memory=memory)
    flavors: list[dict[str, Any]] = [{"name": "small", "vcpu": 2, "memory": memory}]
    with pytest.raises(ValidationError):
        builders.catalog(flavors=flavors)
