"""What a cluster's own objects and metrics say of what an upgrade may run into -> the look that is noted. Pure.

Two things. PodDisruptionBudgets that let no Pod go hold up the emptying of each worker that is replaced. APIs that are
asked for and that a later Kubernetes has no more: each API server counts them itself, by the release that removes them,
in `apiserver_requested_deprecated_apis`, from when it was started. What of it is in the way of which version is
`hindrances`' to say. What must never live here: the reading (`prechecker`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning import objects
from provisioning.manifest import Manifest
from provisioning.model import Action, DeprecatedApi, HoldingBudget, Phase, Precheck
from provisioning.model.precheck import APIS_MOST, BUDGETS_MOST

METRIC: Final = "apiserver_requested_deprecated_apis"
ROWS_READ: Final = 200
"""Far more than any API server has. Whoever poses as one may have any number, of rows and of what only begins like one.
"""
FRESH: Final = timedelta(hours=6)
"""After this long the same findings are noted again, so that people see that somebody still looks. Seldom: at rest
nothing is written."""
LONGEST_ROW: Final = 1000
"""Characters of the labels of one row."""
_LABEL: Final = re.compile(r'([a-z_]+)="([-.a-z0-9]{0,253})"')
_RELEASE: Final = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
_NOTHING: Final = (0, "0%")
_OPEN: Final = ("", Phase.PENDING.value, Phase.APPROVED.value)
"""The phases of a request of which something is still to come; one that is new has none yet."""


def holding(budgets: Iterable[Manifest]) -> list[HoldingBudget]:
    """Those of the PodDisruptionBudgets that let no Pod go, those first that never do."""
    counted = ((each["metadata"], counts) for each in budgets if (counts := _held(each)) is not None)
    found = [HoldingBudget(namespace=meta["namespace"], name=meta["name"], **counts) for meta, counts in counted]
    return sorted(found, key=lambda it: (not is_for_ever(it), it.namespace, it.name))


def is_for_ever(it: HoldingBudget) -> bool:
    """Whether it lets none go even when all its Pods are well."""
    return it.needed >= it.expected


def deprecated(metrics: str) -> frozenset[DeprecatedApi]:
    """The APIs that go some day, of an API server's metrics in Prometheus' text format."""
    found = map(_api, _rows(metrics))
    return frozenset(api for api in found if api is not None)


def of(
    *, at: datetime, budgets: list[HoldingBudget], apis: Iterable[DeprecatedApi], unseen: tuple[str, ...] = ()
) -> Precheck:
    """What is noted of a look at `at`. Bounded: how many budgets more there are is told."""
    by_release = sorted(apis, key=lambda it: (release(it.removed_release), it.group, it.version, it.resource))
    return Precheck(
        checked_at=objects.format_time(at),
        budgets=tuple(budgets[:BUDGETS_MOST]),
        more_budgets=max(0, len(budgets) - BUDGETS_MOST),
        apis=tuple(by_release[:APIS_MOST]),
        unseen=unseen,
    )


def is_news(found: Precheck, before: Precheck | None) -> bool:
    """Whether it is worth noting after what was noted before: it is another, or that is old."""
    if before is None or before.checked_at is None or found.checked_at is None:
        return True
    same = found.model_copy(update={"checked_at": before.checked_at}) == before
    return not same or objects.parse_time(found.checked_at) - objects.parse_time(before.checked_at) >= FRESH


def budget_name(it: HoldingBudget) -> str:
    """`shop/web`."""
    return f"{it.namespace}/{it.name}"


def api_name(it: DeprecatedApi) -> str:
    """`storage.k8s.io/v1beta1 volumeattributesclasses`."""
    return f"{it.group}/{it.version} {it.resource}".removeprefix("/")


def release(text: str) -> tuple[int, int]:
    """`1.37`, or a version such as v1.37.2, so that it can be compared. Raises `ValueError`."""
    major, minor, *_ = text.removeprefix("v").split(".")
    return int(major), int(minor)


def asked_for(requests: Iterable[Manifest], version: str) -> tuple[str, ...]:
    """The names of the requests that wait, or are to be done, by which a cluster would have another version."""
    return tuple(sorted(each["metadata"]["name"] for each in requests if _asks(each, version)))


def _asks(request: Manifest, version: str) -> bool:
    spec, phase = request.get("spec") or {}, (request.get("status") or {}).get("phase", "")
    wanted = (spec.get("desired") or {}).get("version")
    return spec.get("action") == Action.CHANGE.value and phase in _OPEN and wanted not in (None, version)


def _held(budget: Manifest) -> dict[str, int] | None:
    """How many Pods it has and needs; None for one that lets some go, or has none."""
    meta, spec, status = budget["metadata"], budget.get("spec") or {}, budget.get("status") or {}
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        # Nobody has counted yet, and the API server evicts none of its Pods before.
        return {} if _lets_none(spec) else None
    if status.get("disruptionsAllowed", 0) or not status.get("expectedPods", 0):
        return None
    counts = {"expected": "expectedPods", "healthy": "currentHealthy", "needed": "desiredHealthy"}
    return {field: status.get(name, 0) for field, name in counts.items()}


def _lets_none(spec: Any) -> bool:
    return spec.get("maxUnavailable") in _NOTHING or spec.get("minAvailable") == "100%"


def _rows(metrics: str) -> Iterator[str]:
    """The labels of the first samples. They are few among megabytes, so nothing else is looked at."""
    start, at = f"\n{METRIC}{{", 0
    for _ in range(ROWS_READ):
        at = metrics.find(start, at)
        if at < 0:
            return
        at += len(start)
        labels, closed, _ = metrics[at : at + LONGEST_ROW].partition("}")
        if closed:
            yield labels


def _api(labels: str) -> DeprecatedApi | None:
    """None for one of which no Kubernetes is known that has it no more."""
    said = dict(_LABEL.findall(labels))
    if not (said.get("version") and said.get("resource") and _RELEASE.fullmatch(said.get("removed_release", ""))):
        return None
    return DeprecatedApi(**{field: said.get(field, "") for field in DeprecatedApi.model_fields})
