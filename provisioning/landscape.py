"""Everything the provisioner keeps in sight: one watch cache a kind, and the questions it asks of them together.

Reading only, and always a moment behind the API server; who writes must write so that being late does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from provisioning import charges, measures, names, plan, providers, resources, views, world
from provisioning.cache import Cache, Source
from provisioning.errors import Cause, RuleError
from provisioning.manifest import Key, Manifest, Manifests
from provisioning.model import Catalog, CatalogSpec, ClusterAccess, LifetimePolicy, Tenant, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import Resource
from provisioning.views import View

CLUSTER: Final = "cluster"
"""The index by the cluster that an object is a part of."""
DESK: Final = (
    resources.CATALOGS,
    resources.TENANTS,
    resources.TENANT_CLUSTERS,
    resources.CLUSTER_REQUESTS,
    resources.CLUSTER_ACCESSES,
    resources.NAMESPACES,
)
"""Our own kinds, and Namespaces for whose they are."""
WHOLE: Final = (
    resources.CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.KUBEVIRT_MACHINE_TEMPLATES,
)
"""What is charged, and what it is charged by: those made by hand carry no label of ours, and count all the same."""
COUNTED: Final = tuple(kind for kind in charges.KINDS if kind not in (*DESK, *WHOLE))
"""Charged as well, and of no other interest: only what their cost depends on is kept, for there may be very many."""
SIZES: Final = resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
"""The platform's own: machines made by hand may be as large as one of these says."""
LABELLED: Final = (*{kind: None for kind in (*plan.KINDS, *world.KINDS) if kind not in WHOLE},)
"""Parts of clusters; only those that say of which are kept."""
LISTS_AT_ONCE: Final = 3
"""A whole list is the most memory we ever need at a time."""


