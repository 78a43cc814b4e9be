"""What is kept of a charged object is enough to charge it, and what says the same costs the same."""

from __future__ import annotations

from collections.abc import Sequence
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


def test_all_that_a_cost_depends_on_is_in_the_spec_beside_owners_and_marks() -> None:
    assert all(path.startswith("spec") for paths in measures.PATHS.values() for path in paths)


def test_of_services_only_those_that_cost_are_kept() -> None:
    assert measures.gist(SERVICES, thing(SERVICES, {"type": "ClusterIP"})) is None


def test_a_status_and_a_mark_change_no_cost_and_an_owner_may() -> None:
    before = thing(VIRTUAL_MACHINES, MACHINE)
    busy = {**before, "status": {}, "metadata": {**META, "resourceVersion": "8", "annotations": {"a": "b"}}}
    assert measures.alike(VIRTUAL_MACHINES, before, busy)
    stray = {**before, "metadata": {**META, "ownerReferences": []}}
    assert not measures.alike(VIRTUAL_MACHINES, before, stray)
    scaled = {**before, "metadata": {**META, "annotations": {footprint.MAX_SIZE: "9"}}}
    assert not measures.alike(VIRTUAL_MACHINES, before, scaled)


def test_a_disk_that_is_plugged_into_a_running_machine_changes_no_cost_and_an_empty_one_may() -> None:
    def alike(some: Sequence[object], others: Sequence[object]) -> list[bool]:
        pods = [{"domain": DOMAIN, **({"volumes": [*volumes]} if volumes else {})} for volumes in (some, others)]
        machines = [thing(VIRTUAL_MACHINES, {"template": {"spec": pod}}) for pod in pods]
        instances = [thing(VIRTUAL_MACHINE_INSTANCES, pod) for pod in pods]
        return [measures.alike(VIRTUAL_MACHINES, *machines), measures.alike(VIRTUAL_MACHINE_INSTANCES, *instances)]

    plugged = {"name": "data", "persistentVolumeClaim": {"claimName": "data", "hotpluggable": True}}
    assert alike(DISKS, [*DISKS, plugged]) == [True, True]
    assert alike([], [plugged]) == [True, True]
    larger = {"name": "scratch", "emptyDisk": {"capacity": "3Gi"}}
    assert alike(DISKS, [DISKS[0], larger]) == [False, False]
