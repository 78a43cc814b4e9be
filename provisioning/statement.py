"""What is published of a tenant's ledger in `Tenant.status`. Pure, for people to read: nothing decides on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from provisioning import objects, quota, settlement
from provisioning.ledger import Ledger
from provisioning.model import CatalogSpec, Condition, Tenant
from provisioning.model import conditions as conditions_of
from provisioning.model.tenant import QuotaStatus, TenantStatus
from provisioning.objects import Stored
from provisioning.usage import DIMENSIONS, Usage

NAMED: Final = 5
"""Objects a message names; of more it says how many."""


@dataclass(frozen=True)
class Count:
    """The last recount: `at` is when (None: not in this life), `drift` what the ledger held too much, or too little.

    `unmeasured` are the slots of objects whose size nobody can tell now.
    """

    at: datetime | None = None
    drift: Usage = field(default_factory=Usage)
    unmeasured: tuple[str, ...] = ()


def of_ledger(
    tenant: Stored[Tenant], ledger: Ledger, catalog: CatalogSpec | None, *, count: Count, now: datetime
) -> TenantStatus:
    """`used` is all that counts, `reserved` the part of it not there yet."""
    used = ledger.used()
    hard = quota.limits(tenant.it.spec.quota.hard, catalog)
    counted_at = objects.format_time(count.at) if count.at else tenant.it.status.quota.counted_at
    return TenantStatus(
        observed_generation=tenant.meta.generation,
        clusters=used.clusters,
        quota=QuotaStatus(
            hard=tenant.it.spec.quota.hard,
            used=quota.amounts(used, hard.prices),
            reserved=quota.amounts((used - settlement.settled_usage(ledger)).rises(), hard.prices),
            counted_at=counted_at,
        ),
        conditions=_merged(tenant, _ready(used, hard), _counted(count), now=now),
    )


def without_ledger(tenant: Stored[Tenant], *, now: datetime) -> TenantStatus:
    """What was published last, and that nobody knows whether it is still so."""
    why = (
        "the ledger was lost, and with it what was admitted and has not come yet; until that has come or cannot come "
        "any more, nothing may grow; then the ledger is made anew from what is there"
    )
    lost = _State(False, "LedgerLost", why)
    return tenant.it.status.model_copy(update={"conditions": _merged(tenant, lost, lost, now=now)})


@dataclass(frozen=True)
class _State:
    true: bool
    reason: str
    message: str = ""


def _ready(used: Usage, hard: quota.Limits) -> _State:
    over = [quota.WORDS[name] for name, bound in hard.bounds.items() if hard.amount(used, name) > bound]
    if over:
        return _State(True, "OverQuota", f"more than the quota of {', '.join(over)} is used; nothing may grow there")
    return _State(True, "WithinQuota")


def _counted(count: Count) -> _State:
    if count.drift != Usage():
        told = "; ".join(_told(count.drift))
        return _State(False, "Drift", f"at the last recount the ledger was wrong, and was put right: {told}")
    if count.unmeasured:
        some = ", ".join(count.unmeasured[:NAMED])
        more = f" and {len(count.unmeasured) - NAMED} more" if len(count.unmeasured) > NAMED else ""
        why = f"charged as when they were let in, for they cannot be measured: {some}{more}"
        return _State(False, "Unmeasurable", why)
    return _State(True, "Counted")


def _told(drift: Usage) -> Iterator[str]:
    for name in DIMENSIONS:
        if drift[name]:
            way = "too much" if drift[name] > 0 else "too little"
            yield f"{quota.WORDS[name]}: {quota.show(name, abs(drift[name]))} {way}"


def _merged(tenant: Stored[Tenant], ready: _State, counted: _State, *, now: datetime) -> tuple[Condition, ...]:
    wanted = tuple(
        conditions_of.make(
            type_,
            state.true,
            reason=state.reason,
            message=state.message,
            now=objects.format_time(now),
            generation=tenant.meta.generation,
        )
        for type_, state in (("Ready", ready), ("Counted", counted))
    )
    return conditions_of.merge(tenant.it.status.conditions, wanted)
