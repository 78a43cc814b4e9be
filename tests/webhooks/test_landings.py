"""What was admitted is told once it is stored, once; what never landed is not told, and what nobody can tell is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from provisioning.audit import Code, Event
from provisioning.resources import CLUSTER_REQUESTS, TENANT_CLUSTERS
from tests.provisioning.waiting import until
from tests.webhooks.fakes import BrokenWorld, SlowWorld, World
from tests.webhooks.reviews import manifest, request
from tests.webhooks.test_deeds import BOT, CLUSTER, VOTE, asked
from webhooks import landings
from webhooks.decision import Allow
from webhooks.landings import Landings
from webhooks.ports import Lookup
from webhooks.trusted import Trusted

FEW = (0.0,) * 20


@asynccontextmanager
async def following(
    world: Lookup, told: list[Event], *, pauses: Iterable[float] = itertools.repeat(0.0)
) -> AsyncIterator[Landings]:
    """It looks without a pause, and never gives up where a test does not say so."""
    door = Landings(world, Trusted(), told.append, pauses=pauses)
    running = asyncio.create_task(door.run())
    await asyncio.sleep(0)
    try:
        yield door
    finally:
        running.cancel()
        await asyncio.wait({running})


def written(found: Any, revision: str) -> Any:
    return {**found, "metadata": {**found["metadata"], "resourceVersion": revision}}


@pytest.fixture
def told() -> list[Event]:
    """What the audit trail was told."""
    return []


async def test_it_is_told_when_it_is_there_and_not_before(told: list[Event]) -> None:
    world = World()
    async with following(world, told) as door:
        door.note(request(TENANT_CLUSTERS, CLUSTER), Allow())
        await until(lambda: len(world.asked) > 1)
        assert told == []
        world.manifests.append(CLUSTER)
        await until(lambda: bool(told))
    assert [(event.code, "stored" in event.facts) for event in told] == [(Code.CLUSTER_MADE, False)]
    assert all(live for _, live in world.asked)


async def test_what_lost_against_another_write_is_not_told_and_its_second_try_is(told: list[Event]) -> None:
    evas = {**VOTE, "voter": {"user": "eva"}}
    second = asked(votes=[evas, VOTE])
    world = World(written(asked(votes=[evas]), "8"))
    async with following(world, told) as door:
        vote = request(CLUSTER_REQUESTS, asked(votes=[VOTE]), old=asked(), user=BOT, subresource="status")
        door.note(vote, Allow())
        await until(lambda: bool(world.asked))
        old = written(asked(votes=[evas]), "8")
        again = request(CLUSTER_REQUESTS, second, old=old, user=BOT, subresource="status", uid="call-2")
        door.note(again, Allow())
        world.manifests[:] = [written(second, "9")]
        await until(lambda: bool(told))
    assert [(event.code, event.who) for event in told] == [(Code.VOTE_CAST, "ben")]


async def test_what_the_api_server_asks_twice_about_is_told_once(told: list[Event]) -> None:
    world = World(CLUSTER)
    other = manifest(TENANT_CLUSTERS, "shop", CLUSTER["spec"])
    world.manifests.append(other)
    async with following(world, told) as door:
        for number in range(3):
            door.note(request(TENANT_CLUSTERS, CLUSTER, uid=f"call-{number}"), Allow())
        door.note(request(TENANT_CLUSTERS, other), Allow())
        await until(lambda: len(world.asked) >= 4 and len(told) >= 2)
    assert sorted(event.about for event in told) == ["tenant-blue/shop", "tenant-blue/web"]


async def test_what_never_lands_is_not_told(told: list[Event]) -> None:
    world = World()
    async with following(world, told, pauses=FEW) as door:
        door.note(request(TENANT_CLUSTERS, CLUSTER), Allow())
        await until(lambda: len(world.asked) == len(FEW))
    assert told == []


async def test_where_nobody_answers_it_is_told_that_nobody_knows(told: list[Event]) -> None:
    async with following(BrokenWorld(), told) as door:
        door.note(request(TENANT_CLUSTERS, CLUSTER), Allow())
        await until(lambda: bool(told))
    assert [event.facts["stored"] for event in told] == ["unknown"]


async def test_whoever_leaves_tells_of_all_that_is_under_way(told: list[Event]) -> None:
    world = SlowWorld()
    async with following(world, told) as door:
        door.note(request(TENANT_CLUSTERS, CLUSTER), Allow())
        await asyncio.wait_for(world.arrived.get(), 10)
        door.note(request(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "shop", CLUSTER["spec"])), Allow())
    assert sorted(event.about for event in told) == ["tenant-blue/shop", "tenant-blue/web"]
    assert {event.facts["stored"] for event in told} == {"unknown"}


async def test_a_storm_holds_up_nobody_and_leaves_nothing_out(told: list[Event]) -> None:
    number = 2 * landings.MOST + 10
    async with following(SlowWorld(), told) as door:
        for each in range(number):
            door.note(request(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, f"web-{each}", CLUSTER["spec"])), Allow())
        assert len(told) == number - landings.MOST
    assert len({event.about for event in told}) == number


async def test_an_object_that_no_rule_can_read_is_in_the_log_and_stops_nothing(told: list[Event]) -> None:
    world = World(CLUSTER)
    async with following(world, told) as door:
        door.note(request(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {"pools": "none"})), Allow())
        door.note(request(TENANT_CLUSTERS, CLUSTER), Allow())
        await until(lambda: bool(told))
    assert len(told) == 1
