"""Whose the name of a new cluster is before there is one: what Slack says at its field, at a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from plugin import asked
from plugin.session import Session
from provisioning import claims, completion, names, objects, people, resources, room, wording
from provisioning.errors import Cause, Forbidden
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, ClusterSpec, Person, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import Resource

FIELD = "metadata.name"


@dataclass(frozen=True)
class Claim:
    """The request that has the name, as it is stored, and who wants the name now."""

    request: Stored[ClusterRequest]
    manifest: Manifest
    me: Person

    @property
    def is_mine(self) -> bool:
        return people.same(self.request.it.spec.requester, self.me)


async def claim(session: Session, name: str) -> Claim | None:
    """The request for a new cluster of this name, until it is done; None for none, or for who may not look."""
    found = await _requests(session, f"{names.CLUSTER_LABEL}={name}")
    request = claims.claims(map(_read, found), session.namespace).get(name)
    if request is None:
        return None
    manifest = next(it for it in found if it["metadata"]["name"] == request.meta.name)
    return Claim(request, manifest, (await session.myself()).person)


async def desired(session: Session, manifest: Manifest, it: Claim) -> ClusterSpec | None:
    """What is asked for, when the manifest says the same and it is one's own; else None."""
    waits = it.request.it.spec.desired
    if not it.is_mine or waits is None or (catalog := await session.catalog()) is None:
        return None
    if (tenant := await session.tenant()) is None:
        return None
    wanted = objects.read(TenantCluster, manifest).it.spec
    told, meant = (completion.complete(each, catalog=catalog, tenant=tenant.it.spec) for each in (wanted, waits))
    return waits if told == meant else None


async def cause(session: Session, it: Claim) -> Cause:
    """Who has the name, since when, and what to do about it."""
    meta, spec = it.request.meta, it.request.it.spec
    since = asked.moment(meta.created) if meta.created else ""
    if it.is_mine and not room.waits_for_anything(it.request):
        return Cause(FIELD, wording.accepted_already(meta.name))
    if it.is_mine:
        way = f"take it back with: kubectl clusterdesk withdraw {meta.name} -n {meta.namespace}"
        return Cause(FIELD, f"{wording.asked_already(meta.name, since)}; for another one {way}")
    free = await _free(session, spec.cluster)
    told = wording.name_claimed(spec.cluster, by=spec.requester.user, since=since, request=meta.name, free=free)
    return Cause(FIELD, told)


async def _free(session: Session, name: str) -> str:
    # Among Cluster API's own are those that somebody made by hand.
    kinds = (resources.TENANT_CLUSTERS, resources.CLUSTERS)
    made = {it["metadata"]["name"] for kind in kinds for it in await _listed(session, kind)}
    return claims.free_name(name, made | claims.claims(map(_read, await _requests(session)), session.namespace).keys())


async def _requests(session: Session, labels: str = "") -> list[Manifest]:
    return await _listed(session, resources.CLUSTER_REQUESTS, labels)


async def _listed(session: Session, kind: Resource, labels: str = "") -> list[Manifest]:
    """Nothing for who may not look."""
    try:
        found = await session.kube.list(kind, namespace=session.namespace, labels=labels)
    except Forbidden:
        return []
    return found.items


def _read(manifest: Manifest) -> Stored[ClusterRequest]:
    return objects.read(ClusterRequest, manifest)
