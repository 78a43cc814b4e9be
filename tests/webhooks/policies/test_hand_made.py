"""Where nothing may be made by hand, only TenantClusters grow."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.names import machine_deployment
from provisioning.resources import (
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    TENANT_CLUSTERS,
    TENANTS,
    VIRTUAL_MACHINES,
)
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, cluster, deployment, owned, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies import POLICIES
from webhooks.policies.hand_made import OPEN, POLICY
from webhooks.policy import about, table

MACHINE = "virtualMachineTemplate"
OFF = tweak(TENANT, "spec.handMade", {"allowed": False})
POOL = machine_deployment("web", "md0")


def ask(resource: Any, new: Any, *more: Any, tenant: Any = OFF, **rest: Any) -> Any:
    world = World(CATALOG, NAMESPACE, tenant, template(), *more)
    return world.check(POLICY, request(resource, new, **rest))


def scale(replicas: int) -> Any:
    found = manifest(MACHINE_DEPLOYMENTS, "raw", {"replicas": replicas})
    return {**found, "apiVersion": "autoscaling/v1", "kind": "Scale"}


@pytest.mark.parametrize(
    ("resource", "new"),
    [
        (CLUSTERS, manifest(CLUSTERS, "raw", {})),
        (KAMAJI_CONTROL_PLANES, manifest(KAMAJI_CONTROL_PLANES, "raw", {"replicas": 2})),
        (MACHINE_DEPLOYMENTS, deployment()),
        (MACHINE_SETS, manifest(MACHINE_SETS, "raw", deployment()["spec"])),
        (VIRTUAL_MACHINES, manifest(VIRTUAL_MACHINES, "raw", template()["spec"]["template"]["spec"][MACHINE]["spec"])),
    ],
    ids=lambda it: getattr(it, "kind", ""),
)
def test_nothing_is_made_by_hand_where_the_platform_says_so_and_else_it_is(resource: Any, new: Any) -> None:
    verdict = ask(resource, new)
    assert isinstance(verdict, Deny)
    assert "tenant blue may have nothing made by hand; make a TenantCluster" in verdict.reason
    assert ask(resource, new, tenant=TENANT) == Allow()


def test_a_platform_that_wants_approvals_and_has_not_said_which_it_is_to_be_is_warned() -> None:
    assert ask(TENANTS, TENANT) == Allow((OPEN,))
    assert len(OPEN) <= 120, "the API server cuts what is longer"
    for quiet in (
        OFF,
        tweak(TENANT, "spec.handMade", {"allowed": True}),
        tweak(TENANT, "spec.approval", {"required": 0}),
    ):
        assert ask(TENANTS, quiet) == Allow()
    assert ask(TENANTS, tweak(TENANT, "metadata.labels", {"a": "b"}), old=TENANT) == Allow()
    assert ask(TENANTS, tweak(TENANT, "spec.flavors", ["small"]), old=TENANT) == Allow((OPEN,))


def test_what_is_rendered_for_a_tenant_cluster_is_not_made_by_hand() -> None:
    assert ask(CLUSTERS, owned(manifest(CLUSTERS, "web", {}), cluster()), cluster()) == Allow()
    pool = owned(deployment(POOL, replicas=2), cluster())
    assert ask(MACHINE_DEPLOYMENTS, pool, cluster()) == Allow()


@pytest.mark.parametrize(
    ("new", "there"),
    [
        (owned(deployment(POOL, replicas=9), cluster()), [cluster()]),
        (owned(deployment("web-more"), cluster()), [cluster()]),
        (owned(deployment(POOL), cluster()), []),
        (owned(deployment(POOL), tweak(cluster(), "metadata.uid", "forged")), [cluster()]),
    ],
    ids=["larger than approved", "no such pool", "no such cluster", "another uid"],
)
def test_an_owner_that_is_claimed_only_helps_nobody(new: Any, there: Any) -> None:
    assert isinstance(ask(MACHINE_DEPLOYMENTS, new, *there), Deny)


def test_a_pool_is_not_raised_past_what_was_approved() -> None:
    old = owned(deployment(POOL, replicas=2), cluster())
    verdict = ask(MACHINE_DEPLOYMENTS, tweak(old, "spec.replicas", 9), cluster(), old=old)
    assert isinstance(verdict, Deny)
    assert "larger than its share of the TenantCluster web" in verdict.reason


def test_what_is_there_already_stays_and_shrinks_and_does_not_grow() -> None:
    old = deployment("raw", replicas=3)
    assert ask(MACHINE_DEPLOYMENTS, tweak(old, "metadata.labels", {"a": "b"}), old=old) == Allow()
    assert ask(MACHINE_DEPLOYMENTS, tweak(old, "spec.replicas", 1), old=old) == Allow()
    assert isinstance(ask(MACHINE_DEPLOYMENTS, tweak(old, "spec.replicas", 4), old=old), Deny)
    assert ask(MACHINE_DEPLOYMENTS, scale(1), old, old=scale(3), subresource="scale") == Allow()
    assert isinstance(ask(MACHINE_DEPLOYMENTS, scale(4), old, old=scale(3), subresource="scale"), Deny)


def test_tenant_clusters_and_what_they_ask_for_in_passing_are_the_quotas_alone() -> None:
    assert about(request(TENANT_CLUSTERS, cluster())) not in table([POLICY])
    charged = next(policy for policy in POLICIES if policy.name == "tenant_quota")
    left_out = {rule.resource for rule in charged.applies_to} - {rule.resource for rule in POLICY.applies_to}
    assert {resource.group for resource in left_out} <= {"", "cdi.kubevirt.io", TENANT_CLUSTERS.group}
