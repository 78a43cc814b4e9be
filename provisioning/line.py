"""The line for room in a tenant's quota, as it stands in the store: what a request needs, and how many go before it.

In which order they go is known in `room`; what is done when it is somebody's turn, in `enactor`.
"""

from __future__ import annotations

import contextlib

from provisioning import enacting, errors, objects, quota, resources, room
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, Tenant
from provisioning.objects import Stored
from provisioning.room import Needs, Wait


class Line:
    """Looked at anew each time; nothing is remembered."""

    def __init__(self, kube: Kube, landscape: Landscape) -> None:
        self._kube = kube
        self._landscape = landscape

    def needed(self, request: Stored[ClusterRequest]) -> Needs:
        """What it comes to. Nothing where nobody can tell: then the webhook says it."""
        catalog = self._landscape.catalog()
        try:
            found = self._landscape.tenant_cluster((request.meta.namespace, request.it.spec.cluster))
        except errors.Invalid:
            return Needs()
        return room.needed(request, found.it.spec if found else None, catalog) if catalog is not None else Needs()

    async def before(self, request: Stored[ClusterRequest], tenant: Stored[Tenant], needs: Needs) -> int:
        """How many go first; nobody where it needs no room, has found some, or is done already."""
        if needs.nothing or not room.may_queue(request):
            return 0
        before = room.ahead(request, self._waiting(tenant))
        # Looked up as it is now: what is done must not look as if it could still be taken back.
        if before and not room.waits(request) and await enacting.is_done(self._kube, request):
            return 0
        return before

    def is_full(self, tenant: Stored[Tenant]) -> bool:
        """Whether as many wait as may."""
        return len(self._noted(tenant)) >= room.MOST

    def shortage(self, full: errors.NoRoom, needs: Needs, tenant: Stored[Tenant]) -> Wait:
        """What the API server has said, for whoever has to wait."""
        hard = quota.limits(tenant.it.spec.quota.hard, self._landscape.catalog())
        numbers = "; ".join(cause.message for cause in full.causes)
        return room.of_shortage(numbers, needs, hard)

    def _waiting(self, tenant: Stored[Tenant]) -> tuple[Stored[ClusterRequest], ...]:
        """What of a tenant waits for room, or has just found some. One that an older version stored and this one does
        not read is never done, and so holds up nobody."""
        found = []
        for manifest in self._noted(tenant):
            with contextlib.suppress(errors.Invalid):
                found.append(objects.read(ClusterRequest, manifest))
        return tuple(found)

    def _noted(self, tenant: Stored[Tenant]) -> list[Manifest]:
        listed = (self._landscape.caches[resources.CLUSTER_REQUESTS].list(each) for each in tenant.it.spec.namespaces)
        return [manifest for manifests in listed for manifest in manifests if room.noted(manifest)]
