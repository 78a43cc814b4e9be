"""Faults a test plans in advance: refuse a call, lose it, or lose its answer after it took effect.

The page never uses this; a workspace without plans behaves. What must never live here: HTTP or state.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from playground.workspace.errors import SlackError


class Fault(enum.Enum):
    """Where a call goes wrong.

    REFUSE answers with an error; DOWN answers 503; LOSE_ANSWER does it and then cuts the connection; HANG does it and
    answers after `seconds`; LATE does it after `seconds` and answers then. After LOSE_ANSWER and HANG the caller cannot
    know what happened.
    """

    REFUSE = "refuse"
    DOWN = "down"
    LOSE_ANSWER = "lose_answer"
    HANG = "hang"
    LATE = "late"


@dataclass(frozen=True)
class Plan:
    """One planned fault: calls of `method` ("*" for any) meet it. `error` is of REFUSE, `seconds` of HANG and LATE."""

    method: str
    fault: Fault
    error: SlackError = field(default_factory=lambda: SlackError("internal_error"))
    seconds: float = 0.0


@dataclass
class Faults:
    """The plans still ahead, first come first served."""

    _plans: list[tuple[Plan, int]] = field(default_factory=list)

    def plan(
        self,
        method: str,
        fault: Fault,
        *,
        error: SlackError | None = None,
        seconds: float = 0.0,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of `method` go wrong."""
        self._plans.append((Plan(method, fault, error or SlackError("internal_error"), seconds), times))

    def clear(self) -> None:
        """Forget all plans: Slack is well again."""
        self._plans.clear()

    def next(self, method: str) -> Plan | None:
        """The fault this call meets, if any."""
        for index, (plan, left) in enumerate(self._plans):
            if plan.method in (method, "*"):
                if left > 1:
                    self._plans[index] = (plan, left - 1)
                else:
                    del self._plans[index]
                return plan
        return None
