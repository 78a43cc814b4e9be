"""Carries ClusterRequests on: waives what needs nobody's approval, expires what nobody decided, does what was approved.

Doing it twice is doing it once: what an approved request did can be seen in the TenantCluster, which names the request.
Who may decide is not known here (see `approval`), nor which phase follows which (see `lifecycle`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from provisioning import (
    approval,
    audit,
    audit_events,
    errors,
    lifecycle,
    lifetime,
    metrics,
    names,
    objects,
    quota,
    replacing,
    resources,
    seats,
    standing,
)
from provisioning.cache import Key
from provisioning.kube import Kube, Manifest
from provisioning.landscape import Landscape
from provisioning.lifecycle import Event
from provisioning.model import Action, ClusterRequest, Phase, RequestStatus, Tenant, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored

log = structlog.get_logger()

MESSAGE_MAX: Final = 1000


class Failed(errors.ClusterdeskError):
    """What was approved cannot be done, and trying again would not help. The text says why."""


class Enactor:
    """`act` looks at one ClusterRequest."""

    def __init__(
        self, kube: Kube, landscape: Landscape, *, now: Callable[[], datetime], tell: audit.Tell = audit.untold
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._now = now
        self._tell = tell

    async def act(self, key: Key) -> float | None:
        """Carry the request of this namespace and name on; the seconds until it has to be looked at again."""
        manifest = self._landscape.get(resources.CLUSTER_REQUESTS, *key)
        tenant = self._landscape.tenant_of(key[0])
        if manifest is None or tenant is None or "deletionTimestamp" in manifest["metadata"]:
            return None
        request = objects.read(ClusterRequest, manifest)
        if request.it.status.phase is Phase.PENDING:
            return await self._decide(request, manifest, tenant)
        alone = seats.taken_through(request.it.status) is not None and not audit_events.is_told(request)
        if request.it.status.phase is Phase.APPROVED and not alone:
            await self._enact(request, manifest)
        else:
            # Who denies or withdraws it writes no conditions. What somebody took through alone is told of before it is
            # done; that it was told brings it here again.
            await self._note(request, manifest, request.it.status)
        return None

    async def _decide(
        self, request: Stored[ClusterRequest], manifest: Manifest, tenant: Stored[Tenant]
    ) -> float | None:
        """Waive it, let it expire, or note until when it waits."""
        now, status = self._now(), request.it.status
        created = request.meta.created or now
        end = lifetime.expires_at(created, tenant.it.spec.approval)
        if end <= now:
            await self._settle(request, manifest, lifecycle.step(status, Event.EXPIRED, now=now), "expired")
            return None
        if not await self._takes_its_place(request, manifest):
            return None
        waiver = self._waiver(request, tenant)
        if waiver is not None:
            waived = status.model_copy(update={"waiver": waiver})
            await self._settle(request, manifest, lifecycle.step(waived, Event.WAIVED, now=now), "waived")
            return None
        await self._note(request, manifest, status.model_copy(update={"expires_at": objects.format_time(end)}))
        return (end - now).total_seconds() + 1

    async def _takes_its_place(self, request: Stored[ClusterRequest], manifest: Manifest) -> bool:
        """Whether it may be decided: it replaces no other, or that one was taken back for it, if need be just now.

        What is remembered may be old: the write is a compare-and-swap, so that whoever decides first has decided.
        """
        key = (request.meta.namespace, request.it.spec.replaces)
        found = self._landscape.get(resources.CLUSTER_REQUESTS, *key) if key[1] else None
        old = objects.read(ClusterRequest, found) if found is not None else None
        if found is None or old is None or replacing.stands(request, old):
            return True
        if old.it.status.phase is Phase.PENDING:
            status = replacing.taken_back(old, request, now=self._now())
            await self._settle(old, found, status, "replaced")
            return True
        status = replacing.came_too_late(request, old, now=self._now())
        await self._settle(request, manifest, status, "came_too_late")
        return False

    def _waiver(self, request: Stored[ClusterRequest], tenant: Stored[Tenant]) -> str | None:
        """The rule by which nobody has to agree. For a deletion, the size is that of what is deleted."""
        spec, catalog = request.it.spec, self._landscape.catalog()
        found = self._landscape.tenant_cluster((request.meta.namespace, spec.cluster))
        present = found.it.spec if found is not None else None
        wanted = present if spec.action is Action.DELETE else spec.desired
        if wanted is None or catalog is None:
            return None
        size, extension = quota.envelope(wanted, catalog), approval.is_extension(present, spec.desired)
        return approval.waiver_for(tenant.it.spec.approval, spec.action, size, catalog, extension=extension)

    async def _enact(self, request: Stored[ClusterRequest], manifest: Manifest) -> None:
        """Do what was approved, and write down how that went. What may be otherwise in a moment climbs."""
        try:
            await _DO[request.it.spec.action](self._kube, request)
        except (Failed, errors.Forbidden, errors.Invalid, errors.NotFound) as error:
            failed = lifecycle.step(request.it.status, Event.FAILED, now=self._now(), message=str(error)[:MESSAGE_MAX])
            await self._settle(request, manifest, failed, "failed")
            return
        applied = lifecycle.step(request.it.status, Event.APPLIED, now=self._now())
        await self._settle(request, manifest, applied, "applied")

    async def _note(self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus) -> None:
        """Write down how it stands since somebody else brought it there, and tell of it once."""
        if await self._write(request, manifest, status) and not audit_events.is_told(request):
            self._tell(audit_events.reached(request, status))

    async def _settle(
        self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus, result: str
    ) -> None:
        await self._write(request, manifest, status)
        self._tell(audit_events.reached(request, status))
        metrics.REQUESTS.labels(result).inc()
        spec, why = request.it.spec, status.message or status.waiver or None
        where = {"namespace": request.meta.namespace, "name": request.meta.name, "cluster": spec.cluster}
        log.info(f"request_{result}", action=spec.action.value, requester=spec.requester.user, why=why, **where)

    async def _write(self, request: Stored[ClusterRequest], manifest: Manifest, status: RequestStatus) -> bool:
        """Write the status if it is another, conditions included, and say whether it was. A compare-and-swap: somebody
        may vote meanwhile."""
        noted = {
            "observed_generation": request.meta.generation,
            "conditions": standing.conditions(request, status, now=self._now()),
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


async def _create(kube: Kube, request: Stored[ClusterRequest]) -> None:
    spec = request.it.spec
    if spec.desired is None:
        raise Failed("the request does not say what is wanted")
    body = {
        "apiVersion": resources.TENANT_CLUSTERS.api_version,
        "kind": resources.TENANT_CLUSTERS.kind,
        "metadata": {
            "name": spec.cluster,
            "namespace": request.meta.namespace,
            "annotations": _marks(request),
        },
        "spec": spec.desired.wire(),
    }
    # Looked up first: a create that meets its own result is charged until it can no longer land, minutes later.
    present = await kube.find(resources.TENANT_CLUSTERS, spec.cluster, namespace=request.meta.namespace)
    if present is None:
        await kube.create(resources.TENANT_CLUSTERS, body)
    elif not _done_by(present, request):
        raise Failed(f"there is a cluster {spec.cluster} in this namespace already")


async def _change(kube: Kube, request: Stored[ClusterRequest]) -> None:
    spec = request.it.spec
    present = await kube.find(resources.TENANT_CLUSTERS, spec.cluster, namespace=request.meta.namespace)
    if present is None or "deletionTimestamp" in present["metadata"] or spec.desired is None:
        raise Failed(f"there is no cluster {spec.cluster} in this namespace any more")
    generation = objects.Meta.of(present).generation
    if generation != spec.base_generation:
        # Ours is the change when it names us: the answer to the write was lost, or we were stopped before noting it.
        if _done_by(present, request):
            return
        raise Failed(
            f"the cluster has changed since this was asked for (generation {generation}, not {spec.base_generation})"
        )
    meta = present["metadata"]
    annotations = {**(meta.get("annotations") or {}), **_marks(request)}
    wanted = {**present, "metadata": {**meta, "annotations": annotations}, "spec": spec.desired.wire()}
    await kube.replace(resources.TENANT_CLUSTERS, wanted)


async def _delete(kube: Kube, request: Stored[ClusterRequest]) -> None:
    name, namespace = request.it.spec.cluster, request.meta.namespace
    present = await kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace)
    if present is None or "deletionTimestamp" in present["metadata"]:
        return
    if _younger(present, request):
        raise Failed(f"the cluster {name} that this was asked for is gone; there is a new one of that name")
    await kube.delete(resources.TENANT_CLUSTERS, name, namespace=namespace, uid=present["metadata"]["uid"])


_DO: Final = {Action.CREATE: _create, Action.CHANGE: _change, Action.DELETE: _delete}


def _marks(request: Stored[ClusterRequest]) -> dict[str, str]:
    return {
        names.REQUEST_ANNOTATION: request.meta.name,
        names.REQUESTED_BY_ANNOTATION: request.it.spec.requester.user,
    }


def _done_by(cluster: Manifest, request: Stored[ClusterRequest]) -> bool:
    return objects.Meta.of(cluster).annotations.get(names.REQUEST_ANNOTATION) == request.meta.name


def _younger(cluster: Manifest, request: Stored[ClusterRequest]) -> bool:
    """Whether the cluster was made after it was asked to be deleted."""
    born = objects.read(TenantCluster, cluster).meta.created
    return born is not None and request.meta.created is not None and born > request.meta.created
