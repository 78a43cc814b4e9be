"""Gives people their certificates, and ends what has ended: the life of the ClusterAccesses of one cluster.

Level-triggered, by cluster: one look issues what is not issued yet, has the roles in the tenant put right, writes down
how each access is, and lets go of what is over. A tenant at rest is asked every `LOOK` seconds, for all its people at
once. What a certificate holds is decided in `issuing`, what an access is worth in `grants`.

Every certificate, and every end of one, is a line in the log: `access_issued`, `access_revoked`, `access_expired`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from provisioning import access, errors, grants, issuing, lifetime, resources
from provisioning.cache import Key
from provisioning.kube import Kube, Manifest
from provisioning.landscape import Landscape
from provisioning.manifests.marks import Owner
from provisioning.model import AccessStatus, ClusterAccess
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored, format_time
from provisioning.tenant_roles import find_way

log = structlog.get_logger()

LOOK: Final = 600.0
"""Seconds between two looks at the roles in a tenant where all is as it should be."""
RETRY: Final = 20.0
"""The same while something is waited for that nobody tells us of."""
FINALIZER: Final = f"{resources.GROUP}/access"

Access = Stored[ClusterAccess]


class Waiting(errors.ClusterdeskError):
    """Not yet. The text says what is waited for."""


@dataclass(frozen=True)
class Site:
    """The cluster that accesses lead to. `owner` is the object that they go away with."""

    owner: Owner
    uids: frozenset[str]
    """Its TenantCluster's and its Cluster's: an access that names another leads to a cluster that is gone."""
    server: str = ""
    """Its API server's address as people reach it; empty while it has none."""
    ends: datetime | None = None
    asleep: str = ""
    """Why nobody can talk to it for now; empty when that can be tried."""


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
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._roles = roles
        self._now = now
        self._clock = clock
        self._looked: dict[Key, float] = {}

    async def act(self, key: Key) -> float | None:
        """Bring them to what they say; the seconds until the next look. Raises `KubeError`."""
        accesses, site = self._landscape.accesses(key), self._site(key)
        here = [one for one in accesses if site is not None and self._leads_to(one, site)]
        for one in accesses:
            if one not in here:
                await self._without_cluster(one)
        if site is None:
            self._looked.pop(key, None)
            return None
        fresh = [one for one in here if grants.is_new(one, self._now())]
        for one in fresh:
            await self._begin(one, site)
        known = [one for one in here if one not in fresh]
        obstacle = await self._bring_roles(key, known, site)
        for one in known:
            await self._conclude(one, obstacle)
        return self._next_look(here, waiting=bool(fresh or obstacle) and not site.asleep)

    def _site(self, key: Key) -> Site | None:
        cluster, host = self._landscape.tenant_cluster(key), self._landscape.get(resources.CLUSTERS, *key)
        if cluster is None and host is None:
            return None
        uids = {host["metadata"]["uid"]} if host is not None else set()
        endpoint = ((host or {}).get("spec") or {}).get("controlPlaneEndpoint") or {}
        server = f"https://{endpoint['host']}:{endpoint['port']}" if endpoint.get("host") else ""
        if cluster is None:
            return Site(Owner(resources.CLUSTERS, key[1], *uids), frozenset(uids), server)
        sleeps = cluster.it.status.asleep_since is not None
        return Site(
            Owner(resources.TENANT_CLUSTERS, key[1], cluster.meta.uid),
            frozenset(uids | {cluster.meta.uid}),
            server,
            lifetime.ends_at(cluster.meta.created or self._now(), cluster.it.spec),
            "the cluster hibernates; this goes on once it is awake" if sleeps else "",
        )

    def _leads_to(self, one: Access, site: Site) -> bool:
        owners = {owner["uid"] for owner in self._clusters_of(one)}
        return not owners or not owners.isdisjoint(site.uids)

    def _clusters_of(self, one: Access) -> list[Manifest]:
        manifest = self._landscape.get(resources.CLUSTER_ACCESSES, *one.key) or {"metadata": {}}
        kinds = (resources.TENANT_CLUSTERS.kind, resources.CLUSTERS.kind)
        return [owner for owner in manifest["metadata"].get("ownerReferences") or () if owner["kind"] in kinds]

    async def _without_cluster(self, one: Access) -> None:
        """With the cluster, its authority and its bindings are gone. What it owned, the garbage collector takes."""
        if one.meta.deleting:
            await self._let_go(one)
        elif not self._clusters_of(one):
            refusal = f"there is no cluster {one.it.spec.cluster} in this namespace"
            await self._publish(one, grants.told(one, now=self._now(), refusal=refusal))

    async def _begin(self, one: Access, site: Site) -> None:
        """Hold on to it first, then issue its certificate, or say what is in the way of that."""
        now = self._now()
        if FINALIZER not in one.meta.finalizers:
            await self._hold(one, site)
            return
        try:
            status = await self._issued(one, site, now)
        except (issuing.Refused, issuing.UnusableAuthority) as error:
            if await self._disposed(one, now):
                return
            status = grants.told(one, now=now, refusal=str(error))
        except (Waiting, access.UnusableKubeconfig) as error:
            status = grants.told(one, now=now, obstacle=str(error))
        await self._publish(one, status)

    async def _issued(self, one: Access, site: Site, now: datetime) -> AccessStatus:
        """Its status with a certificate. Raises `Refused`, `UnusableAuthority`, `UnusableKubeconfig` or `Waiting`."""
        spec, namespace = one.it.spec, one.meta.namespace
        key = issuing.public_key(spec.request)
        issuing.check_user(spec.user)
        tenant = self._landscape.tenant_of(namespace)
        if tenant is None:
            raise issuing.Refused(f"the namespace {namespace} belongs to no tenant")
        if site.asleep:
            raise Waiting(site.asleep)
        signer = await self._kube.find(resources.SECRETS, f"{spec.cluster}-ca", namespace=namespace)
        way = await find_way(self._kube, (namespace, spec.cluster))
        if signer is None or way is None or not site.server:
            raise Waiting("the cluster has no API server yet")
        certificate = issuing.issue(
            issuing.authority(signer),
            key,
            user=spec.user,
            group=grants.GROUPS[spec.role],
            now=now,
            until=grants.ends_at(one, tenant.it.spec.access, now=now, cluster_ends=site.ends),
        )
        made = {
            "certificate": certificate,
            "authority": way.authority.decode("ascii", "replace"),
            "server": site.server,
            "issued_at": format_time(now),
            "expires_at": format_time(issuing.Marks.of(certificate).ends),
        }
        return grants.told(one, now=now, obstacle="its role is being given").model_copy(update=made)

    async def _bring_roles(self, key: Key, known: list[Access], site: Site) -> str:
        """Have the roles in the tenant put right when it is time to. What keeps us from it, empty for nothing.

        Also when no access is left: somebody may have taken the last one's finalizer, and its role would stay.
        """
        now = self._now()
        wanted = [grants.binding(one, site.owner.uid) for one in known if grants.gives_role(one, now)]
        settled = bool(known) and all(grants.is_settled(one, now) for one in known)
        if settled and (not wanted or self._clock() - self._looked.get(key, float("-inf")) < LOOK):
            return ""
        obstacle = site.asleep or await self._roles.bring(key, wanted, cluster_uid=site.owner.uid)
        if not obstacle:
            self._looked[key] = self._clock()
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
        await self._kube.delete(resources.CLUSTER_ACCESSES, meta.name, namespace=meta.namespace, uid=meta.uid)
        return True

    async def _hold(self, one: Access, site: Site) -> None:
        """A finalizer, so that its role does not outlive it; an owner, so that it does not outlive the cluster."""
        manifest = self._landscape.get(resources.CLUSTER_ACCESSES, *one.key) or {"metadata": {}}
        owners = manifest["metadata"].get("ownerReferences") or []
        kept = owners if self._clusters_of(one) else [*owners, site.owner.reference(controller=False)]
        await self._patch(one, {"finalizers": [*one.meta.finalizers, FINALIZER], "ownerReferences": kept})

    async def _let_go(self, one: Access) -> None:
        if FINALIZER not in one.meta.finalizers:
            return
        kept = [finalizer for finalizer in one.meta.finalizers if finalizer != FINALIZER]
        with suppress(errors.NotFound):
            await self._patch(one, {"finalizers": kept or None})
        if grants.may_linger(one, self._now()) and not one.it.spec.revoked:
            _audit("access_revoked", one, one.it.status)

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
            _audit("access_issued", one, status)
        elif status.certificate and end and end != grants.end_told(before):
            _audit(f"access_{end.lower()}", one, status)
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        written = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": one.meta.resource_version}}
        await self._kube.replace(resources.CLUSTER_ACCESSES, {**written, "status": wire}, subresource="status")

    def _next_look(self, here: Iterable[Access], *, waiting: bool) -> float | None:
        now, looks = self._now(), [RETRY] if waiting else []
        for one in here:
            moment = grants.changes_at(one, now)
            looks += [LOOK] if grants.gives_role(one, now) else []
            looks += [max(0.0, (moment - now).total_seconds()) + 1] if moment is not None else []
        return min(looks, default=None)


def _audit(event: str, one: Access, status: AccessStatus) -> None:
    """One line with a stable code. The serial number is in the API server's own audit log as well."""
    marks = issuing.Marks.of(status.certificate)
    log.info(
        event,
        namespace=one.meta.namespace,
        name=one.meta.name,
        user=one.it.spec.user,
        cluster=one.it.spec.cluster,
        role=one.it.spec.role.value,
        serial=marks.serial,
        until=status.expires_at,
        public_key=f"sha256:{marks.key}",
    )
