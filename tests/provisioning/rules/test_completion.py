"""What is left out is filled in, what is written stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioning.completion import complete, recommended
from provisioning.model import CatalogSpec, ClusterSpec, TenantSpec
from tests import builders

POOLS = [{"name": "md0", "flavor": "small", "replicas": 1}]
CATALOG, TENANT = builders.catalog(), builders.tenant(lifetime={"default": "72h"})


def bare(**fields: Any) -> ClusterSpec:
    return ClusterSpec.model_validate({"pools": POOLS, **fields})


def completed(spec: ClusterSpec, catalog: CatalogSpec = CATALOG, tenant: TenantSpec = TENANT) -> ClusterSpec:
    return complete(spec, catalog=catalog, tenant=tenant)


def test_version_add_ons_network_and_lifetime_are_filled_in() -> None:
    done = completed(bare())
    assert done.version == "v1.35.1"
    assert [a.name for a in done.add_ons] == ["cilium"]
    assert (done.network.pods, done.network.services) == ("10.243.0.0/16", "10.95.0.0/16")
    assert done.lifetime == "72h"


def test_what_somebody_wrote_is_never_changed() -> None:
    written = bare(
        version="v1.34.4",
        addOns=[{"name": "cert-manager"}, {"name": "cilium", "values": {"debug": True}}],
        network={"pods": "10.1.0.0/16", "services": "10.2.0.0/16"},
        lifetime="1h",
    )
    assert completed(written) == written


def test_missing_default_add_ons_come_after_what_is_written() -> None:
    done = completed(bare(addOns=[{"name": "cert-manager"}]))
    assert [a.name for a in done.add_ons] == ["cert-manager", "cilium"]


def test_one_range_of_two_is_filled_in_alone() -> None:
    assert completed(bare(network={"pods": "10.1.0.0/16"})).network.services == "10.95.0.0/16"


def test_a_tenant_without_a_default_lifetime_gets_none() -> None:
    assert completed(bare(), tenant=builders.tenant()).lifetime is None


def test_the_recommended_version_is_one_that_the_tenant_may_have() -> None:
    assert recommended(CATALOG, builders.tenant(versions=["v1.34.4"])) == "v1.34.4"
    assert recommended(CATALOG, builders.tenant(versions=["v1.36.0", "v1.34.4"])) == "v1.36.0"
    assert recommended(CATALOG, builders.tenant(versions=["v1.35.1", "v1.34.4"])) == "v1.35.1"


def test_a_tenant_whose_versions_have_all_gone_is_told_so_by_the_shape_later() -> None:
    assert recommended(CATALOG, builders.tenant(versions=["v1.20.0"])) == "v1.35.1"


specs = st.fixed_dictionaries(
    {"pools": st.just(POOLS)},
    optional={
        "version": st.sampled_from(["v1.34.4", "v1.36.0"]),
        "addOns": st.lists(st.sampled_from(["cilium", "cert-manager", "other"]), unique=True).map(
            lambda names: [{"name": name} for name in names]
        ),
        "network": st.sampled_from([{}, {"pods": "10.1.0.0/16"}, {"services": "10.2.0.0/16"}]),
        "lifetime": st.sampled_from(["1h", "30m"]),
    },
)


@given(specs)
def test_completing_twice_is_completing_once(wire: dict[str, Any]) -> None:
    once = completed(ClusterSpec.model_validate(wire))
    assert completed(once) == once
