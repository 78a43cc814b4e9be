"""What one leader leaves to the next on their Lease: it outlives both, and costs nobody the lead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from provisioning import errors
from provisioning.kube import Kube
from provisioning.lease import Elector, Terms
from provisioning.memo import DELEGATES_TOLD, LeaseMemo, Memo, Remembered
from provisioning.resources import LEASES
from tests.fakes.api_server import ApiServer, connected
from tests.provisioning.waiting import running, until

PATIENT = Terms(duration=120.0, renew=100.0, retry=0.01)
"""Nothing runs out while a test waits, and the lease is renewed all the time."""
Pair = tuple[ApiServer, Kube]


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with connected() as both:
        yield both


def elector(kube: Kube, who: str) -> Elector:
    return Elector(kube, name="desk", namespace="system", identity=who, terms=PATIENT)


async def test_before_anything_was_noted_it_is_empty(pair: Pair) -> None:
    memo = LeaseMemo(pair[1], "desk", "system")
    assert await memo.read() == ""
    with pytest.raises(errors.NotFound):
        await memo.write("nobody leads yet")


async def test_the_next_leader_reads_what_the_last_one_wrote_and_the_lead_is_kept_meanwhile(pair: Pair) -> None:
    server, kube = pair
    memo, terms = LeaseMemo(kube, "desk", "system"), list[str]()

    def renewals() -> int:
        found = server.get(LEASES, "desk", "system")
        return int(found["metadata"]["resourceVersion"]) if found else 0

    async def lead(who: str) -> None:
        terms.append(who)
        await memo.write(f"{await memo.read()} {who}".strip())
        begun = renewals()
        await until(lambda: renewals() > begun + 3)
        assert await memo.read() == " ".join(terms)

    for who in ("ann", "ben"):
        async with running(elector(kube, who).run(lambda who=who: lead(who))) as (work,):  # type: ignore[misc]
            await asyncio.wait_for(asyncio.shield(work), 30)
    assert terms == ["ann", "ben"]
    assert await memo.read() == "ann ben"


async def test_two_lines_on_one_lease_leave_each_other_alone(pair: Pair) -> None:
    kube = pair[1]
    first, second = LeaseMemo(kube, "desk", "system"), LeaseMemo(kube, "desk", "system", DELEGATES_TOLD)

    async def lead() -> None:
        await first.write("one")
        await second.write("two")

    async with running(elector(kube, "ann").run(lead)) as (work,):
        await asyncio.wait_for(asyncio.shield(work), 30)
    assert (await first.read(), await second.read()) == ("one", "two")


async def test_in_one_process_it_is_remembered() -> None:
    memo: Memo = Remembered()
    await memo.write("told")
    assert await memo.read() == "told"
