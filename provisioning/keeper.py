"""Keeps tenants' ledgers true to what is there, and publishes them in `Tenant.status`.

Runs on the leader only. The webhook makes claims before it says yes; here they are settled once their outcome is seen,
objects that came around the webhook are charged after the fact, and what is proven gone is let go of. If nobody runs
this, quotas only get tighter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from provisioning import charges, errors, metrics, objects, quota, resources, settlement
from provisioning.batcher import Page
from provisioning.errors import Cause, RuleError
from provisioning.kube import Kube, Manifest
from provisioning.landscape import Landscape
from provisioning.ledger import Garbled, Ledger, slot_key
from provisioning.ledgers import KubeLedgers
from provisioning.model import CatalogSpec, Condition, Tenant
from provisioning.model import conditions as conditions_of
from provisioning.model.tenant import QuotaStatus, TenantStatus
from provisioning.objects import Stored
from provisioning.resources import Resource
from provisioning.settlement import OpenClaim, Sight
from provisioning.usage import DIMENSIONS

log = structlog.get_logger()

LOOK: Final = 600.0
"""Seconds between two looks at a tenant of which nothing is heard; whatever matters to its ledger is heard at once."""
CLAIMS_LOOK: Final = 15.0
"""The same while claims are open."""
ROUNDS: Final = 5


@dataclass(frozen=True)
class Thing:
    """A charged object, and the slot it stands in."""

    resource: Resource
    manifest: Manifest

    @property
    def slot(self) -> str:
        meta = self.manifest["metadata"]
        return slot_key(self.resource, meta["namespace"], meta["name"])


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
        self._store = KubeLedgers(kube, namespace)
        self._namespace = namespace
        self._void_after = void_after
        self._now = now
        self._clock = clock
        self._first_seen: dict[tuple[str, OpenClaim], float] = {}

    async def act(self, name: str) -> float | None:
        """Settle and publish the ledger of the tenant `name`; the seconds until the next look."""
        manifest = self._landscape.get(resources.TENANTS, "", name)
        if manifest is None:
            return None
        tenant = objects.read(Tenant, manifest)
        for _ in range(ROUNDS):
            page = await self._load(name)
            seen = self._seen(tenant)
            ledger = await self._settled(name, page.ledger, seen)
            if ledger == page.ledger:
                break
            try:
                await self._store.save(name, ledger, page.version)
            except errors.Conflict:
                # Somebody reserved meanwhile: what we concluded from the old page may not hold on the new one.
                await asyncio.sleep(0.01)
                continue
            for key in settlement.unreserved(page.ledger, seen):
                log.warning("object_charged_after_the_fact", tenant=name, slot=key)
                metrics.ADOPTED.labels(name).inc()
            break
        else:
            raise errors.Conflict(f"the ledger of {name} changes faster than it can be settled")
        await self._publish(tenant, manifest, ledger)
        return CLAIMS_LOOK if settlement.open_claims(ledger) else LOOK

    async def _load(self, name: str) -> Page:
        try:
            return await self._store.load(name)
        except Garbled as error:
            log.error("ledger_garbled", tenant=name, why=str(error))
            stored = await self._kube.get(resources.TENANT_LEDGERS, name, namespace=self._namespace)
            return Page(Ledger(), stored["metadata"]["resourceVersion"])

    def _seen(self, tenant: Stored[Tenant]) -> dict[str, Sight]:
        return {thing.slot: self._sight(thing) for thing in self._things(tenant)}

    def _things(self, tenant: Stored[Tenant]) -> list[Thing]:
        """Every charged object in the tenant's namespaces; what is being deleted is still there."""
        namespaces = [n for n in tenant.it.spec.namespaces if self._is_of(n, tenant.meta.name)]
        return [
            Thing(kind, manifest)
            for kind in charges.KINDS
            for namespace in namespaces
            for manifest in self._landscape.caches[kind].list(namespace)
        ]

    def _is_of(self, namespace: str, tenant: str) -> bool:
        found = self._landscape.tenant_of(namespace)
        return found is not None and found.meta.name == tenant

    def _sight(self, thing: Thing) -> Sight:
        meta = thing.manifest["metadata"]
        try:
            charge = charges.settled_cost(thing.resource, thing.manifest, find=self._find, catalog=self._catalog)
        except RuleError as error:
            log.debug("object_unmeasurable", slot=thing.slot, why=str(error))
            charge = None
        return Sight(charge, meta["uid"], meta["resourceVersion"])

    def _find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        return self._landscape.get(resource, namespace, name)

    def _catalog(self) -> CatalogSpec:
        found = self._landscape.catalog()
        if found is None:
            raise RuleError(Cause("", "there is no Catalog"))
        return found

    async def _settled(self, tenant: str, ledger: Ledger, seen: dict[str, Sight]) -> Ledger:
        gone = [key for key in settlement.absent(ledger, seen) if await self._live(key) is None]
        settled = settlement.settle(ledger, seen, gone=gone, dead=())
        dead = [entry for entry in self._overdue(tenant, settled) if self._is_void(entry, await self._live(entry.slot))]
        for entry in dead:
            log.info("claim_dropped", tenant=tenant, slot=entry.slot)
        return settlement.settle(settled, {}, gone=(), dead=dead)

    def _overdue(self, tenant: str, ledger: Ledger) -> list[OpenClaim]:
        """Claims that we have known for so long that their writes have ended one way or the other.

        By our own clock from our own first sight: no time that somebody else wrote is trusted.
        """
        now = self._clock()
        present = {(tenant, entry) for entry in settlement.open_claims(ledger)}
        self._first_seen = {k: v for k, v in self._first_seen.items() if k[0] != tenant or k in present}
        ages = {key: now - self._first_seen.setdefault(key, now) for key in present}
        return [entry for (_, entry), age in ages.items() if age >= self._void_after]

    def _is_void(self, entry: OpenClaim, live: Manifest | None) -> bool:
        """Whether the write was never done: there is no such object, or it is as it was before."""
        if live is None:
            return True
        meta = live["metadata"]
        if meta["uid"] != entry.claim.uid:
            return True
        # At a later revision our cache has yet to see it; then it settles like any other.
        return bool(entry.claim.fence == meta["resourceVersion"])

    async def _live(self, slot: str) -> Manifest | None:
        """The object in this slot, as the API server itself has it now."""
        kind, namespace, name = slot.split("/")
        found = next((r for r in charges.KINDS if f"{r.plural}.{r.group}" == kind), None)
        return None if found is None else await self._kube.find(found, name, namespace=namespace)

    async def _publish(self, tenant: Stored[Tenant], manifest: Manifest, ledger: Ledger) -> None:
        used = ledger.used()
        for dimension in DIMENSIONS:
            metrics.QUOTA_USED.labels(tenant.meta.name, dimension).set(used[dimension])
        status = tenant_status(tenant, ledger, self._landscape.catalog(), now=self._now())
        if status == tenant.it.status:
            return
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        await self._kube.replace(resources.TENANTS, {**manifest, "status": wire}, subresource="status")


def tenant_status(
    tenant: Stored[Tenant], ledger: Ledger, catalog: CatalogSpec | None, *, now: datetime
) -> TenantStatus:
    """What is published of a ledger: `used` is all that counts, `reserved` the part of it not there yet."""
    used = ledger.used()
    hard = quota.limits(tenant.it.spec.quota.hard, catalog)
    over = [quota.WORDS[name] for name, bound in hard.bounds.items() if hard.amount(used, name) > bound]
    moment, generation = objects.format_time(now), tenant.meta.generation
    ready = Condition(
        type="Ready",
        status="True",
        reason="OverQuota" if over else "WithinQuota",
        message=f"more than the quota of {', '.join(over)} is used; nothing may grow there" if over else "",
        last_transition_time=moment,
        observed_generation=generation,
    )
    return TenantStatus(
        observed_generation=generation,
        clusters=used.clusters,
        quota=QuotaStatus(
            hard=tenant.it.spec.quota.hard,
            used=quota.amounts(used, hard.prices),
            reserved=quota.amounts((used - settlement.settled_usage(ledger)).rises(), hard.prices),
        ),
        conditions=conditions_of.merge(tenant.it.status.conditions, (ready,)),
    )
