"""Ways into clusters, for people at a door: who has one, one more, the end of one. The part of the desk about access.

A ClusterAccess holds a certificate request and a certificate, which anybody may read. No key ever comes through here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provisioning import asking, errors, grants
from provisioning.entry import Entry
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterAccess, Delivery, Person, Surface, Tenant
from provisioning.objects import Stored, read
from provisioning.resources import CLUSTER_ACCESSES
from provisioning.views import Views

Access = Stored[ClusterAccess]

TRIES: Final = 8
"""Times that a place of a card is written anew after somebody else was faster."""


class AccessDesk:
    """`tenant_of` says whose namespace one is."""

    def __init__(self, kube: Kube, views: Views, *, tenant_of: Callable[[str], Stored[Tenant] | None]) -> None:
        self._kube = kube
        self._views = views
        self._tenant_of = tenant_of

    def of(self, tenant: Stored[Tenant]) -> tuple[Access, ...]:
        """All accesses to the tenant's clusters, by namespace, cluster and name."""
        found = [each for namespace in tenant.it.spec.namespaces for each in self._views.accesses(namespace)]
        return tuple(sorted(found, key=lambda each: (each.meta.namespace, each.it.spec.cluster, each.meta.name)))

    def get(self, namespace: str, name: str) -> Access | None:
        return self._views.access(namespace, name)

    async def ask(self, entry: Entry, *, name: str) -> Access:
        """Make the access. The same name again is the same access. Raises `KubeError`."""
        manifest = asking.access(name=name, **vars(entry))
        try:
            return read(ClusterAccess, await self._kube.create(CLUSTER_ACCESSES, manifest))
        except errors.AlreadyExists:
            return read(ClusterAccess, await self._kube.get(CLUSTER_ACCESSES, name, namespace=entry.namespace))
        except errors.Forbidden:
            # The first sending may have been the last one that there was room for.
            there = await self._kube.find(CLUSTER_ACCESSES, name, namespace=entry.namespace)
            if there is None:
                raise
            return read(ClusterAccess, there)

    async def revoke(self, namespace: str, name: str, person: Person) -> Access:
        """End an access, at once and for good. Raises `Refused` or `KubeError`."""
        tenant = self._tenant_of(namespace)
        try:
            access = read(ClusterAccess, await self._kube.get(CLUSTER_ACCESSES, name, namespace=namespace))
            if tenant is None or not grants.may_revoke(access, tenant.it.spec, person):
                raise Refused(Reason.NOT_YOURS)
            patch = {"spec": {"revoked": True}}
            return read(ClusterAccess, await self._kube.merge(CLUSTER_ACCESSES, name, patch, namespace=namespace))
        except errors.NotFound as error:
            raise Refused(Reason.GONE) from error

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> None:
        """Note where the card of an access stands, or, with the surface News, the last message about its end. Of one
        that is gone there is nothing to note. Raises `KubeError`."""
        field = "reminder" if delivery.surface is Surface.NEWS else "delivery"
        for _ in range(TRIES):
            manifest = await self._kube.find(CLUSTER_ACCESSES, name, namespace=namespace)
            if manifest is None or getattr(read(ClusterAccess, manifest).it.status, field) == delivery:
                return
            status = {**(manifest.get("status") or {}), field: delivery.wire()}
            try:
                await self._kube.replace(CLUSTER_ACCESSES, {**manifest, "status": status}, subresource="status")
            except errors.Conflict:
                continue
            return
        raise errors.Throttled("the access changes faster than it can be written; try again")
