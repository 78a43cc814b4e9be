"""What is found of one thing that a management cluster must have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAY_NOT: Final = "ask with an account that may read {}"
"""The remedy for what could not be looked into."""


class Outcome(StrEnum):
    """`UNKNOWN` could not be looked into, because whoever asks may not: no reason to stop, and none to be reassured."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, is_met: bool) -> Outcome:
        return cls.MET if is_met else cls.MISSING


@dataclass(frozen=True)
class Finding:
    """One requirement. `remedy` says what to do, unless it is met."""

    what: str
    wanted: str
    found: str
    outcome: Outcome
    remedy: str = ""
