"""What the older generation of Cluster API and Kamaji's provider say of their objects, in the words of the newer. Pure.

From 1.9 on, Cluster API says the new words beside the old, in `status.v1beta2`: these win. Before, and where they are
missing, the old ones are translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Status = dict[str, Any]

_CONDITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Cluster": {"Ready": "Available", "ControlPlaneReady": "ControlPlaneAvailable"},
    "Machine": {"BootstrapReady": "BootstrapConfigReady"},
}
"""Types of conditions that are called otherwise by now."""
_INITIALIZATION: Final[Mapping[str, Mapping[str, str]]] = {
    "Cluster": {
        "infrastructureReady": "infrastructureProvisioned",
        "controlPlaneReady": "controlPlaneInitialized",
    },
    "Machine": {
        "infrastructureReady": "infrastructureProvisioned",
        "bootstrapReady": "bootstrapDataSecretCreated",
    },
    "KubeadmConfig": {"ready": "dataSecretCreated"},
    "KamajiControlPlane": {"initialized": "controlPlaneInitialized"},
}
"""What has moved to `status.initialization`."""


def up(kind: str, status: Status) -> Status:
    """The status of an object of an old version, in the new words; what nobody here reads stays as it is."""
    said: Status = status.get("v1beta2") or {}
    moved = _INITIALIZATION.get(kind, {})
    made = {key: value for key, value in status.items() if key not in ("v1beta2", "conditions", *moved)}
    made |= {key: value for key, value in said.items() if key != "conditions"}
    conditions = _conditions(kind, status.get("conditions") or (), said.get("conditions") or ())
    if conditions:
        made["conditions"] = [*conditions.values()]
    if initialization := _initialization(status, moved, conditions):
        made["initialization"] = initialization
    if "updatedReplicas" in made:
        made.setdefault("upToDateReplicas", made.pop("updatedReplicas"))
    if kind == "KamajiControlPlane" and "replicas" in made:
        made.setdefault("availableReplicas", max(0, made["replicas"] - made.get("unavailableReplicas", 0)))
    if isinstance(domains := made.get("failureDomains"), dict):
        made["failureDomains"] = [{"name": name, **domains[name]} for name in sorted(domains)]
    if "nodeRef" in made:
        made["nodeRef"] = {"name": made["nodeRef"].get("name", "")}
    return made


def _initialization(status: Status, moved: Mapping[str, str], conditions: Mapping[str, Status]) -> Status:
    """Only ever turns true. `controlPlaneReady` does not: the condition remembers."""
    found = {new: True for old, new in moved.items() if status.get(old) is True}
    if conditions.get("ControlPlaneInitialized", {}).get("status") == "True":
        found["controlPlaneInitialized"] = True
    return found


def _conditions(kind: str, old: Iterable[Status], said: Iterable[Status]) -> dict[str, Status]:
    """By type; what is said in the new words wins."""
    return {condition["type"]: condition for condition in (*_translated(kind, old), *said)}


def _translated(kind: str, conditions: Iterable[Status]) -> Iterator[Status]:
    for condition in conditions:
        made = {key: value for key, value in condition.items() if key != "severity"}
        made["type"] = _CONDITIONS.get(kind, {}).get(condition["type"], condition["type"])
        if condition.get("severity") == "Info" and condition.get("status") == "False":
            # On its way, and nothing wrong: the new words call that unknown, and keep False for what is.
            made["status"] = "Unknown"
        yield made
