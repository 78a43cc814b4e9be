"""Which cluster, pool or request a name means in a namespace, and what to say when it means none of ours."""

from __future__ import annotations

import difflib

from plugin.errors import NotDone
from plugin.session import Session
from provisioning import handmade, objects, people, resources, room, wording
from provisioning.errors import Forbidden
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, ClusterSpec, NodePool, Person, Phase, TenantCluster
from provisioning.objects import Stored


async def find(session: Session, name: str) -> Stored[TenantCluster] | None:
    """The cluster as it is now."""
    found = await session.kube.find(resources.TENANT_CLUSTERS, name, namespace=session.namespace)
    return objects.read(TenantCluster, found) if found is not None else None


async def manifest(session: Session, name: str) -> Manifest:
    """The TenantCluster as it is kept. Raises `NotDone`."""
    found = await session.kube.find(resources.TENANT_CLUSTERS, name, namespace=session.namespace)
    if found is None:
        raise await missing(session, name)
    return found


async def cluster(session: Session, name: str) -> Stored[TenantCluster]:
    """The cluster as it is now. Raises `NotDone`."""
    return objects.read(TenantCluster, await manifest(session, name))


async def request(session: Session, name: str) -> Stored[ClusterRequest]:
    """The request as it is now. Raises `NotDone`."""
    found = await _request(session, name)
    if found is None:
        raise NotDone(f"there is no ClusterRequest {name} in {session.namespace}")
    return found


async def waiting(session: Session, word: str) -> Stored[ClusterRequest]:
    """The request of this name, whatever became of it; or the only one about this cluster that waits for a decision.

    Raises `NotDone`.
    """
    if (found := await _request(session, word)) is not None:
        return found
    listed = (await session.kube.list(resources.CLUSTER_REQUESTS, namespace=session.namespace)).items
    known = (objects.read(ClusterRequest, item) for item in listed)
    hits = [it for it in known if it.it.spec.cluster == word and it.it.status.phase is Phase.PENDING]
    if len(hits) == 1:
        return hits[0]
    if hits:
        which = ", ".join(sorted(it.meta.name for it in hits))
        raise NotDone(f"several requests about {word} wait; say which one: {which}")
    raise NotDone(f"there is no ClusterRequest {word} in {session.namespace}, and none waits about such a cluster")


async def _request(session: Session, name: str) -> Stored[ClusterRequest] | None:
    found = await session.kube.find(resources.CLUSTER_REQUESTS, name, namespace=session.namespace)
    return objects.read(ClusterRequest, found) if found is not None else None


def pool(spec: ClusterSpec, name: str) -> NodePool:
    """The pool that is meant, the only one where none is named. Raises `NotDone`."""
    known = ", ".join(pool.name for pool in spec.pools)
    if not name and len(spec.pools) > 1:
        raise NotDone(f"there are several pools; say which one with --pool: {known}")
    found = next((pool for pool in spec.pools if name in ("", pool.name)), None)
    if found is None:
        raise NotDone(wording.no_pool(name, known))
    return found


async def own_request(session: Session, me: Person, word: str) -> Stored[ClusterRequest]:
    """The request of this name; or the one with which this person waits for something of this cluster.

    Raises `NotDone`.
    """
    listed = (await session.kube.list(resources.CLUSTER_REQUESTS, namespace=session.namespace)).items
    known = [objects.read(ClusterRequest, item) for item in listed]
    if named := next((it for it in known if it.meta.name == word), None):
        return named
    mine = [it for it in known if room.waits_for_anything(it) and people.same(it.it.spec.requester, me)]
    hits = [it for it in mine if it.it.spec.cluster == word]
    if len(hits) == 1:
        return hits[0]
    if hits:
        which = ", ".join(sorted(it.meta.name for it in hits))
        raise NotDone(f"several requests of yours about {word} wait; say which one: {which}")
    like = difflib.get_close_matches(word, [name for it in mine for name in (it.meta.name, it.it.spec.cluster)], n=1)
    meant = f"; did you mean {like[0]}?" if like else ""
    raise NotDone(f"no request of yours waits about {word} in {session.namespace}{meant}")


async def own_creation(session: Session, me: Person, word: str) -> Stored[ClusterRequest] | None:
    """The request of this name, or for a new cluster of this name, by which this person asks for one that is not made
    yet; None where there is none."""
    listed = (await session.kube.list(resources.CLUSTER_REQUESTS, namespace=session.namespace)).items
    known = [objects.read(ClusterRequest, item) for item in listed]
    mine = [it for it in known if room.is_open(it) and people.same(it.it.spec.requester, me)]
    named = (it for it in mine if word in (it.meta.name, it.it.spec.cluster))
    asked = [it for it in named if it.it.spec.action is Action.CREATE]
    return next((it for it in asked if room.waits_for_anything(it)), asked[0] if asked else None)


async def by_hand(session: Session, name: str) -> Manifest | None:
    """The Cluster of that name that somebody made without us, if the person may see it."""
    try:
        host = await session.kube.find(resources.CLUSTERS, name, namespace=session.namespace)
    except Forbidden:
        return None
    return host if host is not None and handmade.is_hand_made(host) else None


async def missing(session: Session, name: str) -> NotDone:
    """Why there is no such TenantCluster, as far as it can be told."""
    host = await by_hand(session, name)
    if host is not None:
        keeper = handmade.keeper_of(objects.Meta.of(host))
        return NotDone(wording.by_hand_only(name, wording.kept_by(keeper.tool, keeper.name)))
    listed = (await session.kube.list(resources.TENANT_CLUSTERS, namespace=session.namespace)).items
    like = difflib.get_close_matches(name, [item["metadata"]["name"] for item in listed], n=1)
    meant = f"; did you mean {like[0]}?" if like else ""
    return NotDone(f"there is no TenantCluster {name} in {session.namespace}{meant}")
