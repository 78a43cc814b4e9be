"""What a TenantCluster may look like."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from tests.webhooks.estate import SPEC, WORLD, cluster, owned, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.cluster_shape import POLICY


def check(new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(TENANT_CLUSTERS, new, **rest))


def test_a_complete_cluster_of_what_is_on_offer_is_fine() -> None:
    assert check(cluster()) == Allow()


def test_every_problem_is_told_at_once_with_its_field() -> None:
    odd = tweak(tweak(cluster(), "spec.version", "v1.20.0"), "spec.pools.0.flavor", "huge")
    verdict = check(odd)
    assert isinstance(verdict, Deny)
    assert verdict.code == 422
    assert {c.field for c in verdict.causes} == {"spec.version", "spec.pools[0].flavor"}


@pytest.mark.parametrize(("path", "field"), [("version", "version"), ("addOns", "addOns"), ("network", "network")])
def test_what_the_defaults_would_have_filled_in_must_be_there(path: str, field: str) -> None:
    verdict = check(tweak(cluster(), f"spec.{path}", None))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == f"spec.{field}"
    assert "send it again" in verdict.reason


def test_what_was_stored_before_is_not_held_against_anybody() -> None:
    old = tweak(cluster(), "spec.pools.0.flavor", "retired")
    assert check(tweak(old, "metadata.labels", {"a": "b"}), old=old) == Allow()
    assert check(tweak(old, "spec.controlPlane.replicas", 3), old=old) == Allow()
    assert isinstance(check(tweak(old, "spec.pools.0.replicas", 3), old=old), Deny)


def test_what_is_wrong_with_what_was_there_is_not_told_as_if_it_was_new() -> None:
    assert check(cluster(), old=tweak(cluster(), "spec.ofYesterday", True)) == Allow()


def test_a_version_does_not_go_back() -> None:
    verdict = check(tweak(cluster(), "spec.version", "v1.33.4"), old=cluster())
    assert isinstance(verdict, Deny)
    assert "cannot go back" in verdict.reason


SEEN = {
    "checkedAt": "2026-08-03T11:40:00Z",
    "budgets": [{"namespace": "shop", "name": "web", "expected": 2, "healthy": 2, "needed": 2}],
    "apis": [{"version": "v1beta1", "resource": "widgets", "removedRelease": "1.34"}],
}
WARNED = (
    "PodDisruptionBudget shop/web never lets a Pod go: all its 2 Pods must stay",
    "a worker waits up to 5m for such Pods, which then go with it",
    "v1beta1 widgets, which is in use, is gone from Kubernetes 1.34 on",
    "the cluster was looked into 2026-08-03 11:40 UTC",
)


@pytest.mark.parametrize(
    ("path", "value", "status", "warned"),
    [
        ("spec.version", "v1.34.2", {"precheck": SEEN}, WARNED),
        ("spec.version", "v1.34.2", {"precheck": {"checkedAt": SEEN["checkedAt"]}}, ()),
        (
            "spec.version",
            "v1.34.2",
            None,
            ("nobody could look into the cluster: its API server has not been asked yet",),
        ),
        ("spec.controlPlane.replicas", 3, {"precheck": SEEN}, ()),
    ],
    ids=["something is in its way", "nothing is", "nobody has looked", "no upgrade"],
)
def test_who_upgrades_is_warned_of_what_it_runs_into(
    path: str, value: Any, status: Any, warned: tuple[str, ...]
) -> None:
    old = tweak(tweak(cluster(), "spec.version", "v1.33.4"), "status", status)
    assert check(tweak(old, path, value), old=old) == Allow(warned)


def test_an_upgrade_that_cannot_be_runs_into_nothing() -> None:
    old = tweak(tweak(cluster(), "spec.version", "v1.33.4"), "status", {"precheck": SEEN})
    verdict = check(tweak(old, "spec.version", "v1.36.0"), old=old)
    assert isinstance(verdict, Deny)
    assert verdict.warnings == ()


def test_a_pool_whose_machines_another_clusters_have_the_names_of_is_refused() -> None:
    there = tweak(cluster("blue-api"), "spec.pools.0.name", "md0")
    new = tweak(cluster("blue"), "spec.pools.0.name", "api-md0")
    verdict = World(*WORLD, there).check(POLICY, request(TENANT_CLUSTERS, new))
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["spec.pools[0].name"]
    assert "pool md0 of cluster blue-api" in verdict.reason


@pytest.mark.parametrize("spec", [None, {}, {"pools": "odd", "addOns": [{"chart": "x"}, "y"]}], ids=repr)
def test_a_neighbour_that_nobody_can_read_any_more_is_in_nobodys_way(spec: Any) -> None:
    odd = manifest(TENANT_CLUSTERS, "odd", spec)
    assert World(*WORLD, odd).check(POLICY, request(TENANT_CLUSTERS, cluster())) == Allow()


def test_a_namespace_without_a_tenant_has_no_clusters() -> None:
    assert isinstance(check(cluster(namespace="elsewhere", spec=SPEC)), Deny)


def test_the_name_of_a_cluster_made_by_hand_is_taken_until_that_goes() -> None:
    lab = manifest(CLUSTERS, "lab", {})
    taken = World(*WORLD, lab).check(POLICY, request(TENANT_CLUSTERS, cluster("lab")))
    assert isinstance(taken, Deny)
    assert "there is a Cluster lab in this namespace, made by hand; take another name" in str(taken)
    going = tweak(lab, "metadata.deletionTimestamp", "2026-08-03T09:00:00Z")
    ours = owned(manifest(CLUSTERS, "lab", {}), cluster("lab"))
    for free in (going, ours):
        assert World(*WORLD, free).check(POLICY, request(TENANT_CLUSTERS, cluster("lab"))) == Allow()
    # A change of one that is there already is not held up by it.
    there = cluster("lab")
    changed = tweak(there, "spec.controlPlane", {"replicas": 3})
    assert World(*WORLD, lab).check(POLICY, request(TENANT_CLUSTERS, changed, old=there)) == Allow()
