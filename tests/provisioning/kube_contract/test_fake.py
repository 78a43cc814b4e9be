"""The fake API server keeps the promises, and does what no real one does on order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from provisioning import errors
from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS
from tests.fakes.api_server import ApiServer
from tests.provisioning.kube_contract.promises import Promises, config_map, events


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as started:
        yield started


@pytest_asyncio.fixture
async def kube(server: ApiServer) -> AsyncIterator[Kube]:
    async with server.kube() as connected:
        yield connected


@pytest.fixture
def namespace() -> str:
    return "team-a"


class TestFake(Promises):
    pass


async def test_a_watch_from_a_forgotten_version_is_gone_as_an_answer(server: ApiServer, kube: Kube) -> None:
    server.put(CONFIG_MAPS, config_map("team-a", "one"))
    server.put(CONFIG_MAPS, config_map("team-a", "two"))
    server.objects.forget()
    with pytest.raises(errors.Gone):
        await events(kube, CONFIG_MAPS, "1", namespace="team-a", count=1)


async def test_a_list_is_read_to_its_last_page(server: ApiServer, kube: Kube) -> None:
    for number in range(1203):
        server.put(CONFIG_MAPS, config_map("team-a", f"cm-{number}"))
    listing = await kube.list(CONFIG_MAPS)
    assert len(listing.items) == 1203
    assert len(server.asked("GET", "limit=500")) == 3
