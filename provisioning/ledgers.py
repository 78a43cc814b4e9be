"""Ledgers as TenantLedger objects in the service's own namespace: the store behind `provisioning.batcher`."""

from __future__ import annotations

from dataclasses import dataclass

from provisioning import objects
from provisioning.batcher import Page
from provisioning.errors import Conflict, NotFound
from provisioning.kube import Kube, Manifest
from provisioning.ledger import Ledger
from provisioning.model import TenantLedger
from provisioning.resources import TENANT_LEDGERS


@dataclass(frozen=True)
class KubeLedgers:
    """A `LedgerStore` over the API server. One object a tenant, named as the tenant."""

    kube: Kube
    namespace: str

    async def load(self, tenant: str) -> Page:
        """The ledger as it is now; an empty one when there is none. Raises `ledger.Garbled`."""
        try:
            manifest = await self.kube.get(TENANT_LEDGERS, tenant, namespace=self.namespace)
        except NotFound:
            return Page(Ledger(), "")
        return _page(manifest)

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        """Write it if nobody did since `version`. Raises `Conflict`."""
        manifest: Manifest = {
            "apiVersion": TENANT_LEDGERS.api_version,
            "kind": TENANT_LEDGERS.kind,
            "metadata": {"name": tenant, "namespace": self.namespace},
            "spec": {"data": ledger.dumps()},
        }
        if not version:
            created = await self.kube.create(TENANT_LEDGERS, manifest)
            return Page(ledger, created["metadata"]["resourceVersion"])
        manifest["metadata"]["resourceVersion"] = version
        try:
            written = await self.kube.replace(TENANT_LEDGERS, manifest)
        except NotFound as error:
            raise Conflict(f"the ledger of {tenant} is gone") from error
        return Page(ledger, written["metadata"]["resourceVersion"])


def _page(manifest: Manifest) -> Page:
    stored = objects.read(TenantLedger, manifest)
    return Page(Ledger.loads(stored.it.spec.data), stored.meta.resource_version)
