"""Whose a namespace is, and who says so; and who writes ledgers."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.names import TENANT_LABEL
from provisioning.resources import CLUSTERS, NAMESPACES, TENANT_LEDGERS, TENANTS
from tests.webhooks.estate import NAMESPACE, TENANT, cluster, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies import ledger_writers
from webhooks.policies.tenant_namespaces import POLICY
from webhooks.policy import UPDATE, table
from webhooks.trusted import Trusted

PLATFORM = {"user": "root", "groups": ["system:masters"]}
BARE = manifest(NAMESPACES, "tenant-blue")
RED = tweak(tweak(TENANT, "metadata.name", "red"), "spec.namespaces", ["tenant-red"])


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*more).check(POLICY, request(resource, new, **rest))


@pytest.mark.parametrize("part", ["", "status", "finalize"])
@pytest.mark.parametrize(("new", "old"), [(NAMESPACE, None), (NAMESPACE, BARE), (BARE, NAMESPACE)])
def test_only_the_platform_says_whose_a_namespace_is_by_whatever_is_written(new: Any, old: Any, part: str) -> None:
    assert isinstance(check(NAMESPACES, new, old=old, subresource=part), Deny)
    assert check(NAMESPACES, new, old=old, subresource=part, **PLATFORM) == Allow()


def test_by_whatever_a_namespace_is_written_this_rule_is_asked() -> None:
    asked = {about[2] for about in table([POLICY]) if about[1] == NAMESPACES.plural and about[3] == UPDATE}
    assert asked == {"", "status", "finalize"}


@pytest.mark.parametrize("part", ["status", "finalize"])
def test_whoever_ends_a_namespace_leaves_the_label_as_it_is(part: str) -> None:
    ending = {**NAMESPACE, "spec": {"finalizers": []}, "status": {"phase": "Terminating"}}
    controller = "system:serviceaccount:kube-system:namespace-controller"
    assert check(NAMESPACES, ending, cluster(), old=NAMESPACE, subresource=part, user=controller) == Allow()


def test_the_platform_may_be_a_user_by_name() -> None:
    trusted = Trusted(platform_users=frozenset({"gitops"}), platform_groups=frozenset())
    asked = request(NAMESPACES, NAMESPACE, user="gitops")
    assert World().check(POLICY, asked, trusted=trusted) == Allow()


def test_other_labels_are_anybodys() -> None:
    assert check(NAMESPACES, tweak(NAMESPACE, "metadata.labels.x", "y"), old=NAMESPACE) == Allow()
    assert check(NAMESPACES, BARE) == Allow()


@pytest.mark.parametrize("name", ["kamaji-system", "velero"])
def test_what_is_trusted_by_its_name_is_made_by_whom_the_platform_trusts(name: str) -> None:
    new, trusted = manifest(NAMESPACES, name), Trusted(namespaces=frozenset({"velero"}))
    verdict = World().check(POLICY, request(NAMESPACES, new), trusted=trusted)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "metadata.name"
    for asked in (
        request(NAMESPACES, new, **PLATFORM),
        request(NAMESPACES, new, user="system:serviceaccount:capi-system:capi"),
        request(NAMESPACES, new, old=new),
    ):
        assert World().check(POLICY, asked, trusted=trusted) == Allow()


def test_nobody_moves_house_with_clusters_inside_not_even_the_platform() -> None:
    moved = tweak(NAMESPACE, "metadata.labels", {TENANT_LABEL: "red"})
    verdict = check(NAMESPACES, moved, cluster(), old=NAMESPACE, **PLATFORM)
    assert isinstance(verdict, Deny)
    assert "as long as it holds the cluster web" in verdict.reason
    assert check(NAMESPACES, moved, old=NAMESPACE, **PLATFORM) == Allow()


def test_a_namespace_is_not_deleted_from_under_its_clusters() -> None:
    held = [cluster(f"c{number}") for number in range(7)]
    verdict = check(NAMESPACES, None, *held, manifest(CLUSTERS, "c0", {}), old=NAMESPACE, **PLATFORM)
    assert isinstance(verdict, Deny)
    assert "the clusters c0, c1, c2, c3, c4 and 2 more" in verdict.reason
    assert "kubectl -n tenant-blue delete tenantcluster/c0 tenantcluster/c1" in verdict.reason
    assert check(NAMESPACES, None, old=NAMESPACE, **PLATFORM) == Allow()
    assert check(NAMESPACES, None, cluster(), old=BARE) == Allow()


def test_clusters_made_by_hand_hold_their_namespace_too() -> None:
    hand = manifest(CLUSTERS, "hand", {})
    verdict = check(NAMESPACES, None, cluster("web"), manifest(CLUSTERS, "web", {}), hand, old=NAMESPACE)
    assert isinstance(verdict, Deny)
    assert "kubectl -n tenant-blue delete tenantcluster/web cluster/hand, and the namespace when" in verdict.reason


def test_a_namespace_whose_clusters_are_going_is_to_be_waited_for() -> None:
    going = tweak(cluster("web"), "metadata.deletionTimestamp", "2026-08-03T12:00:00Z")
    verdict = check(NAMESPACES, None, going, old=NAMESPACE, **PLATFORM)
    assert isinstance(verdict, Deny)
    assert "they are being deleted; wait until they are gone" in verdict.reason


def test_a_namespace_has_one_tenant() -> None:
    both = tweak(RED, "spec.namespaces", ["tenant-red", "tenant-blue"])
    verdict = check(TENANTS, both, TENANT, **PLATFORM)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.namespaces[1]"
    assert "belongs to the tenant blue" in verdict.reason
    assert check(TENANTS, RED, TENANT, RED, **PLATFORM) == Allow()


def test_a_namespace_of_the_platform_is_nobodys() -> None:
    assert isinstance(check(TENANTS, tweak(RED, "spec.namespaces", ["kube-system"]), **PLATFORM), Deny)


def test_a_tenant_keeps_the_namespaces_that_hold_clusters() -> None:
    less = tweak(TENANT, "spec.namespaces", ["other"])
    assert isinstance(check(TENANTS, less, cluster(), old=TENANT), Deny)
    assert isinstance(check(TENANTS, None, cluster(), old=TENANT), Deny)
    assert check(TENANTS, less, old=TENANT) == Allow()
    assert check(TENANTS, tweak(TENANT, "spec.quota", {}), cluster(), old=TENANT) == Allow()


def test_ledgers_are_written_by_our_own_accounts_only() -> None:
    ledger = manifest(TENANT_LEDGERS, "blue", {"data": ""}, namespace="clusterdesk-system")
    ours = {Trusted().webhooks, Trusted().provisioner}
    for user in (*ours, Trusted().bot, "ann"):
        verdict = World().check(ledger_writers.POLICY, request(TENANT_LEDGERS, ledger, old=ledger, user=user))
        assert isinstance(verdict, Allow) is (user in ours)
