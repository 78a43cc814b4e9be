"""metav1.Condition, and the three of them that kstatus, `kubectl wait` and Flux read: Ready, Reconciling, Stalled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from provisioning.model.base import Model, Timestamp

Truth = Literal["True", "False", "Unknown"]
MESSAGE_MAX: Final = 2000
"""Longer than anybody reads, and far below what the API server takes."""


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


def make(type_: str, state: bool | Truth, *, reason: str, now: str, generation: int, message: str = "") -> Condition:
    """A condition as seen at `now` (metav1.Time) of an object of this generation."""
    status: Truth = state if isinstance(state, str) else "True" if state else "False"
    return Condition(
        type=type_,
        status=status,
        reason=reason,
        message=message[:MESSAGE_MAX],
        last_transition_time=now,
        observed_generation=generation,
    )


@dataclass(frozen=True)
class Summary:
    """How an object is, all in all: the three conditions of kstatus in one.

    Ready; or somebody is at it; or it is stalled: nobody gets further without a change. None of them is for what is
    left alone on purpose. `hint` is what to do about it.
    """

    ready: bool = False
    reconciling: bool = False
    stalled: bool = False
    reason: str = "Ready"
    message: str = ""
    hint: str = ""

    def conditions(self, *, now: str, generation: int) -> tuple[Condition, ...]:
        """Ready, Reconciling and Stalled. What to do stands beside the message in all but Ready, which lists show."""
        advised = f"{self.message}; what to do: {self.hint}" if self.hint else self.message
        return (
            make("Ready", self.ready, reason=self.reason, message=self.message, now=now, generation=generation),
            make("Reconciling", self.reconciling, reason=self.reason, message=advised, now=now, generation=generation),
            make("Stalled", self.stalled, reason=self.reason, message=advised, now=now, generation=generation),
        )


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
