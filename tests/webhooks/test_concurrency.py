"""Many at once, through the whole door and the real batcher, on a store that loses races as a real one does."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from provisioning.batcher import Page
from provisioning.errors import Conflict, Unavailable
from provisioning.ledger import Garbled, Ledger, Missing
from provisioning.resources import MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from provisioning.usage import Usage
from tests import builders
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, cluster, deployment, template, tweak
from tests.webhooks.fakes import NOW, World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny, Verdict
from webhooks.defaults import DEFAULTS
from webhooks.judge import Judge
from webhooks.ledgers import BatchedLedgers
from webhooks.policies import POLICIES
from webhooks.trusted import Trusted

BLUE = tweak(tweak(TENANT, "spec.approval.required", 0), "spec.quota.hard", {"clusters": 5})


class Shelf:
    """A ledger store with compare-and-swap, shared by replicas. Some answers get lost on the way back."""

    def __init__(self, *, lost: float = 0.0) -> None:
        self.text, self.version, self.writes = Ledger().dumps(), 1, 0
        self._lost = lost
        self._random = random.Random(7)  # noqa: S311 - repeatable, guards nothing

    async def load(self, tenant: str) -> Page:
        await asyncio.sleep(self._random.random() / 500)
        return Page(Ledger.loads(self.text), str(self.version))

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        await asyncio.sleep(self._random.random() / 500)
        if str(self.version) != version:
            raise Conflict("somebody was faster")
        self.text, self.version, self.writes = ledger.dumps(), self.version + 1, self.writes + 1
        if self._random.random() < self._lost:
            raise Unavailable("the answer got lost")
        return Page(ledger, str(self.version))

    @property
    def used(self) -> Usage:
        return Ledger.loads(self.text).used()


def replicas(number: int, shelf: Any, *more: Any) -> list[Judge]:
    world = World(CATALOG, BLUE, NAMESPACE, *more)
    return [Judge(POLICIES, DEFAULTS, world, BatchedLedgers(shelf), Trusted(), now=lambda: NOW) for _ in range(number)]


async def ask(judge: Judge, new: Any, *, seconds: float = 9.0, resource: Any = TENANT_CLUSTERS, **rest: Any) -> Verdict:
    deadline = asyncio.get_running_loop().time() + seconds
    return await judge.validate(request(resource, new, **rest), deadline=deadline)


def tally(verdicts: list[Verdict]) -> Counter[int]:
    return Counter(verdict.code if isinstance(verdict, Deny) else 200 for verdict in verdicts)


@pytest.mark.parametrize("lost", [0.0, 0.3])
async def test_of_thirty_at_once_on_three_replicas_exactly_what_fits_is_admitted(lost: float) -> None:
    shelf = Shelf(lost=lost)
    doors = replicas(3, shelf)
    verdicts = await asyncio.gather(*(ask(doors[n % 3], cluster(f"c{n}")) for n in range(30)))
    assert tally(verdicts) == {200: 5, 403: 25}
    assert shelf.used.clusters == 5
    (reason,) = {verdict.reason.partition(" has no room for ")[0] for verdict in verdicts if isinstance(verdict, Deny)}
    assert reason == "the quota of tenant blue"


async def test_a_batch_is_one_write() -> None:
    shelf = Shelf()
    (door,) = replicas(1, shelf)
    await asyncio.gather(*(ask(door, cluster(f"c{n}")) for n in range(5)))
    assert shelf.writes <= 2


async def test_thirty_creates_of_one_name_cost_one() -> None:
    shelf = Shelf()
    doors = replicas(3, shelf)
    same = [tweak(cluster(), "metadata.uid", f"uid-{n}") for n in range(30)]
    verdicts = await asyncio.gather(*(ask(doors[n % 3], new) for n, new in enumerate(same)))
    assert tally(verdicts) == {200: 30}
    assert shelf.used == builders.envelope(nodes=3, vcpu=6000, memory=12 * 2**30)


async def test_a_dry_run_is_judged_truly_and_writes_nothing() -> None:
    shelf = Shelf()
    (door,) = replicas(1, shelf)
    await asyncio.gather(*(ask(door, cluster(f"c{n}")) for n in range(5)))
    before = shelf.version
    assert isinstance(await ask(door, cluster("c9"), dry_run=True), Deny)
    assert isinstance(await ask(door, cluster("c1"), dry_run=True), Allow)
    assert shelf.version == before


async def test_what_another_rule_refuses_leaves_no_trace_in_the_ledger() -> None:
    shelf = Shelf()
    (door,) = replicas(1, shelf)
    verdict = await ask(door, tweak(cluster(), "spec.version", "v1.0.0"))
    assert isinstance(verdict, Deny)
    assert shelf.writes == 0


async def test_raising_and_scaling_at_once_never_pass_the_limit_together() -> None:
    ten_nodes = tweak(BLUE, "spec.quota.hard", {"nodes": 10})
    shelf = Shelf()
    raw = [deployment(f"d{n}", replicas=1) for n in range(6)]
    world = World(CATALOG, ten_nodes, NAMESPACE, template(), *raw)
    door = Judge(POLICIES, DEFAULTS, world, BatchedLedgers(shelf), Trusted(), now=lambda: NOW)
    scales = [
        (
            manifest(MACHINE_DEPLOYMENTS, f"d{n}", {"replicas": 4}),
            manifest(MACHINE_DEPLOYMENTS, f"d{n}", {"replicas": 1}),
        )
        for n in range(6)
    ]
    verdicts = await asyncio.gather(
        *(ask(door, new, old=old, resource=MACHINE_DEPLOYMENTS, subresource="scale") for new, old in scales)
    )
    assert tally(verdicts) == {200: 2, 403: 4}
    assert shelf.used.nodes == 10


class Stuck(Shelf):
    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        raise Conflict("always")


async def test_a_ledger_that_cannot_be_won_is_429_and_never_409() -> None:
    (door,) = replicas(1, Stuck())
    verdict = await ask(door, cluster(), seconds=0.3)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.retry_after) == (429, 1)


class Spoilt(Shelf):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def load(self, tenant: str) -> Page:
        raise self._error


@pytest.mark.parametrize(
    ("error", "why"), [(Garbled("not ours"), "cannot be read"), (Missing("none"), "is not there")], ids=str
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_without_a_ledger_that_can_be_read_nothing_is_admitted_and_nobody_is_refused(
    error: Exception, why: str, dry_run: bool
) -> None:
    (door,) = replicas(1, Spoilt(error))
    verdict = await ask(door, cluster(), dry_run=dry_run)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.retry_after) == (429, 2)
    assert f"the ledger of tenant blue {why}" in verdict.reason
