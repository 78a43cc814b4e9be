"""How far the deletion of a cluster is: what is waited for, what is left and why. Values and words, nothing is asked.

`provisioning.teardown` finds out, `provisioning.observe` puts it into the status.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisioning import obstacles
from provisioning.manifest import Manifest

PATIENCE: Final = timedelta(minutes=30)
"""After so long a deletion counts as stuck. Cluster API alone may take ten minutes for a cluster of many workers."""

_STAGES: Final = {
    "WaitingForBeforeDeleteHook": "a hook of Cluster API is waited for",
    "WaitingForWorkersDeletion": "the workers are being deleted",
    "WaitingForControlPlaneDeletion": "the control plane is being deleted",
    "WaitingForInfrastructureDeletion": "the infrastructure is being deleted",
}


@dataclass(frozen=True)
class Ending:
    """A deletion that is not over. `message` says in one line what is waited for."""

    message: str = "the cluster is being deleted"
    residue: tuple[str, ...] = ()
    """What is still there although it was to go a while ago, and why, what others wait for first."""
    stuck: bool = False
    """Whether it has taken longer than anybody should wait."""


def at(stage: str, *, asked: datetime, now: datetime, residue: tuple[str, ...] = ()) -> Ending:
    """The ending at this stage of a cluster whose deletion was asked for at `asked`."""
    cause = f"; {residue[0]}" if residue else ""
    more = f"; {len(residue) - 1} more in status.residue" if len(residue) > 1 else ""
    return Ending(stage + cause + more, residue, stuck=now - asked >= PATIENCE)


def stage_of(host: Manifest) -> str:
    """Where Cluster API is with the deletion of its Cluster, in one line, with the names that it gives."""
    condition = obstacles.conditions(host).get("Deleting", {})
    words = _STAGES.get(condition.get("reason", ""), "the cluster is being deleted")
    # It writes a list: `* MachineDeployments: web-md0`, a line each.
    lines = [line.strip().removeprefix("* ") for line in condition.get("message", "").splitlines()]
    detail = "; ".join(line for line in lines if line)
    return f"{words}: {detail}" if detail else words
