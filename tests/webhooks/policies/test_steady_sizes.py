"""Sizes do not grow under what was measured by them, and what a larger flavor does to tenants is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.ledger import Ledger, slot_key
from provisioning.resources import (
    CATALOGS,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    TENANT_CLUSTERS,
    TENANT_LEDGERS,
    TENANTS,
)
from provisioning.resources import VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES as SIZES
from provisioning.usage import Usage
from tests.webhooks.estate import (
    BLUE,
    CATALOG,
    NAMESPACE,
    TENANT,
    WORLD,
    cluster,
    deployment,
    owned,
    template,
    tweak,
)
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks import larger_flavors, measured
from webhooks.decision import Allow, Deny
from webhooks.judge import Judge
from webhooks.policies.steady_sizes import POLICY
from webhooks.trusted import Trusted

PLATFORM = {"user": "root", "groups": ("system:masters",)}
U1 = manifest(SIZES, "u1", {"cpu": {"guest": 2}, "memory": {"guest": "4Gi"}})
TYPED = "spec.template.spec.virtualMachineTemplate.spec.instancetype"
BY_U1 = tweak(template(), TYPED, {"name": "u1"})
MEASURED = tweak(BY_U1, "spec.template.spec.virtualMachineTemplate.spec.template.spec.domain", {"devices": {}})


def resized(new: Any, *world: Any, old: Any = U1, **who: Any) -> Any:
    asked = request(SIZES, new, old=old, **(who or PLATFORM))
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


def by_hand(replicas: int, **more: Any) -> Any:
    return deployment("raw", replicas=replicas, **more)


def ledger(**charges: Usage) -> Any:
    """Of tenant blue: what its MachineDeployments are charged with."""
    found = Ledger()
    for name, charge in charges.items():
        found = found.settle(slot_key(MACHINE_DEPLOYMENTS, BLUE, name), charge=charge, uid=f"uid-{name}", revision="7")
    return manifest(TENANT_LEDGERS, "blue", {"data": found.dumps()}, namespace="clusterdesk-system")


# Three machines, the one of an update among them.
CHARGED = ledger(raw=Usage(nodes=3, vcpu=6000, memory=3 * 4 * 2**30))


@pytest.mark.parametrize(
    ("path", "value"), [("spec.cpu.guest", 4), ("spec.memory.guest", "8Gi"), ("spec.memory.guest", "much")]
)
def test_an_instancetype_does_not_come_back_larger_than_what_is_charged_by_its_name(path: str, value: Any) -> None:
    verdict = resized(tweak(U1, path, value), *WORLD, MEASURED, by_hand(2), CHARGED, old=None)
    assert isinstance(verdict, Deny)
    assert verdict.code == 422
    assert verdict.reason == (
        "spec: machines of tenant-blue/raw were measured by one of this name, which was smaller; make it as large as "
        "that was, or take another name"
    )


def test_one_that_was_deleted_may_be_put_back_as_it_was_and_smaller_and_where_nothing_is_charged_by_it() -> None:
    larger = tweak(U1, "spec.cpu.guest", 4)
    assert resized(U1, *WORLD, MEASURED, by_hand(2), CHARGED, old=None) == Allow()
    assert resized(tweak(U1, "spec.cpu.guest", 1), *WORLD, MEASURED, by_hand(2), CHARGED, old=None) == Allow()
    assert resized(larger, *WORLD, MEASURED, by_hand(0), CHARGED, old=None) == Allow()
    assert resized(larger, *WORLD, MEASURED, CHARGED, old=None) == resized(larger, old=None) == Allow()
    assert resized(larger, *WORLD, template(), by_hand(2), old=None) == Allow()
    operator = {"user": "system:serviceaccount:kubevirt:kubevirt-operator"}
    assert resized(larger, *WORLD, MEASURED, by_hand(2), old=None, **operator) == Allow()


@pytest.mark.parametrize("gone", [(), (tweak(CHARGED, "spec.data", "x"),)])
def test_where_no_ledger_tells_how_large_it_was_it_does_not_come_back(gone: Any) -> None:
    assert isinstance(resized(U1, *WORLD, MEASURED, by_hand(2), *gone, old=None), Deny)


def test_machines_made_by_hand_are_measured_by_it_as_well() -> None:
    machine = {"virtualMachineTemplate": {"spec": {"instancetype": {"name": "u1"}, "template": {"spec": {}}}}}
    lone = manifest(KUBEVIRT_MACHINES, "lone", machine)
    assert isinstance(resized(tweak(U1, "spec.cpu.guest", 4), *WORLD, lone, CHARGED, old=None), Deny)
    assert isinstance(resized(tweak(U1, "spec.cpu.guest", 4), lone), Deny)


def test_the_pools_of_a_cluster_are_within_its_envelope_or_the_size_does_not_come() -> None:
    web = tweak(cluster(), "spec.pools.0.replicas", 2)
    pool = owned(by_hand(2), web)
    pool["metadata"]["name"] = "web-md0"
    there = (*WORLD, MEASURED, web, pool, ledger())
    assert resized(U1, *there, old=None) == Allow()
    assert isinstance(resized(tweak(U1, "spec.cpu.guest", 4), *there, old=None), Deny)


def test_many_that_name_it_are_looked_up_at_once_and_not_without_end() -> None:
    def judged(number: int) -> Any:
        pools = [tweak(by_hand(2), "metadata.name", f"p{each}") for each in range(number)]
        charge = Usage(nodes=3, vcpu=6000, memory=3 * 4 * 2**30)
        world = World(*WORLD, MEASURED, *pools, ledger(**{pool["metadata"]["name"]: charge for pool in pools}))
        judge = Judge([POLICY], [], world, ToldLedgers(), Trusted(), lambda: NOW)
        return asyncio.run(judge.validate(request(SIZES, U1, **PLATFORM), deadline=1e9))

    assert judged(measured.LOOKED_AT_MAX) == Allow()
    assert "more than 500 objects" in judged(measured.LOOKED_AT_MAX + 1).reason


def test_of_many_tenants_those_are_counted_that_could_come_above_and_a_handful_is_named() -> None:
    larger = tweak(CATALOG, "spec.flavors.0.vcpu", 8)
    world = [CATALOG]
    for number in range(1000):
        place = f"tenant-{number}"
        spec = {**TENANT["spec"], "namespaces": [place]}
        near = number % 10 == 0
        used = {"vcpu": 6 if near else 0, "nodes": 3 if near else 0}
        world.append({**manifest(TENANTS, f"t{number:03}", spec), "status": {"quota": {"used": used}}})
        world.append(cluster(f"c{number}", namespace=place))
    there = World(*world)
    judge = Judge([POLICY], [], there, ToldLedgers(), Trusted(), lambda: NOW)
    verdict = asyncio.run(judge.validate(request(CATALOGS, larger, old=CATALOG, **PLATFORM), deadline=1e9))
    asked = sum(query.resource == TENANT_CLUSTERS for query, _ in there.asked)
    assert asked == larger_flavors.COUNTED_MAX
    assert [warning.split(" ")[1] for warning in verdict.warnings[:10]] == [f"t{n:03}" for n in range(0, 100, 10)]
    assert verdict.warnings[10:] == (
        "40 more tenants come to be above their quotas",
        "50 more tenants could come to be above their quotas, and their clusters were not counted here; their objects "
        "say so when the provisioner has counted",
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["small", "large"])), max_size=6),
    st.integers(1, 8),
    st.integers(1, 16),
    st.integers(0, 100),
)
def test_whoever_comes_above_is_told_of_whatever_there_is(
    pools: list[tuple[int, str]], small: int, large: int, hard: int
) -> None:
    flavors = (("small", 2, small), ("large", 8, large))
    catalog = tweak(tweak(CATALOG, "spec.flavors.0.vcpu", small), "spec.flavors.1.vcpu", large)
    there = [
        tweak(cluster(f"c{number}"), "spec.pools", [{"name": "a", "flavor": flavor, "replicas": replicas}])
        for number, (replicas, flavor) in enumerate(pools)
    ]
    machines = {name: sum(r + 1 for r, flavor in pools if flavor == name and r) for name, *_ in flavors}
    before = sum(machines[name] * old for name, old, _ in flavors)
    after = sum(machines[name] * max(new - old, 0) + machines[name] * old for name, old, new in flavors)
    tenant = tweak(TENANT, "spec.quota.hard", {"vcpu": hard})
    verdict = offered(catalog, used={"vcpu": before, "nodes": sum(machines.values())}, tenant=tenant, clusters=there)
    assert bool(verdict.warnings) == (before <= hard < after)
