"""Ledgers are kept true to what is there, published, and only ever lowered on proof."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from provisioning import errors, names, resources, statement
from provisioning.census import Census, Sights
from provisioning.feed import Feed
from provisioning.keeper import CLAIMS_LOOK, RECOUNT, Keeper
from provisioning.kube import Kube
from provisioning.ledger import Advance, Claim, Garbled, Ledger, Missing, Slot, slot_key
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.model import Tenant
from provisioning.objects import Stored
from provisioning.queue import Queue
from provisioning.resources import Resource
from provisioning.statement import Count
from provisioning.usage import Usage
from tests import builders
from tests.builders import NAMESPACE, tweak
from tests.provisioning.backstage import SYSTEM, Backstage, at_work, backstage
from tests.provisioning.waiting import running, until

WEB = slot_key(resources.TENANT_CLUSTERS, NAMESPACE, "web")
GIB = 2**30
WEB_COST = builders.envelope(nodes=3, vcpu=6000, memory=12 * GIB)
VOID_AFTER = 120.0
MADE_UP = tweak(builders.CLUSTER, "metadata", {**builders.CLUSTER["metadata"], "uid": "u", "resourceVersion": "1"})


class Monotonic:
    """It goes on by `pace` seconds whenever somebody looks at it, as time does while work is done."""

    def __init__(self, *, pace: float = 0.0) -> None:
        self.at, self.pace = 1000.0, pace

    def __call__(self) -> float:
        self.at += self.pace
        return self.at


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with backstage() as quiet:
        yield quiet


def keeper_of(stage: Backstage, clock: Monotonic | None = None) -> Keeper:
    return Keeper(
        stage.kube,
        stage.landscape,
        namespace=SYSTEM,
        void_after=VOID_AFTER,
        now=stage.clock,
        clock=clock or Monotonic(),
    )


async def keep(stage: Backstage, keeper: Keeper | None = None) -> float | None:
    await stage.caught_up()
    return await (keeper or keeper_of(stage)).act("blue")


async def ledger(stage: Backstage) -> Ledger:
    return (await KubeLedgers(stage.kube, SYSTEM).load("blue")).ledger


async def reserve(stage: Backstage, key: str, claim: Claim) -> None:
    """As the door does it."""
    store = KubeLedgers(stage.kube, SYSTEM)
    page = await store.load("blue")
    await store.save("blue", page.ledger.claim(key, claim), page.version)


def conditions(stage: Backstage) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in published(stage)["conditions"]}


def message(stage: Backstage, type_: str) -> str:
    return str(next(each["message"] for each in published(stage)["conditions"] if each["type"] == type_))


def reasons(stage: Backstage) -> set[str]:
    """Of the tenant's Events."""
    return {event["reason"] for event in stage.server.all(resources.EVENTS, "default")}


def published(stage: Backstage) -> Manifest:
    found = status(stage)
    assert found
    return found


def status(stage: Backstage) -> Manifest:
    """Empty before the first look."""
    return (stage.server.get(resources.TENANTS, "blue") or {}).get("status") or {}


