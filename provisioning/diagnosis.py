"""What keeps a cluster, from its objects and their Events: which of them is not as it should be, since when, and why.

The deepest come first: what is above them only waits for them. The words are those of whoever wrote the condition or
the Event, on one line and without anything secret. What a step makes of it, in our own words, is `obstacles`'. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from provisioning import obstacles, plain, resources
from provisioning.errors import MalformedTime
from provisioning.manifest import Manifest
from provisioning.objects import parse_time

KINDS: Final = (
    resources.KUBEVIRT_MACHINES,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINES,
    resources.MACHINE_DEPLOYMENTS,
    resources.CLUSTERS,
)
"""What is looked at, the deepest first. No charts, and nothing else that may hold somebody's values: whoever looks sees
the whole object. Of those the Events tell."""
FINDINGS: Final = 8
HAPPENINGS: Final = 10
"""At most so many are told of."""

_DEPTH: Final = {kind.kind: depth for depth, kind in enumerate(KINDS)}
_WRONG_WHEN_TRUE: Final = frozenset({"Stalled", "ReplicaFailure"})
_SAYS_NOTHING: Final = frozenset(
    {"Deleting", "Paused", "Remediating", "RollingOut", "ScalingUp", "ScalingDown", "Reconciling", "Progressing"}
)
"""Conditions that are False while all is well."""
_MADE_FOR: Final = ("virt-launcher-", "importer-")
"""What KubeVirt and its importer put before the name of a machine or a disk, in that of the Pod that they make for it:
what finds no room is such a Pod."""
_SUMMARIES: Final = frozenset({"Ready", "Available"})
"""They say that something is wrong; what that is, another condition says, where there is one."""


@dataclass(frozen=True)
class Finding:
    """An object that is not as it should be: by which condition, which `holds` and should not, or the other way, and
    since when; None when nobody says."""

    kind: str
    name: str
    condition: str
    reason: str
    message: str
    since: datetime | None
    holds: bool = False


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
class Diagnosis:
    """`more` of each is how many are not told of. `unseen` are kinds that nobody lets us look at."""

    findings: tuple[Finding, ...] = ()
    more_findings: int = 0
    happenings: tuple[Happening, ...] = ()
    unseen: tuple[str, ...] = ()


def of(
    manifests: Iterable[Manifest],
    events: Iterable[Manifest],
    *,
    cluster: str,
    others: Collection[str] = (),
    unseen: Iterable[str] = (),
) -> Diagnosis:
    """`manifests` are those that carry the cluster's label, `events` all of its namespace, `others` the other clusters
    in there."""
    found = sorted(filter(None, map(_finding, manifests)), key=lambda it: (_DEPTH.get(it.kind, len(_DEPTH)), it.name))
    told = sorted(_happenings(events, cluster, others), key=lambda it: it.at, reverse=True)
    return Diagnosis(
        findings=tuple(found[:FINDINGS]),
        more_findings=max(0, len(found) - FINDINGS),
        happenings=tuple(told[:HAPPENINGS]),
        unseen=tuple(unseen),
    )


def _finding(manifest: Manifest) -> Finding | None:
    """By the condition that says the most; None when all is well."""
    wrong = [it for type_, it in obstacles.conditions(manifest).items() if _is_wrong(type_, it)]
    if not wrong:
        return None
    worst = min(wrong, key=lambda it: (it["type"] in _SUMMARIES, not it.get("message")))
    return Finding(
        kind=manifest["kind"],
        name=manifest["metadata"]["name"],
        condition=worst["type"],
        reason=_words(worst.get("reason")),
        message=_words(worst.get("message")),
        since=_moment(worst.get("lastTransitionTime")),
        holds=worst["type"] in _WRONG_WHEN_TRUE,
    )


def _is_wrong(type_: str, condition: Mapping[str, Any]) -> bool:
    if type_ in _WRONG_WHEN_TRUE:
        return condition.get("status") == "True"
    return type_ not in _SAYS_NOTHING and condition.get("status") == "False"


def _happenings(events: Iterable[Manifest], cluster: str, others: Collection[str]) -> Iterator[Happening]:
    for event in events:
        about = event.get("regarding") or {}
        at = _moment((event.get("series") or {}).get("lastObservedTime")) or _moment(
            event.get("deprecatedLastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
        )
        if at is None or not _is_of(str(about.get("name", "")), cluster, others):
            continue
        yield Happening(
            kind=_words(about.get("kind")),
            name=_words(about.get("name")),
            reason=_words(event.get("reason")),
            note=_words(event.get("note")),
            at=at,
            times=int((event.get("series") or {}).get("count") or event.get("deprecatedCount") or 1),
            warning=event.get("type") == "Warning",
        )


def _is_of(name: str, cluster: str, others: Collection[str]) -> bool:
    """Whether an object of this name is the cluster's: all that is made for it is called after it. Of two clusters of
    which one is called as the other begins, it is the one's with the longer name."""
    for made in _MADE_FOR:
        name = name.removeprefix(made)
    mine = [it for it in (cluster, *others) if name == it or name.startswith(f"{it}-")]
    return max(mine, key=len, default="") == cluster


def _words(written: object) -> str:
    return plain.harmless(str(written or ""))


def _moment(written: object) -> datetime | None:
    try:
        return parse_time(str(written)) if written else None
    except MalformedTime:
        return None
