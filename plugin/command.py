"""What a command is. One file in `commands` for each, and nothing is known here of any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`kubectl clusterdesk <name> …`. The function's arguments are its options, its docstring is its help."""

    name: str
    run: Callable[..., None]
