"""Carries ClusterRequests on: waives what needs nobody's approval, expires what nobody decided, does what was approved.

Doing it twice is doing it once: what an approved request did can be seen in the TenantCluster, which names the request.
Who may decide is not known here (see `approval`), nor which phase follows which (see `lifecycle`), nor whose turn it is
where they wait for room in a quota (see `line`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from provisioning import (
    audit,
    audit_events,
    backing,
    enacting,
    errors,
    giving_up,
    lifecycle,
    lifetime,
    news,
    objects,
    replacing,
    resources,
    room,
    seats,
)
from provisioning.clerk import Clerk
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.lifecycle import Event
from provisioning.line import Line
from provisioning.manifest import Key, Manifest
from provisioning.model import Action, ClusterRequest, Phase, Tenant
from provisioning.objects import Stored
from provisioning.room import Wait

log = structlog.get_logger()

MESSAGE_MAX: Final = 1000


class Enactor:
    """`act` looks at one ClusterRequest."""

    def __init__(
        self, kube: Kube, landscape: Landscape, *, now: Callable[[], datetime], tell: audit.Tell = audit.untold
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._line = Line(kube, landscape)
        self._now = now
        self._tell = tell
        self._clerk = Clerk(kube, landscape, now=now, tell=tell)
        self._recorder = Recorder(kube, now=now)

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
            return await self._enact(request, manifest, tenant)
        # Who denies or withdraws it writes no conditions. What somebody took through alone is told of before it is
        # done; that it was told brings it here again.
        await self._clerk.note(request, manifest, request.it.status)
        return None

    async def _decide(
        self, request: Stored[ClusterRequest], manifest: Manifest, tenant: Stored[Tenant]
    ) -> float | None:
        """Waive it, let it expire, or note until when it waits."""
        now, status = self._now(), request.it.status
        created = request.meta.created or now
        end = lifetime.expires_at(created, tenant.it.spec.approval)
        if end <= now:
            await self._clerk.settle(request, manifest, lifecycle.step(status, Event.EXPIRED, now=now), "expired")
            return None
        if not await self._takes_its_place(request, manifest):
            return None
        waiver = self._waiver(request, tenant)
        if waiver is not None:
            waived = status.model_copy(update={"waiver": waiver})
            await self._clerk.settle(request, manifest, lifecycle.step(waived, Event.WAIVED, now=now), "waived")
            return None
        await self._clerk.note(request, manifest, status.model_copy(update={"expires_at": objects.format_time(end)}))
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
            await self._clerk.settle(old, found, status, "replaced")
            return True
        status = replacing.came_too_late(request, old, now=self._now())
        await self._clerk.settle(request, manifest, status, "came_too_late")
        return False

    def _waiver(self, request: Stored[ClusterRequest], tenant: Stored[Tenant]) -> str | None:
        """The rule by which nobody has to agree."""
        try:
            found = self._landscape.tenant_cluster((request.meta.namespace, request.it.spec.cluster))
        except errors.Invalid:
            return None  # nobody can tell how large it is
        return giving_up.waiver(tenant.it.spec, request.it.spec, found, self._landscape.catalog())

    async def _enact(self, request: Stored[ClusterRequest], manifest: Manifest, tenant: Stored[Tenant]) -> float | None:
        """Do what was approved, and write down how that went; the seconds until the next look where it waits for room.
        What may be otherwise in a moment climbs."""
        needs, do = self._line.needed(request), enacting.DO[request.it.spec.action]
        if before := await self._line.before(request, tenant, needs):
            return await self._wait(request, manifest, tenant, room.in_line(before))
        try:
            if room.waits(request):
                # Tried, and noted that it waits no more, before it is done: from then on nobody takes it back.
                await do(self._kube, request, dry_run=True)
                await self._clerk.write(request, manifest, request.it.status, wait=Wait(room.FOUND))
                return None  # what is noted brings it here again
            await do(self._kube, request)
        except errors.NoRoom as full:
            return await self._wait(request, manifest, tenant, self._line.shortage(full, needs, tenant))
        except (enacting.Failed, errors.Forbidden, errors.Invalid, errors.NotFound) as error:
            await self._fail(request, manifest, _why(error))
            return None
        except errors.KubeError as error:
            # Whatever keeps it from being tried or written, it stands before others for no longer than it may.
            if (written_by := room.to_be_written_by(request)) and written_by <= self._now():
                await self._cannot_be_written(request, manifest, error)
                return None
            end = room.gives_up_at(request, tenant.it.spec.approval, now=self._now())
            if not room.waits(request) or self._now() < end:
                raise
            return await self._wait(request, manifest, tenant, Wait(room.NO_ROOM, error.message))
        await self._applied(request, manifest)
        return None

    async def _cannot_be_written(
        self, request: Stored[ClusterRequest], manifest: Manifest, error: errors.KubeError
    ) -> None:
        """It fails, so that those behind it go on; unless it is there, and only the answer was lost. Climbs where
        nobody can even look."""
        if await enacting.is_done(self._kube, request):
            await self._applied(request, manifest)
        else:
            await self._fail(request, manifest, room.not_written(error.message))

    async def _applied(self, request: Stored[ClusterRequest], manifest: Manifest) -> None:
        applied = lifecycle.step(request.it.status, Event.APPLIED, now=self._now())
        await self._clerk.settle(request, manifest, applied, "applied")

    async def _wait(
        self, request: Stored[ClusterRequest], manifest: Manifest, tenant: Stored[Tenant], why: Wait
    ) -> float | None:
        """Note why it waits for room, or that it has for too long, or that too many do."""
        now, status = self._now(), request.it.status
        end = room.gives_up_at(request, tenant.it.spec.approval, now=now)
        if end <= now:
            await self._fail(request, manifest, room.given_up(why, end))
            return None
        if room.noted(manifest) is None and self._line.is_full(tenant):
            await self._fail(request, manifest, room.not_another(why))
            return None
        if await self._clerk.write(request, manifest, status, wait=why) and not room.waits(request):
            where = {"namespace": request.meta.namespace, "name": request.meta.name}
            log.info("request_waits_for_room", why=why.message, until=objects.format_time(end), **where)
        return min(room.next_look(request, now=now), end - now).total_seconds() + 1

    async def _fail(self, request: Stored[ClusterRequest], manifest: Manifest, why: str) -> None:
        failed = lifecycle.step(request.it.status, Event.FAILED, now=self._now(), message=why[:MESSAGE_MAX])
        await self._clerk.settle(request, manifest, failed, "failed")
        await self._tell_of_its_end(request, why)

    async def _tell_of_its_end(self, request: Stored[ClusterRequest], why: str) -> None:
        """Where the failed request was to give the cluster another end, that it has its old one still."""
        if request.it.spec.action is not Action.CHANGE:
            return
        try:
            cluster = self._landscape.tenant_cluster((request.meta.namespace, request.it.spec.cluster))
        except errors.Invalid:
            return  # nobody can tell when it ends
        if cluster is not None and lifetime.differs(cluster.it.spec, request.it.spec.desired):
            self._tell(audit_events.lifetime_failed(request, cluster))
            await self._recorder.tell(cluster, [news.of_failed_lifetime(request.meta.name, cluster.it.spec, why)])


def _why(error: errors.ClusterdeskError) -> str:
    """What people read of a failure. Where too few stand behind the request any more, that alone, in few words."""
    causes = error.causes if isinstance(error, errors.KubeError) else ()
    return next((cause.message for cause in causes if cause.field == backing.FIELD), str(error))
