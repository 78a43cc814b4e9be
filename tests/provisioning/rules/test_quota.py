"""What clusters cost, and whether it fits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from provisioning import quota
from provisioning.model import Amounts, ClusterSpec
from provisioning.quota import Excess, Usage
from tests import builders

GI = 2**30
amounts = st.builds(Usage, *(st.integers(0, 2**40),) * 4)
pool_sizes = st.tuples(st.integers(0, 1000), st.sampled_from(["small", "large"]))


def pools(*sizes: tuple[int, str]) -> ClusterSpec:
    return builders.spec(
        pools=[{"name": f"p{n}", "flavor": flavor, "replicas": replicas} for n, (replicas, flavor) in enumerate(sizes)]
    )


def test_a_cluster_costs_itself_and_its_nodes_with_the_one_that_an_update_adds() -> None:
    assert quota.envelope(builders.spec(), builders.catalog()) == Usage(1, 3, 6000, 12 * GI)


def test_an_autoscaled_pool_costs_its_maximum() -> None:
    spec = builders.spec(pools=[{"name": "md0", "flavor": "large", "min": 1, "max": 4}])
    assert quota.envelope(spec, builders.catalog()) == Usage(1, 5, 40_000, 160 * GI)


def test_an_empty_pool_costs_nothing() -> None:
    assert quota.envelope(pools((0, "large")), builders.catalog()) == Usage(clusters=1)


def test_a_cluster_that_sleeps_costs_what_it_costs_awake() -> None:
    awake = quota.envelope(builders.spec(), builders.catalog())
    assert quota.envelope(builders.spec(hibernation={"enabled": True}), builders.catalog()) == awake


def test_the_pools_of_a_cluster_add_up() -> None:
    catalog = builders.catalog()
    both = quota.envelope(pools((2, "small"), (1, "large")), catalog)
    assert both == Usage(1, 3 + 2, 3 * 2000 + 2 * 8000, 3 * 4 * GI + 2 * 32 * GI)


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
    assert sum((quota.share(pool, catalog) for pool in spec.pools), Usage(1)) == quota.envelope(spec, catalog)


def test_what_is_not_bounded_is_no_limit() -> None:
    assert quota.limits(Amounts(vcpu=2)) == {"vcpu": 2000}
    assert quota.limits(Amounts(clusters=0, nodes=1, memory="1Gi")) == {"clusters": 0, "nodes": 1, "memory": GI}


def test_exactly_the_limit_fits_and_one_more_does_not() -> None:
    hard = {"clusters": 3}
    assert quota.excess(hard, Usage(clusters=2), Usage(clusters=1)) == ()
    assert quota.excess(hard, Usage(clusters=2), Usage(clusters=2)) == (Excess("clusters", 2, 2, 3),)


def test_what_does_not_rise_is_not_in_the_way_even_when_over_the_limit() -> None:
    hard = {"clusters": 1, "nodes": 5}
    over = Usage(clusters=4, nodes=5)
    assert quota.excess(hard, over, Usage(nodes=-2)) == ()
    assert [e.dimension for e in quota.excess(hard, over, Usage(nodes=1))] == ["nodes"]


def test_every_dimension_that_does_not_fit_is_named() -> None:
    hard = quota.limits(Amounts(clusters=1, nodes=1, vcpu=1, memory="1Gi"))
    found = quota.excess(hard, Usage(1, 1, 1000, GI), Usage(1, 1, 1, 1))
    assert tuple(e.dimension for e in found) == quota.DIMENSIONS


@given(amounts, amounts, amounts)
def test_an_excess_is_a_truth_about_the_numbers(limit: Usage, used: Usage, asked: Usage) -> None:
    hard = {dimension: limit[dimension] for dimension in quota.DIMENSIONS}
    for found in quota.excess(hard, used, asked):
        assert found.used + found.asked > found.hard
        assert found.free >= 0
    if (used + asked).within(limit):
        assert quota.excess(hard, used, asked) == ()


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
    assert quota.amounts(Usage(1, 2, 2500, 3 * GI)) == Amounts(clusters=1, nodes=2, vcpu=3, memory="3Gi")


@given(st.builds(Usage, *(st.integers(0, 2**90),) * 4))
def test_any_usage_can_be_published_and_read_back_no_smaller_than_can_be_shown(usage: Usage) -> None:
    published = Usage(**quota.limits(quota.amounts(usage)))
    most = Usage(100_000, 1_000_000, 10_000_000_000, 2**63 - 1)
    assert Usage(*(min(a, b) for a, b in zip(usage.row(), most.row(), strict=True))).within(published)


@pytest.mark.parametrize("memory", ["99999999999P", "-1", "1e3", "1Zi", "", "1Gi "])
def test_a_limit_or_size_that_cannot_be_counted_is_no_valid_object(memory: str) -> None:
    with pytest.raises(ValidationError):
        Amounts(memory=memory)
    flavors: list[dict[str, Any]] = [{"name": "small", "vcpu": 2, "memory": memory}]
    with pytest.raises(ValidationError):
        builders.catalog(flavors=flavors)
