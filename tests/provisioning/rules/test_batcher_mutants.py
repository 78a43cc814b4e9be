"""What the tests of the batcher are worth: a store that takes one of its rules away, and the promise that breaks.

A batcher cannot be told to forget a rule; a store that lies to it has the same effect. Each story holds on an honest
store and breaks on the one that lies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from provisioning import errors
from provisioning.batcher import Batcher, LedgerStore, Page
from provisioning.ledger import Claim, Ledger
from provisioning.quota import Limits
from provisioning.reservation import Exceeded, Granted, Outcome, Request
from provisioning.usage import Usage
from tests.provisioning.rules.stores import MemoryLedgers

TENANT = "blue"
HARD = Limits({"nodes": 50})
Lies = Callable[[MemoryLedgers], LedgerStore]


class Honest:
    def __init__(self, store: MemoryLedgers) -> None:
        self._store = store

    async def load(self, tenant: str) -> Page:
        return await self._store.load(tenant)

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        return await self._store.save(tenant, ledger, version)


class NotJudgedAgain(Honest):
    """After a lost race the same claims are written on top of what the winner wrote."""

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        try:
            return await super().save(tenant, ledger, version)
        except errors.Conflict:
            page = await self.load(tenant)
            both = Ledger({**ledger.slots, **page.ledger.slots})
            return await self.save(tenant, both, page.version)


class WithoutCompareAndSwap(Honest):
    """Whoever comes last has written."""

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        await asyncio.sleep(self._store.pause)
        return self._store.put(tenant, ledger)


class FromACopy(Honest):
    """What counts as read live is what this replica has written, or read, last."""

    copy: Page | None = None

    async def load(self, tenant: str) -> Page:
        self.copy = self.copy or await super().load(tenant)
        return self.copy

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        try:
            self.copy = await super().save(tenant, ledger, version)
        except errors.Conflict:
            self.copy = None
            raise
        return self.copy


class SaidBeforeWritten(Honest):
    """The write counts as done when it has been sent."""

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        self.sent = asyncio.ensure_future(super().save(tenant, ledger, version))
        return Page(ledger, version)


def shelf(ledger: Ledger | None = None, *, pause: float = 0.0) -> MemoryLedgers:
    store = MemoryLedgers(pause=pause)
    store.put(TENANT, ledger or Ledger())
    return store


async def reserve(at: Batcher, name: str, nodes: int = 1) -> Outcome:
    wanted = Request(name, Claim(Usage(nodes=nodes), uid=f"uid-{name}"), HARD)
    return await at.reserve(wanted, deadline=time.monotonic() + 10)


def door(store: LedgerStore) -> Batcher:
    return Batcher(store, TENANT, time.monotonic)


async def many_at_once_on_three_replicas(lies: Lies) -> None:
    store = shelf(pause=0.002)
    doors = [door(lies(store)) for _ in range(3)]
    answers = await asyncio.gather(*(reserve(doors[n % 3], f"n-{n}") for n in range(120)))
    admitted = sum(isinstance(answer, Granted) for answer in answers)
    assert admitted == store.ledger(TENANT).used().nodes == 50


async def room_is_made_by_somebody_else(lies: Lies) -> None:
    store = shelf()
    at = door(lies(store))
    assert isinstance(await reserve(at, "web", 40), Granted)
    assert isinstance(await reserve(at, "api", 40), Exceeded)
    store.put(TENANT, Ledger())
    assert isinstance(await reserve(at, "api", 40), Granted)


async def a_replica_dies_as_soon_as_it_has_answered(lies: Lies) -> None:
    store = shelf(pause=0.01)
    answer = await reserve(door(lies(store)), "web", 40)
    assert isinstance(answer, Granted)
    assert store.ledger(TENANT).used().nodes == 40


STORIES: dict[type[Honest], Callable[[Lies], Awaitable[None]]] = {
    NotJudgedAgain: many_at_once_on_three_replicas,
    WithoutCompareAndSwap: many_at_once_on_three_replicas,
    FromACopy: room_is_made_by_somebody_else,
    SaidBeforeWritten: a_replica_dies_as_soon_as_it_has_answered,
}


@pytest.mark.parametrize("lies", STORIES)
async def test_on_an_honest_store_the_story_ends_well(lies: type[Honest]) -> None:
    await STORIES[lies](Honest)


@pytest.mark.parametrize("lies", STORIES)
async def test_with_one_rule_less_the_story_breaks(lies: type[Honest]) -> None:
    with pytest.raises(AssertionError):
        await STORIES[lies](lies)
