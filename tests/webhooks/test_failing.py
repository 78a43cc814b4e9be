"""Bad days, through the whole door with every policy and the real batcher: never a wrong yes, never too late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from provisioning import errors
from provisioning.batcher import Page
from provisioning.ledger import Garbled, Ledger, Missing
from provisioning.resources import TENANT_CLUSTERS
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, cluster, tweak
from tests.webhooks.fakes import NOW, BrokenWorld, SlowWorld, World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny, Patch, Verdict
from webhooks.defaults import DEFAULTS
from webhooks.facts import All, Answer, Query
from webhooks.judge import Judge
from webhooks.ledgers import BatchedLedgers
from webhooks.policies import POLICIES
from webhooks.trusted import Trusted

ESTATE = (CATALOG, tweak(TENANT, "spec.approval.required", 0), NAMESPACE)
SECONDS = 0.3
"""Until the deadline. A no must come by then; the machine may take its time on top."""
PATIENCE = 5.0


class Store:
    """A ledger store. `load_error` and `save_error` are raised, `held` is waited for before a load is answered."""

    def __init__(
        self, *, load_error: Exception | None = None, save_error: Exception | None = None, held: bool = False
    ) -> None:
        self.writes = 0
        self.go = asyncio.Event()
        self._load_error, self._save_error = load_error, save_error
        if not held:
            self.go.set()

    async def load(self, tenant: str) -> Page:
        await self.go.wait()
        if self._load_error is not None:
            raise self._load_error
        return Page(Ledger(), "1")

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        if self._save_error is not None:
            raise self._save_error
        self.writes += 1
        return Page(ledger, "2")


class WeakMemory(World):
    """Its cache has nothing at all, and the API server behind it everything."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        nothing = () if isinstance(query, All) else None
        return self.answer(query) if live else nothing


def judge(world: World, store: Store | None = None) -> Judge:
    return Judge(POLICIES, DEFAULTS, world, BatchedLedgers(store or Store()), Trusted(), now=lambda: NOW)


async def ask(subject: Judge, *, seconds: float = SECONDS, **rest: Any) -> Verdict:
    deadline = asyncio.get_running_loop().time() + seconds
    async with asyncio.timeout(seconds + PATIENCE):
        return await subject.validate(request(TENANT_CLUSTERS, cluster(), **rest), deadline=deadline)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "store",
    [
        lambda: Store(load_error=errors.Unavailable("gone")),
        lambda: Store(load_error=errors.Throttled("slow down")),
        lambda: Store(load_error=errors.Forbidden("no right")),
        lambda: Store(load_error=Missing("none")),
        lambda: Store(load_error=Garbled("not ours")),
        lambda: Store(held=True),
    ],
    ids=["unavailable", "throttled", "forbidden", "missing", "garbled", "silent"],
)
async def test_a_ledger_that_cannot_be_read_is_a_no_in_time_that_says_when_to_come_back(
    store: Any, dry_run: bool
) -> None:
    shelf = store()
    verdict = await ask(judge(World(*ESTATE), shelf), dry_run=dry_run)
    assert isinstance(verdict, Deny)
    assert verdict.code in (429, 503)
    assert verdict.retry_after >= 1
    assert shelf.writes == 0


@pytest.mark.parametrize(
    "error",
    [errors.Unavailable("gone"), errors.Conflict("lost"), errors.Throttled("slow"), errors.Forbidden("no right")],
    ids=lambda error: type(error).__name__,
)
async def test_a_ledger_that_cannot_be_written_is_a_no_too(error: Exception) -> None:
    verdict = await ask(judge(World(*ESTATE), Store(save_error=error)))
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.retry_after >= 1) == (503 if isinstance(error, errors.Forbidden) else 429, True)


async def test_a_ledger_that_takes_no_more_is_not_said_to_be_an_api_server_that_does_not_answer() -> None:
    verdict = await ask(judge(World(*ESTATE), Store(save_error=errors.Invalid("spec.data: Too long"))))
    assert isinstance(verdict, Deny)
    assert verdict.code == 429
    assert "holds as many objects as it can; delete some that are charged" in verdict.reason


@pytest.mark.parametrize(("world", "code"), [(BrokenWorld, 503), (SlowWorld, 429)])
async def test_facts_that_cannot_be_read_are_a_no_in_time(world: type[World], code: int) -> None:
    verdict = await ask(judge(world(*ESTATE)))
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.retry_after) == (code, 1)


@pytest.mark.parametrize("world", [BrokenWorld, SlowWorld])
async def test_defaults_give_way_in_time_and_say_so(world: type[World]) -> None:
    bare = tweak(cluster(), "spec.version", None)
    deadline = asyncio.get_running_loop().time() + SECONDS
    async with asyncio.timeout(SECONDS + PATIENCE):
        answer = await judge(world(*ESTATE)).mutate(request(TENANT_CLUSTERS, bare), deadline=deadline)
    assert not isinstance(answer, Patch)
    assert "defaults were not filled in" in answer.warnings[0]


async def test_a_cache_that_has_seen_nothing_yet_refuses_nobody() -> None:
    assert isinstance(await ask(judge(WeakMemory(*ESTATE)), seconds=PATIENCE), Allow)


async def test_nothing_is_reserved_for_a_caller_whose_time_is_over() -> None:
    store = Store(held=True)
    subject = judge(World(*ESTATE), store)
    assert isinstance(await ask(subject), Deny)
    store.go.set()
    # Whoever comes next is served by the same batcher, and is the only one who is written down.
    assert isinstance(await ask(subject, seconds=PATIENCE, dry_run=True), Allow)
    assert store.writes == 0
    assert isinstance(await ask(subject, seconds=PATIENCE), Allow)
    assert store.writes == 1


async def test_nothing_is_reserved_for_a_caller_who_was_cut_off() -> None:
    store = Store(held=True)
    subject = judge(World(*ESTATE), store)
    asking = asyncio.create_task(ask(subject, seconds=PATIENCE))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    store.go.set()
    assert isinstance(await ask(subject, seconds=PATIENCE, dry_run=True), Allow)
    assert store.writes == 0
