"""What people at a door can ask without anybody waiting: answers from watch caches, a moment behind the API server.

What must never live here: a write, or anything that is asked of the network (`desk`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from provisioning import names, people, quota, usual
from provisioning.errors import NoCatalog
from provisioning.handmade import HandMade
from provisioning.model import CatalogSpec, ClusterRequest, Person, Tenant, TenantCluster
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.usage import Usage
from provisioning.usual import Usual
from provisioning.views import Views

USUAL_FOR = timedelta(minutes=1)
"""How long it stays as it was counted, how long clusters usually take."""
USUAL_OF = 200
"""How many clusters that is counted from, the newest: older ones tell of another time, and people wait for it."""


class ReadingDesk:
    """`now` is the time of day."""

    def __init__(self, views: Views, *, now: Callable[[], datetime]) -> None:
        self._views = views
        self._now = now
        self._usual: tuple[datetime, Usual] | None = None

    def person(self, slack: str) -> Person | None:
        """Whose Slack account this is, by the tenants' explicit lists. None when nobody names it."""
        return self._views.roster().person(slack)

    def users_by_email(self, address: str) -> frozenset[str]:
        """The user names that an e-mail address may stand for, where tenants let addresses count."""
        return self._views.roster().users_by_email(address)

    def tenants_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person may ask for clusters in, by name."""
        return tuple(t for t in self._tenants() if people.member(t.it.spec, person) and self._open_to(person, t))

    def all_tenants(self) -> tuple[Stored[Tenant], ...]:
        """Every tenant, by name. Whoever asks sees to it that people see what is theirs."""
        return tuple(self._tenants())

    def tenant_of(self, namespace: str) -> Stored[Tenant] | None:
        """Whose namespace it is."""
        return self._views.roster().holding(namespace)

    def catalog(self) -> CatalogSpec:
        """What is on offer. Raises `NoCatalog`."""
        found = self._views.catalog(names.CATALOG)
        if found is None:
            raise NoCatalog("there is no Catalog named default")
        return found.it.spec

    def clusters(self, tenant: str) -> tuple[Stored[TenantCluster], ...]:
        """All clusters of a tenant, by namespace and name."""
        found = [cluster for namespace in self._namespaces(tenant) for cluster in self._views.clusters(namespace)]
        return tuple(sorted(found, key=lambda cluster: cluster.key))

    def cluster(self, namespace: str, name: str) -> Stored[TenantCluster] | None:
        return self._views.cluster(namespace, name)

    def hand_made(self, tenant: str) -> tuple[HandMade, ...]:
        """The Cluster API clusters of a tenant that people made by hand, by namespace and name."""
        found = [it for namespace in self._namespaces(tenant) for it in self._views.hand_made(namespace)]
        return tuple(sorted(found, key=lambda it: it.key))

    def requests(self, tenant: str) -> tuple[Stored[ClusterRequest], ...]:
        """All requests of a tenant, oldest first."""
        found = [request for namespace in self._namespaces(tenant) for request in self._views.requests(namespace)]
        return tuple(sorted(found, key=self._asked_at))

    def requests_about(self, namespace: str, cluster: str) -> tuple[Stored[ClusterRequest], ...]:
        """All requests about one cluster, oldest first."""
        return tuple(sorted(self._views.requests_about(namespace, cluster), key=self._asked_at))

    def request(self, namespace: str, name: str) -> Stored[ClusterRequest] | None:
        return self._views.request(namespace, name)

    def usage(self, tenant: str) -> tuple[Limits, Usage]:
        """What a tenant may have, and what it has, as published a moment ago."""
        found = self._tenant(tenant)
        if found is None:
            return quota.UNBOUNDED, Usage()
        offered = self._views.catalog(names.CATALOG)
        hard = quota.limits(found.it.spec.quota.hard, offered.it.spec if offered is not None else None)
        return hard, quota.usage(found.it.status.quota.used)

    def usual(self) -> Usual:
        """How long clusters took to come up of late, whoever has them. Counted anew once a minute."""
        now = self._now()
        if self._usual is None or now - self._usual[0] >= USUAL_FOR:
            self._usual = (now, usual.of(self._views.newest_clusters(USUAL_OF)))
        return self._usual[1]

    def _open_to(self, person: Person, tenant: Stored[Tenant]) -> bool:
        """Whether a tenant believes this person to be who they are: whoever is known by an e-mail address alone has
        nothing to look at where addresses do not count."""
        is_listed = not person.slack or self.person(person.slack) == person
        return is_listed or people.vouched(tenant.it.spec, person)

    def _tenants(self) -> tuple[Stored[Tenant], ...]:
        return self._views.roster().tenants

    def _tenant(self, name: str) -> Stored[Tenant] | None:
        return self._views.roster().named(name)

    def _asked_at(self, request: Stored[ClusterRequest]) -> tuple[datetime, tuple[str, str]]:
        return request.meta.created or self._now(), request.key

    def _namespaces(self, tenant: str) -> tuple[str, ...]:
        found = self._tenant(tenant)
        return found.it.spec.namespaces if found is not None else ()
