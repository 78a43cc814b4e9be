"""Reserving in a tenant's ledger while many others do: one batch at a time, one compare-and-swap for all of it.

The rules, each of which has a test that fails without it:

* a yes is given only after the compare-and-swap has succeeded;
* a no is given only on a ledger that was read live in this round;
* after a lost compare-and-swap everybody in the batch is judged again, those who had a no as well;
* who cannot be answered in time is told to come back, never yes;
* a write whose outcome is unknown is looked up, not assumed.

One batcher per tenant and replica; several replicas meet in the store. Unbatched, 20 writers get 50 answers a second
and a fifth of them errors; batched, over 2,000 and none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from provisioning import errors, metrics
from provisioning.ledger import CLAIMS_MAX, PENDING_MAX, Claim, Ledger
from provisioning.quota import COST, Excess, Limits
from provisioning.turns import Turns
from provisioning.usage import Usage

log = structlog.get_logger()

RETRY_AFTER: Final = 1.0
"""Seconds after which somebody who was told to come back may."""
CROWDED_SECONDS: Final = 10.0
"""The same where too much of a tenant is under way: what comes is settled in a moment, what never does in minutes."""
CROWDED: Final = f"waits for {PENDING_MAX} writes that were let in and have not come yet"
CROWDED_SLOT: Final = f"waits for {CLAIMS_MAX} writes of this one name that were let in and have not come yet"
WRITE_SECONDS: Final = 0.05
"""A waiter with less time than this left is not taken into a write any more."""


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


@dataclass(frozen=True)
class Request:
    """A claim on a slot within the limits of a tenant (as `quota.limits` gives them).

    `before` is what the object costs as it is stored: what it grows by is judged even where an earlier claim on the
    slot has room for it, for the limits may have been lowered since.
    """

    key: str
    claim: Claim
    hard: Limits
    before: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Granted:
    """It fits and is written down. `used` is what the tenant uses with it, `version` that of the ledger by then."""

    used: Usage
    version: str = field(default="", compare=False)


@dataclass(frozen=True)
class Exceeded:
    """It does not fit, and that was so at a moment during the request: then the `ledger` was this one."""

    excess: tuple[Excess, ...]
    used: Usage
    ledger: Ledger = field(default_factory=Ledger, compare=False)
    version: str = field(default="", compare=False)


@dataclass(frozen=True)
class Contended:
    """Nobody knows yet: too many writers, a store that is slow, no ledger. Come back after so many seconds.

    `why` is what is the matter with the ledger.
    """

    retry_after: float = RETRY_AFTER
    why: str = "is busy"


Outcome = Granted | Exceeded | Contended


def judge(ledger: Ledger, request: Request, *, used: Usage) -> tuple[Ledger, Outcome]:
    """The ledger with the claim in it if it fits, and the answer. Pure. `used` is what the ledger uses."""
    claimed = ledger.claim(request.key, request.claim)
    if claimed.is_crowded(request.key):
        return ledger, Contended(why=CROWDED_SLOT)
    if ledger.pending < claimed.pending > PENDING_MAX:
        return ledger, Contended(CROWDED_SECONDS, CROWDED)
    after = used + claimed.cost(request.key) - ledger.cost(request.key)
    asked = (after - used).most(request.claim.charge - request.before)
    found = request.hard.excess(after - asked, asked, paid=_paid(ledger, claimed, request, used=used))
    return (ledger, Exceeded(found, used, ledger)) if found else (claimed, Granted(after))


def _paid(ledger: Ledger, claimed: Ledger, request: Request, *, used: Usage) -> tuple[Usage, Usage] | None:
    """What is used and asked for as far as it has a price: an object that may have either of two sizes costs what the
    dearer of them does, and not what both would that are larger in something each."""
    if COST not in request.hard.bounds:
        return None
    price = request.hard.prices.of
    old, new = (
        max((slot.charge, *(claim.charge for claim in slot.claims)), key=price)
        for slot in (one.slot(request.key) for one in (ledger, claimed))
    )
    asked = max(new - old, request.claim.charge - request.before, key=price)
    return used + new - old - asked, asked


@dataclass
class _Waiter:
    request: Request
    deadline: float
    answer: asyncio.Future[Outcome]


@dataclass
class Batcher:
    """Reservations of one tenant. `clock` is monotonic, in seconds; deadlines are its times."""

    store: LedgerStore
    tenant: str
    clock: Callable[[], float]
    turns: Turns = field(default_factory=Turns)
    _waiters: list[_Waiter] = field(default_factory=list)
    _worker: asyncio.Task[None] | None = None
    _page: Page | None = None
    """The ledger as we wrote it last; a guess, as others write too."""

    async def reserve(self, request: Request, *, deadline: float, dry_run: bool = False) -> Outcome:
        """Claim before `deadline`, or say why not. A dry run is judged on the live ledger and writes nothing.

        Raises `KubeError` when the store refuses us altogether.
        """
        if dry_run:
            return await self._try(request, deadline)
        waiter = _Waiter(request, deadline, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                return await waiter.answer
        except TimeoutError:
            # If it is in a write that is under way, the claim stays and the keeper settles it.
            return Contended()

    async def _try(self, request: Request, deadline: float) -> Outcome:
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                page = await self.store.load(self.tenant)
        except (TimeoutError, errors.Unavailable, errors.Throttled):
            return Contended()
        return _at(page.version, judge(page.ledger, request, used=page.ledger.used())[1])

    async def _work(self) -> None:
        while self._waiters:
            if (pause := self.turns.pause(self.clock())) > 0:
                await asyncio.sleep(pause)
            batch: list[_Waiter] = []
            try:
                await self._serve(batch)
            except Exception as error:
                for waiter in batch:
                    if not waiter.answer.done():
                        waiter.answer.set_exception(error)

    async def _serve(self, batch: list[_Waiter]) -> None:
        """Answer everybody who waits, and who comes until the ledger is read. The batch is who is taken along."""
        last, self._page = self._page, None
        # Where others write, a write on what we wrote last would only be lost.
        page, live = None if self.turns.are_others_about(self.clock()) else last, False
        lost = unanswered = 0
        self._take_along(batch)
        while self._in_time(batch):
            try:
                if page is None:
                    # Nobody later: a no has to be true at a moment after somebody has asked.
                    self._take_along(batch)
                    async with self._until_last(batch):
                        page, live = await self.store.load(self.tenant), True
                    if not lost and last is not None and page.version != last.version:
                        self.turns.meet(self.clock())
                    continue  # Somebody's time may be over by now, and what is not answered is not to be written.
                ledger, outcomes = _judge_all(page.ledger, batch)
                if not live and not all(isinstance(outcome, Granted) for outcome in outcomes):
                    page = None  # No for somebody, on a guess: look, and judge everybody again.
                    continue
                if ledger is not page.ledger:
                    metrics.LEDGER_BATCH.observe(len(batch))
                    began = self.clock()
                    async with self._until_last(batch):
                        page = await self.store.save(self.tenant, ledger, page.version)
                    self.turns.won(self.clock(), took=self.clock() - began, lost=lost)
            except errors.Conflict:
                lost += 1
                log.debug("ledger_lost_race", tenant=self.tenant, times=lost)
                self.turns.meet(self.clock())
                page, live = None, False
                continue
            except (TimeoutError, errors.Unavailable, errors.Throttled) as error:
                # A claim that did get in is found again, because claiming twice is claiming once.
                unanswered += 1
                log.debug("ledger_retry", tenant=self.tenant, times=unanswered, why=type(error).__name__)
                page, live = None, False
                await asyncio.sleep(self.turns.retry(unanswered=unanswered))
                continue
            self._page = page
            for waiter, outcome in zip(batch, outcomes, strict=True):
                if not waiter.answer.done():
                    waiter.answer.set_result(_at(page.version, outcome))
            return

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
        return asyncio.timeout(max(waiter.deadline for waiter in batch) - self.clock())


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
    """One batcher per tenant, made when it is first needed."""

    store: LedgerStore
    clock: Callable[[], float]
    _by_tenant: dict[str, Batcher] = field(default_factory=dict)

    def of(self, tenant: str) -> Batcher:
        if tenant not in self._by_tenant:
            self._by_tenant[tenant] = Batcher(self.store, tenant, self.clock)
        return self._by_tenant[tenant]
