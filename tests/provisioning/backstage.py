"""The provisioner at work on a fake API server, and the hands of everybody else: people, Cluster API, Flux."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from provisioning import measures, names, resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import COUNTED, DESK, WHOLE, Landscape
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.settings import Settings
from tests import builders
from tests.builders import NAMESPACE
from tests.fakes.api_server import ApiServer
from tests.provisioning.waiting import running, until

SYSTEM = "clusterdesk-system"
CAPI_FINALIZER = "cluster.cluster.x-k8s.io"
FLUX_FINALIZER = "finalizers.fluxcd.io"


@dataclass
class Clock:
    """The time of day, which a test may move."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Backstage:
    """`server` holds the objects; `landscape` follows them."""

    server: ApiServer
    kube: Kube
    landscape: Landscape
    clock: Clock = field(default_factory=Clock)

    def put(self, resource: Resource, manifest: Manifest, **more: Any) -> Manifest:
        return self.server.put(resource, copy.deepcopy(manifest), **more)

    def get(self, resource: Resource, name: str = "web") -> Manifest:
        found = self.server.get(resource, name, NAMESPACE)
        assert found is not None, f"there is no {resource.kind} {name}"
        return found

    def there(self, resource: Resource, name: str = "web") -> bool:
        return self.server.get(resource, name, NAMESPACE) is not None

    def patch(self, resource: Resource, name: str, patch: Manifest, subresource: str = "") -> Manifest:
        return self.server.patch(resource, name, NAMESPACE, patch, subresource)

    async def caught_up(self) -> None:
        """Return when the landscape shows what the server holds."""
        await until(lambda: all(self._shows(kind) for kind in self.landscape.caches))

    def _shows(self, kind: Resource) -> bool:
        """Objects without the label that a cache selects by are not in it; of the others it has the last version."""
        there = self.server.all(kind)
        if kind in COUNTED:
            there = [o for o in there if measures.gist(kind, o) is not None]
        held = {o["metadata"]["uid"]: o["metadata"]["resourceVersion"] for o in there}
        seen = {o["metadata"]["uid"]: o["metadata"]["resourceVersion"] for o in self.landscape.caches[kind].list()}
        everything = kind in (*DESK, *WHOLE, *COUNTED)
        return seen == held if everything else seen.items() <= held.items() and len(seen) == len(self._labelled(kind))

    def _labelled(self, kind: Resource) -> list[Manifest]:
        if kind == resources.TENANT_LEDGERS:
            return self.server.all(kind, SYSTEM)
        return [o for o in self.server.all(kind) if names.CAPI_CLUSTER_LABEL in (o["metadata"].get("labels") or {})]

    def seed(self) -> None:
        """A catalog, a tenant with a namespace, no clusters."""
        self.put(resources.CATALOGS, builders.CATALOG)
        self.put(resources.TENANTS, builders.TENANT)
        self.put(resources.NAMESPACES, {"metadata": {"name": NAMESPACE, "labels": {names.TENANT_LABEL: "blue"}}})

    def cluster(self, manifest: Manifest = builders.CLUSTER) -> Manifest:
        """Somebody makes a TenantCluster."""
        return self.put(resources.TENANT_CLUSTERS, manifest)

    def control_plane_runs(self, version: str = "v1.35.1") -> None:
        """As Kamaji and Cluster API say it."""
        status = {"ready": True, "version": version, "readyReplicas": 2, "replicas": 2}
        self.patch(resources.KAMAJI_CONTROL_PLANES, "web", {"status": status}, "status")

    def condition(self, type_: str = "Ready") -> Manifest:
        found = self.server.get(resources.TENANT_CLUSTERS, "web", NAMESPACE) or {}
        conditions = (found.get("status") or {}).get("conditions") or []
        return next((c for c in conditions if c["type"] == type_), {"status": "", "reason": "", "message": ""})


@asynccontextmanager
async def backstage() -> AsyncIterator[Backstage]:
    """A seeded server and a landscape that follows it; nobody acts."""
    async with ApiServer() as server, server.kube() as kube:
        landscape = Landscape(kube, namespace=SYSTEM)
        stage = Backstage(server, kube, landscape)
        stage.seed()
        async with running(landscape.run()):
            await landscape.synced()
            yield stage


@asynccontextmanager
async def at_work() -> AsyncIterator[Backstage]:
    """The same, with a leader at work. Tenants' own API servers are not asked."""
    async with backstage() as stage:
        settings = Settings(namespace=SYSTEM, probe_tenants=False)
        async with running(lead(stage.kube, stage.landscape, settings, now=stage.clock)):
            yield stage