async def test_what_is_there_is_charged_and_published(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST
    assert published(stage)["clusters"] == 1
    used = published(stage)["quota"]["used"]
    assert {name: used[name] for name in ("clusters", "nodes", "vcpu", "memory")} == {
        "clusters": 1,
        "nodes": 3,
        "vcpu": 6,
        "memory": "12Gi",
    }
    assert published(stage)["quota"]["hard"]["vcpu"] == 40
    assert published(stage)["conditions"][0]["reason"] == "WithinQuota"


async def test_a_flavor_that_leaves_the_catalog_makes_nobody_cheaper(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    flavors = [{**flavor, "name": f"{flavor['name']}-2"} for flavor in builders.CATALOG["spec"]["flavors"]]
    stage.server.patch(resources.CATALOGS, "default", "", {"spec": {"flavors": flavors}}, "")
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_second_look_writes_nothing(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    writes = stage.server.objects.last
    await keep(stage)
    assert stage.server.objects.last == writes


async def test_a_reservation_shows_as_reserved_until_its_object_is_there(stage: Backstage) -> None:
    await keep(stage)
    await reserve(stage, WEB, Claim(WEB_COST, uid="soon"))
    again = await keep(stage)
    assert published(stage)["quota"]["used"]["nodes"] == 3
    assert published(stage)["quota"]["reserved"]["nodes"] == 3
    assert again is not None
    assert again < 60
    made = stage.cluster()
    store = KubeLedgers(stage.kube, SYSTEM)
    page = await store.load("blue")
    await store.save("blue", Ledger().claim(WEB, Claim(WEB_COST, uid=made["metadata"]["uid"])), page.version)
    await keep(stage)
    assert published(stage)["quota"]["used"]["nodes"] == 3
    assert published(stage)["quota"]["reserved"].get("nodes", 0) == 0


async def test_used_reserved_and_hard_are_told_as_metrics(stage: Backstage) -> None:
    def told(metric: str, dimension: str) -> float | None:
        return REGISTRY.get_sample_value(f"clusterdesk_quota_{metric}", {"tenant": "blue", "dimension": dimension})

    stage.cluster()
    await keep(stage)
    await reserve(stage, slot_key(resources.TENANT_CLUSTERS, NAMESPACE, "next"), Claim(Usage(nodes=4), uid="u"))
    await keep(stage)
    assert [told(metric, "nodes") for metric in ("used", "reserved", "hard")] == [7, 4, 12]
    assert told("hard", "gpus") == math.inf


async def test_of_a_tenant_that_is_gone_no_numbers_grow_old() -> None:
    def told() -> float | None:
        return REGISTRY.get_sample_value("clusterdesk_ledger_kept_timestamp_seconds", {"tenant": "blue"})

    async with at_work() as stage:
        await until(lambda: told() is not None and status(stage))
        stage.server.remove(resources.TENANTS, "blue")
        await until(lambda: told() is None)
        used = {"tenant": "blue", "dimension": "nodes"}
        assert REGISTRY.get_sample_value("clusterdesk_quota_used", used) is None


async def test_the_ledger_of_a_tenant_that_is_gone_goes_when_nothing_can_land_any_more_that_it_let_in(
    stage: Backstage,
) -> None:
    keeper = keeper_of(stage, clock := Monotonic())
    await keep(stage, keeper)
    stage.server.remove(resources.TENANTS, "blue")
    assert await keep(stage, keeper) == VOID_AFTER
    clock.at += VOID_AFTER - 1
    # A door that has not heard of it lets something in.
    await reserve(stage, WEB, Claim(WEB_COST, uid="late"))
    assert await keep(stage, keeper) == VOID_AFTER
    clock.at += VOID_AFTER - 1
    assert await keep(stage, keeper) == 1
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += 1
    assert await keep(stage, keeper) is None
    with pytest.raises(Missing):
        await ledger(stage)
    assert await keep(stage, keeper) is None


async def test_a_tenant_that_is_made_again_meanwhile_goes_on_with_its_ledger(stage: Backstage) -> None:
    keeper = keeper_of(stage, clock := Monotonic())
    await keep(stage, keeper)
    before = stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM)
    stage.server.remove(resources.TENANTS, "blue")
    await keep(stage, keeper)
    stage.put(resources.TENANTS, builders.TENANT)
    clock.at += VOID_AFTER
    # Before the cache shows it, and after.
    await keeper.act("blue")
    await keep(stage, keeper)
    after = stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM)
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] == after["metadata"]["uid"]


async def test_a_new_leader_looks_at_the_ledgers_of_tenants_that_are_gone(stage: Backstage) -> None:
    await KubeLedgers(stage.kube, SYSTEM).create("ghost", Ledger())
    await stage.caught_up()
    tenants: Queue[str] = Queue("tenants")
    others: dict[str, Any] = {name: Queue(name) for name in ("clusters", "requests", "accesses", "catalogs")}
    Feed(stage.landscape, tenants=tenants, **others).start()()
    looked_at: set[str] = set()

    async def look(name: str) -> None:
        looked_at.add(name)

    async with running(tenants.work(look)):
        await until(lambda: looked_at == {"blue", "ghost"})


