"""Plays Helm: a release leaves its record in the tenant, as Helm keeps it, and nothing of its chart.

So the tenant itself tells what is installed there, and whether anybody has uninstalled it since.
"""

from __future__ import annotations

import base64
import gzip
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from playground.simulated.stage import Stage
from provisioning import errors, resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.objects import format_time

TYPE: Final = "helm.sh/release.v1"


@dataclass(frozen=True)
class Release:
    """What is installed: under which name, into which namespace, of which chart."""

    name: str
    namespace: str
    chart: str
    version: str

    @property
    def record(self) -> str:
        """The Secret's name; there is one revision of everything."""
        return f"sh.helm.release.v1.{self.name}.v1"


async def tenant_of(stage: Stage, namespace: str, kubeconfig: str) -> Kube | None:
    """A connection to the tenant that the Secret of this name opens; None when there is none or it does not answer."""
    secret = stage.get(resources.SECRETS, namespace, kubeconfig)
    owner = stage.owner(secret, resources.KAMAJI_CONTROL_PLANES) if secret else None
    if owner is None or not await stage.tenants.answers(owner["metadata"]["uid"]):
        return None
    return await stage.tenants.client(owner["metadata"]["uid"])


async def install(tenant: Kube, release: Release) -> None:
    """Install it, or leave it as it is."""
    if await tenant.find(resources.SECRETS, release.record, namespace=release.namespace) is not None:
        return
    with suppress(errors.AlreadyExists):
        name = {"metadata": {"name": release.namespace}}
        await tenant.create(resources.NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", **name})
    with suppress(errors.AlreadyExists):
        await tenant.create(resources.SECRETS, _record(release, now=format_time(datetime.now(UTC))))


async def uninstall(tenant: Kube, release: Release) -> None:
    """Uninstall it, if it is there."""
    with suppress(errors.NotFound):
        await tenant.delete(resources.SECRETS, release.record, namespace=release.namespace)


def _record(release: Release, *, now: str) -> Manifest:
    content = {
        "name": release.name,
        "namespace": release.namespace,
        "version": 1,
        "info": {"status": "deployed", "first_deployed": now, "last_deployed": now, "description": "played"},
        "chart": {"metadata": {"name": release.chart, "version": release.version, "apiVersion": "v2"}},
        "manifest": "",
    }
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()
    labels = {"owner": "helm", "name": release.name, "status": "deployed", "version": "1"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": release.record, "namespace": release.namespace, "labels": labels},
        "type": TYPE,
        "stringData": {"release": packed},
    }
