"""How objects are looked up: as few reads as can be, none of which is older than the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from provisioning import errors
from provisioning.model import Tenant
from provisioning.resources import CONFIG_MAPS, KUBEVIRT_MACHINE_TEMPLATES
from tests.fakes.api_server import ApiServer
from tests.webhooks.estate import BLUE, TENANT, template
from webhooks import known
from webhooks.facts import All, One
from webhooks.lookup import WAITING_MAX, KubeLookup

SIZE = One(KUBEVIRT_MACHINE_TEMPLATES, "big", BLUE)


class Counted:
    """What a lookup needs of `Kube`: answers when it is told to, and counts."""

    def __init__(self) -> None:
        self.reads = 0
        self.gate = asyncio.Event()
        self.asked = [asyncio.Event(), asyncio.Event()]

    async def find(self, *_: object, **__: object) -> dict[str, int]:
        self.asked[self.reads].set()
        self.reads += 1
        now = self.reads
        await self.gate.wait()
        return {"read": now}


async def test_those_who_ask_together_share_a_read_and_none_is_older_than_the_question() -> None:
    kube = Counted()
    lookup = KubeLookup(kube)  # type: ignore[arg-type]
    first = [asyncio.create_task(lookup.find(SIZE, live=True)) for _ in range(3)]
    await kube.asked[0].wait()
    later = [asyncio.create_task(lookup.find(SIZE, live=True)) for _ in range(3)]
    await asyncio.sleep(0)
    kube.gate.set()
    assert await asyncio.gather(*first, *later) == [{"read": 1}] * 3 + [{"read": 2}] * 3


async def test_a_read_that_hangs_holds_nobody_up_who_comes_later_for_long() -> None:
    kube = Counted()
    lookup = KubeLookup(kube)  # type: ignore[arg-type]
    hanging = asyncio.create_task(lookup.find(SIZE, live=True))
    await kube.asked[0].wait()
    later = asyncio.create_task(lookup.find(SIZE, live=True))
    await kube.asked[1].wait()
    kube.gate.set()
    assert [await hanging, await later] == [{"read": 1}, {"read": 2}]


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as started:
        yield started


async def test_an_error_is_everybodys_who_shares_the_read_and_nobodys_afterwards(server: ApiServer) -> None:
    server.put(KUBEVIRT_MACHINE_TEMPLATES, template())
    async with server.kube() as kube:
        lookup = KubeLookup(kube)
        server.fail(503, method="GET")
        found = await asyncio.gather(*(lookup.find(SIZE, live=True) for _ in range(2)), return_exceptions=True)
        assert [isinstance(one, Exception) for one in found] == [True, True]
        assert await lookup.find(SIZE, live=True) is not None


async def test_of_a_kind_that_is_not_served_nobody_is_on_the_roll(server: ApiServer) -> None:
    async with server.kube() as kube:
        lookup = KubeLookup(kube)
        server.fail(404, method="GET")
        assert await lookup.roll(KUBEVIRT_MACHINE_TEMPLATES) == {}
        server.put(KUBEVIRT_MACHINE_TEMPLATES, template())
        roll = await lookup.roll(KUBEVIRT_MACHINE_TEMPLATES)
        assert roll is not None
        assert [*roll] == [(BLUE, "big")]


async def test_no_namespace_is_listed_whole_that_somebody_has_filled(server: ApiServer) -> None:
    for number in range(33):
        large = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"a{number}", "namespace": BLUE}}
        server.put(CONFIG_MAPS, {**large, "data": {"a": "x" * 2**20}})
    async with server.kube() as kube:
        lookup = KubeLookup(kube)
        with pytest.raises(errors.TooMuch):
            await lookup.find(All(CONFIG_MAPS, BLUE), live=True)
        assert await lookup.find(All(CONFIG_MAPS, "tenant-red"), live=True) == []
        assert await lookup.find(One(CONFIG_MAPS, "a1", BLUE), live=True) is not None


async def test_what_is_so_after_a_while_is_read_then_and_too_many_are_sent_away(server: ApiServer) -> None:
    later = All(KUBEVIRT_MACHINE_TEMPLATES, BLUE, after=0.2)
    async with server.kube() as kube:
        lookup = KubeLookup(kube)
        waiting = [asyncio.create_task(lookup.find(later, live=True)) for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await lookup.find(later, live=True)
        assert await lookup.find(All(KUBEVIRT_MACHINE_TEMPLATES, BLUE), live=True) == []
        server.put(KUBEVIRT_MACHINE_TEMPLATES, template())
        assert all(await asyncio.gather(*waiting))
        assert await lookup.find(later, live=True)


def test_what_a_cache_hands_out_is_read_once_and_what_has_changed_anew() -> None:
    once = known.read(Tenant, TENANT)
    assert known.read(Tenant, TENANT) is once
    changed = known.read(Tenant, {**TENANT, "spec": {**TENANT["spec"], "namespaces": ["elsewhere"]}})
    assert changed.it.spec.namespaces == ("elsewhere",)
