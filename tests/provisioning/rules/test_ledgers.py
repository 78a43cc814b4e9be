"""Every store of ledgers keeps the same promises: the one in memory, ours on a fake API server and on the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from provisioning.kube import Kube
from provisioning.ledger import Garbled, Ledger
from provisioning.ledgers import KubeLedgers
from provisioning.resources import TENANT_LEDGERS
from tests.fakes.api_server import ApiServer
from tests.provisioning.rules.stores import MemoryLedgers, StorePromises


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as started:
        yield started


@pytest_asyncio.fixture
async def on_fake(server: ApiServer) -> AsyncIterator[KubeLedgers]:
    async with server.kube() as kube:
        yield KubeLedgers(kube, "system")


class TestMemory(StorePromises):
    @pytest.fixture
    def store(self) -> MemoryLedgers:
        return MemoryLedgers()


class TestOnTheFakeServer(StorePromises):
    @pytest.fixture
    def store(self, on_fake: KubeLedgers) -> KubeLedgers:
        return on_fake


class TestOnTheRealServer(StorePromises):
    @pytest.fixture
    def store(self, admin: Kube, namespace: str) -> KubeLedgers:
        return KubeLedgers(admin, namespace)


async def test_a_ledger_that_somebody_broke_is_garbled_and_not_empty(server: ApiServer, on_fake: KubeLedgers) -> None:
    server.put(TENANT_LEDGERS, {"metadata": {"name": "blue", "namespace": "system"}, "spec": {"data": "{}"}})
    with pytest.raises(Garbled) as caught:
        await on_fake.load("blue")
    await on_fake.save("blue", Ledger(), caught.value.version)
    assert (await on_fake.load("blue")).ledger == Ledger()
