"""Delegations as people speak of them: who decides instead of whom, where, and until when. Pure.

There is an object in each namespace. Those that say the same of the same two people are one here. What must never live
here: whether a vote counts by one (`seats`), or how one is written (`delegating`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from provisioning import names, people
from provisioning.model import ApprovalDelegation, Person, Tenant, TenantSpec
from provisioning.objects import Stored, parse_time

TenantOf = Callable[[str], Stored[Tenant] | None]
"""Whose namespace it is."""


@dataclass(frozen=True)
class Delegation:
    """Until then the delegate decides instead of the approver. `marks` are by namespace, and each is another one after
    every word about it there."""

    approver: Person
    delegate: Person
    until: str
    marks: Mapping[str, str]
    reason: str = ""

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(self.marks)


def lasting(found: Iterable[Stored[ApprovalDelegation]], now: datetime) -> tuple[Delegation, ...]:
    """Those that are not over, who ends first first."""
    together: dict[tuple[str, ...], list[Stored[ApprovalDelegation]]] = {}
    for each in found:
        if not each.meta.deleting and parse_time(each.it.spec.until) > now:
            together.setdefault(_parties(each), []).append(each)
    made = (_one(sorted(same, key=lambda each: each.key)) for same in together.values())
    return tuple(sorted(made, key=lambda it: (parse_time(it.until), it.approver.user, it.delegate.user, it.namespaces)))


def counting(
    found: Iterable[Stored[ApprovalDelegation]], tenant_of: TenantOf
) -> tuple[Stored[ApprovalDelegation], ...]:
    """Those by which the delegate has a say: the tenant still lists the approver, and hears what was said."""
    return tuple(
        each
        for each in found
        if (tenant := tenant_of(each.meta.namespace)) and _counts(each.it.spec.approver, tenant.it.spec)
    )


def by(person: Person, found: Iterable[Delegation]) -> tuple[Delegation, ...]:
    """Those by which somebody decides instead of this person."""
    return tuple(each for each in found if people.same(each.approver, person))


def to(person: Person, found: Iterable[Delegation]) -> tuple[Delegation, ...]:
    """Those by which this person decides instead of somebody."""
    return tuple(each for each in found if people.same(each.delegate, person))


def _counts(approver: Person, tenant: TenantSpec) -> bool:
    # Who said it at a terminal comes without an account.
    decides = people.delegates_in_slack if approver.slack else people.approves_some
    return decides(tenant, approver)


def _parties(it: Stored[ApprovalDelegation]) -> tuple[str, ...]:
    spec = it.it.spec
    return (spec.approver.user, spec.approver.slack, spec.delegate.user, spec.delegate.slack, spec.until)


def _one(same: list[Stored[ApprovalDelegation]]) -> Delegation:
    spec = same[0].it.spec
    marks = {each.meta.namespace: names.content_hash([each.meta.uid, each.meta.generation]) for each in same}
    reason = next((each.it.spec.reason for each in same if each.it.spec.reason), "")
    return Delegation(spec.approver, spec.delegate, spec.until, marks, reason)
