"""metav1.Condition, and the three of them that kstatus, `kubectl wait` and Flux read: Ready, Reconciling, Stalled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from provisioning.model.base import Model, Timestamp

Truth = Literal["True", "False", "Unknown"]


class Condition(Model):
    type: Annotated[str, Field(max_length=316)]
    status: Truth
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    message: Annotated[str, Field(max_length=32768)] = ""
    last_transition_time: Timestamp
    observed_generation: Annotated[int, Field(ge=0)] = 0


Conditions = Annotated[
    tuple[Condition, ...],
    Field(
        max_length=32,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    ),
]


def find(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    return next((c for c in conditions if c.type == type_), None)


def is_true(conditions: tuple[Condition, ...], type_: str) -> bool:
    found = find(conditions, type_)
    return found is not None and found.status == "True"


def merge(before: tuple[Condition, ...], wanted: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The wanted conditions, each keeping its old transition time when its status did not change.

    Source: Kubernetes API conventions, "Typical status properties" (lastTransitionTime moves only with status).
    """
    kept = {c.type: c for c in before}
    return tuple(
        c.model_copy(update={"last_transition_time": kept[c.type].last_transition_time})
        if c.type in kept and kept[c.type].status == c.status
        else c
        for c in wanted
    )


def wire(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    """All fields written out: `message` is required by metav1.Condition even when empty."""
    return [c.model_dump(mode="json", by_alias=True) for c in conditions]
