"""Reserving in a tenant's ledger while many others do: one batch at a time, one compare-and-swap for all of it.

The rules, each of which has a test that fails without it:

* a yes is given only after the compare-and-swap that charged it has succeeded: for itself, or for what was charged
  ahead (see `provisioning.advance`);
* a no is given only on a ledger that was read live in this round;
* after a lost compare-and-swap everybody in the batch is judged again, those who had a no as well;
* who cannot be answered in time is told to come back, never yes;
* a write whose outcome is unknown is looked up, not assumed.

One batcher per tenant and replica; several replicas meet in the store. Unbatched, 20 writers get 50 answers a second
and a fifth of them errors; batched, over 2,000 and none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from provisioning import errors, metrics
from provisioning.advance import OWING, USABLE, Hand
from provisioning.ledger import PENDING_MAX, VACANT, Advance, Ledger
from provisioning.reservation import LENT, Contended, Granted, Outcome, Request, judge
from provisioning.turns import Turns
from provisioning.usage import Usage

log = structlog.get_logger()

WRITE_SECONDS: Final = 0.05
"""A waiter with less time than this left is not taken into a write any more."""
LENT_PAUSE: Final = 0.25
"""Seconds between two looks of who would have room if others did not have it in hand."""
ALONE_SECONDS: Final = 5.0
"""What a call may take for which nobody waits."""
ALONE_TRIES: Final = 3
LEAVING_SECONDS: Final = 2.0
"""Until whoever leaves has given back what is in hand; or else the keeper finds it."""


@dataclass(frozen=True)
class Page:
    """A ledger as it was read, and the version that a write has to name."""

    ledger: Ledger
    version: str


class LedgerStore(Protocol):
    """Where ledgers are kept. Nothing here makes one: the door must not take for empty what nobody has counted."""

    async def load(self, tenant: str) -> Page:
        """Read live, never from a cache. Raises `KubeError`, and `Missing` or `Garbled` of `provisioning.ledger`."""
        ...

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        """Write if the stored version is still this one. Raises `Conflict`, or another `KubeError`."""
        ...


@dataclass
class _Waiter:
    request: Request
    deadline: float
    answer: asyncio.Future[Outcome]


@dataclass
class Batcher:
    """Reservations of one tenant. `clock` is monotonic, in seconds; deadlines are its times.

    `door` is a name that no other replica has or had; one without a name takes nothing ahead.
    """

    store: LedgerStore
    tenant: str
    clock: Callable[[], float]
    door: str = ""
    turns: Turns = field(default_factory=Turns)
    _waiters: list[_Waiter] = field(default_factory=list)
    _worker: asyncio.Task[None] | None = None
    _page: Page | None = None
    """The ledger as we wrote it last; a guess, as others write too."""
    _hand: Hand = field(default_factory=Hand)
    _lives: int = 0
    _serial: int = 0
    _come: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits, or more is to be taken ahead."""
    _leaving: bool = False

    async def reserve(self, request: Request, *, deadline: float, dry_run: bool = False) -> Outcome:
        """Claim before `deadline`, or say why not. A dry run is judged on the live ledger and writes nothing.

        Raises `KubeError` when the store refuses us altogether.
        """
        if dry_run:
            return await self._try(request, deadline)
        granted = self._ahead(request)
        if granted is not None:
            return granted
        waiter = _Waiter(request, deadline, asyncio.get_running_loop().create_future())
        self._queue([waiter])
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                return await waiter.answer
        except TimeoutError:
            # If it is in a write that is under way, the claim stays and the keeper settles it.
            return Contended()

    async def leave(self) -> None:
        """Write down what is owed, give back what is in hand, and take nothing ahead any more."""
        self._leaving = True
        self._come.set()
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=LEAVING_SECONDS)

    def _queue(self, waiters: Iterable[_Waiter]) -> None:
        self._waiters.extend(waiters)
        self._come.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    def _ahead(self, request: Request) -> Granted | None:
        """A yes out of what is charged already. None where that is nothing, or not enough."""
        page, hand = self._page, self._hand
        if page is None or page.ledger.slot(request.key) != VACANT:
            return None
        if page.ledger.pending + len(hand.unwritten) >= PENDING_MAX or not hand.take(request, self.clock()):
            return None
        metrics.LEDGER_AHEAD.inc()
        if hand.is_low:
            self._come.set()
        granted = Usage.total(each.claim.charge for each in hand.unwritten.values())
        return Granted(page.ledger.used() + granted, page.version)

    async def _try(self, request: Request, deadline: float) -> Outcome:
        # Also what is written down by the time that the answer is here, and was not yet when it was read.
        granted = self._hand.unwritten
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                page = await self.store.load(self.tenant)
        except (TimeoutError, errors.Unavailable, errors.Throttled):
            return Contended()
        ledger = page.ledger
        for owed in (*granted.values(), *self._hand.unwritten.values()):
            ledger = ledger.claim(owed.key, owed.claim)
        # What others have in hand is given back, or granted by now: a sixteenth of what is free, at the most.
        ledger = ledger.without_advances()
        return _at(page.version, judge(ledger, request, used=ledger.used())[1])

    async def _work(self) -> None:
        while self._waiters or self._hand.is_open:
            if not self._waiters:
                await self._rest()
            if (pause := self.turns.pause(self.clock())) > 0:
                await asyncio.sleep(pause)
            batch: list[_Waiter] = []
            try:
                await self._serve(batch)
            except Exception as error:
                self._forsake(error)
                for waiter in batch:
                    if not waiter.answer.done():
                        waiter.answer.set_exception(error)

    async def _rest(self) -> None:
        """Until somebody waits, little is left in hand, or it is time to write down what is owed or to give back."""
        self._come.clear()
        while not (self._leaving or self._come.is_set()) and (left := self._hand.rest(self.clock())) > 0:
            with contextlib.suppress(TimeoutError):
                # What comes to be owed meanwhile is due no sooner than that.
                async with asyncio.timeout(min(left, OWING)):
                    await self._come.wait()

    def _forsake(self, error: Exception) -> None:
        """Leave what is charged ahead to the keeper, who finds what was granted out of it. Under this name we would
        take it for ours again."""
        self._page = None
        if self._hand.is_open:
            log.warning("advance_forsaken", tenant=self.tenant, owed=len(self._hand.unwritten), why=str(error))
            self._hand, self._lives = Hand(), self._lives + 1

    @property
    def _name(self) -> str:
        return f"{self.door}.{self._lives}"

    async def _serve(self, batch: list[_Waiter]) -> None:
        """Answer everybody who waits, and who comes until the ledger is read, and write down what is owed. The batch is
        who is taken along."""
        hand, last = self._hand, self._page
        # Where others write, a write on what we wrote last would only be lost.
        page, live = None if self.turns.are_others_about(self.clock()) else last, False
        lost, unanswered, began = 0, 0, self.clock()
        self._take_along(batch)
        alone = not batch
        while self._in_time(batch) or alone:
            try:
                if page is None:
                    # Nobody later: a no has to be true at a moment after somebody has asked.
                    self._take_along(batch)
                    async with self._until_last(batch):
                        page, live = await self.store.load(self.tenant), True
                    hand.found(page.ledger.advances.get(self._name))
                    if not lost and last is not None and page.version != last.version:
                        self.turns.meet(self.clock())
                    continue  # Somebody's time may be over by now, and what is not answered is not to be written.
                ledger, outcomes = _judge_all(self._with_owed(page.ledger), batch)
                if not live and not all(isinstance(outcome, Granted) for outcome in outcomes):
                    page = None  # No for somebody, on a guess: look, and judge everybody again.
                    continue
                granted = any(isinstance(outcome, Granted) for outcome in outcomes)
                ahead = self._to_take(ledger, busy=granted or hand.is_busy(self.clock()))
                ledger = ledger.lend(self._name, ahead)
                if ledger is not page.ledger:
                    metrics.LEDGER_BATCH.observe(len(batch) + len(hand.owed))
                    began = self.clock()
                    missing = hand.write(ahead.room if ahead is not None else Usage())
                    async with self._until_last(batch):
                        page = await self.store.save(self.tenant, ledger, page.version)
                    hand.written(missing, until=began + USABLE)
                    self.turns.won(self.clock(), took=self.clock() - began, lost=lost)
            except errors.Conflict:
                lost += 1
                log.debug("ledger_lost_race", tenant=self.tenant, times=lost)
                self.turns.lost(self.clock(), took=self.clock() - began)
                page, live, self._page = None, False, None
                hand.lost(self.clock())
                continue
            except (TimeoutError, errors.Unavailable, errors.Throttled) as error:
                # A claim that did get in is found again, because claiming twice is claiming once.
                unanswered += 1
                log.debug("ledger_retry", tenant=self.tenant, times=unanswered, why=type(error).__name__)
                page, live, self._page = None, False, None
                hand.lost(self.clock())
                if not batch and unanswered > ALONE_TRIES:
                    return  # Nobody waits: after a rest is soon enough.
                await asyncio.sleep(self.turns.retry(unanswered=unanswered))
                continue
            self._page = page
            self._answer(batch, outcomes, page.version)
            return

    def _with_owed(self, ledger: Ledger) -> Ledger:
        """What was granted ahead in its slots, and nothing ahead: that is taken anew with each write."""
        self._hand.expire(self.clock())
        ledger = ledger.lend(self._name, None)
        for request in self._hand.owed.values():
            ledger = ledger.claim(request.key, request.claim)
        return ledger

    def _to_take(self, ledger: Ledger, *, busy: bool) -> Advance | None:
        """What to take ahead with this write. Who was granted nothing since the last one gives back what is left."""
        if not busy or not self.door or self._leaving:
            return None
        wanted = self._hand.wish(ledger.used() + ledger.lent, self.clock())
        self._serial += 1
        return Advance(wanted, self._serial) if wanted != Usage() else None

    def _answer(self, batch: list[_Waiter], outcomes: list[Outcome], version: str) -> None:
        later = []
        for waiter, outcome in zip(batch, outcomes, strict=True):
            if outcome is LENT:
                later.append(waiter)
            elif not waiter.answer.done():
                waiter.answer.set_result(_at(version, outcome))
            if isinstance(outcome, Granted):
                self._hand.asked(waiter.request, self.clock())
        if later:
            asyncio.get_running_loop().call_later(LENT_PAUSE, self._queue, later)

    def _take_along(self, batch: list[_Waiter]) -> None:
        batch += self._waiters
        self._waiters = []

    def _in_time(self, batch: list[_Waiter]) -> bool:
        """Leave in the batch who can still be answered; the others are told to come back. Whether anybody is left."""
        latest = self.clock() + WRITE_SECONDS
        for waiter in batch:
            if waiter.deadline < latest and not waiter.answer.done():
                waiter.answer.set_result(Contended())
        batch[:] = [waiter for waiter in batch if not waiter.answer.done()]
        return bool(batch)

    def _until_last(self, batch: list[_Waiter]) -> asyncio.Timeout:
        """No call outlives everybody who waits for it, so that whoever comes next is not held up by a dead one."""
        latest = max((waiter.deadline for waiter in batch), default=self.clock() + ALONE_SECONDS)
        return asyncio.timeout(latest - self.clock())


def _at(version: str, outcome: Outcome) -> Outcome:
    return outcome if isinstance(outcome, Contended) else replace(outcome, version=version)


def _judge_all(ledger: Ledger, batch: list[_Waiter]) -> tuple[Ledger, list[Outcome]]:
    # Summed up once, and carried along: people wait while this runs, and so does everything else in this process.
    outcomes, used = [], ledger.used()
    for waiter in batch:
        ledger, outcome = judge(ledger, waiter.request, used=used)
        used = outcome.used if isinstance(outcome, Granted) else used
        outcomes.append(outcome)
    return ledger, outcomes


@dataclass
class Batchers:
    """One batcher per tenant, made when it is first needed. `door` as there."""

    store: LedgerStore
    clock: Callable[[], float]
    door: str = ""
    _by_tenant: dict[str, Batcher] = field(default_factory=dict)

    def of(self, tenant: str) -> Batcher:
        if tenant not in self._by_tenant:
            self._by_tenant[tenant] = Batcher(self.store, tenant, self.clock, self.door)
        return self._by_tenant[tenant]

    async def leave(self) -> None:
        """As each of them does."""
        await asyncio.gather(*(batcher.leave() for batcher in self._by_tenant.values()))
