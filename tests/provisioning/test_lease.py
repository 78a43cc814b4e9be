"""One leader at a time, whatever the API server and the clocks do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from provisioning import lease
from provisioning.kube import Kube
from provisioning.lease import Elector, Terms
from provisioning.manifest import Manifest
from provisioning.resources import LEASES, Resource
from tests.fakes.api_server import ApiServer, Fault, connected
from tests.provisioning.waiting import running, until

TERMS = Terms(duration=0.6, renew=0.4, retry=0.05)
"""`leaseDurationSeconds` is whole seconds: what the record says is one second here."""
PATIENT = Terms(duration=120.0, renew=100.0, retry=0.05)
"""Nothing runs out while a test waits: what happens, happens for another reason."""

Pair = tuple[ApiServer, Kube]


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with connected() as both:
        yield both


class Work:
    """A payload that says when it runs, and when two of it do."""

    def __init__(self, stage: set[str]) -> None:
        self.stage = stage
        self.overlapped = False
        self.begun = 0

    def of(self, who: str) -> Any:
        async def payload() -> None:
            self.overlapped = self.overlapped or bool(self.stage)
            self.stage.add(who)
            self.begun += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.stage.discard(who)

        return payload


def elector(kube: Kube, who: str, terms: Terms = TERMS) -> Elector:
    return Elector(kube, name="desk", namespace="system", identity=who, terms=terms)


def holder(server: ApiServer) -> str:
    found = server.get(LEASES, "desk", "system")
    return "" if found is None else str(found["spec"]["holderIdentity"])


async def test_of_three_one_leads(pair: Pair) -> None:
    server, kube = pair
    stage: set[str] = set()
    work = Work(stage)
    async with running(*(elector(kube, who).run(work.of(who)) for who in "abc")):
        await until(lambda: stage)
        await asyncio.sleep(1.2)  # Longer than a lease lasts that nobody renews.
        await until(lambda: stage == {holder(server)})
    assert not work.overlapped


async def test_who_is_cancelled_stops_its_work_first_then_gives_the_lease_back(pair: Pair) -> None:
    server, kube = pair
    ended: list[str] = []
    working = asyncio.Event()

    async def payload() -> None:
        try:
            working.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            ended.append(holder(server))

    task = asyncio.ensure_future(elector(kube, "a").run(payload))
    await until(working.is_set)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert ended == ["a"]
    assert holder(server) == ""


async def test_a_lease_given_back_is_taken_at_once(pair: Pair) -> None:
    _, kube = pair
    stage: set[str] = set()
    work = Work(stage)
    first = asyncio.ensure_future(elector(kube, "a", PATIENT).run(work.of("a")))
    await until(lambda: stage == {"a"})
    async with running(elector(kube, "b", PATIENT).run(work.of("b"))):
        await asyncio.sleep(0.1)
        first.cancel()
        await until(lambda: stage == {"b"})
    await asyncio.gather(first, return_exceptions=True)


class LosesAnswers:
    """Every write lands. Of the first `heard` the answer comes, of the next it never does."""

    def __init__(self, kube: Kube, heard: int) -> None:
        self.kube, self.heard, self.lost = kube, heard, asyncio.Event()

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        return await self.kube.find(resource, name, namespace=namespace)

    async def create(self, resource: Resource, body: Manifest, *, dry_run: bool = False) -> Manifest:
        return await self.kube.create(resource, body, dry_run=dry_run)

    async def replace(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        written = await self.kube.replace(resource, body, **how)
        self.heard -= 1
        if self.heard == -1:
            self.lost.set()
            await asyncio.Event().wait()
        return written


async def test_a_lease_is_given_back_though_the_answer_to_a_renewal_never_came(pair: Pair) -> None:
    server, kube = pair
    leases = LosesAnswers(kube, heard=1)
    elected = Elector(leases, name="desk", namespace="system", identity="a", terms=PATIENT)
    task = asyncio.ensure_future(elected.run(Work(set()).of("a")))
    await until(leases.lost.is_set)
    assert holder(server) == "a"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert holder(server) == ""


async def test_a_leader_that_died_is_followed_after_its_lease_not_before(pair: Pair) -> None:
    server, kube = pair
    spec = {"holderIdentity": "dead", "leaseDurationSeconds": 1, "leaseTransitions": 4}
    # Its clock was wrong, which must not matter.
    spec["renewTime"] = "2031-01-01T00:00:00.000000Z"
    server.put(LEASES, {"metadata": {"name": "desk", "namespace": "system"}, "spec": spec})
    stage: set[str] = set()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with running(elector(kube, "b").run(Work(stage).of("b"))):
        await until(lambda: stage == {"b"})
        assert loop.time() - began >= 1
        found = server.get(LEASES, "desk", "system")
        assert found is not None
        assert found["spec"]["leaseTransitions"] == 5


async def test_a_leader_that_cannot_renew_stops_before_another_may_start(pair: Pair) -> None:
    server, kube = pair
    stage: set[str] = set()
    work = Work(stage)
    async with (
        ApiServer(objects=server.objects) as other_way,
        other_way.kube() as other_kube,
        running(elector(kube, "a").run(work.of("a"))),
    ):
        await until(lambda: stage == {"a"})
        async with running(elector(other_kube, "b").run(work.of("b"))):
            server.fail(Fault.DROPPED, times=10_000)
            await until(lambda: stage == {"b"})
            await asyncio.sleep(0.3)
            assert "a" not in stage
    assert not work.overlapped


async def test_a_few_failures_to_renew_cost_nothing(pair: Pair) -> None:
    server, kube = pair
    work = Work(set())
    async with running(elector(kube, "a", PATIENT).run(work.of("a"))):
        await until(lambda: work.stage)
        server.fail(503, method="PUT", times=3)
        server.fail(Fault.LOST, method="PUT")
        asked = len(server.requests)
        await until(lambda: len(server.requests) >= asked + 8)
        assert work.stage == {"a"}
        assert work.begun == 1


async def test_a_leader_whose_lease_was_taken_stops_at_once(pair: Pair) -> None:
    server, kube = pair
    stage: set[str] = set()
    async with running(elector(kube, "a", PATIENT).run(Work(stage).of("a"))):
        await until(lambda: stage)
        server.patch(LEASES, "desk", "system", {"spec": {"holderIdentity": "thief"}})
        await until(lambda: not stage)


async def test_work_that_raises_gives_the_lease_back_and_climbs(pair: Pair) -> None:
    server, kube = pair

    async def payload() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await elector(kube, "a").run(payload)
    assert holder(server) == ""


async def test_times_are_written_in_utc_with_microseconds(pair: Pair) -> None:
    server, kube = pair
    async with running(elector(kube, "a").run(Work(set()).of("a"))):
        await until(lambda: holder(server) == "a")
    found = server.get(LEASES, "desk", "system")
    assert found is not None
    assert found["spec"]["acquireTime"].endswith("Z")
    assert len(found["spec"]["acquireTime"]) == len("2026-01-01T00:00:00.000000Z")


async def test_a_restarted_process_is_not_its_predecessor() -> None:
    assert lease.identity("pod-1") != lease.identity("pod-1")


class SlowToAnswer:
    """A server that takes its time over the first question."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self.slow = 0.5
        self.answered = 0.0
        self.replaced = 0.0

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        slow, self.slow = self.slow, 0.0
        await asyncio.sleep(slow)
        self.answered = self.answered or asyncio.get_running_loop().time()
        return await self.kube.find(resource, name, namespace=namespace)

    async def create(self, resource: Resource, body: Manifest, *, dry_run: bool = False) -> Manifest:
        return await self.kube.create(resource, body, dry_run=dry_run)

    async def replace(
        self, resource: Resource, body: Manifest, *, subresource: str = "", dry_run: bool = False
    ) -> Manifest:
        self.replaced = self.replaced or asyncio.get_running_loop().time()
        return await self.kube.replace(resource, body, subresource=subresource, dry_run=dry_run)


async def test_the_time_that_a_slow_server_thinks_is_not_taken_from_the_leader(pair: Pair) -> None:
    server, kube = pair
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 1, "leaseTransitions": 0}
    server.put(LEASES, {"metadata": {"name": "desk", "namespace": "system"}, "spec": spec})
    slow = SlowToAnswer(kube)
    terms = Terms(duration=1.0, renew=0.9, retry=0.05)
    late = Elector(slow, name="desk", namespace="system", identity="b", terms=terms)
    async with running(late.run(Work(set()).of("b"))):
        await until(lambda: holder(server) == "b")
    assert slow.replaced - slow.answered >= terms.duration