async def test_what_is_really_gone_is_let_go_of(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await keep(stage)
    assert (await ledger(stage)).slots == {}
    assert published(stage).get("clusters", 0) == 0


async def test_what_a_cluster_gives_up_is_free_once_none_of_its_parts_can_come_any_more(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    assert await keep(stage, keeper) == VOID_AFTER
    clock.at += VOID_AFTER - 1
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += 1
    assert await keep(stage, keeper) != VOID_AFTER
    assert (await ledger(stage)).used().nodes == 2
    assert conditions(stage)["Counted"] == ("True", "Counted")


@pytest.mark.parametrize("before", [n / 100 for n in range(0, 60, 4)])
async def test_room_whose_time_comes_during_a_look_at_something_else_is_not_forgotten(
    stage: Backstage, before: float
) -> None:
    clock = Monotonic(pace=0.01)
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    first = await keep(stage, keeper)
    assert first is not None
    clock.at += first - before
    for _ in range(2):
        again = await keep(stage, keeper)
        assert again is not None
        if (await ledger(stage)).used().nodes == 2:
            break
        assert again < 1
        clock.at += again
    assert (await ledger(stage)).used().nodes == 2


async def test_room_that_is_free_later_is_waited_for_though_other_room_is_free_now(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    for name in ("a", "b"):
        stage.cluster(tweak(builders.CLUSTER, "metadata.name", name))
    await keep(stage, keeper)
    for name in ("a", "b"):
        smaller = tweak(builders.CLUSTER, "spec.pools.0.replicas", 1)
        stage.cluster(tweak(smaller, "metadata.name", name))
        await keep(stage, keeper)
        clock.at += VOID_AFTER / 2
    left = await keep(stage, keeper)
    assert (await ledger(stage)).used().nodes == 5
    assert left == VOID_AFTER / 2
    clock.at += left
    assert await keep(stage, keeper) != 0
    assert (await ledger(stage)).used().nodes == 4


async def test_a_part_that_comes_late_is_counted_before_the_room_of_its_owner_is_given_to_others(
    stage: Backstage,
) -> None:
    """It was let in when the pool was of two; it is stored when that is of one, and no cache shows it."""
    made, clock = stage.cluster(), Monotonic()
    keeper = keeper_of(stage, clock)
    stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    await keep(stage, keeper)
    reference = {key: made["metadata"][key] for key in ("name", "uid")}
    owner = {"apiVersion": resources.TENANT_CLUSTERS.api_version, "kind": "TenantCluster", "controller": True}
    child = tweak(builders.machine_deployment(2), "metadata.name", "web-md0")
    stage.put(resources.MACHINE_DEPLOYMENTS, tweak(child, "metadata.ownerReferences", [{**owner, **reference}]))
    await stage.caught_up()
    stage.landscape.caches[resources.MACHINE_DEPLOYMENTS].put((NAMESPACE, "web-md0"), None)
    clock.at += VOID_AFTER
    await keeper.act("blue")
    assert (await ledger(stage)).used() == WEB_COST
    assert len((await ledger(stage)).slots) == 2


async def test_a_new_leader_holds_back_for_the_whole_time_again(stage: Backstage) -> None:
    clock = Monotonic()
    stage.cluster()
    await keep(stage)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    await keep(stage, keeper_of(stage, clock))
    clock.at += VOID_AFTER
    await keep(stage, keeper_of(stage, clock))
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_part_whose_owner_only_a_cache_shows_stays_charged(stage: Backstage) -> None:
    made, clock = stage.cluster(), Monotonic()
    keeper = keeper_of(stage, clock)
    stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
    reference = {key: made["metadata"][key] for key in ("name", "uid")}
    owner = {"apiVersion": resources.TENANT_CLUSTERS.api_version, "kind": "TenantCluster", "controller": True}
    child = tweak(builders.machine_deployment(2), "metadata.name", "web-md0")
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    stage.put(resources.MACHINE_DEPLOYMENTS, tweak(child, "metadata.ownerReferences", [{**owner, **reference}]))
    await keep(stage, keeper)
    alone = (await ledger(stage)).used()
    assert alone.nodes == 3
    await stage.caught_up()
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), made)
    for _ in range(3):
        clock.at += VOID_AFTER
        await keeper.act("blue")
        assert (await ledger(stage)).used() == alone


async def test_a_cache_that_does_not_show_it_is_no_proof_that_it_is_gone(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    await stage.caught_up()
    # As with a leader whose watch lags: the object exists, its cache has not heard of it.
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), None)
    await keeper_of(stage).act("blue")
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_kind_that_is_served_at_another_version_only_is_no_proof_either(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), None)
    older = dataclasses.replace(resources.TENANT_CLUSTERS, version="v1alpha0")

    class Moved(Kube):
        async def get(self, resource: Resource, name: str, **how: Any) -> Manifest:
            return await super().get(self.where(resource), name, **how)

        def where(self, resource: Resource) -> Resource:
            return older if resource == resources.TENANT_CLUSTERS else resource

    moved = Moved(stage.kube._api)
    keeper = Keeper(moved, stage.landscape, namespace=SYSTEM, void_after=VOID_AFTER, now=stage.clock)
    with pytest.raises(errors.Unavailable, match="is served as v1alpha1"):
        await keeper.act("blue")
    assert (await ledger(stage)).used() == WEB_COST


