"""Quotas, the catalog, classes, data stores and KubeVirt's other ways to machines are the platform's to write."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import CATALOGS, CLUSTER_CLASSES, DATA_STORES, TENANTS, Resource
from tests.webhooks.estate import CATALOG, TENANT, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.platform_only import CLASSES, MACHINERY, POLICY, SCALED, SUMMARIES, WIDE


def check(resource: Resource, new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(resource, new, **rest))


def test_nobody_gives_themselves_a_larger_quota() -> None:
    larger = tweak(TENANT, "spec.quota.hard.clusters", 99)
    verdict = check(TENANTS, larger, old=TENANT)
    assert isinstance(verdict, Deny)
    assert verdict.reason == "only the platform may change a Tenant, and ann is not of it"
    assert check(TENANTS, larger, old=TENANT, groups=("system:masters",)) == Allow()
    assert isinstance(check(TENANTS, None, old=TENANT), Deny)


def test_nobody_makes_a_flavor_smaller_than_its_machines() -> None:
    cheaper = tweak(CATALOG, "spec.flavors.1.vcpu", 1)
    assert isinstance(check(CATALOGS, cheaper, old=CATALOG), Deny)
    assert check(CATALOGS, tweak(CATALOG, "metadata.labels", {"a": "b"}), old=CATALOG) == Allow()


@pytest.mark.parametrize("resource", [*WIDE, *CLASSES, *MACHINERY], ids=lambda resource: str(resource.kind))
def test_what_would_make_machines_or_measure_them_is_not_for_people_of_a_tenant(resource: Resource) -> None:
    verdict = check(resource, manifest(resource, "x", {"a": 1}))
    assert isinstance(verdict, Deny)
    assert f"may make a {resource.kind}" in verdict.reason
    assert check(resource, manifest(resource, "x", {}), user="system:serviceaccount:kubevirt:operator") == Allow()


@pytest.mark.parametrize("account", ["addon-controller", "register-mgmt-cluster", "tenant-red-admin"])
def test_only_what_makes_something_of_profiles_does_so_among_sveltos_accounts(account: str) -> None:
    user = f"system:serviceaccount:projectsveltos:{account}"
    made = check(SUMMARIES, manifest(SUMMARIES, "x", {"a": 1}), user=user)
    assert isinstance(made, Allow if account == "addon-controller" else Deny)
    # All else is not for it: there are accounts by which Sveltos acts for tenants.
    others = [resource for resource in MACHINERY if resource != SUMMARIES]
    assert [r for r in others if not isinstance(check(r, manifest(r, "x", {"a": 1}), user=user), Deny)] == []


@pytest.mark.parametrize("resource", SCALED, ids=lambda resource: str(resource.kind))
def test_nor_is_scaling_them(resource: Resource) -> None:
    old, new = (manifest(resource, "x", {"replicas": number}) for number in (1, 9))
    assert isinstance(check(resource, new, old=old, subresource="scale"), Deny)


def test_elsewhere_classes_are_everybodys_and_data_stores_are_not() -> None:
    assert check(CLUSTER_CLASSES, manifest(CLUSTER_CLASSES, "x", {}, namespace="elsewhere")) == Allow()
    assert isinstance(check(DATA_STORES, manifest(DATA_STORES, "x", {})), Deny)
