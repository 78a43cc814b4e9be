"""The keeper: reads the world, asks `rotation.plan`, acts, and looks again. Level-triggered; any replica may act.

It remembers only what it alone can know: the leaf it serves, and since when it has seen every verifier hold the
bundle. Losing a compare-and-swap is an answer ("somebody did it"), not an error. It never decides anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import stamina
import structlog

from certs import authority, bundle, errors, injection, metrics, rotation, serving
from certs.authority import Leaf
from certs.bundle import Bundle
from certs.injection import Target
from certs.ports import Snapshot, Store

PERIOD = timedelta(seconds=10)
"""Between two looks: how long a webhook configuration that somebody replaced may stay without its caBundle."""
PATIENCE = 60.0
"""Seconds `context` waits for an API server that does not answer before it gives up."""
_WRITES_A_LOOK = 8
"""A look makes at most this many writes to the Secret; more means that somebody fights us."""

_AFTER_CONFLICT = (0.1, 0.5)
"""Seconds, from and to, before looking again when somebody else was first."""

log = structlog.get_logger()


class Keeper:
    """A `Source` that is its own authority, kept in a Secret which all replicas share.

    `hosts` are the DNS names and addresses under which this replica is called. `monotonic` gives seconds that
    never jump; the time of day comes from the store.
    """

    def __init__(
        self,
        store: Store,
        *,
        hosts: Sequence[str],
        period: timedelta = PERIOD,
        leaf_life: timedelta = authority.LEAF_LIFE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._hosts = tuple(hosts)
        self._period = period
        self._leaf_life = leaf_life
        self._monotonic = monotonic
        self._live = serving.Live()
        self._leaf: Leaf | None = None
        self._settled: tuple[bytes, float] | None = None
        self._reached = False

    @property
    def leaf(self) -> Leaf | None:
        """What is served now."""
        return self._leaf

    async def context(self) -> ssl.SSLContext:
        """A live context that serves a leaf. Raises `StoreError` when the API server stays silent for a minute."""
        async for attempt in stamina.retry_context(
            on=(errors.Unavailable, errors.Conflict), attempts=None, timeout=PATIENCE, wait_max=5.0
        ):
            with attempt:
                await self._first_look()
        return self._live.context

    async def run(self) -> None:
        """Look every `period`, for ever. An API server that does not answer is logged, and asked again."""
        while True:
            pause = self._period.total_seconds()
            try:
                await self.look()
            except errors.Conflict as lost:
                metrics.PASSES.labels("conflict").inc()
                log.info("certificates_changed_meanwhile", detail=str(lost))
                pause = random.uniform(*_AFTER_CONFLICT)  # noqa: S311 - spreads replicas, guards nothing
            except errors.StoreError as error:
                metrics.PASSES.labels("error").inc()
                log.warning("certificates_not_looked_after", error=str(error), kind=type(error).__name__)
            else:
                metrics.PASSES.labels("ok").inc()
            await asyncio.sleep(pause)

    def why_not_ready(self) -> str | None:
        """None when every verifier, as last seen, trusts the leaf that is served."""
        if self._leaf is None:
            return "no certificate has been issued yet"
        if not self._reached:
            return "the caBundle of a webhook configuration does not hold our authority yet"
        return None

    async def look(self) -> None:
        """One look at the world and what follows from it. Raises `StoreError`."""
        # Targets before the Secret: a patch succeeds only on a target unchanged since it was read, so a bundle
        # read after that is at least as new as any that was injected before, and old never replaces new.
        targets = await self._store.targets()
        trusted = await self._settle_bundle(targets)
        self._note_reached(targets)
        await self._inject(trusted, targets)
        self._reached = True

    async def _first_look(self) -> None:
        try:
            await self.look()
        except errors.StoreError:
            # With a leaf we can serve; who is not told about it yet is for `run` and for the readiness probe.
            if self._leaf is None:
                raise

    async def _settle_bundle(self, targets: Sequence[Target]) -> Bundle:
        for _ in range(_WRITES_A_LOOK):
            snapshot = await self._store.read()
            current = _parse(snapshot)
            changed = self._follow(current, targets, now=snapshot.now)
            if changed == current:
                _publish(current, self._leaf)
                return current
            with contextlib.suppress(errors.Conflict):  # another replica was first: see what it did
                await self._store.write(changed.data(), version=snapshot.version)
        raise errors.Conflict("the Secret keeps changing under us")

    def _follow(self, current: Bundle, targets: Sequence[Target], *, now: datetime) -> Bundle:
        """Take the planned steps: serve a new leaf at once, or return the bundle that is to be written."""
        view = rotation.View(current, self._leaf, settled=self._settled_for(current, targets))
        for step in rotation.plan(view, now=now):
            match step:
                case rotation.Renew(reason):
                    self._serve(current, now=now)
                    log.info("leaf_renewed", reason=reason.value, hosts=self._hosts)
                case rotation.Restore(lost):
                    log.warning("authority_restored", fingerprint=lost.fingerprint)
                    return current.restoring(lost)
                case rotation.Announce(reason):
                    log.info("authority_announced", reason=reason.value)
                    return current.adding(authority.found(now=now))
                case rotation.Retire():
                    log.info("authority_took_over")
                    return current.retiring()
                case rotation.Drop():
                    log.info("ended_authorities_dropped")
                    return current.dropping_ended(now)
        return current

    async def _inject(self, trusted: Bundle, targets: Sequence[Target]) -> None:
        failure: errors.StoreError | None = None
        for target in targets:
            operations = injection.patch(target, trusted.pem)
            if not operations:
                continue
            try:
                await self._store.patch(target, operations)
            except errors.StoreError as error:
                # One configuration we may not touch must not keep the others from being told.
                log.warning("ca_bundle_not_injected", path=target.path, error=str(error))
                failure = error
            else:
                log.info("ca_bundle_injected", path=target.path, authorities=len(trusted.authorities))
        if failure is not None:
            raise failure

    def _serve(self, current: Bundle, *, now: datetime) -> None:
        signer = current.signer
        if signer is None:
            raise errors.Malformed("the bundle has no authority that can sign")
        leaf = authority.issue(signer, self._hosts, now=now, life=self._leaf_life)
        self._live.load(leaf.certificate_pem, leaf.key_pem)
        self._leaf = leaf

    def _settled_for(self, current: Bundle, targets: Sequence[Target]) -> timedelta:
        """How long every target has been seen with exactly this bundle, this look included."""
        if not all(injection.holds(target, current.pem) for target in targets):
            self._settled = None
        elif self._settled is None or self._settled[0] != current.pem:
            self._settled = (current.pem, self._monotonic())
        return timedelta(seconds=self._monotonic() - self._settled[1]) if self._settled else timedelta(0)

    def _note_reached(self, targets: Sequence[Target]) -> None:
        issuer = self._leaf.issuer.certificate_pem if self._leaf else b""
        self._reached = all(injection.tells(target, issuer) for target in targets)


def _parse(snapshot: Snapshot) -> Bundle:
    if snapshot.data is None:
        return Bundle()
    try:
        return bundle.parse(snapshot.data)
    except errors.Malformed as error:
        # Somebody edited it by hand. What is served is restored from memory; the rest is made anew.
        log.error("secret_unusable", error=str(error))
        return Bundle()


def _publish(current: Bundle, leaf: Leaf | None) -> None:
    metrics.BUNDLE_SIZE.set(len(current.authorities))
    if current.newest is not None:
        metrics.NOT_AFTER.labels("authority").set(current.newest.ends.timestamp())
    if leaf is not None:
        metrics.NOT_AFTER.labels("leaf").set(leaf.ends.timestamp())
