"""The canary: a wish that our webhook must refuse, tried every few minutes as a dry run.

While nobody refuses it no quota holds, so nobody should approve (Kubermatic's quota webhook once answered 404, and
clusters above their quota came up: kubermatic/kubermatic#10716). Nothing is ever created by it, and it needs no tenant:
in a namespace that is nobody's a TenantCluster is refused, and should it be a tenant's, this one is above any quota.
What must never live here: who is told, and in which words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from provisioning import errors, names
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import ClusterSpec, NodePool
from provisioning.resources import GROUP, TENANT_CLUSTERS
from provisioning.trouble import Trouble

log = structlog.get_logger()

EVERY_SECONDS: Final = 300.0
AGAIN_SECONDS: Final = 5.0
"""Between two tries while it is not refused."""
PATIENCE: Final = timedelta(minutes=15)
"""So long an API server may be out of reach before it counts: a short outage holds up everything anyway."""
SEEN_BY: Final = f'{GROUP}" denied the request'
"""How the API server passes on what our webhook, and not RBAC, refused."""


def wish(namespace: str) -> Manifest:
    """A cluster that nobody may have: a thousand workers, of a flavor that is not on offer."""
    pool = NodePool(name="canary", flavor="canary", replicas=1000)
    return {
        "apiVersion": TENANT_CLUSTERS.api_version,
        "kind": TENANT_CLUSTERS.kind,
        "metadata": {"name": "canary", "namespace": namespace, "annotations": {names.PREVIEW_ANNOTATION: "true"}},
        "spec": ClusterSpec(pools=(pool,)).wire(),
    }


def is_refused(error: errors.KubeError) -> bool:
    """Whether it was our webhook that refused it."""
    return isinstance(error, errors.Forbidden | errors.Invalid) and SEEN_BY in error.message


class Canary:
    """`namespace` is where the wish is tried; empty turns it off, and then there is never trouble. `told` hears after
    each try whether quotas can be relied on."""

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        told: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._now = now
        self._told = told
        self._refused_at = now()
        self._taken = False
        self._refused = False
        """Whether it was refused at all since we started: before that, nobody knows that all is well."""
        self._listeners: set[asyncio.Event] = set()

    def trouble(self) -> Trouble | None:
        """Why quotas cannot be relied on, as far as is known by now."""
        if not self._namespace:
            return None
        if self._taken:
            return Trouble.TAKEN
        return Trouble.SILENT if self._now() - self._refused_at > PATIENCE else None

    async def run(self) -> None:
        """Try it again and again. Ends only by cancellation, or at once when it is turned off."""
        if not self._namespace:
            return
        while True:
            wait = await self.look()
            await asyncio.sleep(wait)

    async def look(self) -> float:
        """Try it once; the seconds until the next time."""
        try:
            await self._kube.create(TENANT_CLUSTERS, wish(self._namespace), dry_run=True)
        except errors.KubeError as error:
            refused = is_refused(error)
            # That it was taken stays so until it is refused: silence proves nothing.
            self._taken = self._taken and not refused
            self._refused = self._refused or refused
            if refused:
                self._refused_at = self._now()
            else:
                log.warning("canary_not_answered", why=error.message)
        else:
            refused, self._taken = False, True
            log.error("canary_taken", namespace=self._namespace)
        self._told(self.trouble() is None)
        for looked in self._listeners:
            looked.set()
        return EVERY_SECONDS if refused else AGAIN_SECONDS

    async def troubles(self) -> AsyncIterator[Trouble | None]:
        """The trouble there is, once that is known, and then each time that this changes."""
        looked = asyncio.Event()
        self._listeners.add(looked)
        told: list[Trouble | None] = []
        try:
            while True:
                if self._is_known() and (found := self.trouble()) not in told:
                    told = [found]
                    yield found
                await looked.wait()
                looked.clear()
        finally:
            self._listeners.discard(looked)

    def _is_known(self) -> bool:
        return not self._namespace or self._refused or self.trouble() is not None
