"""Keeps tenants' ledgers true to what is there, and publishes them in `Tenant.status`.

Runs on the leader only, and only it makes a ledger, or a slot of one cheaper. The webhook makes claims before it says
yes; here they are settled once their outcome is seen, objects that came around the webhook are charged after the fact,
and what is proven gone is let go of. If nobody runs this, quotas only get tighter: what is deleted or refused stays
charged, and new tenants have no ledger, so that nothing is let in that nobody counts.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from provisioning import errors, metrics, objects, quota, resources, settlement, statement
from provisioning.census import Census, Sights
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.ledger import Garbled, Ledger, Missing
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.model import Tenant
from provisioning.model import conditions as conditions_of
from provisioning.model.tenant import TenantStatus
from provisioning.news import News
from provisioning.objects import Stored
from provisioning.orphans import Orphans
from provisioning.proof import Prover
from provisioning.statement import Count
from provisioning.usage import DIMENSIONS, Usage

log = structlog.get_logger()

RECOUNT: Final = 1800.0
"""Seconds, at most, between two recounts of a tenant. Whatever changes is heard of at once; this is for what is not."""
CLAIMS_LOOK: Final = 15.0
"""Seconds between two looks while claims are open."""
LOWERING: Final = 1.0
"""Seconds between two writes that make anything cheaper: doors that reserve must not lose all their races to us."""
CONFIRM: Final = 1.0
"""Seconds for which a cache may be behind a list without anything being wrong."""
ROUNDS: Final = 5


@dataclass
class Memory:
    """What this leader knows of one tenant's ledger, in times of its own clock. No other clock is trusted."""

    prover: Prover
    recount_at: float
    busy_until: float = float("-inf")
    """Until when nothing is counted by lists, because somebody came in between the last time."""
    lost_at: float | None = None
    """When the ledger was first seen to be missing or garbled."""
    lost: Ledger = field(default_factory=Ledger)
    """What there was then, by lists."""
    counted_at: float = float("-inf")
    """When the last recount began that was brought to its end."""
    lowered_at: float = -LOWERING
    count: Count = field(default_factory=Count)


