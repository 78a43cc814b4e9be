"""All that a card of a request is drawn from, looked up in the desk's caches.

What must never live here: a block or a sentence (`request_cards`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial

from bot import given_up
from bot.ports import Desk
from provisioning import names, quota, reservations, risk, room, stage
from provisioning.errors import NoCatalog
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    DelegationSpec,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.reservations import Others
from provisioning.room import Turn
from provisioning.stage import Stage
from provisioning.usage import Usage
from provisioning.usual import Usual


@dataclass(frozen=True)
class Sight:
    """All that a card is drawn from. `cluster` is the TenantCluster of that name as it is now."""

    request: Stored[ClusterRequest]
    tenant: Stored[Tenant]
    catalog: CatalogSpec
    cluster: Stored[TenantCluster] | None = None
    hard: Limits = quota.UNBOUNDED
    used: Usage = field(default_factory=Usage)
    beside: Callable[[], Others] = Others
    """Counts what else waits, which may be much: only a card that asks for somebody's word tells of it."""
    usual: Usual = field(default_factory=Usual)
    newer: Stored[ClusterRequest] | None = None
    """The request that took the place of this one."""
    now: datetime | None = None
    """Without it nothing is said that the clock decides."""
    delegations: tuple[DelegationSpec, ...] = ()
    """Who decides instead of whom in the request's namespace now."""
    paused: bool = False
    """Whether nothing is approved, because quotas are not enforced."""
    taker: Stored[TenantCluster] | None = None
    """The newest cluster that was made since this was asked for, while it is not decided."""
    turn: Turn | None = None
    """When it is its turn, of what waits for room."""
    behind: Stored[ClusterRequest] | None = None
    """The request that the cluster goes on with by now, where it is not this one."""
    given_up: Stored[ClusterRequest] | None = None
    """The request by which the cluster that came of this one was given up before it was ready."""
    deleter: Stored[ClusterRequest] | None = None
    """The request by which it was deleted, at whatever time."""
    told_elsewhere: bool = False
    """Whether another card of the same person tells of this one."""

    @cached_property
    def others(self) -> Others:
        """What else waits in the tenant."""
        return self.beside()

    @cached_property
    def size(self) -> Usage | None:
        """What is asked for at most; None where nobody can tell."""
        present = self.cluster.it.spec if self.cluster else None
        return risk.asked_size(self.request.it.spec, present, self.catalog)

    @cached_property
    def deciding(self) -> TenantSpec:
        """The tenant as it decides about this request."""
        present = self.cluster.it.spec if self.cluster else None
        return risk.about(self.tenant.it.spec, self.request.it.spec, present, self.catalog)

    @property
    def is_large(self) -> bool:
        return risk.large(self.tenant.it.spec, self.size, self.catalog) is not None

    @property
    def stage(self) -> Stage:
        return stage.of_request(self.request, self.cluster)


def of(desk: Desk, request: Stored[ClusterRequest], *, now: datetime | None = None) -> Sight | None:
    """What a card of this request is drawn from, out of the desk's caches; without `now` less is said."""
    tenant = desk.tenant_of(request.meta.namespace)
    if tenant is None:
        return None
    cluster = _cluster(desk, request, tenant)
    hard, used = desk.usage(tenant.meta.name)
    try:
        catalog = desk.catalog()
    except NoCatalog:
        return None
    beside = partial(_others, desk, request, tenant.meta.name, catalog)
    found = Sight(request, tenant, catalog, cluster=cluster, hard=hard, used=used, beside=beside, now=now)
    found = replace(found, delegations=desk.voting.delegations(request.meta.namespace))
    if found.stage is Stage.WAITING:
        taker = room.taken_by(request, desk.clusters(tenant.meta.name))
        found = replace(found, paused=desk.canary.trouble() is not None, taker=taker)
    if found.stage is Stage.NO_ROOM and now:
        name, policy = tenant.meta.name, tenant.it.spec.lifetime
        found = replace(found, turn=room.turn(request, desk.requests(name), desk.clusters(name), policy, now=now))
    if given_up.gives_up(request, cluster, tenant=tenant, catalog=catalog):
        found = replace(found, told_elsewhere=given_up.is_told_of_elsewhere(request, _about_the_same(desk, request)))
    elif found.stage in (Stage.DELETING, Stage.GONE) or (cluster and cluster.meta.deleting):
        about = _about_the_same(desk, request)
        found = replace(found, given_up=given_up.by(request, about), deleter=given_up.deleter(request, about))
    if found.stage is Stage.SUPERSEDED and cluster is not None:
        name = cluster.meta.annotations.get(names.REQUEST_ANNOTATION, "")
        found = replace(found, behind=desk.request(request.meta.namespace, name))
    if name := request.it.status.replaced_by:
        found = replace(found, newer=desk.request(request.meta.namespace, name))
    return replace(found, usual=desk.usual()) if now and found.stage is Stage.BUILDING else found


def deciding(desk: Desk, request: Stored[ClusterRequest], tenant: Stored[Tenant]) -> TenantSpec:
    """The tenant as it decides about a request of its own, for less than a whole sight."""
    if tenant.it.spec.approval.large is None and request.it.spec.action is not Action.CHANGE:
        return tenant.it.spec
    cluster = _cluster(desk, request, tenant)
    try:
        return risk.about(tenant.it.spec, request.it.spec, cluster.it.spec if cluster else None, desk.catalog())
    except NoCatalog:
        return tenant.it.spec


def _cluster(desk: Desk, request: Stored[ClusterRequest], tenant: Stored[Tenant]) -> Stored[TenantCluster] | None:
    key = (request.meta.namespace, request.it.spec.cluster)
    return next((c for c in desk.clusters(tenant.meta.name) if c.key == key), None)


def _about_the_same(desk: Desk, request: Stored[ClusterRequest]) -> tuple[Stored[ClusterRequest], ...]:
    return desk.requests_about(request.meta.namespace, request.it.spec.cluster)


def _others(desk: Desk, request: Stored[ClusterRequest], tenant: str, catalog: CatalogSpec) -> Others:
    key = (request.meta.namespace, request.it.spec.cluster)
    return reservations.others(desk.requests(tenant), desk.clusters(tenant), catalog, besides=key)
