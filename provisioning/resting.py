"""Which parts of a cluster rest now: it falls asleep workers first, and wakes control plane first. Pure.

Decided from what stands. Whether a cluster is to be asleep at all is said by `provisioning.hibernation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest

ASLEEP_ANNOTATION: Final = f"{resources.GROUP}/asleep"
"""On a MachineDeployment: it has no machines because its cluster sleeps, or has not woken far enough yet."""


@dataclass(frozen=True)
class Resting:
    """What is to have no replicas. The control plane never rests while workers do not."""

    workers: bool = False
    control_plane: bool = False


def decide(existing: Iterable[Manifest], *, asleep: bool) -> Resting:
    """What rests, `existing` being what stands of the cluster and `asleep` whether it is to sleep."""
    there = list(existing)
    if asleep:
        # Without a control plane nobody would see the workers off: their Nodes would stay behind.
        return Resting(workers=True, control_plane=not any(_has_machines(manifest) for manifest in there))
    slept = any(
        ASLEEP_ANNOTATION in (manifest["metadata"].get("annotations") or {})
        for manifest in there
        if manifest["kind"] == resources.MACHINE_DEPLOYMENTS.kind
    )
    return Resting(workers=slept and not any(_is_up(manifest) for manifest in there))


def _has_machines(manifest: Manifest) -> bool:
    """Whether this is a machine, or something that has some or is about to."""
    if manifest["kind"] == resources.MACHINES.kind:
        return True
    if manifest["kind"] not in (resources.MACHINE_DEPLOYMENTS.kind, resources.MACHINE_SETS.kind):
        return False
    # Replicas that nobody has written yet may become any number.
    status = manifest.get("status") or {}
    return bool(manifest["spec"].get("replicas", 1) or status.get("replicas", 0))


def _is_up(manifest: Manifest) -> bool:
    """Whether this is a control plane that is awake and answers."""
    if manifest["kind"] != resources.KAMAJI_CONTROL_PLANES.kind:
        return False
    status = manifest.get("status") or {}
    return bool(manifest["spec"].get("replicas") and status.get("ready") is True and status.get("readyReplicas", 0) > 0)
