"""What is kept of a charged object is enough to charge it, and what says the same costs the same."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import footprint, measures
from provisioning.resources import (
    KUBEVIRT_MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)

META = {
    "name": "m0",
    "namespace": "team-a",
    "uid": "u",
    "resourceVersion": "7",
    "creationTimestamp": "2026-11-29T12:00:00Z",
    "ownerReferences": [{"kind": "VirtualMachine", "uid": "v"}],
    "labels": {"a": "b"},
    "managedFields": [{"manager": "x"}],
}
DOMAIN = {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}}
DISKS = [{"name": "system"}, {"name": "scratch", "emptyDisk": {"capacity": "2Gi"}}]
MACHINE = {"runStrategy": "Always", "template": {"spec": {"domain": DOMAIN, "volumes": DISKS}}}


def thing(kind: Resource, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": META,
        "spec": spec,
        "status": {"phase": "Up"},
    }


@pytest.mark.parametrize(
    ("kind", "spec", "weigh"),
    [
        (VIRTUAL_MACHINES, MACHINE, footprint.of_machine),
        (KUBEVIRT_MACHINES, {"virtualMachineTemplate": {"spec": MACHINE}}, footprint.of_machine),
        (VIRTUAL_MACHINE_INSTANCES, {"domain": DOMAIN, "volumes": DISKS, "hostname": "m0"}, footprint.of_instance),
        (PERSISTENT_VOLUME_CLAIMS, {"resources": {"requests": {"storage": "1Gi"}}}, footprint.of_volume_claim),
        (SERVICES, {"type": "LoadBalancer", "ports": [{"port": 80}]}, footprint.of_service),
    ],
    ids=lambda part: getattr(part, "kind", ""),
)
def test_what_is_kept_costs_what_the_whole_costs(kind: Resource, spec: dict[str, Any], weigh: Any) -> None:
    whole = thing(kind, spec)
    kept = measures.gist(kind, whole)
    assert kept is not None
    assert weigh(kept) == weigh(whole)
    assert measures.of(kind, kept) == measures.of(kind, whole)
    assert kept["metadata"] == {key: META[key] for key in META if key not in ("labels", "managedFields")}
    assert "status" not in kept


def test_of_services_only_those_that_cost_are_kept() -> None:
    assert measures.gist(SERVICES, thing(SERVICES, {"type": "ClusterIP"})) is None


def test_a_status_and_a_mark_change_no_cost_and_an_owner_may() -> None:
    before = thing(VIRTUAL_MACHINES, MACHINE)
    busy = {**before, "status": {}, "metadata": {**META, "resourceVersion": "8", "annotations": {"a": "b"}}}
    assert measures.of(VIRTUAL_MACHINES, before) == measures.of(VIRTUAL_MACHINES, busy)
    stray = {**before, "metadata": {**META, "ownerReferences": []}}
    assert measures.of(VIRTUAL_MACHINES, before) != measures.of(VIRTUAL_MACHINES, stray)


def test_a_disk_that_is_plugged_into_a_running_machine_changes_no_cost_and_an_empty_one_may() -> None:
    def measures_of(*volumes: object) -> tuple[Any, Any]:
        pod = {"domain": DOMAIN, **({"volumes": [*volumes]} if volumes else {})}
        machine = thing(VIRTUAL_MACHINES, {"template": {"spec": pod}})
        instance = thing(VIRTUAL_MACHINE_INSTANCES, pod)
        return measures.of(VIRTUAL_MACHINES, machine), measures.of(VIRTUAL_MACHINE_INSTANCES, instance)

    plugged = {"name": "data", "persistentVolumeClaim": {"claimName": "data", "hotpluggable": True}}
    assert measures_of(*DISKS) == measures_of(*DISKS, plugged)
    assert measures_of() == measures_of(plugged)
    larger = {"name": "scratch", "emptyDisk": {"capacity": "3Gi"}}
    assert all(old != new for old, new in zip(measures_of(*DISKS), measures_of(DISKS[0], larger), strict=True))