class Keeper:
    """`act` looks at one tenant. `void_after`: seconds after which an admitted write can no longer land."""

    def __init__(
        self,
        kube: Kube,
        landscape: Landscape,
        *,
        namespace: str,
        void_after: float,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._census = Census(kube, landscape)
        self._store = KubeLedgers(kube, namespace)
        self._recorder = Recorder(kube, now=now)
        self._void_after = void_after
        self._now = now
        self._clock = clock
        self._memories: dict[str, Memory] = {}
        self._orphans = Orphans(kube, namespace=namespace, void_after=void_after, clock=clock)

    async def act(self, name: str) -> float | None:
        """Settle and publish the ledger of the tenant `name`; the seconds until the next look."""
        manifest = self._landscape.get(resources.TENANTS, "", name)
        if manifest is None:
            self._memories.pop(name, None)
            _forget(name)
            return await self._orphans.act(name)
        self._orphans.adopted(name)
        tenant = objects.read(Tenant, manifest)
        memory = self._memories.setdefault(name, self._fresh(name))
        try:
            ledger, held_back = await self._keep(tenant, memory)
            due = self._clock() >= memory.recount_at or memory.prover.release_in() == 0.0
            if due and self._clock() >= memory.busy_until:
                ledger = await self._recounted(tenant, memory) or ledger
        except (Missing, Garbled) as error:
            left = await self._until_countable(tenant, memory, why=error)
            if left > 0:
                await self._publish(tenant, manifest, statement.without_ledger(tenant, now=self._now()))
                return left
            ledger, held_back = await self._make(tenant, memory, instead=error), None
        memory.lost_at = None
        status = statement.of_ledger(tenant, ledger, self._landscape.catalog(), count=memory.count, now=self._now())
        await self._publish(tenant, manifest, status)
        claims = settlement.open_claims(ledger)
        self._measure(tenant, ledger, claims=len(claims))
        if held_back is not None:
            return held_back
        now, release = self._clock(), memory.prover.release_in(after=memory.counted_at)
        waits = [CLAIMS_LOOK if claims else RECOUNT, max(0.0, memory.recount_at - now)]
        # What came to be free while we looked was not yet when we asked: then it is to be counted at once.
        return min(waits if release is None else [*waits, max(release, memory.busy_until - now)])

    async def _keep(self, tenant: Stored[Tenant], memory: Memory) -> tuple[Ledger, float | None]:
        """Bring the ledger in line with the caches. With it, the seconds until what had to wait may be lowered."""
        name = tenant.meta.name
        for _ in range(ROUNDS):
            page = await self._store.load(name)
            seen = self._census.seen(tenant)
            wanted = await memory.prover.settled(page.ledger, seen)
            rest = memory.lowered_at + LOWERING - self._clock()
            ledger = settlement.without_lowering(page.ledger, wanted) if rest > 0 else wanted
            try:
                if ledger != page.ledger:
                    await self._store.save(name, ledger, page.version)
            except errors.Conflict:
                # Somebody reserved meanwhile: what we concluded from the old page may not hold on the new one.
                await asyncio.sleep(0.01)
                continue
            if not page.ledger.used().within(ledger.used()):
                memory.lowered_at = self._clock()
            memory.count = Count(memory.count.at, memory.count.drift, tuple(settlement.unmeasured(seen)))
            adopted = [slot for slot in settlement.unreserved(page.ledger, seen) if slot in ledger.slots]
            await self._tell_adopted(tenant, adopted, seen)
            return ledger, rest if ledger != wanted else None
        raise errors.Conflict(f"the ledger of {name} changes faster than it can be settled")

    async def _recounted(self, tenant: Stored[Tenant], memory: Memory) -> Ledger | None:
        """None where somebody reserves all the time: what is published does not wait for a quiet moment."""
        try:
            return await self._recount(tenant, memory)
        except errors.Conflict:
            memory.recount_at = memory.busy_until = self._clock() + CLAIMS_LOOK
            return None

    async def _recount(self, tenant: Stored[Tenant], memory: Memory) -> Ledger:
        """Hold the ledger against lists of everything, put it right, and say what it had wrong."""
        name = tenant.meta.name
        for patience in (CONFIRM, 0.0):
            began = self._clock()
            listed = await self._census.listed(tenant)
            # Read after the lists, which take their time: who reserves meanwhile would make all of it in vain.
            page = await self._store.load(name)
            known = await memory.prover.settled(page.ledger, self._census.seen(tenant), released=began)
            counted = await memory.prover.settled(known, listed, listed=True, released=began)
            # What doors have granted ahead, and not written down, is counted as well from now on.
            drift = known.used() - counted.used()
            if drift.rises() == Usage() and (Usage() - drift).within(known.lent):
                drift = Usage()
                break
            await asyncio.sleep(patience)
        if counted != page.ledger:
            await self._store.save(name, counted, page.version)
        if drift != Usage():
            log.error("ledger_drifted", tenant=name, too_much=str(drift))
            note = "the ledger was not what a recount of everything found; it was put right"
            await self._tell(tenant, "LedgerDrift", note, "Recount")
        memory.count = Count(self._now(), drift, tuple(settlement.unmeasured(listed)))
        memory.counted_at, memory.recount_at = began, self._next_recount()
        return counted

    async def _until_countable(self, tenant: Stored[Tenant], memory: Memory, *, why: Missing | Garbled) -> float:
        """Seconds until a ledger that was lost may be made anew.

        With it went the claims of writes that may still land; once they cannot any more, what is there is all there
        is. A tenant that never had a ledger, so that nothing was ever let in, need not wait.
        """
        name = tenant.meta.name
        present = await self._kube.find(resources.TENANTS, name)
        if isinstance(why, Missing) and not ((present or {}).get("status") or {}).get("observedGeneration"):
            return 0.0
        if memory.lost_at is None:
            memory.lost = settlement.settle(Ledger(), await self._census.listed(tenant), gone=(), dead=())
            memory.lost_at = self._clock()
            log.error("ledger_lost", tenant=name, why=str(why), seconds=self._void_after)
            note = f"{why}; nothing may grow until it is made anew, in about {self._void_after:.0f} s"
            await self._tell(tenant, "LedgerLost", note, "Rebuild")
        return memory.lost_at + self._void_after - self._clock()

    async def _make(self, tenant: Stored[Tenant], memory: Memory, *, instead: Missing | Garbled) -> Ledger:
        """A ledger of what is there, by lists of this moment."""
        name = tenant.meta.name
        listed = await self._census.listed(tenant)
        if memory.lost_at is None:
            ledger = settlement.settle(Ledger(), listed, gone=(), dead=())
        else:
            # Owners may have become smaller in that time, and parts of them are let in without a ledger as well.
            ledger = await memory.prover.settled(memory.lost, listed)
        if isinstance(instead, Garbled):
            await self._store.save(name, ledger, instead.version)
        else:
            await self._store.create(name, ledger)
        if memory.lost_at is not None:
            log.warning("ledger_rebuilt", tenant=name, slots=len(ledger.slots))
            metrics.LEDGER_REBUILT.labels(name).inc()
        memory.count = Count(self._now(), Usage(), tuple(settlement.unmeasured(listed)))
        memory.recount_at = self._next_recount()
        return ledger

    def _fresh(self, name: str) -> Memory:
        prover = Prover(name, self._census, void_after=self._void_after, clock=self._clock)
        return Memory(prover, self._next_recount())

    def _next_recount(self) -> float:
        # Never all tenants at once, and a new leader has enough to do at first.
        return self._clock() + RECOUNT * (0.5 + random.random() / 2)  # noqa: S311 - jitter, no secret

    async def _tell_adopted(self, tenant: Stored[Tenant], slots: list[str], seen: Sights) -> None:
        for slot in slots:
            if seen[slot].usual:
                # Everyday life: whoever is scaled down, or rolled to a smaller size, has its old machines for a while.
                log.info("part_charged_beside_its_owner", tenant=tenant.meta.name, slot=slot)
                continue
            log.warning("object_charged_after_the_fact", tenant=tenant.meta.name, slot=slot)
            metrics.ADOPTED.labels(tenant.meta.name).inc()
            await self._tell(tenant, "ChargedAfterTheFact", f"{slot} came around the webhook; it counts", "Adopt")

    async def _tell(self, tenant: Stored[Tenant], reason: str, note: str, action: str) -> None:
        await self._recorder.tell(tenant, [News(reason, note, action, warning=True)], kind=resources.TENANTS)

    async def _publish(self, tenant: Stored[Tenant], manifest: Manifest, status: TenantStatus) -> None:
        if status == tenant.it.status:
            return
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        await self._kube.replace(resources.TENANTS, {**manifest, "status": wire}, subresource="status")

    def _measure(self, tenant: Stored[Tenant], ledger: Ledger, *, claims: int) -> None:
        name, used, hard = tenant.meta.name, ledger.used(), quota.limits(tenant.it.spec.quota.hard).bounds
        reserved, drift = used - settlement.settled_usage(ledger), self._memories[name].count.drift
        for dimension in DIMENSIONS:
            metrics.QUOTA_USED.labels(name, dimension).set(used[dimension])
            metrics.QUOTA_RESERVED.labels(name, dimension).set(reserved[dimension])
            metrics.QUOTA_HARD.labels(name, dimension).set(hard.get(dimension, math.inf))
            metrics.LEDGER_DRIFT.labels(name, dimension).set(drift[dimension])
        metrics.LEDGER_CLAIMS.labels(name).set(claims)
        metrics.LEDGER_KEPT.labels(name).set_to_current_time()


def _forget(name: str) -> None:
    """No numbers of a tenant that is gone: nobody keeps them true, and its last look would be older every day."""
    for gauge in (metrics.LEDGER_KEPT, metrics.LEDGER_CLAIMS, metrics.LEDGER_BYTES):
        gauge.remove(name)
    for gauge in (metrics.QUOTA_USED, metrics.QUOTA_RESERVED, metrics.QUOTA_HARD, metrics.LEDGER_DRIFT):
        for dimension in DIMENSIONS:
            gauge.remove(name, dimension)
