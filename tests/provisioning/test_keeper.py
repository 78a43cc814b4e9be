"""Ledgers are kept true to what is there, published, and only ever lowered on proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from provisioning import names, resources
from provisioning.keeper import Keeper, tenant_status
from provisioning.kube import Manifest
from provisioning.ledger import Claim, Ledger, slot_key
from provisioning.ledgers import KubeLedgers
from provisioning.usage import Usage
from tests import builders
from tests.builders import NAMESPACE, tweak
from tests.provisioning.backstage import SYSTEM, Backstage, backstage

WEB = slot_key(resources.TENANT_CLUSTERS, NAMESPACE, "web")
GIB = 2**30
WEB_COST = builders.envelope(nodes=3, vcpu=6000, memory=12 * GIB)
VOID_AFTER = 120.0


class Monotonic:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
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
    store = KubeLedgers(stage.kube, SYSTEM)
    page = await store.load("blue")
    await store.save("blue", page.ledger.claim(key, claim), page.version)


def published(stage: Backstage) -> Manifest:
    found = stage.server.get(resources.TENANTS, "blue")
    assert found is not None
    status: Manifest = found["status"]
    return status


async def test_what_is_there_is_charged_and_published(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST
    assert published(stage)["clusters"] == 1
    assert published(stage)["quota"]["used"] == {"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}
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


async def test_what_is_really_gone_is_let_go_of(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await keep(stage)
    assert (await ledger(stage)).slots == {}
    assert published(stage).get("clusters", 0) == 0


async def test_a_cache_that_does_not_show_it_is_no_proof_that_it_is_gone(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    await stage.caught_up()
    # As with a leader whose watch lags: the object exists, its cache has not heard of it.
    stage.landscape.caches[resources.TENANT_CLUSTERS]._put((NAMESPACE, "web"), None)
    await keeper_of(stage).act("blue")
    assert (await ledger(stage)).used() == WEB_COST


async def test_what_is_being_deleted_still_counts(stage: Backstage) -> None:
    stage.cluster(tweak(builders.CLUSTER, "metadata.finalizers", [names.FINALIZER]))
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST


async def test_a_claim_whose_write_never_came_is_dropped_after_its_time_and_not_before(stage: Backstage) -> None:
    clock = Monotonic()
    keeper = keeper_of(stage, clock)
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


async def test_a_new_leader_counts_the_time_from_its_own_first_sight(stage: Backstage) -> None:
    clock = Monotonic()
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


async def test_a_ledger_that_cannot_be_read_is_made_anew_from_what_is_there(stage: Backstage) -> None:
    stage.cluster()
    await keep(stage)
    stage.server.patch(resources.TENANT_LEDGERS, "blue", SYSTEM, {"spec": {"data": "scribble"}})
    await keep(stage)
    assert (await ledger(stage)).used() == WEB_COST


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
    status = tenant_status(
        builders.stored_tenant(quota=spec), Ledger().claim(WEB, Claim(WEB_COST)), None, now=datetime.now(UTC)
    )
    assert status.conditions[0].reason == "OverQuota"
    assert "nodes" in status.conditions[0].message


async def test_other_tenants_namespaces_are_not_counted(stage: Backstage) -> None:
    stage.put(resources.NAMESPACES, {"metadata": {"name": "elsewhere"}})
    stage.put(resources.TENANT_CLUSTERS, tweak(builders.CLUSTER, "metadata.namespace", "elsewhere"))
    await keep(stage)
    assert (await ledger(stage)).slots == {}
