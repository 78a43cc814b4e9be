"""One leader among replicas, by a Lease of `coordination.k8s.io`.

Clocks of two machines are never compared: a lease is over when its record has not changed for its duration by our own
monotonic clock. A leader that cannot renew stops its work before anybody else may start: the deadline to renew is
shorter than the duration, and the work is cancelled before the lease is given back.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog

from provisioning import errors, metrics
from provisioning.manifest import Manifest
from provisioning.resources import LEASES, Resource

log = structlog.get_logger()

Payload = Callable[[], Awaitable[None]]

RELEASE_SECONDS: Final = 2.0
"""For which whoever leaves tries to give the lease back."""


@dataclass(frozen=True)
class Terms:
    """Seconds: how long a lease lasts, by when the leader must have renewed it, and between two tries."""

    duration: float = 15.0
    renew: float = 10.0
    retry: float = 2.0


class Leases(Protocol):
    """What an elector needs of `Kube`."""

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None: ...

    async def create(self, resource: Resource, body: Manifest, *, dry_run: bool = False) -> Manifest: ...

    async def replace(
        self, resource: Resource, body: Manifest, *, subresource: str = "", dry_run: bool = False
    ) -> Manifest: ...


def identity(host: str) -> str:
    """A name of this process: a restarted container keeps its host name and must not take itself for the leader."""
    return f"{host}_{secrets.token_hex(4)}"


class Elector:
    """Waits for the lease `name`, works while it holds it, gives it back."""

    def __init__(self, leases: Leases, *, name: str, namespace: str, identity: str, terms: Terms | None = None) -> None:
        self._leases = leases
        self._name = name
        self._namespace = namespace
        self._identity = identity
        self._terms = terms or Terms()
        self._held: Manifest | None = None
        self._seen = ""
        self._seen_at = 0.0

    async def run(self, payload: Payload) -> None:
        """Work on `payload` whenever this process leads, for ever, or until the payload ends by itself.

        A payload that raises gives the lease back and climbs. Cancelling this cancels the payload first.
        """
        while True:
            renewed = await self._acquire()
            log.info("lease_taken", lease=self._name, identity=self._identity)
            metrics.LEADER.labels(self._name).set(1)
            work = asyncio.ensure_future(payload())
            try:
                await self._keep(work, renewed)
                if work.done():
                    return work.result()
                log.error("lease_lost", lease=self._name, identity=self._identity)
            finally:
                await _stop(work)
                metrics.LEADER.labels(self._name).set(0)
                await self._release()

    async def _acquire(self) -> float:
        """Wait until the lease is ours; the moment (monotonic) at which it began."""
        trouble = ""
        while True:
            asked = time.monotonic()
            try:
                async with asyncio.timeout(self._terms.renew):
                    self._held = await self._try()
                trouble = ""
            except (errors.KubeError, TimeoutError) as error:
                # Every error is a reason to try again: nobody leads because we could not ask.
                if str(error) != trouble and not isinstance(error, errors.Conflict):
                    log.warning("lease_not_asked_for", lease=self._name, why=str(error) or "no answer in time")
                trouble = str(error)
            if self._held is not None:
                return asked
            await asyncio.sleep(self._terms.retry * (1 + random.random() / 5))  # noqa: S311 - jitter, no secret

    async def _try(self) -> Manifest | None:
        present = await self._leases.find(LEASES, self._name, namespace=self._namespace)
        if present is None:
            meta = {"name": self._name, "namespace": self._namespace}
            wanted = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": meta, "spec": self._spec({})}
            return await self._leases.create(LEASES, wanted)
        spec = present.get("spec") or {}
        if spec.get("holderIdentity") not in ("", None, self._identity) and not self._over(present, spec):
            return None
        return await self._leases.replace(LEASES, {**present, "spec": self._spec(spec)})

    def _over(self, lease: Manifest, spec: Manifest) -> bool:
        """Whether the record has stood still for its duration, since we first saw it like this."""
        # Counted from the answer, not from the question: it may have been renewed while a slow server thought.
        version, now = lease["metadata"]["resourceVersion"], time.monotonic()
        if version != self._seen:
            self._seen, self._seen_at = version, now
        return now - self._seen_at >= (spec.get("leaseDurationSeconds") or self._terms.duration)

    async def _keep(self, work: asyncio.Future[None], renewed: float) -> None:
        """Renew until the work ends, or the deadline passes without success."""
        while True:
            await asyncio.wait({work}, timeout=self._terms.retry)
            if work.done():
                return
            left = renewed + self._terms.renew - time.monotonic()
            if left <= 0:
                return
            asked = time.monotonic()
            try:
                async with asyncio.timeout(left):
                    if not await self._renew():
                        return
                renewed = asked
            except (errors.KubeError, TimeoutError) as error:
                log.warning("lease_not_renewed", lease=self._name, why=str(error), seconds_left=round(left, 1))

    async def _renew(self) -> bool:
        """Write the record again; False when somebody else holds it."""
        held = self._held
        if held is None:
            return False
        try:
            self._held = await self._leases.replace(LEASES, {**held, "spec": self._spec(held["spec"])})
        except errors.Conflict:
            # Our own write whose answer was lost, somebody's annotation, or another leader: look.
            present = await self._leases.find(LEASES, self._name, namespace=self._namespace)
            if present is None or present["spec"].get("holderIdentity") != self._identity:
                self._held = None
                return False
            self._held = await self._leases.replace(LEASES, {**present, "spec": self._spec(present["spec"])})
        return True

    async def _release(self) -> None:
        """Give the lease back, so that the next leader need not wait. Failing to is no harm: it runs out."""
        held, self._held = self._held, None
        if held is None:
            return
        with suppress(errors.KubeError, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                try:
                    await self._give_back(held)
                except errors.Conflict:
                    # A renewal that was cut off has reached the server all the same.
                    present = await self._leases.find(LEASES, self._name, namespace=self._namespace)
                    if present is not None and present["spec"].get("holderIdentity") == self._identity:
                        await self._give_back(present)
            log.info("lease_released", lease=self._name, identity=self._identity)

    async def _give_back(self, held: Manifest) -> None:
        spec = {**held["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        await self._leases.replace(LEASES, {**held, "spec": spec})

    def _spec(self, before: Manifest) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        mine = before.get("holderIdentity") == self._identity
        return {
            **before,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._terms.duration)),
            "acquireTime": before.get("acquireTime", now) if mine else now,
            "renewTime": now,
            "leaseTransitions": before.get("leaseTransitions", -1) + (0 if mine else 1),
        }


async def _stop(work: asyncio.Future[None]) -> None:
    """Cancel and wait, even when we are being cancelled ourselves: no two leaders."""
    work.cancel()
    await asyncio.wait({work})
