"""What the desk looks at: the objects of the API, in memory, each parsed once per version, as it comes. Reads only."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

import structlog

from provisioning import errors, handmade, objects
from provisioning.handmade import HandMade
from provisioning.indexer import Index, Listener
from provisioning.manifest import Manifest, Manifests
from provisioning.model import ApprovalDelegation, Catalog, ClusterAccess, ClusterRequest, Tenant, TenantCluster
from provisioning.model.base import Model
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_REQUESTS, Resource
from provisioning.roster import Roster

log = structlog.get_logger()

M = TypeVar("M", bound=Model)

ABOUT: Final = "about"
"""The index of requests by the cluster that they are about."""


def _about(request: Manifest) -> Iterable[str]:
    # Before it is parsed, so it may be odd.
    yield _place(request["metadata"]["namespace"], (request.get("spec") or {}).get("cluster", ""))


def _place(namespace: str, cluster: str) -> str:
    return f"{namespace}/{cluster}"


INDEXES: Final[Mapping[Resource, Mapping[str, Index]]] = {CLUSTER_REQUESTS: {ABOUT: _about}}
"""What the watch caches have to file, for what is asked of one cluster among thousands."""


class Lister(Protocol):
    """A watch cache of one kind, as `provisioning.cache.Cache` is."""

    def get(self, namespace: str, name: str) -> Manifest | None: ...

    def list(self, namespace: str | None = None) -> Manifests: ...

    def by(self, index: str, value: str) -> Manifests:
        """What one of the `INDEXES` of the kind files under this value."""
        ...

    @property
    def changes(self) -> int:
        """How many there were: as long as it stays, everything is as it was."""
        ...

    def listen(self, listener: Listener) -> object:
        """Call it at every change, with the manifest before and after."""
        ...


@dataclass
class View(Generic[M]):
    """One kind as models. An object that does not parse is left out, with one line in the log."""

    lister: Lister
    model: type[M]
    _parsed: dict[tuple[str, str], tuple[str, Stored[M] | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Read when it comes, not when somebody asks: that would wait for thousands of them to be read.
        self.lister.listen(self._note)

    def get(self, namespace: str, name: str) -> Stored[M] | None:
        manifest = self.lister.get(namespace, name)
        if manifest is None:
            self._parsed.pop((namespace, name), None)
            return None
        return self._read(manifest)

    def find(self, namespace: str, name: str) -> Stored[M] | None:
        """Like `get`, but raises `Invalid` for what does not parse: it is there, and must not look gone."""
        found, manifest = self.get(namespace, name), self.lister.get(namespace, name)
        return found or (objects.read(self.model, manifest) if manifest is not None else None)

    def list(self, namespace: str | None = None) -> list[Stored[M]]:
        manifests = self.lister.list(namespace)
        if namespace is None and len(self._parsed) > 2 * len(manifests) + 100:
            self._parsed.clear()  # Most of it is of objects that are gone.
        return [stored for manifest in manifests if (stored := self._read(manifest)) is not None]

    def by(self, index: str, value: str) -> tuple[Stored[M], ...]:
        """Those that the index files under this value."""
        found = self.lister.by(index, value)
        return tuple(stored for manifest in found if (stored := self._read(manifest)) is not None)

    def newest(self, count: int) -> tuple[Stored[M], ...]:
        """Those that were made last, at most so many."""
        latest = heapq.nlargest(count, self.lister.list(), key=_created)
        return tuple(stored for manifest in latest if (stored := self._read(manifest)) is not None)

    def _note(self, before: Manifest | None, after: Manifest | None) -> None:
        if after is not None:
            self._read(after)
        elif before is not None:
            self._parsed.pop((before["metadata"].get("namespace", ""), before["metadata"]["name"]), None)

    def _read(self, manifest: Manifest) -> Stored[M] | None:
        meta = manifest["metadata"]
        # A version is never that of two objects, so an object that is made anew under the same name is read anew.
        key, version = (meta.get("namespace", ""), meta["name"]), meta["resourceVersion"]
        known = self._parsed.get(key)
        if known is None or known[0] != version:
            known = self._parsed[key] = (version, self._parse(manifest))
        return known[1]

    def _parse(self, manifest: Manifest) -> Stored[M] | None:
        try:
            return objects.read(self.model, manifest)
        except errors.Invalid as error:
            meta = manifest["metadata"]
            log.warning("object_left_out", kind=self.model.__name__, name=meta["name"], why=error.message)
            return None


def _created(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("creationTimestamp") or "")


class Views:
    """All the kinds that the desk looks at: ours, and Cluster API's where people make clusters by hand."""

    def __init__(
        self,
        *,
        catalogs: Lister,
        tenants: Lister,
        clusters: Lister,
        requests: Lister,
        delegations: Lister,
        accesses: Lister,
        hosts: Lister,
        control_planes: Lister,
    ) -> None:
        self._catalogs = View(catalogs, Catalog)
        self._tenants = View(tenants, Tenant)
        self._clusters = View(clusters, TenantCluster)
        self._requests = View(requests, ClusterRequest)
        self._delegations = View(delegations, ApprovalDelegation)
        self._accesses = View(accesses, ClusterAccess)
        self._hosts = hosts
        self._control_planes = control_planes
        self._roster: tuple[int, Roster] | None = None

    def catalog(self, name: str) -> Stored[Catalog] | None:
        return self._catalogs.get("", name)

    def roster(self) -> Roster:
        """The tenants."""
        changes = self._tenants.lister.changes
        if self._roster is None or self._roster[0] != changes:
            self._roster = (changes, Roster(self._tenants.list()))
        return self._roster[1]

    def cluster(self, namespace: str, name: str) -> Stored[TenantCluster] | None:
        return self._clusters.get(namespace, name)

    def clusters(self, namespace: str) -> list[Stored[TenantCluster]]:
        return self._clusters.list(namespace)

    def newest_clusters(self, count: int) -> tuple[Stored[TenantCluster], ...]:
        """The clusters that were made last, of whichever tenant."""
        return self._clusters.newest(count)

    def hand_made(self, namespace: str) -> list[HandMade]:
        """Cluster API's Clusters that are no TenantCluster's."""
        return [self._told(host) for host in self._hosts.list(namespace) if handmade.is_hand_made(host)]

    def _told(self, host: Manifest) -> HandMade:
        name = ((host.get("spec") or {}).get("controlPlaneRef") or {}).get("name", "")
        return handmade.of(host, self._control_planes.get(host["metadata"]["namespace"], name))

    def request(self, namespace: str, name: str) -> Stored[ClusterRequest] | None:
        return self._requests.get(namespace, name)

    def requests(self, namespace: str) -> list[Stored[ClusterRequest]]:
        return self._requests.list(namespace)

    def requests_about(self, namespace: str, cluster: str) -> tuple[Stored[ClusterRequest], ...]:
        return self._requests.by(ABOUT, _place(namespace, cluster))

    def delegations(self, namespace: str | None = None) -> list[Stored[ApprovalDelegation]]:
        """Those of one namespace, or of all."""
        return self._delegations.list(namespace)

    def access(self, namespace: str, name: str) -> Stored[ClusterAccess] | None:
        return self._accesses.get(namespace, name)

    def accesses(self, namespace: str) -> list[Stored[ClusterAccess]]:
        return self._accesses.list(namespace)
