"""Tenants are looked into over real TLS, seldom and in the background. Who hangs is told of, and waits alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
import pytest_asyncio
import trustme

from provisioning import access, precheck, resources
from provisioning.access import Access
from provisioning.manifest import Key, Manifest
from provisioning.model import DeprecatedApi, Precheck
from provisioning.prechecker import BUDGETS_READ, Pace, Prechecker
from tests.builders import NOW
from tests.fakes.api_server import ApiServer, Fault
from tests.provisioning import accesses
from tests.provisioning.waiting import until

KEY = ("team-a", "web")
OTHER = ("team-b", "web")
BUDGETS = resources.POD_DISRUPTION_BUDGETS
QUICK = Pace(rest=60.0, timeout=0.5, at_once=1)
METRICS = "/metrics"


def budget(name: str = "web") -> Manifest:
    """One that never lets a Pod go."""
    status = {"observedGeneration": 1, "expectedPods": 2, "currentHealthy": 2, "desiredHealthy": 2}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {}, "status": status}


def asked(*resource: str) -> str:
    """The metrics of an API server that was asked for these."""
    rows = [f'{precheck.METRIC}{{removed_release="1.37",resource="{each}",version="v1beta1"}} 1' for each in resource]
    return "\n".join(("# TYPE", *rows, ""))


def api(resource: str) -> DeprecatedApi:
    return DeprecatedApi(version="v1beta1", resource=resource, removed_release="1.37")


@dataclass
class Scene:
    """A tenant's API server, and whoever looks into it."""

    tenant: ApiServer
    way: Access
    told: list[Key] = field(default_factory=list)
    moment: datetime = NOW

    def __post_init__(self) -> None:
        self.prechecker = self.made(QUICK)

    def made(self, pace: Pace) -> Prechecker:
        return Prechecker(changed=self.told.append, now=lambda: self.moment, pace=pace)

    async def seen(self, key: Key = KEY, *, wish: tuple[str, ...] = ()) -> Precheck:
        """What is known once somebody has looked and told."""
        self.told.clear()
        self.prechecker.found(key, wish=wish)
        self.prechecker.look(key, self.way)
        await until(lambda: key in self.told)
        found = self.prechecker.found(key, wish=wish)
        assert found is not None
        return found

    async def looked(self) -> None:
        """Return once nobody looks any more."""
        asked = -1
        while asked != len(self.tenant.requests):
            asked = len(self.tenant.requests)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def secure(authority: trustme.CA) -> AsyncIterator[tuple[ApiServer, Access]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with ApiServer(tls=context) as server:
        secret = accesses.kubeconfig_secret(server=server.url, ca=authority.cert_pem.bytes())
        yield server, access.of_secret(secret)


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    async with secure(trustme.CA()) as (tenant, way):
        tenant.texts[METRICS] = asked()
        found = Scene(tenant, way)
        yield found
        await found.prechecker.close()


async def test_it_finds_what_holds_workers_and_what_goes(scene: Scene) -> None:
    scene.tenant.put(BUDGETS, budget(), status=budget()["status"])
    scene.tenant.texts[METRICS] = asked("ipaddresses")

    found = await scene.seen()

    assert [precheck.budget_name(each) for each in found.budgets] == ["shop/web"]
    assert (found.apis, found.unseen, found.checked_at) == ((api("ipaddresses"),), (), "2026-08-03T12:00:00Z")


async def test_until_somebody_has_looked_nothing_is_known_and_nobody_waits(scene: Scene) -> None:
    scene.prechecker.found(KEY)
    scene.prechecker.look(KEY, scene.way)

    assert scene.prechecker.found(KEY) is None


async def test_it_looks_again_only_after_a_rest(scene: Scene) -> None:
    scene.prechecker = scene.made(replace(QUICK, rest=1.0))
    await scene.seen()
    requests = len(scene.tenant.requests)
    scene.tenant.texts[METRICS] = asked("ipaddresses")

    scene.prechecker.look(KEY, scene.way)
    await scene.looked()
    assert len(scene.tenant.requests) == requests

    def noticed() -> bool:
        scene.prechecker.look(KEY, scene.way)
        found = scene.prechecker.found(KEY)
        return found is not None and bool(found.apis)

    await until(noticed)


async def test_what_is_the_same_is_not_told_again_for_hours(scene: Scene) -> None:
    scene.prechecker = scene.made(replace(QUICK, rest=0.0))
    first = await scene.seen()

    scene.told.clear()
    scene.prechecker.look(KEY, scene.way)
    await scene.looked()
    assert (scene.told, scene.prechecker.found(KEY)) == ([], first)

    scene.moment += precheck.FRESH
    assert (await scene.seen()).checked_at == "2026-08-03T18:00:00Z"


async def test_a_fresh_leader_goes_by_what_is_noted_and_does_not_look_into_all_at_once(scene: Scene) -> None:
    noted = Precheck(checked_at="2026-08-03T11:00:00Z")
    assert scene.prechecker.found(KEY, noted=noted) == noted
    scene.prechecker.look(KEY, scene.way)
    await scene.looked()
    assert scene.tenant.requests == []

    assert await scene.seen(wish=("cr-1",)) != noted


async def test_what_an_earlier_leader_was_told_by_another_api_server_is_believed_for_a_while(scene: Scene) -> None:
    scene.prechecker.found(KEY, noted=Precheck(checked_at="2026-08-03T11:00:00Z", apis=(api("ipaddresses"),)))

    assert (await scene.seen(wish=("cr-1",))).apis == (api("ipaddresses"),)


async def test_what_an_earlier_leader_could_not_see_is_looked_into_at_once(scene: Scene) -> None:
    scene.prechecker.found(KEY, noted=Precheck(unseen=("it was silent",)))

    assert (await scene.seen()).unseen == ()


async def test_whoever_asks_for_an_upgrade_has_it_looked_at_once_and_only_once(scene: Scene) -> None:
    await scene.seen()
    requests = len(scene.tenant.requests)

    assert await scene.seen(wish=("cr-1",)) == await scene.seen(wish=("cr-2",))
    assert len(scene.tenant.requests) == requests + 4

    scene.prechecker.found(KEY, wish=("cr-2",))
    scene.prechecker.look(KEY, scene.way)
    await scene.looked()
    assert len(scene.tenant.requests) == requests + 4


async def test_whoever_asks_while_somebody_looks_has_it_looked_at_again(scene: Scene) -> None:
    scene.prechecker.found(KEY)
    scene.prechecker.look(KEY, scene.way)
    await until(lambda: scene.tenant.requests)
    scene.prechecker.found(KEY, wish=("cr-1",))
    scene.prechecker.look(KEY, scene.way)

    await until(lambda: scene.told == [KEY, KEY])
    await scene.looked()
    assert len(scene.tenant.asked("GET", METRICS)) == 2


@pytest.mark.parametrize("fault", [Fault.HANGS, Fault.DROPPED, Fault.HTML, 500, 503, 429, 404])
async def test_what_a_tenant_does_not_tell_is_said_and_the_rest_is_read(scene: Scene, fault: Fault | int) -> None:
    scene.tenant.texts[METRICS] = asked("ipaddresses")
    scene.tenant.fail(fault, plural=BUDGETS.plural, times=4)

    found = await scene.seen()

    assert found.unseen == ("PodDisruptionBudgets: its API server does not tell",)
    assert (found.budgets, found.apis) == ((), (api("ipaddresses"),))


async def test_what_we_may_not_see_is_said(scene: Scene) -> None:
    scene.tenant.fail(403, plural=BUDGETS.plural)

    assert (await scene.seen()).unseen == ("PodDisruptionBudgets: its API server refuses",)


async def test_of_very_many_budgets_one_page_is_read_and_that_is_said(scene: Scene) -> None:
    for number in range(BUDGETS_READ + 1):
        scene.tenant.put(BUDGETS, budget(f"b{number}"), status=budget()["status"])

    found = await scene.seen()

    assert found.unseen == (f"PodDisruptionBudgets: only the first {BUDGETS_READ} were read",)
    assert (len(found.budgets), found.more_budgets) == (12, BUDGETS_READ - 12)


async def test_whoever_is_no_api_server_is_told_of_and_not_believed(scene: Scene) -> None:
    scene.tenant.put(BUDGETS, budget(), status={"expectedPods": ["many"], "observedGeneration": "x"})

    assert (await scene.seen()).unseen == ("PodDisruptionBudgets: its API server does not tell",)


async def test_of_several_api_servers_behind_one_address_each_is_believed_for_a_while(scene: Scene) -> None:
    scene.prechecker = scene.made(replace(QUICK, memory=1.0))
    scene.tenant.texts[METRICS] = asked("ipaddresses")
    await scene.seen(wish=("1",))
    scene.tenant.texts[METRICS] = asked("servicecidrs")
    both = await scene.seen(wish=("2",))
    await asyncio.sleep(1.0)
    later = await scene.seen(wish=("3",))

    assert both.apis == (api("ipaddresses"), api("servicecidrs"))
    assert later.apis == (api("servicecidrs"),)


async def test_a_tenant_that_hangs_keeps_no_other_waiting(scene: Scene) -> None:
    async with secure(trustme.CA()) as (well, way):
        well.texts[METRICS] = asked()
        scene.prechecker = scene.made(replace(QUICK, rest=0.0, timeout=3.0))
        scene.tenant.fail(Fault.HANGS, plural=BUDGETS.plural, times=10)
        await scene.seen()
        # It is known to hang by now, and is looked into all the time: in a queue of its own.
        scene.prechecker.look(KEY, scene.way)
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            scene.prechecker.found(OTHER)
            scene.prechecker.look(OTHER, way)
            await until(lambda: OTHER in scene.told)


async def test_what_is_forgotten_is_not_told_of(scene: Scene) -> None:
    scene.tenant.fail(Fault.HANGS, plural=BUDGETS.plural)
    scene.prechecker.found(KEY)
    scene.prechecker.look(KEY, scene.way)
    await until(lambda: scene.tenant.requests)

    scene.prechecker.forget(KEY)
    await asyncio.sleep(0.7)

    # Whoever asks how it is may not have heard yet.
    scene.prechecker.look(KEY, scene.way)
    await scene.looked()
    assert (scene.told, len(scene.tenant.requests)) == ([], 1)
