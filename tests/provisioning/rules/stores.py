"""A store of ledgers in memory, as unreliable as one likes, and what every store of ledgers promises."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import pytest

from provisioning import errors
from provisioning.batcher import LedgerStore, Page
from provisioning.ledger import Claim, Ledger, Missing
from provisioning.usage import Usage


class Fault(Enum):
    """What becomes of one write."""

    CONFLICT = "somebody else was faster"
    DROPPED = "it never arrived"
    LOST = "it was done, and the answer did not arrive"
    HANGS = "no answer, ever"
    FORBIDDEN = "we may not"


@dataclass
class MemoryLedgers:
    """A `LedgerStore`. `faults` come one per write, in order; `pause` is what each call takes, in seconds."""

    pause: float = 0.0
    faults: deque[Fault] = field(default_factory=deque)
    loads: int = 0
    saves: int = 0
    meanwhile: Ledger | None = None
    """What somebody else writes just before a write that loses."""
    kept: dict[str, Page] = field(default_factory=dict)

    async def load(self, tenant: str) -> Page:
        self.loads += 1
        await asyncio.sleep(self.pause)
        if tenant not in self.kept:
            raise Missing(tenant)
        return self.kept[tenant]

    async def create(self, tenant: str, ledger: Ledger) -> Page:
        if tenant in self.kept:
            raise errors.Conflict(tenant)
        return self.put(tenant, ledger)

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        self.saves += 1
        await asyncio.sleep(self.pause)
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.HANGS:
            await asyncio.Event().wait()
        if fault is Fault.FORBIDDEN:
            raise errors.Forbidden("no")
        if fault is Fault.DROPPED:
            raise errors.Unavailable("connection reset")
        if fault is Fault.CONFLICT:
            if self.meanwhile is not None:
                self.put(tenant, self.meanwhile)
            raise errors.Conflict(tenant)
        page = self.put(tenant, ledger, version)
        if fault is Fault.LOST:
            raise errors.Unavailable("connection reset")
        return page

    def put(self, tenant: str, ledger: Ledger, version: str | None = None) -> Page:
        """Write it; whatever is there when no version is given."""
        present = self.kept[tenant].version if tenant in self.kept else "0"
        if version is not None and (version != present or tenant not in self.kept):
            raise errors.Conflict(tenant)
        page = Page(ledger, str(int(present) + 1))
        self.kept[tenant] = page
        return page

    def ledger(self, tenant: str) -> Ledger:
        return self.kept[tenant].ledger


def one_claim(key: str = "tenantclusters.clusterdesk.dev/team-a/web") -> Ledger:
    return Ledger().claim(key, Claim(Usage(1, 2, 3000, 2**32), "5", "uid-1"))


class Store(LedgerStore, Protocol):
    """As the keeper uses it."""

    async def create(self, tenant: str, ledger: Ledger) -> Page: ...


class StorePromises:
    """Subclasses give the fixture `store`."""

    async def test_what_nobody_made_is_missing_and_not_empty(self, store: Store) -> None:
        with pytest.raises(Missing):
            await store.load("blue")

    async def test_what_is_written_is_read_with_the_version_that_the_write_gave(self, store: Store) -> None:
        first = await store.create("blue", Ledger())
        assert await store.load("blue") == first
        written = await store.save("blue", one_claim(), first.version)
        assert written.ledger == one_claim()
        assert await store.load("blue") == written

    async def test_a_write_on_the_version_that_was_read_wins_once(self, store: Store) -> None:
        first = await store.create("blue", one_claim())
        await store.save("blue", one_claim("a/b/c"), first.version)
        with pytest.raises(errors.Conflict):
            await store.save("blue", Ledger(), first.version)
        assert (await store.load("blue")).ledger == one_claim("a/b/c")

    async def test_a_ledger_is_made_once(self, store: Store) -> None:
        await store.create("blue", one_claim())
        with pytest.raises(errors.Conflict):
            await store.create("blue", Ledger())

    async def test_a_write_to_what_is_not_there_is_lost_and_makes_nothing(self, store: Store) -> None:
        with pytest.raises(errors.Conflict):
            await store.save("blue", one_claim(), "7")
        with pytest.raises(Missing):
            await store.load("blue")

    async def test_tenants_do_not_meet(self, store: Store) -> None:
        await store.create("blue", one_claim())
        await store.create("red", one_claim("a/b/c"))
        assert (await store.load("blue")).ledger == one_claim()

    async def test_of_many_writers_at_once_one_wins(self, store: Store) -> None:
        version = (await store.create("blue", Ledger())).version
        results = await asyncio.gather(
            *(store.save("blue", one_claim(f"a/b/{n}"), version) for n in range(8)), return_exceptions=True
        )
        (won,) = [r for r in results if isinstance(r, Page)]
        assert sum(isinstance(r, errors.Conflict) for r in results) == 7
        assert await store.load("blue") == won
