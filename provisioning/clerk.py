"""Writes down how ClusterRequests are: the status, the audit trail, metrics, a line in the log.

How they stand is decided in `lifecycle` and `standing`; here it is only written, and only when it is another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from provisioning import audit, audit_events, enacting, metrics, resources, standing
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, Phase, RequestStatus
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored
from provisioning.room import Wait

log = structlog.get_logger()


class Clerk:
    """A request comes as it was read, with its manifest: each write is a compare-and-swap, and raises `KubeError`."""

    def __init__(self, kube: Kube, landscape: Landscape, *, now: Callable[[], datetime], tell: audit.Tell) -> None:
        self._kube = kube
        self._landscape = landscape
        self._now = now
        self._tell = tell

    async def note(self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus) -> None:
        """Write down how it stands since somebody else brought it there, and tell of it once."""
        if await self.write(request, manifest, status) and not audit_events.is_told(request):
            self._tell(audit_events.reached(request, status))

    async def settle(
        self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus, result: str
    ) -> None:
        """Write down how it stands since we brought it there, and tell of it. `result` is what we did, in a word."""
        await self.write(request, manifest, status)
        self._tell(audit_events.reached(request, status))
        metrics.REQUESTS.labels(result).inc()
        spec, why = request.it.spec, status.message or status.waiver or None
        where = {"namespace": request.meta.namespace, "name": request.meta.name, "cluster": spec.cluster}
        log.info(f"request_{result}", action=spec.action.value, requester=spec.requester.user, why=why, **where)

    async def write(
        self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus, *, wait: Wait | None = None
    ) -> bool:
        """Write the status if it is another, conditions included, and say whether it was. A compare-and-swap: somebody
        may vote meanwhile, or take it back while it waits for room."""
        noted = {
            "observed_generation": request.meta.generation,
            "conditions": standing.conditions(
                request, status, now=self._now(), wait=wait, removed=self._is_removed(request, status)
            ),
        }
        status = status.model_copy(update=noted)
        if status == request.it.status:
            return False
        wire = {
            **status.wire(),
            "phase": status.phase.value,
            "conditions": conditions_of.wire(status.conditions),
        }
        await self._kube.replace(resources.CLUSTER_REQUESTS, {**manifest, "status": wire}, subresource="status")
        return True

    def _is_removed(self, request: Stored[ClusterRequest], status: RequestStatus) -> bool | None:
        """Whether the cluster is gone that was to be deleted. None for a request for anything else, or one that was
        written before this was told: nobody knows since when."""
        if status.phase is not Phase.APPLIED or request.it.spec.action is not Action.DELETE:
            return None
        before = request.it.status
        noted = conditions_of.find(before.conditions, standing.REMOVED)
        if before.phase is Phase.APPLIED and (noted is None or noted.status == "True"):
            return True if noted else None
        key = (request.meta.namespace, request.it.spec.cluster)
        there = self._landscape.get(resources.TENANT_CLUSTERS, *key)
        return there is None or enacting.is_younger(there, request)
