"""Looks into tenants for what an upgrade may run into: seldom, briefly, and at once when somebody asks for an upgrade.

Reading only, and bounded: one page of PodDisruptionBudgets, and the API server's own metrics, which are some megabytes.
What it makes of them is `precheck`'s. Whoever knows that a tenant answers, and how to get in, has it look (`probe`),
and never waits for that: a tenant that hangs costs a place in a queue of its own kind only.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from provisioning import errors, precheck
from provisioning.access import Access, UnusableKubeconfig
from provisioning.background import Background
from provisioning.kube import Kube
from provisioning.manifest import Key
from provisioning.model import DeprecatedApi, Precheck
from provisioning.resources import POD_DISRUPTION_BUDGETS

log = structlog.get_logger()

BUDGETS_READ: Final = 500
BUDGETS, APIS = "PodDisruptionBudgets", "deprecated APIs"
"""What is looked at, as people read it where it could not be."""


@dataclass(frozen=True)
class Pace:
    """Seconds: `rest` between two looks at a tenant, `timeout` for each of its two answers. `memory` is how long what
    one API server said is believed: there may be several behind one address, and each knows only what it was asked."""

    rest: float = 3600.0
    timeout: float = 5.0
    memory: float = 24 * 3600.0
    at_once: int = 2


@dataclass
class _Known:
    """`wish` is what asked for an upgrade last. `looked_at` is None while a look is asked for: by a wish, or because
    nobody has looked yet. `apis` are those that were told of, and when last."""

    found: Precheck | None = None
    wish: tuple[str, ...] = ()
    looked_at: float | None = None
    apis: dict[DeprecatedApi, float] = field(default_factory=dict)
    hung: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def is_asked_for(self) -> bool:
        return self.looked_at is None

    def is_due(self, rest: float) -> bool:
        """Whether to look now: it is asked for, or the last look is `rest` seconds ago."""
        return self.looked_at is None or time.monotonic() - self.looked_at >= rest


class Prechecker(Background[_Known]):
    """Looks in the background. `changed` is called with the key where there is something to note."""

    def __init__(
        self, *, changed: Callable[[Key], None], now: Callable[[], datetime], pace: Pace | None = None
    ) -> None:
        self._pace = pace or Pace()
        super().__init__(at_once=self._pace.at_once)
        self._changed = changed
        self._now = now

    def found(self, key: Key, *, noted: Precheck | None = None, wish: tuple[str, ...] = ()) -> Precheck | None:
        """What was found last; None where nobody has looked yet. From now on it is looked into.

        `noted` is what an earlier leader has found, `wish` whatever asks for an upgrade now: when it is another, the
        next look is due at once.
        """
        if key not in self._known:
            # A fresh leader does not look into all of them at once: that was done of late.
            rested = random.random() * self._pace.rest  # noqa: S311 - no secret
            whole = noted is not None and not noted.unseen
            moment = time.monotonic()
            apis = dict.fromkeys(noted.apis if noted is not None else (), moment)
            self._known[key] = _Known(noted, looked_at=moment - rested if whole else None, apis=apis)
        known = self._known[key]
        if wish and wish != known.wish:
            known.looked_at = None
        known.wish = wish
        return known.found

    def look(self, key: Key, access: Access) -> None:
        """Begin to look into a tenant that answers, if a look is due."""
        known = self._known.get(key)
        if known is None:
            return
        if known.is_due(self._pace.rest) and (known.task is None or known.task.done()):
            known.task = asyncio.ensure_future(self._look(key, access, known))

    async def _look(self, key: Key, access: Access, known: _Known) -> None:
        while True:
            async with self._turn(hangs=known.hung):
                is_asked_for, known.looked_at = known.is_asked_for, time.monotonic()
                found = await self._read(access, known)
            if is_asked_for or precheck.is_news(found, known.found):
                log.info("tenant_prechecked", namespace=key[0], cluster=key[1], unseen=found.unseen or None)
                known.found = found
                self._changed(key)
            if not known.is_asked_for:
                break  # Nobody has asked for another look meanwhile.

    async def _read(self, access: Access, known: _Known) -> Precheck:
        """What can be read, and why the rest cannot."""
        said: dict[str, Any] = {}
        unseen, known.hung = [], False
        for what, read in ((BUDGETS, _budgets), (APIS, _metrics)):
            try:
                async with asyncio.timeout(self._pace.timeout), access.connect() as tenant:
                    said[what], missing = await read(tenant)
                    unseen += [f"{what}: {missing}"] if missing else []
            except errors.Forbidden:
                unseen.append(f"{what}: its API server refuses")
            except (errors.KubeError, UnusableKubeconfig, TimeoutError) as error:
                unseen.append(f"{what}: its API server does not tell")
                known.hung = known.hung or isinstance(error, TimeoutError)
        moment = time.monotonic()
        known.apis = {api: at for api, at in known.apis.items() if moment - at < self._pace.memory}
        known.apis |= dict.fromkeys(said.get(APIS, ()), moment)
        return precheck.of(at=self._now(), budgets=said.get(BUDGETS, []), apis=known.apis, unseen=tuple(unseen))


async def _budgets(tenant: Kube) -> tuple[Any, str]:
    page = await tenant.call("GET", POD_DISRUPTION_BUDGETS.path(), query={"limit": BUDGETS_READ})
    missing = f"only the first {BUDGETS_READ} were read" if page["metadata"].get("continue") else ""
    return precheck.holding(page.get("items") or ()), missing


async def _metrics(tenant: Kube) -> tuple[Any, str]:
    return precheck.deprecated(await tenant.text("/metrics")), ""
