"""The Catalog says of itself whether it can be relied on, again whenever it or what it names changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from provisioning import resources
from provisioning.manifest import Manifest
from tests import builders
from tests.builders import tweak
from tests.provisioning.backstage import Backstage, at_work
from tests.provisioning.rules.test_offers import U1
from tests.provisioning.waiting import until


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with at_work() as working:
        yield working


def condition(stage: Backstage, type_: str = "Ready") -> Manifest:
    found = stage.server.get(resources.CATALOGS, "default") or {}
    conditions = (found.get("status") or {}).get("conditions") or []
    return next((c for c in conditions if c["type"] == type_), {"status": "", "reason": "", "message": ""})


async def test_a_sound_catalog_is_ready_and_a_faulty_one_says_what_is_wrong(stage: Backstage) -> None:
    await until(lambda: condition(stage)["status"] == "True")
    faulty = tweak(builders.CATALOG, "spec.flavors[0].instancetype", "u1.small")
    stage.put(resources.CATALOGS, tweak(faulty, "spec.addOns[1].after", ["dns"]))
    await until(lambda: condition(stage)["status"] == "False")
    assert condition(stage)["message"] == (
        "spec.flavors[small].instancetype: there is no VirtualMachineClusterInstancetype u1.small; "
        "spec.addOns[cert-manager].after: there is no add-on dns"
    )
    assert condition(stage, "Stalled")["status"] == "True"
    assert condition(stage)["observedGeneration"] == 2
    stage.put(resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, U1)
    await until(lambda: "u1.small" not in condition(stage)["message"])
    stage.put(resources.CATALOGS, faulty)
    await until(lambda: condition(stage)["status"] == "True")


async def test_its_status_is_no_reason_to_look_at_every_cluster(stage: Backstage) -> None:
    await until(lambda: condition(stage)["status"] == "True")
    told: list[tuple[str, str]] = []
    stop = stage.landscape.listen(told.append)
    stage.cluster()
    await until(lambda: told)
    await stage.caught_up()
    told.clear()
    stage.server.patch(resources.CATALOGS, "default", "", {"status": {"observedGeneration": 7}}, "status")
    await stage.caught_up()
    looks = [key for key in told if key[1] != "web"]
    assert looks == []
    stop()
