"""Fills a control plane with what the desk that is measured knows. Writes that the API server takes, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from bench.admission import load, peers
from bench.admission.crowd import Unfilled
from bench.admission.load import Call
from bench.desk import sample
from bench.site import Site
from provisioning import resources
from provisioning.resources import Resource

WRITERS: Final = 8
"""How many write at once."""
PARTS: Final = {kind.kind: kind for kind in (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES)}


async def fill(site: Site, *, tenants: int, clusters: int) -> None:
    """Tenants with a namespace each, and their clusters, ready, with the requests by which they came to be."""
    async with load.connected(site.plane) as client:
        for calls in (_made(tenants, clusters), _told(tenants, clusters)):
            found = await load.closed(client, calls, writers=WRITERS)
            if found.errors or found.refused:
                raise Unfilled(f"the control plane cannot be filled: {found.failed or 'forbidden'}")


def _made(tenants: int, clusters: int) -> Iterator[Call]:
    kinds = {kind.kind: kind for kind in (resources.NAMESPACES, resources.TENANTS)}
    for tenant in range(tenants):
        yield from (peers.post(kinds[each["kind"]], each) for each in sample.grounds(tenant))
    for number, (tenant, where) in _dealt(tenants, clusters):
        yield peers.post(resources.TENANT_CLUSTERS, sample.cluster(number, where))
        yield peers.post(resources.CLUSTER_REQUESTS, sample.request(number, where, tenant))
        # Of nobody's uid: no garbage collector runs here.
        for part in sample.parts(number, where, f"uid-{number}"):
            yield peers.post(PARTS[part["kind"]], part)


def _told(tenants: int, clusters: int) -> Iterator[Call]:
    for number, (_, where) in _dealt(tenants, clusters):
        yield _status(resources.TENANT_CLUSTERS, sample.cluster_name(number), where, sample.ready())
        yield _status(resources.CLUSTER_REQUESTS, sample.request_name(number), where, sample.applied())


def _dealt(tenants: int, clusters: int) -> Iterator[tuple[int, tuple[int, str]]]:
    """Each cluster with its tenant and namespace, in turns."""
    for number in range(clusters):
        tenant = number % tenants
        yield number, (tenant, sample.namespace(tenant))


def _status(kind: Resource, name: str, where: str, status: dict[str, Any]) -> Call:
    path = kind.path(namespace=where, name=name, subresource="status")
    return Call("PATCH", path, json.dumps({"status": status}).encode(), "application/merge-patch+json")
