"""Sizes do not grow under what was measured by them, and what a larger flavor does to tenants is told."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import CATALOGS, VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, cluster, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.steady_sizes import POLICY

PLATFORM = {"user": "root", "groups": ("system:masters",)}
U1 = manifest(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1", {"cpu": {"guest": 2}, "memory": {"guest": "4Gi"}})
TYPED = "spec.template.spec.virtualMachineTemplate.spec.instancetype"
BY_U1 = tweak(template(), TYPED, {"name": "u1"})


def resized(new: Any, *world: Any, old: Any = U1, **who: Any) -> Any:
    asked = request(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, new, old=old, **(who or PLATFORM))
    return World(*world).check(POLICY, asked)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.cpu.guest", 4),
        ("spec.cpu.maxSockets", 8),
        ("spec.memory.guest", "8Gi"),
        ("spec.memory.maxGuest", "8Gi"),
        ("spec.gpus", [{"name": "a", "deviceName": "x/y"}]),
        ("spec.ioThreads", {"supplementalPoolThreadCount": 2}),
        ("spec.memory.guest", "much"),
    ],
)
def test_an_instancetype_that_templates_name_does_not_grow_whoever_asks(path: str, value: Any) -> None:
    verdict = resized(tweak(U1, path, value), BY_U1)
    assert isinstance(verdict, Deny)
    assert verdict.code == 422
    assert verdict.reason == (
        "spec: machines of tenant-blue/big were measured by u1; make a larger one under another name"
    )


def test_what_nobody_is_measured_by_may_grow_and_all_may_become_smaller() -> None:
    larger = tweak(U1, "spec.cpu.guest", 4)
    others = [
        template(),
        tweak(template("b"), TYPED, {"name": "u2"}),
        tweak(template("c"), TYPED, {"revisionName": "x"}),
    ]
    assert resized(larger, *others) == Allow()
    assert resized(U1, BY_U1, old=larger) == Allow()
    assert resized(tweak(U1, "spec.annotations", {"a": "b"}), BY_U1) == Allow()
    assert resized(larger, BY_U1, old=tweak(U1, "spec.cpu", None)) == Allow()


def test_kubevirts_operator_keeps_its_own_sizes() -> None:
    larger = tweak(U1, "spec.cpu.guest", 4)
    assert resized(larger, BY_U1, user="system:serviceaccount:kubevirt:kubevirt-operator") == Allow()


def offered(new: Any, *, used: Any = None, tenant: Any = TENANT, clusters: Any = None) -> Any:
    shown = {"vcpu": 6, "memory": "12Gi", "nodes": 3, "clusters": 1} if used is None else used
    there = {**tenant, "status": {"quota": {"used": shown}}}
    world = World(there, NAMESPACE, *(clusters if clusters is not None else [cluster()]))
    return world.check(POLICY, request(CATALOGS, new, old=CATALOG, **PLATFORM))


def test_who_makes_a_flavor_larger_hears_which_tenants_come_to_be_above_their_quota() -> None:
    # Three machines, the one of an update among them: 6 vCPU become 24 of 20, and 12Gi become 24Gi of 40Gi.
    larger = tweak(tweak(CATALOG, "spec.flavors.0.vcpu", 8), "spec.flavors.0.memory", "8Gi")
    assert offered(larger) == Allow(("tenant blue comes to be above its quota, and cannot grow then: vCPU 24 of 20",))
    assert offered(larger, clusters=[]) == Allow()
    assert offered(larger, tenant=tweak(TENANT, "spec.quota.hard.vcpu", None)) == Allow()


def test_a_tenant_that_is_above_its_quota_already_or_stays_within_is_not_told_of() -> None:
    larger = tweak(CATALOG, "spec.flavors.0.vcpu", 3)
    assert offered(larger) == Allow()
    assert offered(larger, used={"vcpu": 22}) == Allow()
    assert offered(tweak(CATALOG, "spec.flavors.0.vcpu", 1), used={"vcpu": 20}) == Allow()


def test_what_cannot_be_read_keeps_no_catalog_from_being_changed() -> None:
    larger = tweak(CATALOG, "spec.flavors.0.vcpu", 8)
    unread = tweak(cluster(), "spec.pools.0.replicas", "many")
    assert offered(larger, clusters=[unread]) == Allow()
    assert offered(tweak(larger, "spec.versions", [])) == Allow()
