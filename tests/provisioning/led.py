"""A leader at work on a real API server, for one tenant whose only namespace is the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playground import apply
from provisioning import names, resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.settings import Settings
from tests import builders
from tests.builders import tweak
from tests.provisioning.waiting import running

SYSTEM = "clusterdesk-system"


@asynccontextmanager
async def led(admin: Kube, namespace: str) -> AsyncIterator[str]:
    """A catalog, the tenant, and a leader that follows them. The tenant's name."""
    name = f"tenant-{namespace}"
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    await admin.merge(resources.NAMESPACES, namespace, {"metadata": {"labels": {names.TENANT_LABEL: name}}})
    blue = tweak(tweak(builders.TENANT, "metadata", {"name": name}), "spec.namespaces", [namespace])
    await apply.put(admin, [builders.CATALOG, blue])
    landscape = Landscape(admin, namespace=SYSTEM)
    settings = Settings(namespace=SYSTEM, probe_tenants=False)
    async with running(landscape.run()):
        await landscape.synced()
        async with running(lead(admin, landscape, settings)):
            yield name
    await admin.delete(resources.TENANTS, name)
    await admin.delete(resources.CATALOGS, names.CATALOG)
