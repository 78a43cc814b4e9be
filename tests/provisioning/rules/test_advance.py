"""Many creations one after the other: few writes, and still no yes for which no room is written down."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from provisioning import errors
from provisioning.advance import MOST, OWING, SHARE, USABLE
from provisioning.batcher import Batcher, Page
from provisioning.ledger import Advance, Claim, Ledger
from provisioning.quota import Limits
from provisioning.reservation import Contended, Exceeded, Granted, Outcome, Request
from provisioning.usage import Usage
from tests.provisioning.rules.stores import Fault, MemoryLedgers
from webhooks.app import MARGIN, TIMEOUT

TENANT = "blue"
PLENTY = 100_000


@dataclass
class Clock:
    """Time as it is, and as much later as one likes."""

    later: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.later


@dataclass
class Watched(MemoryLedgers):
    """A store that knows what was granted, and looks at each write whether all of that is paid for."""

    granted: dict[str, Usage] = field(default_factory=dict)

    def put(self, tenant: str, ledger: Ledger, version: str | None = None) -> Page:
        page = super().put(tenant, ledger, version)
        self.check()
        return page

    def check(self) -> None:
        ledger = self.ledger(TENANT)
        owed = Usage.total(charge for key, charge in self.granted.items() if key not in ledger.slots)
        assert owed.within(ledger.lent), "a yes for which no room is written down"


def counted(nodes: int = 0, *, pause: float = 0.0) -> Watched:
    store = Watched(pause=pause)
    store.put(TENANT, Ledger().settle("there", charge=Usage(nodes=nodes), uid="x", revision="1"))
    return store


def door(store: MemoryLedgers, name: str = "a", clock: Callable[[], float] = time.monotonic) -> Batcher:
    return Batcher(store, TENANT, clock, name)


async def create(at: Batcher, name: str, nodes: int = 1, *, hard: int = PLENTY, seconds: float = 5.0) -> Outcome:
    request = Request(name, Claim(Usage(nodes=nodes), "", f"uid-{name}"), Limits({"nodes": hard}))
    outcome = await at.reserve(request, deadline=at.clock() + seconds)
    if isinstance(outcome, Granted) and isinstance(at.store, Watched):
        at.store.granted[name] = request.claim.charge
        at.store.check()
    return outcome


@contextmanager
def no_write(store: MemoryLedgers) -> Iterator[None]:
    before = store.saves, store.loads
    yield
    assert (store.saves, store.loads) == before


async def busy(store: MemoryLedgers, name: str = "a", clock: Callable[[], float] = time.monotonic) -> Batcher:
    """A door that was asked often enough to have something in hand."""
    at = door(store, name, clock)
    for number in range(3):
        assert isinstance(await create(at, f"{name}-{number}"), Granted)
    assert store.ledger(TENANT).lent != Usage()
    return at


async def test_who_asks_seldom_is_granted_nothing_ahead() -> None:
    store, clock = counted(), Clock()
    at = door(store, clock=clock)
    for number in range(4):
        await create(at, f"n-{number}")
        clock.later += 11
    assert store.ledger(TENANT).advances == {}


async def test_who_asks_often_is_answered_without_a_write() -> None:
    store = counted()
    at = await busy(store)
    with no_write(store):
        assert isinstance(await create(at, "next"), Granted)
    assert "next" not in store.ledger(TENANT).slots


async def test_hundreds_one_after_the_other_are_few_writes_and_all_of_them_are_written_down() -> None:
    store = counted()
    at = door(store)
    for number in range(300):
        assert isinstance(await create(at, f"n-{number}"), Granted)
    assert store.saves < 9
    await at.leave()
    ledger = store.ledger(TENANT)
    assert ledger.used() == Usage(nodes=300)
    assert ledger.advances == {}


async def test_a_dry_run_is_told_of_what_was_granted_and_is_not_written_down_yet() -> None:
    store = counted()
    at = await busy(store)
    await create(at, "next")
    request = Request("tried", Claim(Usage(nodes=2), "", "uid-tried"), Limits({"nodes": 5}))
    answer = await at.reserve(request, deadline=at.clock() + 5, dry_run=True)
    assert isinstance(answer, Exceeded)
    assert answer.used == Usage(nodes=4)


async def test_what_is_owed_is_written_down_soon_though_nobody_asks_any_more() -> None:
    store = counted()
    at = await busy(store)
    await create(at, "next")
    await asyncio.sleep(OWING + 0.5)
    assert "next" in store.ledger(TENANT).slots


async def test_also_where_much_is_left_in_hand_that_could_be_granted_from_for_longer() -> None:
    store = counted()
    at = door(store)
    for number in range(17):
        await create(at, f"n-{number}")
    assert not store.granted.keys() <= store.ledger(TENANT).slots.keys()
    await asyncio.sleep(OWING + 0.5)
    assert store.granted.keys() <= store.ledger(TENANT).slots.keys()
    await at.leave()


async def test_what_is_used_is_told_with_all_that_was_granted_ahead_and_is_being_written_down() -> None:
    store = counted()
    at = await busy(store)
    store.pause = 0.2
    await create(at, "fourth")
    await asyncio.sleep(0.05)
    answer = await create(at, "fifth")
    assert isinstance(answer, Granted)
    assert answer.used == Usage(nodes=5)
    await at.leave()


async def test_a_store_that_is_gone_is_not_asked_all_the_time_by_a_door_that_nobody_asks() -> None:
    store, clock = counted(), Clock()
    await busy(store, clock=clock)
    store.faults.extend([Fault.DROPPED] * 1000)
    clock.later += USABLE
    saves = store.saves
    await asyncio.sleep(OWING + 1)
    assert 0 < store.saves - saves < 20
    store.faults.clear()
    await asyncio.sleep(OWING + 0.5)
    assert store.ledger(TENANT).advances == {}


async def test_what_nobody_asks_for_any_more_is_given_back() -> None:
    store = counted()
    await busy(store)
    await asyncio.sleep(USABLE + 0.5)
    assert store.ledger(TENANT).advances == {}


async def test_what_was_charged_ahead_long_ago_is_not_granted_from() -> None:
    store, clock = counted(), Clock()
    at = await busy(store, clock=clock)
    clock.later += USABLE
    saves = store.saves
    assert isinstance(await create(at, "next"), Granted)
    assert store.saves == saves + 1


async def test_no_more_is_taken_ahead_than_a_small_share_of_what_is_free() -> None:
    store = counted()
    at = door(store)
    for number in range(200):
        await create(at, f"n-{number}", hard=400)
        ledger = store.ledger(TENANT)
        assert ledger.lent.nodes * SHARE <= 400 - ledger.used().nodes + ledger.lent.nodes * SHARE
        assert ledger.lent.nodes <= MOST
        if ledger.lent.nodes:
            assert ledger.used().nodes + ledger.lent.nodes <= 400


@pytest.mark.parametrize("doors", [1, 3])
async def test_of_many_who_come_one_after_the_other_exactly_as_many_get_in_as_fit(doors: int) -> None:
    store = counted()
    ats = [door(store, f"door-{number}") for number in range(doors)]
    answers = [await create(ats[n % doors], f"n-{n}", hard=50) for n in range(60)]
    assert [isinstance(answer, Granted) for answer in answers] == [True] * 50 + [False] * 10
    await asyncio.gather(*(at.leave() for at in ats))
    assert store.ledger(TENANT).used() == Usage(nodes=50)


async def test_a_no_is_not_given_for_what_is_only_charged_ahead_for_others() -> None:
    store = counted()
    await busy(store, "a")
    asking = asyncio.create_task(create(door(store, "b"), "rest", PLENTY - 3, seconds=TIMEOUT - MARGIN))
    await asyncio.sleep(0.1)
    assert not asking.done()
    assert isinstance(await asking, Granted)  # Once the first one has given back what nobody asked for.


async def test_what_is_left_is_given_back_in_time_also_by_who_has_just_granted_out_of_it() -> None:
    store = counted()
    at = await busy(store, "a")
    await create(at, "next")
    asking = asyncio.create_task(create(door(store, "b"), "rest", PLENTY - 4, seconds=TIMEOUT - MARGIN))
    assert isinstance(await asking, Granted)


async def test_of_two_who_would_have_room_but_for_the_others_advance_one_gets_it() -> None:
    store = counted()
    doors = [await busy(store, "a"), await busy(store, "b")]
    answers = await asyncio.gather(*(create(at, f"rest-{at.door}", PLENTY - 6, seconds=3) for at in doors))
    assert {type(answer) for answer in answers} == {Granted, Exceeded}


async def test_who_would_have_room_and_cannot_wait_is_told_to_come_back() -> None:
    store = counted()
    await busy(store, "a")
    answer = await create(door(store, "b"), "rest", PLENTY - 3, seconds=0.4)
    assert isinstance(answer, Contended)


async def test_who_has_no_room_at_all_need_not_wait() -> None:
    store = counted()
    await busy(store, "a")
    answer = await create(door(store, "b"), "rest", PLENTY - 2)
    assert isinstance(answer, Exceeded)
    assert answer.used == Usage(nodes=3)


async def test_a_dry_run_does_not_count_what_will_be_given_back() -> None:
    store = counted()
    await busy(store, "a")
    request = Request("rest", Claim(Usage(nodes=PLENTY - 3), "", "u"), Limits({"nodes": PLENTY}))
    outcome = await door(store, "b").reserve(request, deadline=time.monotonic() + 1, dry_run=True)
    assert isinstance(outcome, Granted)


async def test_the_same_name_again_is_not_granted_twice_ahead() -> None:
    store = counted()
    at = await busy(store)
    await asyncio.gather(*(create(at, "same") for _ in range(5)))
    await at.leave()
    assert store.ledger(TENANT).used() == Usage(nodes=4)


async def test_what_was_let_in_ahead_and_grows_before_it_is_written_down_does_not_count_twice() -> None:
    store = counted(PLENTY - 100)
    at = await busy(store)
    hard = Limits({"nodes": PLENTY})
    assert isinstance(await create(at, "web", 1), Granted)
    other = door(store, "b")
    free = PLENTY - store.ledger(TENANT).used().nodes - 1
    grown = Request("web", Claim(Usage(nodes=1 + free), "7", "uid-web"), hard, before=Usage(nodes=1))
    answer = await other.reserve(grown, deadline=time.monotonic() + 0.4)
    assert not isinstance(answer, Exceeded)


async def test_with_other_limits_nothing_is_granted_out_of_what_was_charged_within_the_old_ones() -> None:
    store = counted()
    at = await busy(store)
    assert isinstance(await create(at, "next", hard=3), Exceeded)


async def test_limits_that_are_lowered_hold_for_what_was_charged_ahead_within_the_old_ones() -> None:
    store = counted()
    at = await busy(store)
    for number in range(40):
        await create(at, f"n-{number}")
    lower = store.ledger(TENANT).used().nodes + 60
    answers = [await create(at, f"later-{number}", hard=lower) for number in range(lower)]
    await at.leave()
    assert sum(isinstance(answer, Granted) for answer in answers) == lower - 43
    assert store.ledger(TENANT).used().nodes == lower


async def test_whoever_changes_what_is_there_is_written_down_first() -> None:
    store = counted()
    at = await busy(store)
    request = Request("a-0", Claim(Usage(nodes=2), "5", "uid-a-0"), Limits({"nodes": PLENTY}), Usage(nodes=1))
    saves = store.saves
    assert isinstance(await at.reserve(request, deadline=time.monotonic() + 5), Granted)
    assert store.saves == saves + 1


async def test_with_a_store_that_fails_in_every_way_every_yes_is_paid_for_and_written_down() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable, guards nothing
    store = counted(pause=0.0005)
    kinds = (Fault.LOST, Fault.CONFLICT, Fault.DROPPED)
    doors = [door(store, f"door-{number}") for number in range(3)]

    async def ask(at: Batcher, first: int) -> None:
        for number in range(first, first + 100):
            if chance.random() < 0.3:
                store.faults.append(chance.choice(kinds))
            assert not isinstance(await create(at, f"n-{number}", 1 + number % 3), Exceeded)

    await asyncio.gather(*(ask(at, 1000 * place) for place, at in enumerate(doors)))
    store.faults.clear()
    await asyncio.gather(*(at.leave() for at in doors))
    ledger = store.ledger(TENANT)
    assert ledger.advances == {}
    assert ledger.used() == Usage.total(store.granted.values())


async def test_a_door_that_is_refused_leaves_what_it_owes_to_the_keeper_and_begins_anew() -> None:
    store = counted()
    at = await busy(store)
    await create(at, "next")
    left = store.ledger(TENANT).advances
    store.faults.append(Fault.FORBIDDEN)
    with pytest.raises(errors.Forbidden):
        await create(at, "large", 1000)
    assert isinstance(await create(at, "after"), Granted)
    assert {*left.items()} <= {*store.ledger(TENANT).advances.items()}


async def test_of_a_ledger_in_which_nothing_is_lent_to_it_any_more_a_door_takes_nothing_for_its_own() -> None:
    store = counted()
    at = await busy(store)
    del store.granted["a-0"], store.granted["a-1"], store.granted["a-2"]
    store.put(TENANT, Ledger())
    await create(at, "large", 1000)
    assert "large" in store.ledger(TENANT).slots


async def test_a_door_without_a_name_takes_nothing_ahead() -> None:
    store = counted()
    at = door(store, "")
    for number in range(10):
        await create(at, f"n-{number}")
    assert store.saves == 10
    assert store.ledger(TENANT).advances == {}


async def test_two_doors_have_each_its_own() -> None:
    store = counted()
    await busy(store, "a")
    await busy(store, "b")
    assert {name.partition(".")[0] for name in store.ledger(TENANT).advances} == {"a", "b"}


def test_what_is_lent_is_in_the_text_of_a_ledger() -> None:
    for slots in (1, 40):
        ledger = Ledger()
        for number in range(slots):
            ledger = ledger.settle(f"a/b/{number}", charge=Usage(nodes=1), uid="u", revision="1")
        lending = ledger.lend("a.0", Advance(Usage(nodes=2, vcpu=500), 7))
        assert Ledger.loads(lending.dumps()) == lending
        assert lending.lend("a.0", None).dumps() == ledger.dumps()
        assert lending.lent == Usage(nodes=2, vcpu=500)
        assert lending.used() == ledger.used()
