"""Many people, several replicas and an unreliable store: never above the quota, and never a no that is not true."""

from __future__ import annotations

import asyncio
import time

import pytest

from provisioning import errors, prices
from provisioning.batcher import Batcher, Batchers
from provisioning.ledger import CLAIMS_MAX, PENDING_MAX, Claim, Ledger, Missing, Slot
from provisioning.model.catalog import PriceList
from provisioning.quota import Limits
from provisioning.reservation import CROWDED_SECONDS, Contended, Exceeded, Granted, Outcome, Request
from provisioning.usage import Usage
from tests.provisioning.rules.stores import Fault, MemoryLedgers

TENANT = "blue"
GI = 2**30
SOON = 5.0
"""Seconds that are enough for everything here."""


def counted(*, pause: float = 0.0) -> MemoryLedgers:
    """A store with an empty ledger, as the keeper makes it for a tenant who has nothing."""
    store = MemoryLedgers(pause=pause)
    store.put(TENANT, Ledger())
    return store


def batcher(store: MemoryLedgers) -> Batcher:
    return Batcher(store, TENANT, time.monotonic)


def request(name: str, nodes: int = 1, *, hard: int = 50, fence: str = "", uid: str = "") -> Request:
    return Request(name, Claim(Usage(nodes=nodes), fence, uid or f"uid-{name}"), Limits({"nodes": hard}))


async def reserve(at: Batcher, wanted: Request, *, seconds: float = SOON, dry_run: bool = False) -> Outcome:
    return await at.reserve(wanted, deadline=time.monotonic() + seconds, dry_run=dry_run)


def full(nodes: int) -> Ledger:
    return Ledger().settle("there", charge=Usage(nodes=nodes), uid="x", revision="1")


@pytest.mark.parametrize("replicas", [1, 3])
async def test_of_many_at_once_exactly_as_many_get_in_as_fit(replicas: int) -> None:
    store = counted(pause=0.001)
    doors = [batcher(store) for _ in range(replicas)]
    answers = await asyncio.gather(*(reserve(doors[n % replicas], request(f"n-{n}")) for n in range(120)))
    assert sum(isinstance(a, Granted) for a in answers) == 50
    assert sum(isinstance(a, Exceeded) for a in answers) == 70
    assert store.ledger(TENANT).used() == Usage(nodes=50)


async def test_with_a_store_that_fails_in_every_way_nothing_gets_above_the_quota_and_every_yes_is_kept() -> None:
    store = counted(pause=0.001)
    store.faults.extend([Fault.LOST, Fault.CONFLICT, Fault.DROPPED, Fault.LOST, Fault.CONFLICT] * 3)
    doors = [batcher(store) for _ in range(3)]
    wanted = [request(f"n-{n}", 1 + n % 3) for n in range(90)]
    answers = await asyncio.gather(*(reserve(doors[n % 3], each) for n, each in enumerate(wanted)))
    ledger = store.ledger(TENANT)
    assert ledger.used().nodes == 50
    for each, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, Granted):
            assert each.claim.charge.within(ledger.cost(each.key))
        if isinstance(answer, Exceeded):
            assert answer.used.nodes + each.claim.charge.nodes > 50


async def test_another_size_of_the_same_price_fits_where_the_money_is_all_spent() -> None:
    listed = PriceList(currency="EUR", vcpu="1", memory_gib="1")
    hard = Limits({"cost": prices.parse("6")}, prices.of(listed))
    wide, high = Usage(vcpu=4000, memory=2 * GI), Usage(vcpu=2000, memory=4 * GI)
    store = MemoryLedgers()
    store.put(TENANT, Ledger().settle("there", charge=wide, uid="x", revision="1"))
    at = batcher(store)
    assert isinstance(await reserve(at, Request("there", Claim(high, "1", "x"), hard, wide)), Granted)
    # Whichever of the two it will be, it may not become dearer, and nothing else has room beside it.
    dearer = await reserve(at, Request("there", Claim(high + Usage(vcpu=1), "1", "x"), hard, wide))
    assert isinstance(dearer, Exceeded)
    assert [each.asked for each in dearer.excess] == [1000]
    assert isinstance(await reserve(at, Request("more", Claim(Usage(vcpu=1), uid="y"), hard)), Exceeded)


async def test_two_hundred_at_once_are_few_writes() -> None:
    store = counted(pause=0.002)
    at = batcher(store)
    await asyncio.gather(*(reserve(at, request(f"n-{n}", hard=1000)) for n in range(200)))
    assert store.saves <= 3
    assert store.ledger(TENANT).used().nodes == 200


async def test_a_yes_is_given_only_after_it_is_written() -> None:
    store = counted(pause=0.02)
    answer = asyncio.create_task(reserve(batcher(store), request("web")))
    while store.ledger(TENANT) == Ledger():
        assert not answer.done()
        await asyncio.sleep(0.001)
    assert isinstance(await answer, Granted)
    assert store.ledger(TENANT).used().nodes == 1


