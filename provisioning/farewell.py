"""What a tenant is asked before it goes: to give back its load balancers and volumes, as long as it still answers.

Then the cloud controller manager and the CSI controller clean up themselves, in their own order. It is a courtesy:
whatever a tenant does not give back in time, or cannot because it does not answer or sleeps, is swept up afterwards by
its label. So no cluster is woken for this, and no tenant is waited for that is silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from provisioning import access, errors, names, resources
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.probe import NOT_YET, Answer

log = structlog.get_logger()

PATIENCE: Final = timedelta(seconds=60)
"""For so long after the deletion was asked for the tenant may give back what it holds."""
TIMEOUT: Final = 5.0
"""Seconds that one look may take; a tenant that hangs costs one of them."""


class Asks(Protocol):
    """What is needed of `Probe`: the last answer of a tenant's API server, at once."""

    def answer(self, key: Key, *, nodes: int) -> Answer: ...


class Farewell:
    """`act` takes the next step with one tenant. `probe` is None where tenants are not to be asked."""

    def __init__(
        self, kube: Kube, *, probe: Asks | None, now: Callable[[], datetime], timeout: float = TIMEOUT
    ) -> None:
        self._kube = kube
        self._probe = probe
        self._now = now
        self._timeout = timeout

    async def act(self, cluster: Key, control_plane: Manifest | None, *, asked: datetime) -> str:
        """What the tenant is still giving back, in plain words; empty when it is not waited for (any more).

        `asked`: when the deletion of the cluster was asked for.
        """
        up = ((control_plane or {}).get("status") or {}).get("ready") is True
        if self._probe is None or not up or self._now() - asked >= PATIENCE:
            return ""
        answer = self._probe.answer(cluster, nodes=0)
        if answer == NOT_YET:
            return "whether the tenant answers is being found out"
        if answer.obstacle:
            log.info("farewell_skipped", namespace=cluster[0], name=cluster[1], why=answer.obstacle)
            return ""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask(cluster)
        except (errors.KubeError, access.UnusableKubeconfig, TimeoutError) as error:
            log.info("farewell_failed", namespace=cluster[0], name=cluster[1], why=str(error) or "no answer in time")
            return ""

    async def _ask(self, cluster: Key) -> str:
        namespace, name = cluster
        secret = await self._kube.get(resources.SECRETS, names.kubeconfig_secret(name), namespace=namespace)
        async with access.of_secret(secret).connect() as tenant:
            services = [m for m in (await tenant.list(resources.SERVICES)).items if _is_load_balancer(m)]
            claims = (await tenant.list(resources.PERSISTENT_VOLUME_CLAIMS)).items
            for kind, found in ((resources.SERVICES, services), (resources.PERSISTENT_VOLUME_CLAIMS, claims)):
                for manifest in found:
                    meta = manifest["metadata"]
                    if "deletionTimestamp" not in meta:
                        with suppress(errors.NotFound, errors.Conflict):
                            await tenant.delete(kind, meta["name"], namespace=meta["namespace"], uid=meta["uid"])
        left = [_count(found, what) for found, what in ((services, "load balancer"), (claims, "volume")) if found]
        return f"the tenant gives back {' and '.join(left)}" if left else ""


def _count(found: list[Manifest], what: str) -> str:
    return f"{len(found)} {what}{'s' * (len(found) > 1)}"


def _is_load_balancer(service: Manifest) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")
