"""Ledgers as TenantLedger objects in the service's own namespace: the store behind `provisioning.batcher`."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from provisioning import metrics, objects
from provisioning.batcher import Page
from provisioning.errors import Conflict, KubeError, NotFound
from provisioning.kube import Kube
from provisioning.ledger import Garbled, Ledger, Missing
from provisioning.manifest import Manifest
from provisioning.model import TenantLedger
from provisioning.resources import TENANT_LEDGERS


@dataclass(frozen=True)
class KubeLedgers:
    """A `LedgerStore` over the API server. One object a tenant, named as the tenant."""

    kube: Kube
    namespace: str

    async def load(self, tenant: str) -> Page:
        """The ledger as it is now. Raises `ledger.Missing` and `ledger.Garbled`."""
        manifest = await self.kube.find(TENANT_LEDGERS, tenant, namespace=self.namespace)
        if manifest is None:
            raise Missing(f"tenant {tenant} has no ledger")
        return _page(manifest)

    async def create(self, tenant: str, ledger: Ledger) -> Page:
        """The first page of a tenant's ledger. For the keeper alone, who has counted. Raises `Conflict`."""
        manifest = self._manifest(tenant, ledger)
        return await _measured(manifest, ledger, self.kube.create(TENANT_LEDGERS, manifest))

    async def save(self, tenant: str, ledger: Ledger, version: str) -> Page:
        """Write it if nobody did since `version`. Raises `Conflict`."""
        manifest = self._manifest(tenant, ledger)
        manifest["metadata"]["resourceVersion"] = version
        try:
            return await _measured(manifest, ledger, self.kube.replace(TENANT_LEDGERS, manifest, brief=True))
        except NotFound as error:
            raise Conflict(f"the ledger of {tenant} is gone") from error

    def _manifest(self, tenant: str, ledger: Ledger) -> Manifest:
        return {
            "apiVersion": TENANT_LEDGERS.api_version,
            "kind": TENANT_LEDGERS.kind,
            "metadata": {"name": tenant, "namespace": self.namespace},
            "spec": {"data": ledger.dumps()},
        }


async def _measured(manifest: Manifest, ledger: Ledger, write: Awaitable[Manifest]) -> Page:
    """The page that a write gives, and the numbers of it."""
    try:
        stored = await write
    except KubeError as error:
        lost = isinstance(error, Conflict | NotFound)
        metrics.LEDGER_CAS.labels("conflict" if lost else "error").inc()
        raise
    metrics.LEDGER_CAS.labels("ok").inc()
    metrics.LEDGER_BYTES.labels(manifest["metadata"]["name"]).set(len(manifest["spec"]["data"]))
    return Page(ledger, stored["metadata"]["resourceVersion"])


def _page(manifest: Manifest) -> Page:
    stored = objects.read(TenantLedger, manifest)
    try:
        ledger = Ledger.loads(stored.it.spec.data)
    except Garbled as error:
        raise Garbled(str(error), version=stored.meta.resource_version) from error
    return Page(ledger, stored.meta.resource_version)
