"""Ledgers of tenants that are gone: each goes as well, once no write can land any more that was claimed in it.

Until then a Tenant of that name, made again, goes on with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from provisioning import errors, resources
from provisioning.kube import Kube

log = structlog.get_logger()


class Orphans:
    """What this leader knows of them. `void_after`: seconds after which an admitted write can no longer land."""

    def __init__(self, kube: Kube, *, namespace: str, void_after: float, clock: Callable[[], float]) -> None:
        self._kube = kube
        self._namespace = namespace
        self._void_after = void_after
        self._clock = clock
        self._seen: dict[str, tuple[str, float]] = {}
        """Their revision, and since when it is that."""

    def adopted(self, name: str) -> None:
        """There is a Tenant of this name."""
        self._seen.pop(name, None)

    async def act(self, name: str) -> float | None:
        """Take the ledger away if it is time; the seconds until the next look."""
        ledger = await self._kube.find(resources.TENANT_LEDGERS, name, namespace=self._namespace)
        if ledger is None or await self._kube.find(resources.TENANTS, name) is not None:
            self._seen.pop(name, None)
            return None
        version, uid = ledger["metadata"]["resourceVersion"], ledger["metadata"]["uid"]
        known, since = self._seen.get(name, ("", 0.0))
        if known != version:
            # A door that has not heard of it may still have let something in.
            since = self._clock()
            self._seen[name] = (version, since)
        left = since + self._void_after - self._clock()
        if left > 0:
            return left
        with contextlib.suppress(errors.Conflict, errors.NotFound):
            where = {"namespace": self._namespace, "uid": uid, "version": version}
            await self._kube.delete(resources.TENANT_LEDGERS, name, **where)
            log.info("ledger_of_nobody_deleted", tenant=name)
        return None
