"""The watch cache: what it holds, whom it tells, and how it takes a bad day of the API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest_asyncio

from provisioning import errors
from provisioning.cache import Cache, Pace
from provisioning.kube import Change, Keep, Kube, Listing
from provisioning.manifest import Manifest
from provisioning.resources import CONFIG_MAPS, Resource
from tests.fakes.api_server import ApiServer, connected
from tests.provisioning.kube_contract.promises import config_map
from tests.provisioning.waiting import running, until

QUICK = Pace(least=0.001, first=0.01, most=0.05, steady=5.0)

Pair = tuple[ApiServer, Kube]


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with connected() as both:
        yield both


def names(cache: Cache) -> set[str]:
    return {item["metadata"]["name"] for item in cache.list()}


async def test_it_holds_what_was_there_and_what_comes(pair: Pair) -> None:
    server, kube = pair
    server.put(CONFIG_MAPS, config_map("team-a", "old"))
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    async with running(cache.run()):
        await cache.synced.wait()
        assert names(cache) == {"old"}
        server.put(CONFIG_MAPS, config_map("team-b", "new"))
        await until(lambda: cache.get("team-b", "new"))
        assert [item["metadata"]["name"] for item in cache.list("team-b")] == ["new"]
        server.remove(CONFIG_MAPS, "old", "team-a")
        await until(lambda: names(cache) == {"new"})
        assert cache.list("team-a") == []


async def test_it_holds_only_the_namespace_and_labels_it_was_made_for(pair: Pair) -> None:
    server, kube = pair
    cache = Cache(kube, CONFIG_MAPS, namespace="x", labels="team=a", pace=QUICK)
    async with running(cache.run()):
        await cache.synced.wait()
        server.put(CONFIG_MAPS, config_map("y", "other-namespace", labels={"team": "a"}))
        server.put(CONFIG_MAPS, config_map("x", "leaves", labels={"team": "a"}))
        await until(lambda: cache.get("x", "leaves"))
        server.put(CONFIG_MAPS, config_map("x", "leaves", labels={"team": "b"}))
        await until(lambda: not cache.list())


async def test_a_watch_that_breaks_is_resumed_without_listing_again(pair: Pair) -> None:
    server, kube = pair
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    async with running(cache.run()):
        await until(lambda: server.asked("GET", "watch=true"))
        server.break_watches()
        server.put(CONFIG_MAPS, config_map("x", "meanwhile"))
        await until(lambda: cache.get("x", "meanwhile"))
        assert len(server.asked("GET", "limit=")) == 1


async def test_what_was_deleted_while_the_watch_had_expired_is_told(pair: Pair) -> None:
    server, kube = pair
    server.put(CONFIG_MAPS, config_map("x", "goes"))
    server.put(CONFIG_MAPS, config_map("x", "stays"))
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    told: list[tuple[str, bool]] = []
    async with running(cache.run()):
        await until(lambda: server.asked("GET", "watch=true"))
        cache.listen(
            lambda before, after: told.append(((after or before or {})["metadata"]["name"], after is not None))
        )
        server.fail(503, method="GET", times=3)
        server.break_watches()
        server.remove(CONFIG_MAPS, "goes", "x")
        server.put(CONFIG_MAPS, config_map("x", "comes"))
        server.objects.forget()
        await until(lambda: names(cache) == {"stays", "comes"})
        assert told == [("goes", False), ("comes", True)]


async def test_an_expiry_told_inside_a_watch_makes_it_list_again(pair: Pair) -> None:
    server, kube = pair
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    async with running(cache.run()):
        await until(lambda: server.asked("GET", "watch=true"))
        server.put(CONFIG_MAPS, config_map("x", "one"))
        await until(lambda: cache.get("x", "one"))
        server.expire_watches()
        await until(lambda: len(server.asked("GET", "limit=")) == 2)
        server.put(CONFIG_MAPS, config_map("x", "two"))
        await until(lambda: cache.get("x", "two"))


async def test_it_is_synced_only_once_the_list_is_in(pair: Pair) -> None:
    server, kube = pair
    server.unserved.add("configmaps")
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    async with running(cache.run()):
        await until(lambda: len(server.requests) > 2)
        assert not cache.synced.is_set()
        server.unserved.clear()
        await cache.synced.wait()


class ClosesAtOnce:
    """An API server whose watches end, or fail, as soon as they begin."""

    def __init__(self, error: errors.KubeError | None = None) -> None:
        self.asked = 0
        self.error = error

    async def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", keep: Keep | None = None
    ) -> Listing:
        self.asked += 1
        return Listing([], "7")

    async def watch(
        self, resource: Resource, *, since: str, namespace: str = "", labels: str = ""
    ) -> AsyncGenerator[Change, None]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        nothing: tuple[Change, ...] = ()
        for change in nothing:
            yield change


async def asked_in_a_second(source: ClosesAtOnce) -> float:
    """How often it is asked, whatever else the machine has to do in that second."""
    loop = asyncio.get_running_loop()
    async with running(Cache(source, CONFIG_MAPS).run()):
        began = loop.time()
        await asyncio.sleep(1)
        return source.asked / (loop.time() - began)


async def test_a_server_that_closes_every_watch_at_once_is_not_hammered() -> None:
    source = ClosesAtOnce()
    assert await asked_in_a_second(source) <= 5


async def test_a_server_that_forgets_every_version_at_once_is_not_hammered() -> None:
    source = ClosesAtOnce(errors.Gone("too old"))
    assert await asked_in_a_second(source) <= 8


async def test_waiting_doubles_up_to_a_limit_and_varies() -> None:
    pace = Pace(least=0.1, first=1, most=30)
    assert 0.5 <= pace.delay(1) <= 1
    assert 1 <= pace.delay(2) <= 2
    assert 15 <= pace.delay(50) <= 30
    assert len({pace.delay(3) for _ in range(5)}) > 1


async def test_the_same_list_again_tells_nobody(pair: Pair) -> None:
    server, kube = pair
    server.put(CONFIG_MAPS, config_map("x", "one"))
    cache = Cache(kube, CONFIG_MAPS, pace=QUICK)
    told: list[Manifest | None] = []
    async with running(cache.run()):
        await until(lambda: server.asked("GET", "watch=true"))
        stop = cache.listen(lambda _, after: told.append(after))
        server.expire_watches()
        await until(lambda: len(server.asked("GET", "limit=")) == 2)
        await until(lambda: len(server.asked("GET", "watch=true")) == 2)
        stop()
    assert told == []


async def test_a_kind_that_nobody_serves_is_empty_and_looked_for_again(pair: Pair) -> None:
    server, kube = pair
    server.unserved.add("configmaps")
    cache = Cache(kube, CONFIG_MAPS, optional=True, pace=QUICK)
    served: list[bool] = []
    cache.when_served(lambda: served.append(cache.missing))
    async with running(cache.run()):
        await cache.synced.wait()
        assert cache.missing
        assert cache.list() == []
        server.put(CONFIG_MAPS, config_map("x", "one"))
        server.unserved.clear()
        await until(lambda: cache.get("x", "one"))
        assert served == [False]


async def test_a_kind_whose_definition_is_taken_away_is_gone_with_its_objects(pair: Pair) -> None:
    server, kube = pair
    server.put(CONFIG_MAPS, config_map("x", "one"))
    cache = Cache(kube, CONFIG_MAPS, optional=True, pace=QUICK)
    told: list[Manifest | None] = []
    async with running(cache.run()):
        await until(lambda: server.asked("GET", "watch=true"))
        cache.listen(lambda _, after: told.append(after))
        server.unserved.add("configmaps")
        server.break_watches()
        await until(lambda: cache.missing)
        assert cache.list() == []
        assert told == [None]


async def test_why_it_has_no_list_yet_can_be_asked(pair: Pair) -> None:
    server, kube = pair
    server.fail(403, times=100)
    cache = Cache(kube, CONFIG_MAPS, optional=True, pace=QUICK)
    async with running(cache.run()):
        await until(lambda: "ordered to answer 403" in cache.trouble)
        assert not cache.synced.is_set()
        server.heal()
        await cache.synced.wait()
        assert cache.trouble == ""


async def test_only_what_is_to_be_kept_of_an_object_is_kept(pair: Pair) -> None:
    server, kube = pair

    def keep(manifest: Manifest) -> Manifest | None:
        data = manifest["data"]
        return {"kind": manifest["kind"], "metadata": manifest["metadata"], "data": data} if "keep" in data else None

    server.put(CONFIG_MAPS, config_map("x", "one", {"keep": "1"}))
    server.put(CONFIG_MAPS, config_map("x", "two"))
    cache = Cache(kube, CONFIG_MAPS, keep=keep, packed=True, pace=QUICK)
    told: list[tuple[bool, bool]] = []
    cache.listen(lambda before, after: told.append((before is not None, after is not None)))
    async with running(cache.run()):
        await cache.synced.wait()
        assert names(cache) == {"one"}
        server.put(CONFIG_MAPS, config_map("x", "two", {"keep": "1"}))
        await until(lambda: names(cache) == {"one", "two"})
        server.put(CONFIG_MAPS, config_map("x", "one"))
        await until(lambda: names(cache) == {"two"})
    assert told == [(False, True), (False, True), (True, False)]
    assert "apiVersion" not in cache.list()[0]
