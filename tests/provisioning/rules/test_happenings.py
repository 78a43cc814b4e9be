"""What happened to a cluster: which Events are about it, and which of them are told of."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import happenings
from provisioning.happenings import TOLD, Happening, Whose

ALONE = Whose("web")
WEB = Whose("web", others=("web-2", "other"), pools=("web-md0", "web-gpu"))


def event(about: str, note: str = "no room", *, kind: str = "KubevirtMachine", **more: Any) -> dict[str, Any]:
    made = {"type": "Warning", "reason": "Failed", "note": note, "eventTime": "2026-08-03T11:00:00.000000Z"}
    return {"metadata": {"name": f"{about}.1"}, "regarding": {"kind": kind, "name": about}, **made, **more}


def told(*events: Any, whose: Whose = ALONE) -> list[Happening]:
    return [it for each in happenings.latest(events, whose) if (it := happenings.read(each)) is not None]


def test_the_latest_come_first_with_how_often_they_were() -> None:
    series = {"count": 7, "lastObservedTime": "2026-08-03T11:30:00.000000Z"}
    found = told(event("web-a"), event("web-b", series=series), event("web-c", deprecatedCount=3))
    assert [(it.name, it.times) for it in found] == [("web-b", 7), ("web-a", 1), ("web-c", 3)]


def test_of_many_the_latest_are_told_wherever_they_stand() -> None:
    many = [event(f"web-{number}", eventTime=f"2026-08-03T11:{number:02}:00.000000Z") for number in range(TOLD + 20)]
    found = told(*many[7:], *many[:7])
    assert [it.name for it in found] == [f"web-{number}" for number in reversed(range(20, TOLD + 20))]


@pytest.mark.parametrize(
    ("kind", "name", "is_told"),
    [
        ("TenantCluster", "web", True),
        ("TenantCluster", "web-2", False),
        ("TenantCluster", "website", False),
        ("TenantCluster", "", False),
        ("HelmRelease", "web-cilium", True),
        ("HelmRelease", "web-2-cilium", False),
        ("HelmRelease", "other", False),
        ("Pod", "web-6f8d9c5b7-abcde", True),
        ("MachineDeployment", "web-md0", True),
        ("MachineSet", "web-md0-x", True),
        ("Machine", "web-gpu-x-7k2", True),
        ("KubevirtMachine", "web-2-md0-x", False),
        ("Pod", "virt-launcher-web-md0-x-7k2", True),
        ("Pod", "virt-launcher-web-2-md0-x", False),
        ("Pod", "importer-web-md0-x-disk", True),
        ("DataVolume", "web-md0-x-disk", True),
    ],
)
def test_events_about_other_clusters_are_not_told(kind: str, name: str, *, is_told: bool) -> None:
    assert bool(told(event(name, kind=kind), whose=WEB)) is is_told


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("KubevirtMachine", "web-3-md0-x"),
        ("Pod", "virt-launcher-web-3-md0-x"),
        ("MachineDeployment", "web-pool"),
        ("DataVolume", "web-pool-x-disk"),
    ],
)
def test_machines_of_a_cluster_that_nobody_knows_any_more_are_nobodys(kind: str, name: str) -> None:
    """Somebody made it by hand and deleted it, or called its machines as ours could be called."""
    assert not told(event(name, kind=kind), whose=WEB)
    # Who may not look at MachineDeployments has only the names of clusters to go by.
    assert told(event(name, kind=kind), whose=Whose("web", WEB.others, pools=None))


def test_machines_that_begin_like_a_pool_and_are_another_clusters_are_told_there() -> None:
    machine = event("web-md0-b-md0-x")
    assert not told(machine, whose=Whose("web", ("web-md0-b",), pools=("web-md0",)))
    assert told(machine, whose=Whose("web-md0-b", ("web",), pools=("web-md0-b-md0",)))


@pytest.mark.parametrize("when", ["", "soon"])
def test_an_event_of_no_time_is_not_told(when: str) -> None:
    assert told(event("web", eventTime=when)) == []
