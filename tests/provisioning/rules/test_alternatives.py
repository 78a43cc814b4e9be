"""What would fit where a wish does not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioning import alternatives, quota
from provisioning.alternatives import Alternative
from provisioning.model import Amounts, ClusterSpec
from provisioning.usage import Usage
from tests import builders

CATALOG = builders.catalog(
    flavors=[
        {"name": "tiny", "vcpu": 1, "memory": "2Gi"},
        {"name": "small", "vcpu": 2, "memory": "4Gi"},
        {"name": "large", "vcpu": 8, "memory": "32Gi"},
    ]
)


def spec(flavor: str, replicas: int | None = None, *, beside: int = 0, **pool: Any) -> ClusterSpec:
    pools = [{"name": "md0", "flavor": flavor, **({"replicas": replicas} if replicas is not None else pool)}]
    pools += [{"name": "md1", "flavor": "tiny", "replicas": beside}] if beside else []
    return builders.spec(pools=pools)


def found(becomes: ClusterSpec, was: ClusterSpec | None = None, *, vcpu: int, used: int = 0) -> Alternative | None:
    """What would fit where a tenant may have so many vCPU and has some."""
    hard, has = quota.limits(Amounts(vcpu=vcpu)), Usage(vcpu=used * 1000)
    return alternatives.fitting(becomes, was, used=has, hard=hard, catalog=CATALOG, flavors=CATALOG.flavors)


def test_a_wish_that_fits_needs_no_other() -> None:
    assert found(spec("large", 3), vcpu=32) is None


def test_fewer_of_the_same_size_and_the_largest_size_that_fits_are_named() -> None:
    # One worker more counts, for updates.
    assert found(spec("large", 4), vcpu=32) == Alternative("large", fewer=3, smaller="small", many=4)
    assert found(spec("large", 4), vcpu=8) == Alternative("large", fewer=0, smaller="tiny", many=4)


def test_where_neither_helps_fewer_of_the_largest_smaller_size_are_named() -> None:
    assert found(spec("large", 9), vcpu=6) == Alternative("large", fewer=0, smaller="small", many=2)
    assert found(spec("large", 9), vcpu=3) == Alternative("large", fewer=0, smaller="tiny", many=2)


def test_where_nothing_would_help_nothing_is_named() -> None:
    assert found(spec("large", 4), vcpu=1) is None
    assert found(spec("tiny", 1), vcpu=1) is None


def test_an_autoscaled_pool_is_judged_by_its_most() -> None:
    assert found(spec("large", min=1, max=4), vcpu=32) == Alternative("large", fewer=3, smaller="small", many=4)


def test_of_a_change_only_what_grows_is_made_smaller() -> None:
    was, becomes = spec("small", 2, beside=2), spec("small", 9, beside=2)

    assert found(becomes, was, vcpu=15, used=9) == Alternative("small", fewer=5)


def test_whoever_wants_larger_workers_is_not_offered_those_they_have() -> None:
    was = spec("small", 2)

    assert found(spec("large", 2), was, vcpu=10, used=6) is None
    assert found(spec("large", 2), spec("tiny", 2), vcpu=12, used=3) == Alternative("large", smaller="small", many=2)


@given(replicas=st.integers(1, 40), vcpu=st.integers(0, 200), used=st.integers(0, 100))
def test_what_is_named_fits_and_one_more_does_not(replicas: int, vcpu: int, used: int) -> None:
    named = found(spec("large", replicas), vcpu=vcpu, used=used)

    if named is None:
        return
    hard, has = quota.limits(Amounts(vcpu=vcpu)), Usage(vcpu=used * 1000)

    def fits(flavor: str, number: int) -> bool:
        return not hard.excess(has, quota.envelope(spec(flavor, number), CATALOG))

    assert not fits("large", named.fewer + 1)
    assert not named.fewer or fits("large", named.fewer)
    assert not named.smaller or fits(named.smaller, named.many)
    assert named.many in (0, replicas) or not (named.fewer or fits(named.smaller, named.many + 1))


def shrunk(becomes: ClusterSpec) -> dict[str, str]:
    return alternatives.shrunk(becomes.pools, CATALOG.flavors, CATALOG)


def test_the_largest_workers_become_the_next_smaller_ones() -> None:
    assert shrunk(spec("large", 3, beside=2)) == {"md0": "small"}
    assert shrunk(spec("small", 3)) == {"md0": "tiny"}


def test_nothing_is_smaller_than_the_smallest_nor_than_what_is_not_on_offer_any_more() -> None:
    assert shrunk(spec("tiny", 3)) == {}
    assert shrunk(spec("gone", 3)) == {}
    assert alternatives.shrunk(spec("large", 3).pools, (), CATALOG) == {}
