"""One objection to a payload. It is alone here so that the table's walker and the cross rules can share it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Where (a JSON pointer into the payload) and what, in Slack's words."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"