async def test_what_is_being_deleted_still_counts(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "metadata.finalizers", [names.FINALIZER]))
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_claim_whose_write_never_came_is_dropped_after_its_time_and_not_before(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    await reserve(stage, WEB, Claim(WEB_COST, uid="never"))
    await keep(stage, keeper)
    clock.at += VOID_AFTER - 1
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += 1
    await keep(stage, keeper)
    assert (await ledger(stage)).slots == {}


async def test_a_claim_to_grow_that_was_refused_elsewhere_is_dropped_after_its_time(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    made = stage.cluster()
    await keep(stage, keeper)
    larger = Usage(clusters=1, nodes=9)
    await reserve(stage, WEB, Claim(larger, fence=made["metadata"]["resourceVersion"], uid=made["metadata"]["uid"]))
    await keep(stage, keeper)
    assert (await ledger(stage)).used().nodes == 9
    clock.at += VOID_AFTER
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST


async def lend(stage: Backstage, room: Usage, *, door: str = "door", serial: int = 1) -> None:
    """As a door takes ahead."""
    store = KubeLedgers(stage.kube, SYSTEM)
    page = await store.load("blue")
    await store.save("blue", page.ledger.lend(door, Advance(room, serial)), page.version)


async def test_what_a_door_may_have_granted_ahead_is_not_taken_for_made_around_the_webhook(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    await lend(stage, WEB_COST)
    made = stage.cluster()
    await keep(stage, keeper)
    assert (await ledger(stage)).slots == {}
    assert "ChargedAfterTheFact" not in reasons(stage)
    # Now it writes down what it has granted, and gives the rest back.
    await reserve(stage, WEB, Claim(WEB_COST, uid=made["metadata"]["uid"]))
    await lend(stage, Usage(), serial=2)
    await keep(stage, keeper)
    assert (await ledger(stage)).slots[WEB].charge == WEB_COST


async def test_what_nobody_can_have_granted_ahead_is_charged_at_once(stage: Backstage) -> None:
    keeper = keeper_of(stage)
    await keep(stage, keeper)
    await lend(stage, Usage(nodes=1))
    stage.cluster()
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    assert "ChargedAfterTheFact" in reasons(stage)


async def test_a_door_that_is_not_heard_of_loses_its_advance_and_what_it_granted_is_charged(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    await lend(stage, WEB_COST * 2)
    await keep(stage, keeper)
    stage.cluster()
    clock.at += VOID_AFTER - 1
    await keep(stage, keeper)
    assert (await ledger(stage)).lent == WEB_COST * 2
    clock.at += 1
    await keep(stage, keeper)
    found = await ledger(stage)
    assert (found.advances, found.used()) == ({}, WEB_COST)
    assert conditions(stage)["Counted"] == ("True", "Counted")


async def test_what_such_a_door_granted_is_charged_though_another_one_has_as_much_in_hand(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    await lend(stage, WEB_COST)
    await keep(stage, keeper)
    stage.cluster()
    clock.at += VOID_AFTER - 1
    await lend(stage, WEB_COST, door="another")
    await keep(stage, keeper)
    assert (await ledger(stage)).slots == {}
    clock.at += 1
    await keep(stage, keeper)
    found = await ledger(stage)
    assert ([*found.advances], found.used()) == (["another"], WEB_COST)
    assert conditions(stage)["Counted"] == ("True", "Counted")


async def test_what_a_cache_does_not_show_of_what_such_a_door_granted_is_charged_as_well(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    await lend(stage, WEB_COST)
    await keep(stage, keeper)
    stage.cluster()  # No cache has caught up with it.
    clock.at += VOID_AFTER
    await keeper.act("blue")
    found = await ledger(stage)
    assert (found.advances, found.used()) == ({}, WEB_COST)


async def test_a_door_that_writes_keeps_its_advance_however_long_that_goes_on(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    for serial in range(1, 5):
        await lend(stage, WEB_COST, serial=serial)
        await keep(stage, keeper)
        clock.at += VOID_AFTER - 1
    assert (await ledger(stage)).lent == WEB_COST


async def test_what_is_lent_is_not_published_as_used(stage: Backstage) -> None:
    keeper = keeper_of(stage)
    await keep(stage, keeper)
    await lend(stage, WEB_COST)
    await keep(stage, keeper)
    assert published(stage)["quota"]["used"]["nodes"] == 0


async def test_a_new_leader_counts_the_time_from_its_own_first_sight(stage: Backstage) -> None:
    clock = Monotonic()
    await keep(stage)
    await reserve(stage, WEB, Claim(WEB_COST, uid="never"))
    await keep(stage, keeper_of(stage, clock))
    clock.at += VOID_AFTER
    await keep(stage, keeper_of(stage, clock))
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_reservation_in_the_very_moment_of_settling_is_not_lost(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await stage.caught_up()
    store = KubeLedgers(stage.kube, SYSTEM)
    page = await store.load("blue")

    class Interrupted(KubeLedgers):
        async def save(self, tenant: str, ledger: Ledger, version: str) -> object:  # type: ignore[override]
            if not interrupted:
                interrupted.append(True)
                await store.save("blue", page.ledger.claim("other", Claim(Usage(nodes=1), uid="x")), page.version)
            return await super().save(tenant, ledger, version)

    interrupted: list[bool] = []
    keeper = keeper_of(stage)
    keeper._store = Interrupted(stage.kube, SYSTEM)
    await keeper.act("blue")
    assert interrupted
    assert set((await ledger(stage)).slots) == {"other"}


async def test_a_new_tenant_has_a_ledger_after_the_first_look_and_what_is_there_is_in_it(stage: Backstage) -> None:
    stage.cluster()
    # The caches show nothing yet; the first page of a ledger is made by lists.
    await stage.caught_up()
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), None)
    stage.landscape.caches[resources.NAMESPACES].put(("", NAMESPACE), None)
    await keeper_of(stage).act("blue")
    assert (await ledger(stage)).used() == WEB_COST


def scribbled(stage: Backstage) -> None:
    stage.server.patch(resources.TENANT_LEDGERS, "blue", SYSTEM, {"spec": {"data": "scribble"}})


def deleted(stage: Backstage) -> None:
    stage.server.remove(resources.TENANT_LEDGERS, "blue", SYSTEM)


@pytest.mark.parametrize(("lose", "lost"), [(scribbled, Garbled), (deleted, Missing)])
async def test_a_lost_ledger_is_made_anew_once_all_that_was_claimed_in_it_has_landed_or_cannot(
    stage: Backstage, lose: Callable[[Backstage], None], lost: type[Exception]
) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    lose(stage)
    assert await keep(stage, keeper) == VOID_AFTER
    stage.cluster()  # It was admitted while there was a ledger.
    clock.at += VOID_AFTER - 1
    assert await keep(stage, keeper) == 1
    with pytest.raises(lost):
        await ledger(stage)
    assert conditions(stage) == {"Ready": ("False", "LedgerLost"), "Counted": ("False", "LedgerLost")}
    clock.at += 1
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    assert conditions(stage) == {"Ready": ("True", "WithinQuota"), "Counted": ("True", "Counted")}
    assert reasons(stage) == {"LedgerLost"}


async def test_what_an_owner_gives_up_while_there_is_no_ledger_is_held_back_as_well(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    deleted(stage)
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    clock.at += VOID_AFTER
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += VOID_AFTER
    await keep(stage, keeper)
    assert (await ledger(stage)).used().nodes == 2
    assert conditions(stage)["Counted"] == ("True", "Counted")


async def test_what_came_around_the_webhook_is_charged_at_once_and_told(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    await keep(stage, keeper)
    stage.cluster()
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    assert reasons(stage) == {"ChargedAfterTheFact"}


async def test_of_machines_that_outlive_a_smaller_pool_nobody_is_told_that_they_came_around_the_webhook(
    stage: Backstage,
) -> None:
    made, clock = stage.cluster(), Monotonic()
    keeper = keeper_of(stage, clock)
    reference = {key: made["metadata"][key] for key in ("name", "uid")}
    owner = {"apiVersion": resources.TENANT_CLUSTERS.api_version, "kind": "TenantCluster", "controller": True}
    child = tweak(builders.machine_deployment(2), "metadata.name", "web-md0")
    stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
    stage.put(resources.MACHINE_DEPLOYMENTS, tweak(child, "metadata.ownerReferences", [{**owner, **reference}]))
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    clock.at += 1
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    assert len((await ledger(stage)).slots) == 1
    clock.at += VOID_AFTER
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    assert len((await ledger(stage)).slots) == 2
    assert reasons(stage) == set()
    assert conditions(stage)["Counted"] == ("True", "Counted")


async def test_of_a_virtual_machine_that_shuts_down_after_its_source_is_gone_nobody_is_told_either(
    stage: Backstage,
) -> None:
    machine = {"template": {"spec": {"domain": {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}}}}}
    meta = {"name": "m0", "namespace": NAMESPACE, "finalizers": ["kubevirt.io/virtualMachineControllerFinalize"]}
    stage.put(resources.VIRTUAL_MACHINES, {"metadata": meta, "spec": machine})
    source = {"spec": {"virtualMachineTemplate": {"spec": machine}}, "metadata": {"name": "m0", "namespace": NAMESPACE}}
    stage.put(resources.KUBEVIRT_MACHINES, source)
    keeper = keeper_of(stage)
    await keep(stage, keeper)
    stage.server.remove(resources.KUBEVIRT_MACHINES, "m0", NAMESPACE)
    await stage.kube.delete(resources.VIRTUAL_MACHINES, "m0", namespace=NAMESPACE)
    await keep(stage, keeper)
    assert slot_key(resources.VIRTUAL_MACHINES, NAMESPACE, "m0") in (await ledger(stage)).slots
    assert reasons(stage) == set()


async def test_a_slot_that_no_object_can_be_in_is_let_go_of(stage: Backstage) -> None:
    keeper = keeper_of(stage)
    await keep(stage, keeper)
    for key in ("odd", "tenantclusters.clusterdesk.dev", "tenantclusters.clusterdesk.dev/team-a", "a/b/c/d"):
        store = KubeLedgers(stage.kube, SYSTEM)
        page = await store.load("blue")
        await store.save("blue", Ledger({key: Slot(Usage(nodes=1), "u", "1")}), page.version)
        await keep(stage, keeper_of(stage))
        assert await ledger(stage) == Ledger()


async def test_charges_are_lowered_once_a_second_at_most_and_raised_at_any_time(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    for name in ("a", "b"):
        stage.cluster(tweak(builders.CLUSTER, "metadata.name", name))
    await keep(stage, keeper)
    stage.server.remove(resources.TENANT_CLUSTERS, "a", NAMESPACE)
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += 0.25
    stage.server.remove(resources.TENANT_CLUSTERS, "b", NAMESPACE)
    stage.cluster(tweak(builders.CLUSTER, "metadata.name", "c"))
    assert await keep(stage, keeper) == 0.75
    assert (await ledger(stage)).used() == WEB_COST + WEB_COST
    clock.at += 0.75
    await keep(stage, keeper)
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_recount_finds_what_a_cache_has_missed_puts_it_right_and_says_so(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    counted = published(stage)["quota"]["countedAt"]
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await stage.caught_up()
    # As after an event that was lost: the cluster is gone, and the cache will never hear of it.
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), MADE_UP)
    await keeper.act("blue")
    assert (await ledger(stage)).used() == WEB_COST
    clock.at += RECOUNT
    stage.clock.ahead = timedelta(hours=1)
    await keeper.act("blue")
    assert (await ledger(stage)).slots == {}
    assert conditions(stage)["Counted"] == ("False", "Drift")
    assert "nodes: 3 too much" in message(stage, "Counted")
    assert published(stage)["quota"]["countedAt"] > counted
    assert reasons(stage) == {"LedgerDrift"}
    await keeper.act("blue")
    assert (await ledger(stage)).slots == {}, "what only a cache shows is not adopted"


async def test_a_recount_among_reservations_is_put_off_and_what_is_known_is_published(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    stage.server.patch(resources.TENANTS, "blue", "", {"status": None}, "status")
    await stage.caught_up()
    stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), MADE_UP)

    class Busy(KubeLedgers):
        async def save(self, tenant: str, ledger: Ledger, version: str) -> object:  # type: ignore[override]
            await reserve(stage, "other", Claim(Usage(nodes=1), uid="x"))
            return await super().save(tenant, ledger, version)

    keeper._store = Busy(stage.kube, SYSTEM)
    clock.at += RECOUNT
    again = await keeper.act("blue")
    assert again is not None
    assert 0 < again <= CLAIMS_LOOK
    assert published(stage)["clusters"] == 1


async def test_who_reserves_while_everything_is_listed_does_not_make_the_count_vain(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    await keep(stage, keeper)

    class Listing(Census):
        async def listed(self, tenant: Stored[Tenant]) -> Sights:
            found = await super().listed(tenant)
            await reserve(stage, "other", Claim(Usage(nodes=1), uid="x"))
            return found

    keeper._census = Listing(stage.kube, stage.landscape)
    clock.at += VOID_AFTER
    await keep(stage, keeper)
    assert (await ledger(stage)).used().nodes == 3


async def test_room_that_is_held_back_is_not_counted_again_and_again_among_reservations(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    stage.cluster(tweak(builders.CLUSTER, "spec.pools.0.replicas", 1))
    await keep(stage, keeper)

    class Busy(KubeLedgers):
        async def save(self, tenant: str, ledger: Ledger, version: str) -> object:  # type: ignore[override]
            raise errors.Conflict("somebody was faster")

    keeper._store = Busy(stage.kube, SYSTEM)
    clock.at += VOID_AFTER

    async def lists() -> int:
        before = len(stage.server.asked("GET", "tenantclusters?limit"))
        await keep(stage, keeper)
        return len(stage.server.asked("GET", "tenantclusters?limit")) - before

    first = await lists()
    assert first > 0
    assert await lists() == 0
    keeper._store = KubeLedgers(stage.kube, SYSTEM)
    assert await lists() == 0
    clock.at += CLAIMS_LOOK
    await keep(stage, keeper)
    assert (await ledger(stage)).used().nodes == 2


async def test_a_recount_that_finds_nothing_new_writes_nothing_into_the_ledger(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
    stage.cluster()
    await keep(stage, keeper)
    before = stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM)
    clock.at += RECOUNT
    await keep(stage, keeper)
    assert stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM) == before
    assert conditions(stage)["Counted"] == ("True", "Counted")


async def test_what_cannot_be_measured_is_named(stage: Backstage) -> None:
    stage.put(resources.MACHINE_DEPLOYMENTS, builders.machine_deployment(2))
    await keep(stage)
    assert conditions(stage)["Counted"] == ("False", "Unmeasurable")
    assert "machinedeployments.cluster.x-k8s.io/team-a/" in message(stage, "Counted")


async def test_a_leader_makes_the_ledger_of_a_tenant_that_comes_and_prices_anew_when_flavors_grow() -> None:
    async with at_work() as stage:
        await until(lambda: stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM))
        stage.cluster()
        await until(lambda: status(stage).get("clusters"))
        assert published(stage)["quota"]["used"]["vcpu"] == 6
        flavors = [{**flavor, "vcpu": 2 * flavor["vcpu"]} for flavor in builders.CATALOG["spec"]["flavors"]]
        stage.server.patch(resources.CATALOGS, "default", "", {"spec": {"flavors": flavors}}, "")
        await until(lambda: published(stage)["quota"]["used"]["vcpu"] == 12)


async def test_a_leader_measures_machines_once_their_template_is_there() -> None:
    async with at_work() as stage:
        stage.put(resources.MACHINE_DEPLOYMENTS, builders.machine_deployment(2))
        await until(lambda: status(stage) and conditions(stage)["Counted"] == ("False", "Unmeasurable"))
        stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
        await until(lambda: conditions(stage)["Counted"] == ("True", "Counted"))
        assert published(stage)["quota"]["used"]["nodes"] == 3


async def test_a_leader_hears_of_a_ledger_that_is_deleted() -> None:
    async with at_work() as stage:
        await until(lambda: stage.server.get(resources.TENANT_LEDGERS, "blue", SYSTEM))
        await until(lambda: status(stage))
        deleted(stage)
        await until(lambda: conditions(stage)["Ready"] == ("False", "LedgerLost"))


async def test_clusters_and_machines_made_by_hand_count_what_is_rendered_does_not(stage: Backstage) -> None:
    made = stage.cluster()
    owner = {
        "apiVersion": resources.TENANT_CLUSTERS.api_version,
        "kind": "TenantCluster",
        "name": "web",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
    stage.put(resources.CLUSTERS, {"metadata": {"name": "hand", "namespace": NAMESPACE}, "spec": {}})
    stage.put(resources.MACHINE_DEPLOYMENTS, builders.machine_deployment(2))
    child = tweak(builders.machine_deployment(2), "metadata.name", "web-md0")
    stage.put(resources.MACHINE_DEPLOYMENTS, tweak(child, "metadata.ownerReferences", [owner]))
    await keep(stage)
    by_hand = Usage(clusters=1, nodes=3, vcpu=6000, memory=12 * GIB)
    assert (await ledger(stage)).used() == WEB_COST + by_hand


async def test_a_tenant_over_its_quota_says_so(stage: Backstage) -> None:
    spec = {"hard": {"nodes": 1}}
    over = Ledger().claim(WEB, Claim(WEB_COST))
    status = statement.of_ledger(builders.stored_tenant(quota=spec), over, None, count=Count(), now=datetime.now(UTC))
    assert status.conditions[0].reason == "OverQuota"
    assert "nodes" in status.conditions[0].message


async def test_other_tenants_namespaces_are_not_counted(stage: Backstage) -> None:
    stage.put(resources.NAMESPACES, {"metadata": {"name": "elsewhere"}})
    stage.put(resources.TENANT_CLUSTERS, tweak(builders.CLUSTER, "metadata.namespace", "elsewhere"))
    await keep(stage)
    assert (await ledger(stage)).slots == {}
