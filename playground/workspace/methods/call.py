"""One call of a Web API method: its arguments, however they came, and what it may touch.

What must never live here: any method's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from playground.workspace import blockkit
from playground.workspace.errors import SlackError
from playground.workspace.state import Workspace

Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """`args` holds strings (form) or JSON values; `connect` gives a fresh Socket Mode URL."""

    workspace: Workspace
    args: Mapping[str, Any]
    connect: Callable[[], str]
    scopes: frozenset[str] | None = None

    def text(self, name: str) -> str:
        """An argument as text; empty when absent."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """The same, refusing absence as Slack does."""
        value = self.text(name)
        if not value:
            raise SlackError("invalid_arguments", (f"[ERROR] missing required field: {name}",))
        return value

    def flag(self, name: str) -> bool:
        """A boolean argument."""
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, *, default: int) -> int:
        """A whole number argument."""
        try:
            return int(self.text(name) or default)
        except ValueError as e:
            raise SlackError("invalid_arguments", (f"[ERROR] must be an integer: {name}",)) from e

    def structure(self, name: str, *, broken: str) -> Any:
        """A JSON argument, given as text or as itself; None when absent. `broken` is the error for bad JSON."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as e:
            raise SlackError(broken) from e

    def may(self, scope: str) -> bool:
        """Whether the app has this scope (all of them when scopes are not limited)."""
        return self.scopes is None or scope in self.scopes


@dataclass(frozen=True)
class Method:
    """A row of the method table. `tier` None is the posting budget."""

    name: str
    tier: int | None
    scope: str
    run: Callable[[Call], Body]
    caller: Literal["bot", "app", "anyone"] = "bot"


def checked_blocks(call: Call, text: str) -> Sequence[Mapping[str, Any]] | None:
    """The blocks of a message, or None when not given. Raises `invalid_blocks_format`, `invalid_blocks`."""
    blocks = call.structure("blocks", broken="invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    found = blockkit.problems({"text": text, "blocks": blocks}, "message")
    if found:
        raise SlackError("invalid_blocks", tuple(str(p) for p in found))
    return blocks