async def test_a_no_is_given_only_on_a_ledger_read_just_now() -> None:
    store = counted()
    at = batcher(store)
    assert isinstance(await reserve(at, request("web", 40)), Granted)
    store.put(TENANT, Ledger())  # The cluster is gone, and the keeper has seen it.
    assert isinstance(await reserve(at, request("api", 40)), Granted)


async def test_a_yes_on_what_was_written_last_is_no_yes_when_somebody_else_wrote_since() -> None:
    store = counted()
    at = batcher(store)
    await reserve(at, request("web", 10))
    store.put(TENANT, full(45))
    assert isinstance(await reserve(at, request("api", 10)), Exceeded)


async def test_a_claim_that_was_settled_meanwhile_is_made_again() -> None:
    store = counted()
    at = batcher(store)
    wanted = request("web", 10, fence="5")
    await reserve(at, wanted)
    store.put(TENANT, Ledger())
    assert isinstance(await reserve(at, wanted), Granted)
    assert store.ledger(TENANT).used().nodes == 10


async def test_after_a_lost_race_those_who_had_a_no_are_judged_again_as_well() -> None:
    store = counted()
    store.put(TENANT, full(45))
    store.faults.append(Fault.CONFLICT)
    store.meanwhile = Ledger()
    at = batcher(store)
    large, small = await asyncio.gather(reserve(at, request("large", 40)), reserve(at, request("small", 2)))
    assert isinstance(large, Granted)
    assert isinstance(small, Granted)


async def test_after_a_lost_race_those_who_had_a_yes_are_judged_again_as_well() -> None:
    store = counted()
    store.faults.append(Fault.CONFLICT)
    store.meanwhile = full(45)
    assert isinstance(await reserve(batcher(store), request("web", 40)), Exceeded)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.DROPPED, Fault.CONFLICT])
async def test_a_write_with_an_unknown_end_is_looked_up_and_counted_once(fault: Fault) -> None:
    store = counted()
    store.faults.append(fault)
    assert await reserve(batcher(store), request("web", 30)) == Granted(Usage(nodes=30))
    assert store.ledger(TENANT).used().nodes == 30
    assert len(store.ledger(TENANT).slots["web"].claims) == 1


async def test_what_was_written_and_never_answered_leaves_room_for_nobody_else_but_for_itself() -> None:
    store = counted()
    store.faults.append(Fault.LOST)
    at = batcher(store)
    both = await asyncio.gather(reserve(at, request("web", 30)), reserve(at, request("api", 30)))
    assert isinstance(both[0], Granted)
    assert isinstance(both[1], Exceeded)


async def test_whoever_cannot_be_answered_in_time_is_told_to_come_back() -> None:
    store = counted()
    store.faults.extend([Fault.CONFLICT] * 10_000)
    started = time.monotonic()
    assert isinstance(await reserve(batcher(store), request("web"), seconds=0.3), Contended)
    assert time.monotonic() - started < 20.0


async def test_a_deadline_that_is_over_is_no_reason_to_write() -> None:
    store = counted()
    assert isinstance(await reserve(batcher(store), request("web"), seconds=0.0), Contended)
    await asyncio.sleep(0.05)
    assert store.saves == 0


async def test_a_store_that_hangs_holds_up_those_who_wait_and_nobody_after_them() -> None:
    store = counted()
    store.faults.append(Fault.HANGS)
    at = batcher(store)
    assert isinstance(await reserve(at, request("web"), seconds=0.2), Contended)
    assert isinstance(await reserve(at, request("api")), Granted)


async def test_one_who_gives_up_takes_nobody_else_along() -> None:
    store = counted(pause=0.05)
    at = batcher(store)
    leaving = asyncio.create_task(reserve(at, request("web")))
    staying = asyncio.create_task(reserve(at, request("api")))
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert isinstance(await staying, Granted)


async def test_a_store_that_refuses_us_is_everybodys_error_and_the_next_one_is_served() -> None:
    store = counted()
    store.faults.append(Fault.FORBIDDEN)
    at = batcher(store)
    both = await asyncio.gather(*(reserve(at, request(n)) for n in ("web", "api")), return_exceptions=True)
    assert all(isinstance(each, errors.Forbidden) for each in both)
    assert isinstance(await reserve(at, request("web")), Granted)


async def test_a_dry_run_is_answered_from_the_live_ledger_and_writes_nothing() -> None:
    store = counted()
    store.put(TENANT, full(45))
    before = store.kept[TENANT]
    at = batcher(store)
    assert await reserve(at, request("web", 5), dry_run=True) == Granted(Usage(nodes=50))
    assert isinstance(await reserve(at, request("web", 6), dry_run=True), Exceeded)
    assert (store.saves, store.kept[TENANT]) == (0, before)