class Landscape:
    """The caches of one management cluster. `run` fills them."""

    def __init__(self, kube: Source, *, namespace: str) -> None:
        gate = asyncio.Semaphore(LISTS_AT_ONCE)

        def parts(kind: Resource, labels: str = "") -> Cache:
            indexes = {CLUSTER: clusters_of}
            return Cache(kube, kind, labels=labels, indexes=indexes, packed=True, optional=True, gate=gate)

        def counted(kind: Resource) -> Cache:
            return Cache(kube, kind, keep=partial(measures.gist, kind), packed=True, optional=True, gate=gate)

        self.caches: Mapping[Resource, Cache] = {
            **{kind: Cache(kube, kind, indexes=views.INDEXES.get(kind), gate=gate) for kind in DESK},
            resources.TENANT_LEDGERS: Cache(kube, resources.TENANT_LEDGERS, namespace=namespace, gate=gate),
            SIZES: Cache(kube, SIZES, packed=True, optional=True, gate=gate),
            **{kind: counted(kind) for kind in COUNTED},
            **{kind: parts(kind) for kind in WHOLE},
            **{kind: parts(kind, names.CAPI_CLUSTER_LABEL) for kind in LABELLED},
        }

        self._catalogs = View(self.caches[resources.CATALOGS], Catalog)
        self._tenants = View(self.caches[resources.TENANTS], Tenant)
        self._accesses = View(self.caches[resources.CLUSTER_ACCESSES], ClusterAccess)
        self._clusters = View(self.caches[resources.TENANT_CLUSTERS], TenantCluster)

    async def run(self) -> None:
        """Follow the API server for ever."""
        async with asyncio.TaskGroup() as group:
            for cache in self.caches.values():
                group.create_task(cache.run())

    async def synced(self) -> None:
        """Return once every cache has its first list."""
        for cache in self.caches.values():
            await cache.synced.wait()

    def waits(self) -> str:
        """Which kinds are not in sight yet, and why; "" when all are."""
        waiting = [cache for cache in self.caches.values() if not cache.synced.is_set()]
        told = [f"{c.resource.plural} ({c.trouble})" if c.trouble else c.resource.plural for c in waiting]
        return f"waiting for the first list of {', '.join(told)}" if told else ""

    def missing(self, rendered: Iterable[Manifest]) -> str:
        """Which providers of what is to be applied are not installed, in a sentence; "" when all are."""
        wanted = {(manifest["apiVersion"], manifest["kind"]) for manifest in rendered}
        kinds = [kind for kind, cache in self.caches.items() if cache.missing]
        return providers.absence(kind for kind in kinds if (kind.api_version, kind.kind) in wanted)

    def get(self, kind: Resource, namespace: str, name: str) -> Manifest | None:
        return self.caches[kind].get(namespace, name)

    def parts(self, key: Key) -> Manifests:
        """Everything that belongs to the cluster of this namespace and name, whoever made it."""
        kinds = (*WHOLE, *LABELLED)
        return [manifest for kind in kinds for manifest in self.caches[kind].by(CLUSTER, _value(*key))]

    def catalog(self) -> CatalogSpec | None:
        """What is on offer; None when nobody has said, or what they said cannot be read."""
        found = self._catalogs.get("", names.CATALOG)
        return found.it.spec if found else None

    def tenant_of(self, namespace: str) -> Stored[Tenant] | None:
        """The tenant whose namespace this is: the label and the Tenant must agree."""
        found = self.get(resources.NAMESPACES, "", namespace)
        name = ((found or {}).get("metadata", {}).get("labels") or {}).get(names.TENANT_LABEL)
        tenant = self._tenants.get("", name) if name else None
        return tenant if tenant is not None and namespace in tenant.it.spec.namespaces else None

    def lifetime_of(self, namespace: str) -> LifetimePolicy | None:
        """How long clusters live in the namespace; None where it is nobody's."""
        tenant = self.tenant_of(namespace)
        return tenant.it.spec.lifetime if tenant is not None else None

    def grounds(self, namespace: str) -> tuple[Stored[Tenant], CatalogSpec]:
        """Whose the namespace is and what is on offer. Raises `RuleError` when there is no such thing."""
        tenant, catalog = self.tenant_of(namespace), self.catalog()
        if tenant is None:
            raise RuleError(Cause("metadata.namespace", f"the namespace {namespace} belongs to no tenant"))
        if catalog is None:
            raise RuleError(Cause("", f"there is no Catalog named {names.CATALOG}"))
        return tenant, catalog

    def tenant_cluster(self, key: Key) -> Stored[TenantCluster] | None:
        """One of ours. Raises `Invalid` for what our model does not take, though the CRD did."""
        return self._clusters.find(*key)

    def requests_about(self, key: Key) -> Manifests:
        """What anybody ever asked of the cluster of this namespace and name."""
        return self.caches[resources.CLUSTER_REQUESTS].by(views.ABOUT, _value(*key))

    def accesses(self, key: Key) -> list[Stored[ClusterAccess]]:
        """Everybody's access to the cluster of this namespace and name."""
        return [one for one in self._accesses.list(key[0]) if one.it.spec.cluster == key[1]]

    def listen(self, told: Callable[[Key], None]) -> Callable[[], None]:
        """Call `told` with every cluster that a change may matter to, from now on. Returns what ends it."""

        def part(before: Manifest | None, after: Manifest | None) -> None:
            for key in {key for manifest in (before, after) if manifest for key in _keys_of(manifest)}:
                told(key)

        def tenant(before: Manifest | None, after: Manifest | None) -> None:
            # What is published in its status changes all the time, and matters to no cluster.
            if _is_another(before, after):
                listed = {n for m in (before, after) if m for n in m["spec"].get("namespaces", ())}
                self._tell_all(told, listed)

        def namespace(before: Manifest | None, after: Manifest | None) -> None:
            there = after or before
            if there is not None and _tenant_label(before) != _tenant_label(after):
                self._tell_all(told, [there["metadata"]["name"]])

        stops = [self.caches[kind].listen(part) for kind in (resources.TENANT_CLUSTERS, *WHOLE, *LABELLED)]
        stops += [self.caches[resources.TENANTS].listen(tenant), self.caches[resources.NAMESPACES].listen(namespace)]
        stops += [self.caches[resources.CATALOGS].listen(partial(self._catalog, told))]
        stops += [self.caches[kind].when_served(lambda: self._tell_all(told, [None])) for kind in (*WHOLE, *LABELLED)]

        def stop() -> None:
            for one in stops:
                one()

        return stop

    def _catalog(self, told: Callable[[Key], None], before: Manifest | None, after: Manifest | None) -> None:
        if _is_another(before, after):
            self._tell_all(told, [None])

    def _tell_all(self, told: Callable[[Key], None], namespaces: Iterable[str | None]) -> None:
        """Every cluster in these namespaces; None stands for all."""
        for namespace in namespaces:
            for kind in (resources.TENANT_CLUSTERS, resources.CLUSTERS):
                for manifest in self.caches[kind].list(namespace):
                    told((manifest["metadata"]["namespace"], manifest["metadata"]["name"]))


def _is_another(before: Manifest | None, after: Manifest | None) -> bool:
    """Whether more has changed than its status."""
    return before is None or after is None or bool(before["spec"] != after["spec"])


def clusters_of(manifest: Manifest) -> Iterable[str]:
    """The index values of an object: the cluster that it is, or says it is a part of."""
    return {_value(*key) for key in _keys_of(manifest)}


def _keys_of(manifest: Manifest) -> Iterator[Key]:
    meta = manifest["metadata"]
    labels = meta.get("labels") or {}
    namespace = meta.get("namespace", "")
    if manifest["kind"] in (resources.CLUSTERS.kind, resources.TENANT_CLUSTERS.kind):
        yield namespace, meta["name"]
    elif manifest["kind"] == resources.MACHINE_DEPLOYMENTS.kind:
        yield namespace, manifest["spec"]["clusterName"]
    for label in (names.CLUSTER_LABEL, names.CAPI_CLUSTER_LABEL):
        if label in labels:
            yield namespace, labels[label]


def _value(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _tenant_label(manifest: Manifest | None) -> str | None:
    labels = (manifest or {}).get("metadata", {}).get("labels") or {}
    found: str | None = labels.get(names.TENANT_LABEL)
    return found
