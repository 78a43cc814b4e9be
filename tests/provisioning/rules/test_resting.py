"""A cluster falls asleep workers first and wakes control plane first, whatever stands of it."""

from __future__ import annotations

import pytest

from provisioning import resting
from provisioning.manifest import Manifest
from provisioning.resting import ASLEEP_ANNOTATION, Resting


def deployment(replicas: int | None, *, there: int = 0, marked: bool = False) -> Manifest:
    spec = {} if replicas is None else {"replicas": replicas}
    annotations = {ASLEEP_ANNOTATION: "true"} if marked else {}
    status = {"replicas": there}
    return {"kind": "MachineDeployment", "metadata": {"annotations": annotations}, "spec": spec, "status": status}


def control_plane(replicas: int, *, ready: bool, answering: int | None = None) -> Manifest:
    status = {"ready": ready, "readyReplicas": (replicas if ready else 0) if answering is None else answering}
    return {"kind": "KamajiControlPlane", "metadata": {}, "spec": {"replicas": replicas}, "status": status}


MACHINE: Manifest = {"kind": "Machine", "metadata": {}, "spec": {}}
UP = control_plane(2, ready=True)
EMPTY = deployment(0, marked=True)


def test_a_cluster_that_is_awake_rests_nowhere_whatever_its_control_plane_does() -> None:
    for there in ([], [UP, deployment(2, there=2)], [control_plane(2, ready=False), deployment(2, there=2), MACHINE]):
        assert resting.decide(there, asleep=False) == Resting()


@pytest.mark.parametrize(
    "left",
    [
        MACHINE,
        deployment(2),
        deployment(None),
        deployment(0, there=1),
        {"kind": "MachineSet", "metadata": {}, "spec": {"replicas": 1}},
        {"kind": "MachineSet", "metadata": {}, "spec": {"replicas": 0}, "status": {"replicas": 1}},
    ],
)
def test_the_control_plane_stays_until_the_last_worker_has_gone(left: Manifest) -> None:
    assert resting.decide([UP, EMPTY, left], asleep=True) == Resting(workers=True)
    assert resting.decide([UP, EMPTY], asleep=True) == Resting(workers=True, control_plane=True)


@pytest.mark.parametrize(
    "waking",
    [
        [],
        [control_plane(0, ready=False)],
        [control_plane(0, ready=True, answering=2)],
        [control_plane(2, ready=False)],
        [control_plane(2, ready=True, answering=0)],
    ],
)
def test_workers_wait_until_the_control_plane_answers_again(waking: list[Manifest]) -> None:
    assert resting.decide([*waking, EMPTY], asleep=False) == Resting(workers=True)
    assert resting.decide([UP, EMPTY], asleep=False) == Resting()


def test_a_cluster_that_is_to_sleep_from_the_beginning_never_starts() -> None:
    assert resting.decide([], asleep=True) == Resting(workers=True, control_plane=True)
