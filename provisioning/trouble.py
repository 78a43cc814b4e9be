"""Why quotas cannot be relied on at the moment. Pure; the `canary` finds it out."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    TAKEN = "Taken"
    """The API server would have taken what must be refused."""
    SILENT = "Silent"
    """For a long time nobody has refused it: no answer, or another one."""
