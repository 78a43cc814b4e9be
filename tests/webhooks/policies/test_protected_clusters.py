"""What may not be deleted while a cluster is protected, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import CLUSTERS, KAMAJI_CONTROL_PLANES, TENANT_CLUSTERS, TENANT_CONTROL_PLANES
from tests.webhooks.estate import NAMESPACE, WORLD, cluster, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.protected_clusters import POLICY
from webhooks.trusted import Trusted

PROTECTED = tweak(cluster(), "spec.deletionProtection", True)
PARTS = (CLUSTERS, KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES)


def check(resource: Any, old: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, None, old=old, **rest))


@pytest.mark.parametrize("user", ["ann", "root", Trusted().provisioner])
def test_a_protected_cluster_is_deleted_by_nobody_and_told_how_it_would_be(user: str) -> None:
    verdict = check(TENANT_CLUSTERS, PROTECTED, user=user, groups=["system:masters"])
    assert isinstance(verdict, Deny)
    assert verdict.reason == (
        "the cluster web is protected from deletion; first set its spec.deletionProtection to false"
    )


def test_without_protection_this_rule_has_nothing_to_say() -> None:
    assert check(TENANT_CLUSTERS, cluster()) == Allow()
    for part in PARTS:
        assert check(part, manifest(part, "web", {}), cluster()) == Allow()


@pytest.mark.parametrize("part", PARTS)
def test_what_a_protected_cluster_stands_on_is_not_deleted_from_under_it(part: Any) -> None:
    verdict = check(part, manifest(part, "web", {}), PROTECTED)
    assert isinstance(verdict, Deny)
    assert f"this {part.kind} is what the cluster web stands on" in verdict.reason


@pytest.mark.parametrize("part", PARTS)
def test_an_owner_reference_taken_away_before_helps_nobody(part: Any) -> None:
    assert "ownerReferences" not in manifest(part, "web", {})["metadata"]
    assert isinstance(check(part, manifest(part, "web", {}), PROTECTED), Deny)


@pytest.mark.parametrize("part", PARTS)
def test_others_are_not_protected_by_it(part: Any) -> None:
    assert check(part, manifest(part, "other", {}), PROTECTED) == Allow()
    assert check(part, manifest(part, "web", {}, namespace="tenant-red"), PROTECTED) == Allow()


def test_what_our_model_does_not_read_any_more_is_protected_as_it_says_and_goes_otherwise() -> None:
    unread = tweak(cluster(), "spec.pools", [])
    assert check(TENANT_CLUSTERS, unread) == Allow()
    assert check(CLUSTERS, manifest(CLUSTERS, "web", {}), unread) == Allow()
    assert isinstance(check(TENANT_CLUSTERS, tweak(unread, "spec.deletionProtection", True)), Deny)


def test_a_deletion_that_has_begun_goes_on_to_its_end() -> None:
    going = tweak(PROTECTED, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(TENANT_CLUSTERS, going) == Allow()
    assert check(CLUSTERS, manifest(CLUSTERS, "web", {}), going) == Allow()


def test_a_namespace_that_ends_takes_its_clusters_along() -> None:
    ending = tweak(NAMESPACE, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert World(ending).check(POLICY, request(TENANT_CLUSTERS, None, old=PROTECTED)) == Allow()
    part = request(CLUSTERS, None, old=manifest(CLUSTERS, "web", {}))
    assert World(ending, PROTECTED).check(POLICY, part) == Allow()
