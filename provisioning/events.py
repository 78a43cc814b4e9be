"""Writes what `kubectl describe` tells of an object's past. What is worth telling is `news`'s.

The same Event again is counted in the series of the first, as the API has it. Nothing depends on Events: one that
cannot be written is lost, and that is all.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from provisioning import errors, names, resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.news import News
from provisioning.objects import Meta
from provisioning.resources import Resource

log = structlog.get_logger()

CONTROLLER: Final = f"{resources.GROUP}/provisioner"
NOTE_MAX: Final = 1024
"""The API server takes no longer note."""
QUIET: Final = 60.0
"""Seconds in which the same Event is not written again: a quarrel with another controller must not fill the store."""
REMEMBERED: Final = 4096
CLUSTER_WIDE: Final = "default"
"""Where Events of objects without a namespace are, as `kubectl describe` looks for them."""
TIMEOUT: Final = 5.0


class Named(Protocol):
    """Whom an Event is about: any object of ours or somebody else's."""

    @property
    def meta(self) -> Meta: ...


class Recorder:
    """Writes Events. `instance` tells replicas apart, `controller` whose they are."""

    def __init__(
        self,
        kube: Kube,
        *,
        now: Callable[[], datetime],
        instance: str = "provisioner",
        controller: str = CONTROLLER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._now = now
        self._instance = instance
        self._controller = controller
        self._clock = clock
        self._told: OrderedDict[str, float] = OrderedDict()

    async def tell(self, it: Named, news: Iterable[News], *, kind: Resource = resources.TENANT_CLUSTERS) -> None:
        """Write these, each at most once in a while. Never raises for an API server that does not take them."""
        fresh = [event for one in news if self._is_due((event := self._event(it.meta, one, kind))["metadata"]["name"])]
        try:
            async with asyncio.timeout(TIMEOUT):
                await asyncio.gather(*map(self._write, fresh))
        except (errors.KubeError, TimeoutError) as error:
            log.warning("event_lost", namespace=it.meta.namespace, name=it.meta.name, why=str(error))

    async def _write(self, event: Manifest) -> None:
        """A name stands for what is told; when it is there, it is told again."""
        try:
            await self._kube.create(resources.EVENTS, event)
        except errors.AlreadyExists:
            meta = event["metadata"]
            first = await self._kube.get(resources.EVENTS, meta["name"], namespace=meta["namespace"])
            times = (first.get("series") or {"count": 1})["count"] + 1
            series = {"series": {"count": times, "lastObservedTime": event["eventTime"]}}
            await self._kube.merge(resources.EVENTS, meta["name"], series, namespace=meta["namespace"])

    def _is_due(self, name: str) -> bool:
        last = self._told.pop(name, None)
        due = last is None or self._clock() - last >= QUIET
        self._told[name] = self._clock() if due or last is None else last
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return due

    def _event(self, meta: Meta, news: News, kind: Resource) -> Manifest:
        told = names.content_hash([meta.uid, news.reason, news.note])
        return {
            "apiVersion": resources.EVENTS.api_version,
            "kind": resources.EVENTS.kind,
            "metadata": {"name": f"{meta.name}.{told}", "namespace": meta.namespace or CLUSTER_WIDE},
            "eventTime": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": "Warning" if news.warning else "Normal",
            "reason": news.reason,
            "action": news.action,
            "note": news.note[:NOTE_MAX],
            "regarding": {
                "apiVersion": kind.api_version,
                "kind": kind.kind,
                "namespace": meta.namespace,
                "name": meta.name,
                "uid": meta.uid,
            },
            "reportingController": self._controller,
            "reportingInstance": self._instance,
        }
