"""Gives people their certificates, and ends what has ended: the life of the ClusterAccesses of one cluster.

Level-triggered, by cluster: one look issues what is not issued yet, has the roles in the tenant put right, writes down
how each access is, and lets go of what is over. A tenant at rest is asked every `LOOK` seconds, for all its people at
once. What a certificate holds is decided in `issuing`, what an access is worth in `grants`.

Every certificate, and every end of one, is a line in the log (`access_issued`, `access_revoked`, `access_expired`) and
one in the audit trail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

import structlog

from provisioning import access_site, audit, audit_events, errors, grants, issuing, resources
from provisioning.access_issuer import Issuer
from provisioning.access_site import Site
from provisioning.events import Recorder
from provisioning.grants import REVOKED
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.model import AccessStatus, ClusterAccess
from provisioning.model import conditions as conditions_of
from provisioning.news import News
from provisioning.objects import Stored

log = structlog.get_logger()

LOOK: Final = 600.0
"""Seconds between two looks at the roles in a tenant where all is as it should be."""
RETRY: Final = 20.0
"""The same while something is waited for that nobody tells us of."""
ISSUED: Final = "Issued"
FINALIZER: Final = f"{resources.GROUP}/access"

Access = Stored[ClusterAccess]


class Roles(Protocol):
    """The bindings in tenants, as `provisioning.tenant_roles` keeps them."""

    async def bring(self, key: Key, wanted: Sequence[Manifest], *, cluster_uid: str) -> str: ...


class AccessKeeper:
    """`act` looks at the accesses of one cluster, given by its namespace and name."""

    def __init__(
        self,
        kube: Kube,
        landscape: Landscape,
        *,
        roles: Roles,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        tell: audit.Tell = audit.untold,
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._roles = roles
        self._issuer = Issuer(kube, landscape)
        self._recorder = Recorder(kube, now=now)
        self._now = now
        self._clock = clock
        self._trail = tell
        self._looked: dict[Key, tuple[float, frozenset[str]]] = {}
        """When a tenant's roles were put right last, and which they were."""

    async def act(self, key: Key) -> float | None:
        """Bring them to what they say; the seconds until the next look. Raises `KubeError`."""
        accesses, site = self._landscape.accesses(key), access_site.find(self._landscape, key)
        if site is None:
            self._looked.pop(key, None)
            await self._without_cluster(accesses)
            return None
        here = [one for one in accesses if site.is_meant_by(self._owners(one))]
        if await self._take_from_leavers(key, here):
            return RETRY  # The change of theirs brings us back at once.
        fresh = [one for one in here if grants.is_new(one, self._now())]
        known = [one for one in here if one not in fresh]
        # Roles first: nobody keeps one because the write of somebody else's status fails.
        obstacle = await self._bring_roles(key, known, site) if known or not fresh else ""
        for one in known:
            await self._conclude(one, obstacle)
        for one in fresh:
            await self._begin(one, site)
        await self._without_cluster([one for one in accesses if one not in here])
        return self._next_look(here, obstacle, site)

    async def _take_from_leavers(self, key: Key, accesses: Iterable[Access]) -> bool:
        """Revoke what belongs to people who have left the tenant, or may have it no more; whether there was any."""
        tenant, now, found = self._landscape.tenant_of(key[0]), self._now(), False
        for one in accesses:
            if tenant is None or one.meta.deleting or grants.over(one, now):
                continue
            why = grants.why_not(one.it.spec, tenant.it.spec)
            if why is not None:
                found, where = True, {"namespace": one.meta.namespace, "name": one.meta.name}
                patch = {"metadata": {"resourceVersion": one.meta.resource_version}, "spec": {"revoked": True}}
                await self._kube.merge(resources.CLUSTER_ACCESSES, one.meta.name, patch, namespace=one.meta.namespace)
                log.info("access_taken_back", user=one.it.spec.user, why=why.message, **where)
        return found

    async def _without_cluster(self, accesses: Iterable[Access]) -> None:
        """With the cluster, its authority and its bindings are gone. What it owned, the garbage collector takes."""
        for one in accesses:
            if one.meta.deleting:
                await self._let_go(one)
            elif not self._owners(one):
                refusal = f"there is no cluster {one.it.spec.cluster} in this namespace"
                await self._publish(one, grants.told(one, now=self._now(), refusal=refusal))

    async def _begin(self, one: Access, site: Site) -> None:
        """Hold on to it first, then have its certificate made, or say what is in the way of that."""
        now = self._now()
        if FINALIZER not in one.meta.finalizers:
            await self._hold(one, site)
        elif not await self._disposed(one, now):
            await self._publish(one, await self._issuer.status(one, site, now=now))

    async def _bring_roles(self, key: Key, known: list[Access], site: Site) -> str:
        """Have the roles in the tenant put right when it is time to. What keeps us from it, empty for nothing.

        Also when one that had a role is simply not there any more: somebody may have taken off its finalizer, and the
        role would stay.
        """
        now = self._now()
        wanted = [grants.binding(one, site.owner.uid) for one in known if grants.gives_role(one, now)]
        settled = bool(known) and all(grants.is_settled(one, now) for one in known)
        names = frozenset(one["metadata"]["name"] for one in wanted)
        looked, were = self._looked.get(key, (float("-inf"), None))
        if settled and names == were and (not wanted or self._clock() - looked < LOOK):
            return ""
        obstacle = site.asleep or await self._roles.bring(key, wanted, cluster_uid=site.owner.uid)
        if not obstacle:
            self._looked[key] = self._clock(), names
        return obstacle

    async def _conclude(self, one: Access, obstacle: str) -> None:
        """Write down how it is, let go of it, or throw it away."""
        now = self._now()
        if one.meta.deleting:
            if not obstacle or not grants.may_linger(one, now):
                await self._let_go(one)
        elif not await self._disposed(one, now):
            await self._publish(one, grants.told(one, now=now, obstacle=obstacle))

    async def _disposed(self, one: Access, now: datetime) -> bool:
        """Delete it if it has been over for long enough, and say whether."""
        disposable = grants.disposable_at(one, now)
        if disposable is None or disposable > now:
            return False
        meta = one.meta
        with suppress(errors.NotFound, errors.Conflict):
            await self._kube.delete(resources.CLUSTER_ACCESSES, meta.name, namespace=meta.namespace, uid=meta.uid)
        return True

    async def _hold(self, one: Access, site: Site) -> None:
        """A finalizer, so that its role does not outlive it; an owner, so that it does not outlive the cluster."""
        manifest = self._landscape.get(resources.CLUSTER_ACCESSES, *one.key) or {"metadata": {}}
        owners = manifest["metadata"].get("ownerReferences") or []
        kept = owners if self._owners(one) else [*owners, site.owner.reference(controller=False)]
        await self._patch(one, {"finalizers": [*one.meta.finalizers, FINALIZER], "ownerReferences": kept})

    async def _let_go(self, one: Access) -> None:
        if FINALIZER not in one.meta.finalizers:
            return
        if one.it.status.certificate and not grants.end_told(one.it.status):
            await self._tell(grants.over(one, self._now()) or REVOKED, one, one.it.status)
        kept = [finalizer for finalizer in one.meta.finalizers if finalizer != FINALIZER]
        with suppress(errors.NotFound):
            await self._patch(one, {"finalizers": kept or None})

    def _owners(self, one: Access) -> list[Manifest]:
        return access_site.owners(self._landscape, one.key)

    async def _patch(self, one: Access, metadata: Manifest) -> None:
        patch = {"metadata": {**metadata, "resourceVersion": one.meta.resource_version}}
        await self._kube.merge(resources.CLUSTER_ACCESSES, one.meta.name, patch, namespace=one.meta.namespace)

    async def _publish(self, one: Access, status: AccessStatus) -> None:
        """Write the status if it is another. A compare-and-swap: so no access ever gets two certificates."""
        before, manifest = one.it.status, self._landscape.get(resources.CLUSTER_ACCESSES, *one.key)
        if status == before or manifest is None:
            return
        # Told before it is done: a line for a certificate that nobody got does less harm than one without a line.
        end = grants.end_told(status)
        if status.certificate and not before.certificate:
            await self._tell(ISSUED, one, status)
        elif status.certificate and end and end != grants.end_told(before):
            await self._tell(end, one, status)
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        written = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": one.meta.resource_version}}
        await self._kube.replace(resources.CLUSTER_ACCESSES, {**written, "status": wire}, subresource="status")

    async def _tell(self, what: str, one: Access, status: AccessStatus) -> None:
        """A line in the log with a stable code, and an Event. The tenant's audit log knows the serial number, too."""
        spec, marks = one.it.spec, issuing.Marks.of(status.certificate)
        log.info(
            f"access_{what.lower()}",
            namespace=one.meta.namespace,
            name=one.meta.name,
            user=spec.user,
            cluster=spec.cluster,
            role=spec.role.value,
            serial=marks.serial,
            until=status.expires_at,
            public_key=f"sha256:{marks.key}",
        )
        note = f"{spec.user} as {spec.role.value} of {spec.cluster} until {status.expires_at}, serial {marks.serial}"
        self._trail(audit_events.access(what, one, status, marks))
        news = News(f"Access{what}", f"{what.lower()}: {note}", "Grant" if what == ISSUED else "Withdraw")
        await self._recorder.tell(one, [news], kind=resources.CLUSTER_ACCESSES)

    def _next_look(self, here: Sequence[Access], obstacle: str, site: Site) -> float | None:
        now = self._now()
        waits = bool(obstacle) or any(grants.waits(one, now) for one in here)
        # An obstacle with nobody left is a role that nobody should have: rare, and worth a look now and then.
        looks = [RETRY if here else LOOK] if waits and not site.asleep else []
        for one in here:
            moment = grants.changes_at(one, now)
            looks += [LOOK] if grants.gives_role(one, now) else []
            looks += [max(0.0, (moment - now).total_seconds()) + 1] if moment is not None else []
        return min(looks, default=None)
