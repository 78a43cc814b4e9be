"""What a tenant's objects and metrics say of what an upgrade may run into."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import precheck
from provisioning.manifest import Manifest
from provisioning.model import DeprecatedApi, HoldingBudget, Precheck
from tests.builders import NOW

VOLUMES = DeprecatedApi(
    group="storage.k8s.io", version="v1beta1", resource="volumeattributesclasses", removed_release="1.37"
)
ADDRESSES = DeprecatedApi(group="networking.k8s.io", version="v1beta1", resource="ipaddresses", removed_release="1.37")
FLOWS = DeprecatedApi(
    group="flowcontrol.apiserver.k8s.io", version="v1beta3", resource="flowschemas", removed_release="1.32"
)


def sample(resource: str, group: str, version: str, removed: str = "", *, subresource: str = "") -> str:
    """A line as kube-apiserver writes it."""
    labels = {
        "group": group,
        "removed_release": removed,
        "resource": resource,
        "subresource": subresource,
        "version": version,
    }
    told = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{precheck.METRIC}{{{told}}} 1"


RECORDED = "\n".join(
    [
        "# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb.",
        "# TYPE apiserver_request_total counter",
        'apiserver_request_total{group="storage.k8s.io",resource="volumeattributesclasses",version="v1beta1"} 12',
        "# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested.",
        "# TYPE apiserver_requested_deprecated_apis gauge",
        sample("componentstatuses", "", "v1"),
        sample("flowschemas", "flowcontrol.apiserver.k8s.io", "v1beta3", "1.32"),
        sample("flowschemas", "flowcontrol.apiserver.k8s.io", "v1beta3", "1.32", subresource="status"),
        sample("volumeattributesclasses", "storage.k8s.io", "v1beta1", "1.37"),
        "# HELP apiserver_response_sizes [STABLE] Response size distribution in bytes.",
        "",
    ]
)
"""As real API servers of several versions write it."""


def budget(name: str = "web", *, spec: dict[str, Any] | None = None, generation: int = 1, **status: Any) -> Manifest:
    meta = {"namespace": "shop", "name": name, "generation": generation}
    return {"metadata": meta, "spec": spec or {}, "status": status}


def counted(allowed: int, healthy: int, needed: int, expected: int) -> dict[str, Any]:
    return {
        "observedGeneration": 1,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": needed,
        "expectedPods": expected,
    }


@pytest.mark.parametrize(
    ("found", "holds", "for_ever"),
    [
        pytest.param(budget(**counted(1, 3, 2, 3)), False, False, id="one may go"),
        pytest.param(budget(**counted(0, 2, 2, 3)), True, False, id="one is ill"),
        pytest.param(budget(**counted(0, 2, 2, 2)), True, True, id="all must stay"),
        pytest.param(budget(**counted(0, 0, 1, 1)), True, True, id="the only one must stay, and is ill"),
        pytest.param(budget(**counted(0, 0, 0, 0)), False, False, id="it is about no Pod"),
        pytest.param(budget(spec={"maxUnavailable": 0}, **counted(0, 0, 0, 0)), False, False, id="about no Pod at all"),
        pytest.param(budget(spec={"maxUnavailable": 0}), True, True, id="not counted yet, none may go"),
        pytest.param(budget(spec={"maxUnavailable": "0%"}), True, True, id="not counted yet, none of a hundred may go"),
        pytest.param(budget(spec={"minAvailable": "100%"}), True, True, id="not counted yet, all must stay"),
        pytest.param(budget(spec={"maxUnavailable": 1}), False, False, id="not counted yet, one may go"),
        pytest.param(budget(spec={"minAvailable": 2}), False, False, id="not counted yet, of how many nobody knows"),
        pytest.param(
            budget(spec={"maxUnavailable": 0}, generation=2, **counted(1, 3, 2, 3)), True, True, id="changed since"
        ),
        pytest.param(
            budget(spec={"maxUnavailable": 2}, generation=2, **counted(0, 3, 3, 3)), False, False, id="eased since"
        ),
    ],
)
def test_a_budget_holds_workers_when_it_lets_no_pod_go(found: Manifest, holds: bool, for_ever: bool) -> None:
    held = precheck.holding([found])

    assert len(held) == holds
    assert [precheck.is_for_ever(each) for each in held] == [for_ever] * holds


def test_those_that_never_let_go_come_first_and_then_by_name() -> None:
    some = [budget("b", **counted(0, 2, 2, 3)), budget("z", **counted(0, 2, 2, 2)), budget("a", **counted(0, 2, 2, 3))]

    assert [each.name for each in precheck.holding(some)] == ["z", "a", "b"]


def test_the_apis_in_use_that_go_some_day_are_read_from_the_metrics() -> None:
    assert precheck.deprecated(RECORDED) == {FLOWS, VOLUMES}


@pytest.mark.parametrize(
    "metrics",
    [
        "",
        "\n",
        f"\n{precheck.METRIC}{{",
        f'\n{precheck.METRIC}{{version="v1",resource="pods",removed_release="1.40"',
        f'\n{precheck.METRIC}{{version="v1",resource="pods",removed_release="soon"}} 1',
        f'\n{precheck.METRIC}{{version="v1",resource="*pods* <!here>",removed_release="1.40"}} 1',
        f'\n{precheck.METRIC}{{version="v1",resource="{"p" * 300}",removed_release="1.40"}} 1',
        f'\n{precheck.METRIC}_more{{version="v1",resource="pods",removed_release="1.40"}} 1',
        f'{precheck.METRIC} in the middle of a line {precheck.METRIC}{{version="v1"}}',
        "\x00" * 1000,
    ],
)
def test_whoever_poses_as_an_api_server_is_not_repeated(metrics: str) -> None:
    assert precheck.deprecated(metrics) == frozenset()


def test_what_only_begins_like_a_row_counts_as_one() -> None:
    row = f'\n{precheck.METRIC}{{version="v1",resource="pods",removed_release="1.40"}} 1'
    begun = f"\n{precheck.METRIC}{{" + "x" * precheck.LONGEST_ROW
    assert precheck.deprecated(begun * (precheck.ROWS_READ - 1) + row)
    assert not precheck.deprecated(begun * precheck.ROWS_READ + row)


def test_of_very_many_only_so_many_are_noted_and_those_that_go_first() -> None:
    held = precheck.holding([budget(f"b{number:03}", **counted(0, 2, 2, 2)) for number in range(40)])
    rows = (
        f'\n{precheck.METRIC}{{version="v1",resource="r{number}",removed_release="1.{500 - number}"}} 1'
        for number in range(400)
    )

    found = precheck.of(at=NOW, budgets=held, apis=precheck.deprecated("".join(rows)))

    assert (len(found.budgets), found.more_budgets, len(found.apis)) == (12, 28, 24)
    assert found.apis[0].removed_release == "1.301", "two hundred rows are read"
    assert Precheck.model_validate(found.wire()) == found


def test_releases_are_in_the_order_of_numbers() -> None:
    early = VOLUMES.model_copy(update={"removed_release": "1.9"})

    assert precheck.of(at=NOW, budgets=[], apis={VOLUMES, early}).apis == (early, VOLUMES)


@pytest.mark.parametrize(
    ("before", "after", "minutes", "is_news"),
    [
        pytest.param([VOLUMES], [VOLUMES], 359, False, id="the same"),
        pytest.param([VOLUMES], [VOLUMES], 360, True, id="the same, six hours later"),
        pytest.param([VOLUMES], [VOLUMES, ADDRESSES], 1, True, id="one more"),
        pytest.param([VOLUMES], [], 1, True, id="none any more"),
    ],
)
def test_a_look_is_news_when_it_shows_something_else_or_the_last_one_is_old(
    before: list[DeprecatedApi], after: list[DeprecatedApi], minutes: int, is_news: bool
) -> None:
    was = precheck.of(at=NOW, budgets=[], apis=before)
    now = precheck.of(at=NOW + timedelta(minutes=minutes), budgets=[], apis=after)

    assert precheck.is_news(now, was) is is_news


def test_the_first_look_is_news_and_so_is_the_first_after_none_was_possible() -> None:
    now = precheck.of(at=NOW, budgets=[HoldingBudget(namespace="shop", name="web")], apis=[])

    assert precheck.is_news(now, None)
    assert precheck.is_news(now, Precheck(unseen=("it was silent",)))


def asks(name: str, version: str | None, *, phase: str = "", action: str = "Change") -> Manifest:
    desired = {} if version is None else {"version": version}
    return {
        "metadata": {"name": name},
        "spec": {"action": action, "desired": desired},
        "status": {"phase": phase} if phase else {},
    }


@pytest.mark.parametrize(
    ("request_", "counts"),
    [
        (asks("cr-1", "v1.36.0"), True),
        (asks("cr-1", "v1.36.0", phase="Pending"), True),
        (asks("cr-1", "v1.36.0", phase="Approved"), True),
        (asks("cr-1", "v1.36.0", phase="Denied"), False),
        (asks("cr-1", "v1.36.0", phase="Applied"), False),
        (asks("cr-1", "v1.35.1"), False),
        (asks("cr-1", None), False),
        (asks("cr-1", "v1.36.0", action="Create"), False),
        ({"metadata": {"name": "cr-1"}, "spec": {"action": "Delete"}}, False),
    ],
)
def test_a_request_for_another_version_counts_until_it_is_done(request_: Manifest, counts: bool) -> None:
    assert precheck.asked_for([request_], "v1.35.1") == (("cr-1",) if counts else ())
