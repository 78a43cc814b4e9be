"""What happened to a cluster and its parts, as Events tell: which are about it, and the latest of those. Pure.

An Event names what it is about and says neither whose that is nor who made it. Whose it is, names tell: all that is
made for a cluster is called after it. That is ambiguous where the names of two clusters begin alike, so of those that
fit the longest counts; and machines, which people call as they like, are called after a MachineDeployment whose label
says whose it is. The words are those of whoever wrote the Event, on one line and without anything secret.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from provisioning import plain, resources
from provisioning.errors import MalformedTime
from provisioning.manifest import Manifest
from provisioning.objects import parse_time

TOLD: Final = 10
"""At most so many are told of."""

_MADE_FOR: Final = ("virt-launcher-", "importer-")
"""What KubeVirt and its importer put before the name of a machine or a disk, in that of the Pod that they make for it:
what finds no room is such a Pod."""
_OF_POOLS: Final = frozenset(
    {
        resources.MACHINE_DEPLOYMENTS.kind,
        resources.MACHINE_SETS.kind,
        resources.MACHINES.kind,
        resources.KUBEVIRT_MACHINES.kind,
        resources.KUBEADM_CONFIGS.kind,
        resources.VIRTUAL_MACHINES.kind,
        resources.VIRTUAL_MACHINE_INSTANCES.kind,
        resources.DATA_VOLUMES.kind,
    }
)
"""What is made for a MachineDeployment, itself included."""


@dataclass(frozen=True)
class Happening:
    """An Event: about which object, when last, and how often."""

    kind: str
    name: str
    reason: str
    note: str
    at: datetime
    times: int
    warning: bool


@dataclass(frozen=True)
class Whose:
    """By which names a cluster's Events are known: its own, those of the other clusters of the namespace, and those of
    its MachineDeployments, None where nobody lets us look at them."""

    cluster: str
    others: Collection[str] = ()
    pools: Collection[str] | None = None

    def has(self, event: Manifest) -> bool:
        """Whether it is about the cluster, or what is made for it."""
        about = event.get("regarding") or {}
        full = str(about.get("name", ""))
        name = full
        for made in _MADE_FOR:
            name = name.removeprefix(made)
        owner = self._longest(name)
        if self.pools is not None and (name != full or about.get("kind") in _OF_POOLS):
            return owner in self.pools
        return owner == self.cluster or owner in (self.pools or ())

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset((self.cluster, *self.others, *(self.pools or ())))

    def _longest(self, name: str) -> str:
        """The longest known name that this one is, or begins with before a dash. There may be thousands of both."""
        while name and name not in self._known:
            name = name.rpartition("-")[0]
        return name


def latest(events: Iterable[Manifest], whose: Whose) -> list[Manifest]:
    """Those about the cluster that happened last, at most so many as are told of, the latest first."""
    timed = ((at, event) for event in events if whose.has(event) and (at := _at(event)) is not None)
    return [event for _, event in heapq.nlargest(TOLD, timed, key=lambda it: it[0])]


def read(event: Manifest) -> Happening | None:
    """What an Event tells; None for one of no time."""
    about, at, series = event.get("regarding") or {}, _at(event), event.get("series") or {}
    if at is None:
        return None
    return Happening(
        kind=plain.harmless(str(about.get("kind") or "")),
        name=plain.harmless(str(about.get("name") or "")),
        reason=plain.harmless(str(event.get("reason") or "")),
        note=plain.harmless(str(event.get("note") or "")),
        at=at,
        times=int(series.get("count") or event.get("deprecatedCount") or 1),
        warning=event.get("type") == "Warning",
    )


def _at(event: Manifest) -> datetime | None:
    """When it happened last; None when nobody says."""
    moments = (
        (event.get("series") or {}).get("lastObservedTime"),
        event.get("deprecatedLastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp"),
    )
    return next((at for each in moments if (at := moment(each)) is not None), None)


def moment(written: object) -> datetime | None:
    """What somebody wrote as a moment; None where it is none."""
    try:
        return parse_time(str(written)) if written else None
    except MalformedTime:
        return None
