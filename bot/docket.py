"""What waits for somebody's word: the tenants they may decide in, and the requests there. Pure, over the desk's caches.

May is what the rules say that are asked again at the vote. What must never live here: how it is shown (`home`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot import approvers, sights
from bot.ports import Desk
from bot.sights import Sight
from provisioning import approval, risk, seats
from provisioning.lifecycle import Refused
from provisioning.model import ClusterRequest, Person, Phase, Tenant, TenantSpec
from provisioning.objects import Stored


def tenants(person: Person, desk: Desk, *, slack_groups: Collection[str] = ()) -> tuple[Stored[Tenant], ...]:
    """Where this person may have to decide, now or once a request is handed on, by name.

    `slack_groups` are the user groups of Slack that they are in.
    """
    return tuple(tenant for tenant in desk.all_tenants() if _may_be_asked(person, tenant, desk, slack_groups))


def waiting(person: Person, desk: Desk, *, slack_groups: Collection[str] = (), now: datetime) -> list[Sight]:
    """The requests that wait for this person's word, the oldest first."""
    found = (
        sight
        for tenant in tenants(person, desk, slack_groups=slack_groups)
        for request in desk.requests(tenant.meta.name)
        if request.it.status.phase is Phase.PENDING
        if _may_decide(person, request, sights.deciding(desk, request, tenant), desk, slack_groups, now)
        if (sight := sights.of(desk, request)) and approvers.are_needed(sight)
    )
    return sorted(found, key=lambda sight: (sight.request.meta.created or now, sight.request.key))


def _may_be_asked(person: Person, tenant: Stored[Tenant], desk: Desk, slack_groups: Collection[str]) -> bool:
    spec = risk.everybody(tenant.it.spec)
    return any(
        seats.seats(spec, person, slack_groups=slack_groups, delegations=desk.voting.delegations(namespace))
        for namespace in spec.namespaces
    )


def _may_decide(
    person: Person,
    request: Stored[ClusterRequest],
    tenant: TenantSpec,
    desk: Desk,
    slack_groups: Collection[str],
    now: datetime,
) -> bool:
    delegations = desk.voting.delegations(request.meta.namespace)
    try:
        approval.check_voter(
            request, person, tenant=tenant, slack_groups=slack_groups, delegations=delegations, now=now
        )
    except Refused:
        return False
    return True