async def test_a_dry_run_on_a_slow_store_comes_back_in_time() -> None:
    store = counted(pause=5)
    assert isinstance(await reserve(batcher(store), request("web"), seconds=0.1, dry_run=True), Contended)


async def test_a_slot_that_is_crowded_is_full_for_new_claims_and_not_for_those_there() -> None:
    store = counted()
    at = batcher(store)
    for number in range(CLAIMS_MAX):
        assert isinstance(await reserve(at, request("web", uid=f"uid-{number}")), Granted)
    assert isinstance(await reserve(at, request("web", uid="one more")), Contended)
    assert isinstance(await reserve(at, request("web", uid="uid-0")), Granted)
    assert isinstance(await reserve(at, request("api")), Granted)


async def test_whoever_makes_up_names_without_end_is_told_to_come_back_and_the_ledger_stays_small() -> None:
    """As with generated names that another webhook refuses: each is a slot of its own, and none comes."""
    store = counted()
    waiting = {f"lab-{n}": Slot(claims=(Claim(Usage(), uid=f"uid-lab-{n}"),)) for n in range(PENDING_MAX)}
    store.put(TENANT, Ledger(waiting))
    at = batcher(store)
    answer = await reserve(at, request("lab-more"))
    assert isinstance(answer, Contended)
    assert answer.retry_after == CROWDED_SECONDS
    assert answer.why == "waits for 4096 writes that were let in and have not come yet"
    assert store.saves == 0
    assert isinstance(await reserve(at, request("lab-0", 0)), Granted), "what is there already may be made again"
    settled = store.ledger(TENANT).drop("lab-1", Claim(Usage(), uid="uid-lab-1"))
    store.put(TENANT, settled)
    assert isinstance(await reserve(at, request("lab-more")), Granted)


async def test_the_numbers_of_a_no_are_those_of_the_ledger() -> None:
    store = counted()
    store.put(TENANT, full(45))
    answer = await reserve(batcher(store), request("web", 10))
    assert isinstance(answer, Exceeded)
    (excess,) = answer.excess
    assert (excess.asked, excess.used, excess.hard, excess.free) == (10, 45, 50, 5)


async def test_what_does_not_rise_gets_in_above_the_quota() -> None:
    store = counted()
    store.put(TENANT, full(60))
    there = Request("there", Claim(Usage(nodes=60), "1", "x"), Limits({"nodes": 50}), before=Usage(nodes=60))
    assert isinstance(await reserve(batcher(store), there), Granted)


async def test_what_rises_is_judged_even_where_an_earlier_claim_has_room_for_it() -> None:
    """Stored 4, a claim of 10 still open, and the quota lowered to 5 since: 8 is not let in on the strength of that."""
    store = counted()
    store.put(TENANT, full(4).claim("there", Claim(Usage(nodes=10), "1", "x")))
    raised = Request("there", Claim(Usage(nodes=8), "1", "x"), Limits({"nodes": 5}), before=Usage(nodes=4))
    assert isinstance(await reserve(batcher(store), raised), Exceeded)


async def test_without_a_ledger_nobody_is_let_in_and_none_is_made() -> None:
    store = MemoryLedgers()
    both = await asyncio.gather(
        *(reserve(batcher(store), request("web"), dry_run=dry) for dry in (False, True)), return_exceptions=True
    )
    assert [type(each) for each in both] == [Missing, Missing]
    assert store.kept == {}


async def test_a_ledger_that_is_taken_away_lets_nobody_in_on_what_was_written_last() -> None:
    store = counted()
    at = batcher(store)
    assert isinstance(await reserve(at, request("web")), Granted)
    store.kept.clear()
    with pytest.raises(Missing):
        await reserve(at, request("api"))


async def test_whoever_is_late_by_the_time_the_ledger_is_read_is_not_written_down() -> None:
    store = counted(pause=0.1)
    at = batcher(store)
    late, early = await asyncio.gather(
        reserve(at, request("late"), seconds=0.12), reserve(at, request("early")), return_exceptions=True
    )
    assert isinstance(late, Contended)
    assert isinstance(early, Granted)
    assert set(store.ledger(TENANT).slots) == {"early"}


async def test_tenants_do_not_wait_for_each_other() -> None:
    both = Batchers(counted(), time.monotonic)
    assert both.of("blue") is both.of("blue")
    assert both.of("blue") is not both.of("red")


async def test_a_large_batch_on_a_large_ledger_is_judged_quickly() -> None:
    store = counted()
    ledger = Ledger()
    for number in range(300):
        ledger = ledger.settle(f"there-{number}", charge=Usage(1, 3), uid=f"x-{number}", revision="1")
    store.put(TENANT, ledger)
    at = batcher(store)
    started = time.process_time()
    await asyncio.gather(*(reserve(at, request(f"n-{n}", hard=10_000)) for n in range(200)))
    assert time.process_time() - started < 1.0
