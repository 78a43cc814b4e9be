"""What is asked again, and what is an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from provisioning import errors, names
from provisioning.kube import Kube
from provisioning.legacy_kube import LegacyKube
from provisioning.manifest import Manifest
from provisioning.resources import CLUSTERS, CONFIG_MAPS
from provisioning.steady import TRIES, Steady
from tests.builders import NAMESPACE
from tests.fakes.api_server import ApiServer, Fault, connected
from tests.fakes.objects import Refused

Pair = tuple[ApiServer, Kube]
MANIFEST: Manifest = {"metadata": {"name": "web", "namespace": NAMESPACE, "labels": {names.CAPI_CLUSTER_LABEL: "web"}}}


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with connected() as (server, kube):
        server.put(CONFIG_MAPS, MANIFEST)
        yield server, Steady(kube)


@pytest.mark.parametrize("fault", [500, 410, 429, Fault.DROPPED, Fault.HTML])
async def test_a_missing_answer_is_asked_for_again(pair: Pair, fault: Fault | int) -> None:
    server, kube = pair
    server.fail(fault)
    assert await kube.get(CONFIG_MAPS, "web", namespace=NAMESPACE)
    assert len(server.requests) == 2


async def test_so_it_is_with_everything_that_comes_out_the_same_when_it_is_done_twice(pair: Pair) -> None:
    server, kube = pair
    for ask in (
        lambda: kube.list(CONFIG_MAPS, namespace=NAMESPACE),
        lambda: kube.call("GET", "/apis"),
        lambda: kube.merge(CONFIG_MAPS, "web", {"data": {"a": "b"}}, namespace=NAMESPACE),
        lambda: kube.apply(CONFIG_MAPS, MANIFEST, manager="desk"),
        lambda: kube.delete(CONFIG_MAPS, "web", namespace=NAMESPACE),
    ):
        server.fail(503)
        assert await ask()


@pytest.mark.parametrize("fault", [403, 404, 409, 422])
async def test_an_answer_is_taken_at_once(pair: Pair, fault: int) -> None:
    server, kube = pair
    server.fail(fault, method="GET", times=1000)
    with pytest.raises(errors.KubeError):
        await kube.get(CONFIG_MAPS, "web", namespace=NAMESPACE)
    assert len(server.requests) == 1


async def test_a_deletion_that_was_done_and_not_heard_of_is_told_as_done(pair: Pair) -> None:
    server, kube = pair
    server.fail(Fault.LOST, method="DELETE")
    with pytest.raises(errors.NotFound):
        await kube.delete(CONFIG_MAPS, "web", namespace=NAMESPACE)


async def test_what_would_come_out_twice_is_asked_once(pair: Pair) -> None:
    server, kube = pair
    server.fail(503, method="POST", times=1000)
    with pytest.raises(errors.Unavailable):
        await kube.create(CONFIG_MAPS, {"metadata": {"name": "other", "namespace": NAMESPACE}})
    assert len(server.requests) == 1


async def test_an_api_server_that_stays_away_is_not_waited_for(pair: Pair) -> None:
    server, kube = pair
    server.fail(503, times=1000)
    with pytest.raises(errors.Unavailable):
        await kube.get(CONFIG_MAPS, "web", namespace=NAMESPACE)
    assert len(server.requests) == TRIES


async def test_a_server_that_is_busy_is_given_the_time_that_it_asks_for(pair: Pair) -> None:
    server, kube = pair
    waits = [1, 60]

    def busy(*_: object) -> None:
        if waits:
            raise Refused(429, "TooManyRequests", "busy", retryAfterSeconds=waits.pop(0))

    server.objects.admission.append(busy)
    with pytest.raises(errors.Throttled) as told:
        await kube.merge(CONFIG_MAPS, "web", {"data": {"a": "b"}}, namespace=NAMESPACE)
    assert told.value.retry_after == 60
    assert len(server.requests) == 2
    assert await kube.merge(CONFIG_MAPS, "web", {"data": {"a": "b"}}, namespace=NAMESPACE)


async def test_one_that_speaks_the_older_words_still_does(pair: Pair) -> None:
    server, kube = pair
    server.versions[CLUSTERS.group] = "v1beta1"
    await Steady(LegacyKube(kube)).list(CLUSTERS, namespace=NAMESPACE)
    assert "/v1beta1/" in server.requests[-1][1]
