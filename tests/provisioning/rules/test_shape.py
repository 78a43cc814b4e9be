"""Every way in which a cluster can be wrong for this Catalog and Tenant, each at its field."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import shape
from provisioning.model import ClusterSpec
from tests import builders

SMALL = {"name": "md0", "flavor": "small", "replicas": 2}
OLD_FLAVOR = {"name": "old", "flavor": "retired", "replicas": 2}


def fields(
    spec: ClusterSpec, *, name: str = "web", old: ClusterSpec | None = None, catalog: Any = None, **tenant: Any
) -> list[str]:
    found = shape.problems(
        spec, name=name, catalog=catalog or builders.catalog(), tenant=builders.tenant(**tenant), old=old
    )
    assert all(cause.message for cause in found)
    return [cause.field for cause in found]


def test_a_plain_cluster_has_no_problem() -> None:
    assert fields(builders.spec()) == []


@pytest.mark.parametrize("name", ["7web", "Web", "web-", "we_b", "", "w.b", "\u00fcber", "web\n"])
def test_a_name_that_is_no_label_is_a_problem(name: str) -> None:
    assert fields(builders.spec(), name=name) == ["metadata.name"]


def test_a_name_too_long_for_what_is_named_after_it_is_a_problem() -> None:
    assert fields(builders.spec(), name="a" * 30) == []
    assert fields(builders.spec(), name="a" * 31) == ["metadata.name"]


def test_a_version_that_is_not_in_the_catalog_is_a_problem() -> None:
    assert fields(builders.spec(version="v1.30.0")) == ["spec.version"]


def test_a_version_that_the_tenant_may_not_have_is_a_problem() -> None:
    assert fields(builders.spec(version="v1.36.0"), versions=["v1.35.1"]) == ["spec.version"]


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        ("v1.34.4", "v1.35.1", []),
        ("v1.34.4", "v1.36.0", ["spec.version"]),
        ("v1.35.1", "v1.34.4", ["spec.version"]),
        ("v1.35.0", "v1.35.1", []),
        ("v1.35.9", "v1.35.1", ["spec.version"]),
        ("v1.30.0", "v1.30.0", []),
        (None, "v1.34.4", []),
    ],
)
def test_versions_go_up_one_minor_at_a_time(before: str | None, after: str, problems: list[str]) -> None:
    assert fields(builders.spec(version=after), old=builders.spec(version=before)) == problems


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("v1.34.4", "v1.36.0", "the next version on the way is v1.35.1"),
        ("v1.35.1", "v1.34.4", "is older than v1.35.1; a cluster cannot go back"),
        ("v1.32.0", "v1.36.0", "no way from v1.32.0 to v1.36.0; after v1.32.0 there may come nothing"),
    ],
)
def test_a_step_that_cannot_be_taken_is_answered_with_the_one_that_can(before: str, after: str, told: str) -> None:
    (cause,) = shape.problems(
        builders.spec(version=after),
        name="web",
        catalog=builders.catalog(),
        tenant=builders.tenant(),
        old=builders.spec(version=before),
    )
    assert told in cause.message


def test_a_step_that_the_catalog_does_not_foresee_is_a_problem() -> None:
    versions = [
        {**version, "upgradesFrom": ["v1.35.0"]} if version["version"] == "v1.35.1" else version
        for version in builders.CATALOG["spec"]["versions"]
    ]
    catalog = builders.catalog(versions=versions)
    to = builders.spec(version="v1.35.1")
    assert fields(to, catalog=catalog, old=builders.spec(version="v1.34.4")) == ["spec.version"]
    assert fields(to, catalog=catalog, old=builders.spec(version="v1.35.0")) == []
    assert fields(to, catalog=catalog) == []


def test_the_way_does_not_lead_over_versions_that_the_tenant_may_not_have() -> None:
    spec, old = builders.spec(version="v1.36.0"), builders.spec(version="v1.34.4")
    (cause,) = shape.problems(
        spec, name="web", catalog=builders.catalog(), tenant=builders.tenant(versions=["v1.36.0"]), old=old
    )
    assert "there is no way from v1.34.4 to v1.36.0" in cause.message


def test_every_pool_with_a_flavor_that_is_not_on_offer_is_named() -> None:
    spec = builders.spec(pools=[OLD_FLAVOR, SMALL, {**OLD_FLAVOR, "name": "older"}])
    assert fields(spec) == ["spec.pools[0].flavor", "spec.pools[2].flavor"]


def test_a_flavor_that_the_tenant_may_not_have_is_a_problem() -> None:
    assert fields(builders.spec(), flavors=["large"]) == ["spec.pools[0].flavor"]


def test_two_pools_of_one_name_are_a_problem() -> None:
    assert fields(builders.spec(pools=[SMALL, SMALL])) == ["spec.pools[1].name"]


def test_a_flavor_may_leave_the_catalog_while_it_is_used() -> None:
    old = builders.spec(pools=[OLD_FLAVOR, SMALL])
    assert fields(old, old=old) == []
    assert fields(builders.spec(pools=[{**OLD_FLAVOR, "replicas": 1}, SMALL]), old=old) == []
    assert fields(builders.spec(pools=[SMALL]), old=old) == []
    assert fields(builders.spec(pools=[{**SMALL, "name": "old"}, SMALL]), old=old) == []


@pytest.mark.parametrize(
    "pools",
    [
        [{**OLD_FLAVOR, "replicas": 3}, SMALL],
        [OLD_FLAVOR, {**SMALL, "replicas": 3}],
        [OLD_FLAVOR, SMALL, {**SMALL, "name": "more"}],
        [OLD_FLAVOR, {**SMALL, "flavor": "large"}],
    ],
)
def test_beside_a_flavor_that_cannot_be_measured_any_more_nothing_grows(pools: list[dict[str, Any]]) -> None:
    old = builders.spec(pools=[OLD_FLAVOR, SMALL])
    assert fields(builders.spec(pools=pools), old=old) == ["spec.pools[0].flavor"]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "v1.36.0"},
        {"pools": [{**OLD_FLAVOR, "labels": {"team": "blue"}}, SMALL]},
        {"pools": [{**OLD_FLAVOR, "taints": [{"key": "team", "effect": "NoSchedule"}]}, SMALL]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_takes_new_machines_of_a_flavor_that_is_gone_does_not_begin(change: dict[str, Any]) -> None:
    # Else the control plane would go ahead, with no way back, and no worker could follow.
    old = builders.spec(pools=[OLD_FLAVOR, SMALL])
    assert fields(builders.spec(**{"pools": [OLD_FLAVOR, SMALL], **change}), old=old) == ["spec.pools[0].flavor"]


def test_a_flavor_that_the_tenant_may_no_longer_have_can_still_be_measured_and_grow() -> None:
    old = builders.spec()
    spec = builders.spec(pools=[{**SMALL, "replicas": 3}])
    assert fields(spec, old=old, flavors=["large"]) == []
    assert fields(builders.spec(pools=[{**SMALL, "name": "new"}]), old=old, flavors=["large"]) == [
        "spec.pools[0].flavor"
    ]


def test_values_that_would_hold_up_everybody_elses_cluster_are_a_problem_unless_they_are_there() -> None:
    def with_values(length: int) -> ClusterSpec:
        return builders.spec(addOns=[{"name": "cilium", "values": {"note": "x" * length}}])

    large = with_values(shape.LONGEST_VALUES)
    assert fields(with_values(shape.LONGEST_VALUES - 100)) == []
    assert fields(large) == ["spec.addOns"]
    assert fields(large.model_copy(update={"deletion_protection": True}), old=large) == []


def test_an_add_on_that_is_not_on_offer_is_a_problem_unless_it_is_there() -> None:
    spec = builders.spec(addOns=[{"name": "cilium"}, {"name": "retired"}])
    assert fields(spec) == ["spec.addOns[1].name"]
    assert fields(spec, old=spec) == []


@pytest.mark.parametrize(
    ("lifetime", "longest", "problems"),
    [
        (None, None, []),
        (None, "72h", ["spec.lifetime"]),
        ("72h", "72h", []),
        ("4320m", "72h", []),
        ("72h1s", "72h", ["spec.lifetime"]),
        ("0h", None, ["spec.lifetime"]),
        ("0h0m", "72h", ["spec.lifetime"]),
    ],
)
def test_a_cluster_lives_no_longer_than_it_may(lifetime: str | None, longest: str | None, problems: list[str]) -> None:
    assert fields(builders.spec(lifetime=lifetime), lifetime={"longest": longest} if longest else {}) == problems


def test_a_lifetime_that_was_agreed_before_stays() -> None:
    old = builders.spec(lifetime="100h")
    assert fields(old, old=old, lifetime={"longest": "72h"}) == []


def test_a_schedule_that_cannot_be_is_a_problem_until_it_has_been_stored() -> None:
    spec = builders.spec(hibernation={"schedules": [{"start": "0 19 * * *", "end": "0 7 * * *", "timeZone": "Mars/X"}]})
    assert fields(spec) == ["spec.hibernation.schedules[0].timeZone"]
    assert fields(spec, old=spec) == []


@pytest.mark.parametrize(
    ("network", "problems"),
    [
        ({"pods": "10.1.0.0/16", "services": "10.2.0.0/16"}, []),
        ({"pods": "100.64.0.0/10", "services": "192.168.0.0/24"}, []),
        ({"pods": "10.0.0.0/8", "services": "10.95.0.0/16"}, ["spec.network.services"]),
        ({"pods": "10.1.0.0/33", "services": "10.2.0.0/16"}, ["spec.network.pods"]),
        ({"pods": "10.1.2.3/16", "services": "10.2.0.0/16"}, ["spec.network.pods"]),
        ({"pods": "10.300.0.0/16", "services": "10.2.0.0/16"}, ["spec.network.pods"]),
        ({"pods": "10.1.0.0/16", "services": "...../16"}, ["spec.network.services"]),
        ({"pods": "10.1.0.0/26", "services": "10.2.0.0/16"}, ["spec.network.pods"]),
        ({"pods": "10.1.0.0/16", "services": "11.0.0.0/8"}, ["spec.network.services"]),
        ({"pods": "10.1.0.0/16", "services": "10.2.0.0/29"}, ["spec.network.services"]),
        ({"pods": "127.0.0.0/16", "services": "10.2.0.0/16"}, ["spec.network.pods"]),
        ({"pods": "224.0.0.0/16", "services": "169.254.0.0/24"}, ["spec.network.pods", "spec.network.services"]),
        ({"pods": "0.0.0.0/8"}, ["spec.network.pods"]),
        ({"pods": "240.0.0.0/8"}, ["spec.network.pods"]),
    ],
)
def test_ranges_are_real_large_enough_and_apart(network: dict[str, str], problems: list[str]) -> None:
    assert fields(builders.spec(network=network)) == problems


def test_no_range_overlaps_those_of_the_management_cluster() -> None:
    catalog = builders.catalog(network={"reserved": ["172.16.0.0/12", "10.0.0.0/24", "10.300.0.0/16"]})
    inside = builders.spec(network={"pods": "172.20.0.0/16", "services": "10.0.0.0/16"})
    assert fields(inside, catalog=catalog) == ["spec.network.pods", "spec.network.services"]
    (cause, _) = shape.problems(inside, name="web", catalog=catalog, tenant=builders.tenant())
    assert cause.message == (
        "172.20.0.0/16 overlaps 172.16.0.0/12, which is for the management cluster; take another range"
    )
    beside = builders.spec(network={"pods": "172.32.0.0/16", "services": "10.0.1.0/24"})
    assert fields(beside, catalog=catalog) == []


@given(
    pods=st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 24)),
    reserved=st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)),
)
def test_a_range_is_taken_only_when_no_address_of_it_is_the_management_clusters(
    pods: tuple[int, int], reserved: tuple[int, int]
) -> None:
    wanted, kept = (ipaddress.IPv4Network(one, strict=False) for one in (pods, reserved))
    catalog = builders.catalog(network={"reserved": [str(kept)]})
    spec = builders.spec(network={"pods": str(wanted)})
    found = shape.problems(spec, name="web", catalog=catalog, tenant=builders.tenant())
    shared = wanted[0] in kept or kept[0] in wanted
    assert any("the management cluster" in c.message for c in found if c.field == "spec.network.pods") is shared


def test_the_ranges_of_a_cluster_never_change() -> None:
    assert fields(builders.spec(network={"pods": "10.1.0.0/16", "services": "10.95.0.0/16"}), old=builders.spec()) == [
        "spec.network"
    ]
    assert fields(builders.spec(network={}), old=builders.spec()) == ["spec.network"]


def test_ranges_that_nobody_had_set_may_be_set() -> None:
    assert fields(builders.spec(), old=builders.spec(network=None)) == []


def test_all_problems_are_told_at_once() -> None:
    spec = builders.spec(
        version="v9.0.0", pools=[OLD_FLAVOR], addOns=[{"name": "nope"}], lifetime="99h", network={"pods": "./1"}
    )
    assert fields(spec, name="9", lifetime={"longest": "1h"}) == [
        "metadata.name",
        "spec.version",
        "spec.pools[0].flavor",
        "spec.addOns[0].name",
        "spec.lifetime",
        "spec.network.pods",
    ]
