"""What keeps a cluster, from its objects and their Events: which of them is not as it should be, since when, and why.

The deepest come first: what is above them only waits for them. The words are those of whoever wrote the condition, on
one line and without anything secret. What a step makes of it, in our own words, is `obstacles`', and which Events are
about the cluster, `happenings` says. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from provisioning import happenings, obstacles, plain, resources
from provisioning.happenings import Happening, Whose
from provisioning.manifest import Manifest

KINDS: Final = (
    resources.KUBEVIRT_MACHINES,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINES,
    resources.MACHINE_DEPLOYMENTS,
    resources.CLUSTERS,
)
"""What is looked at, the deepest first. No charts, and nothing else that may hold somebody's values: whoever looks sees
the whole object. Of those the Events tell."""
SYMPTOMS: Final = 8
"""At most so many are told of."""

_DEPTH: Final = {kind.kind: depth for depth, kind in enumerate(KINDS)}
_WRONG_WHEN_TRUE: Final = frozenset({"Stalled", "ReplicaFailure"})
_SAYS_NOTHING: Final = frozenset(
    {"Deleting", "Paused", "Remediating", "RollingOut", "ScalingUp", "ScalingDown", "Reconciling", "Progressing"}
)
"""Conditions that are False while all is well."""
_SUMMARIES: Final = frozenset({"Ready", "Available"})
"""They say that something is wrong; what that is, another condition says, where there is one."""


@dataclass(frozen=True)
class Symptom:
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
class Diagnosis:
    """`more_symptoms` is how many are not told of. `unseen` are kinds that nobody lets us look at. `unread`: whether
    there are more Events than were read, so that later ones may be missing."""

    symptoms: tuple[Symptom, ...] = ()
    more_symptoms: int = 0
    happenings: tuple[Happening, ...] = ()
    unseen: tuple[str, ...] = ()
    unread: bool = False


def whose(
    manifests: Iterable[Manifest], *, cluster: str, others: Collection[str], unseen: Collection[str] = ()
) -> Whose:
    """How its Events are known. `manifests` are those that carry the cluster's label, `others` the other clusters of
    its namespace, whoever made them."""
    kind = resources.MACHINE_DEPLOYMENTS.kind
    pools = tuple(it["metadata"]["name"] for it in manifests if it["kind"] == kind)
    return Whose(cluster, others, None if kind in unseen else pools)


def of(
    manifests: Iterable[Manifest],
    events: Iterable[Manifest],
    *,
    whose: Whose,
    unseen: Iterable[str] = (),
    unread: bool = False,
) -> Diagnosis:
    """`manifests` are those that carry the cluster's label, `events` any of its namespace."""
    found = sorted(filter(None, map(_symptom, manifests)), key=lambda it: (_DEPTH.get(it.kind, len(_DEPTH)), it.name))
    return Diagnosis(
        symptoms=tuple(found[:SYMPTOMS]),
        more_symptoms=max(0, len(found) - SYMPTOMS),
        happenings=tuple(filter(None, map(happenings.read, happenings.latest(events, whose)))),
        unseen=tuple(unseen),
        unread=unread,
    )


def _symptom(manifest: Manifest) -> Symptom | None:
    """By the condition that says the most; None when all is well."""
    wrong = [it for type_, it in obstacles.conditions(manifest).items() if _is_wrong(type_, it)]
    if not wrong:
        return None
    worst = min(wrong, key=lambda it: (it["type"] in _SUMMARIES, not it.get("message")))
    return Symptom(
        kind=manifest["kind"],
        name=manifest["metadata"]["name"],
        condition=worst["type"],
        reason=_words(worst.get("reason")),
        message=_words(worst.get("message")),
        since=happenings.moment(worst.get("lastTransitionTime")),
        holds=worst["type"] in _WRONG_WHEN_TRUE,
    )


def _is_wrong(type_: str, condition: Mapping[str, Any]) -> bool:
    if type_ in _WRONG_WHEN_TRUE:
        return condition.get("status") == "True"
    return type_ not in _SAYS_NOTHING and condition.get("status") == "False"


def _words(written: object) -> str:
    return plain.harmless(str(written or ""))
