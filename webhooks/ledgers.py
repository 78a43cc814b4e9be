"""The tenants' ledgers for the door: one batcher a tenant, over the store in the API server. Thin; decides nothing."""

from __future__ import annotations

import asyncio

import structlog

from provisioning import errors
from provisioning.batcher import Batchers, LedgerStore
from provisioning.kube import Kube
from provisioning.ledger import Garbled, Missing
from provisioning.reservation import Contended, Outcome
from provisioning.resources import TENANT_LEDGERS
from webhooks.charge import Charge

PERIOD = 10.0
"""Seconds between two looks whether the ledgers can be read."""
UNCOUNTED_SECONDS = 2.0
"""After which it is worth asking again where there is no ledger: a new tenant has one by then."""

log = structlog.get_logger()


class BatchedLedgers:
    """`Ledgers` over any store. `clock` of the batchers is the running loop's, `door` as theirs."""

    def __init__(self, store: LedgerStore, *, door: str = "") -> None:
        self._batchers = Batchers(store, lambda: asyncio.get_running_loop().time(), door)

    async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
        try:
            batcher = self._batchers.of(charge.tenant)
            return await batcher.reserve(charge.request(), deadline=deadline, dry_run=dry_run)
        except Missing:
            return Contended(UNCOUNTED_SECONDS, "is not there: the provisioner makes it, once it has counted what is")
        except errors.Invalid as error:
            log.error("ledger_full", tenant=charge.tenant, error=str(error))
            return Contended(UNCOUNTED_SECONDS, "holds as many objects as it can; delete some that are charged")
        except Garbled as error:
            log.error("ledger_garbled", tenant=charge.tenant, error=str(error))
            return Contended(UNCOUNTED_SECONDS, "cannot be read: the provisioner makes a new one of what is there")

    async def leave(self) -> None:
        """Give back what was charged ahead."""
        await self._batchers.leave()


class LedgerProbe:
    """Whether the ledgers can be read at all: a replica that cannot is of no use to anybody."""

    def __init__(self, kube: Kube, *, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._reason: str | None = "the ledgers have not been read yet"

    def why_not_ready(self) -> str | None:
        return self._reason

    async def run(self) -> None:
        """Look every `PERIOD`, until cancelled."""
        while True:
            try:
                path = TENANT_LEDGERS.path(namespace=self._namespace)
                await self._kube.call("GET", path, query={"limit": 1}, timeout=PERIOD / 2)
                self._reason = None
            except errors.KubeError as error:
                self._reason = f"the ledgers cannot be read: {error.message}"
                log.warning("ledgers_unreadable", error=str(error))
            await asyncio.sleep(PERIOD if self._reason is None else 1.0)
