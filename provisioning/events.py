"""What `kubectl describe` tells of a cluster's past: which changes are worth an Event, and the writing of them.

An Event tells of a change, never of a look. The same one again is counted in the series of the first, as the API has
it. Nothing depends on Events: one that cannot be written is lost, and that is all.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from provisioning import errors, names, resources, steps
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import ClusterSpec, ClusterStatus, Condition, StepState
from provisioning.model import conditions as conditions_of
from provisioning.objects import Meta, parse_time
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


@dataclass(frozen=True)
class News:
    """One change. `reason` is a word for machines, `action` what was done, `note` a sentence for people."""

    reason: str
    note: str
    action: str = "Reconcile"
    warning: bool = False


def of_change(before: ClusterStatus, after: ClusterStatus) -> Iterator[News]:
    """What is new between two statuses that follow one another."""
    yield from _steps(before, after)
    for type_, tell in _TELLING.items():
        was, is_ = conditions_of.find(before.conditions, type_), conditions_of.find(after.conditions, type_)
        yield from tell(was, is_, after)


def of_delivery(restored: Iterable[str], pruned: Iterable[str]) -> Iterator[News]:
    """What was done beside bringing about what is asked for: `restored` and `pruned` are kinds and names."""
    for what in restored:
        yield News("DriftPutRight", f"{what} had been changed by somebody else, and is again as it should be", "Apply")
    for what in pruned:
        yield News("Pruned", f"{what} is not needed any more, and was deleted", "Prune")


def of_failed_lifetime(request: str, spec: ClusterSpec, why: str) -> News:
    """Another end was approved by this request and could not be written; `spec` is the cluster's, with the old one."""
    kept = f"its lifetime stays {spec.lifetime}" if spec.lifetime else "it has no end, as before"
    note = f"{kept}: what {request} asked for could not be written ({why}); ask for another lifetime"
    return News("LifetimeFailed", note, "Extend", warning=True)


def _steps(before: ClusterStatus, after: ClusterStatus) -> Iterator[News]:
    states = {step.name: step.state for step in before.steps}
    for step in after.steps:
        if step.state is states.get(step.name):
            continue
        if step.state is StepState.DONE:
            took = parse_time(step.ended_at or "") - parse_time(step.started_at or "")
            yield News(steps.word(step), f"{step.name}: done after {took}")
        elif step.state is StepState.FAILED:
            advice = f"; what to do: {step.hint}" if step.hint else ""
            yield News(steps.word(step), f"{step.name}: {step.message}{advice}", warning=True)


def _ready(was: Condition | None, is_: Condition | None, after: ClusterStatus) -> Iterator[News]:
    if is_ is None:
        return
    if is_.reason == "Deleting" and (was is None or was.reason != "Deleting"):
        yield News("Deleting", is_.message, "Delete")
    elif is_.status == "True" and (was is None or was.status != "True"):
        yield News("Ready", f"the cluster is ready at {after.endpoint}" if after.endpoint else "the cluster is ready")
    elif is_.status == "False" and was is not None and was.status == "True" and is_.reason != "Hibernated":
        yield News("NotReady", f"the cluster is not ready any more: {is_.message}")


def _stalled(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    """Failed steps tell of themselves; a refusal again whenever it is another."""
    if is_ is None or is_.status != "True" or is_.reason.endswith(StepState.FAILED.value):
        return
    told = was is not None and was.status == "True" and was.reason == is_.reason
    if not told or (is_.reason == "Refused" and was is not None and was.message != is_.message):
        yield News(is_.reason if is_.reason == "Refused" else "Stalled", is_.message, warning=True)


def _hibernated(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is None or (was is not None and was.status == is_.status):
        return
    if is_.status == "True":
        yield News("Hibernated", f"the cluster is asleep: {is_.message}", "Hibernate")
    elif is_.status == "Unknown" and is_.reason == "Waking":
        yield News("Waking", "the cluster is waking", "Wake")
    elif is_.status == "Unknown":
        yield News("FallingAsleep", f"the cluster is going to sleep: {is_.message}", "Hibernate")


def _expiring(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is not None and is_.status == "True" and (was is None or was.message != is_.message):
        yield News("Expiring", is_.message, "Expire", warning=True)


def _paused(was: Condition | None, is_: Condition | None, _: ClusterStatus) -> Iterator[News]:
    if is_ is not None and was is None:
        yield News("Paused", "nothing is applied or pruned from now on", "Pause")
    elif is_ is None and was is not None:
        yield News("Resumed", "what should be there is applied again", "Resume")


_TELLING: Final = {
    "Ready": _ready,
    "Stalled": _stalled,
    "Hibernated": _hibernated,
    "Expiring": _expiring,
    "Paused": _paused,
}


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
