"""Modals and App Home: one stack of at most three views a person, one home a person.

Every view has a hash that changes with it, and what was typed into it stays through an update as long as
block_id and action_id stay. What must never live here: HTTP, HTML, or how a modal came to be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.workspace import inputs
from playground.workspace.errors import SlackError
from playground.workspace.inputs import Typed

STACK = 3


@dataclass
class View:
    """A view a person sees. `typed` is what stands in its inputs, `errors` what the bot said per block."""

    id: str
    body: Mapping[str, Any]
    hash: str
    user: str
    root_id: str
    previous_id: str | None = None
    typed: Typed = field(default_factory=dict)
    offered: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def external_id(self) -> str:
        """The bot's own name for it, or empty."""
        return str(self.body.get("external_id") or "")

    @property
    def blocks(self) -> tuple[Mapping[str, Any], ...]:
        """Its blocks."""
        return tuple(self.body.get("blocks") or ())


@dataclass
class Views:
    """All open modals and all homes."""

    stacks: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def all(self) -> Iterator[View]:
        """Every view that is open now."""
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def top(self, user: str) -> View | None:
        """The modal in front of a person, if any."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def find(self, view_id: str, external_id: str = "") -> View:
        """By id, or by the bot's external id. Raises `not_found`."""
        for view in self.all():
            if (view_id and view.id == view_id) or (external_id and view.external_id == external_id):
                return view
        raise SlackError("not_found")

    def open(self, view: View) -> None:
        """Show a modal as the first of a new stack. Raises `duplicate_external_id`."""
        self._check_external(view)
        self.stacks[view.user] = [_filled(view)]

    def push(self, view: View) -> None:
        """Lay a modal on top. Raises `push_limit_reached`, or `invalid_trigger_id` when none is open."""
        stack = self.stacks.get(view.user) or []
        if not stack:
            raise SlackError("invalid_trigger_id")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._check_external(view)
        view.root_id, view.previous_id = stack[0].root_id, stack[-1].id
        stack.append(_filled(view))

    def replace(self, view: View, body: Mapping[str, Any], *, new_hash: str, expect: str | None) -> None:
        """Draw a view anew. Raises `hash_conflict` when it changed since the bot read `expect`."""
        if expect and expect != view.hash:
            raise SlackError("hash_conflict")
        self._check_external(view, body)
        fresh = inputs.initial(body.get("blocks") or ())
        view.typed = {name: view.typed.get(name, value) for name, value in fresh.items()}
        view.body, view.hash, view.errors, view.trouble = body, new_hash, {}, ""

    def publish(self, view: View, *, expect: str | None) -> View:
        """Put a home. Raises `hash_conflict`."""
        old = self.homes.get(view.user)
        if expect and (old is None or old.hash != expect):
            raise SlackError("hash_conflict")
        if old is not None:
            self.replace(old, view.body, new_hash=view.hash, expect=None)
            return old
        self.homes[view.user] = _filled(view)
        return view

    def close(self, view: View, *, whole_stack: bool) -> list[View]:
        """Take a modal (and those above it, or all) away; the closed ones, topmost first."""
        stack = self.stacks.get(view.user, [])
        keep = 0 if whole_stack or view not in stack else stack.index(view)
        closed = stack[keep:]
        self.stacks[view.user] = stack[:keep]
        return closed[::-1]

    def _check_external(self, view: View, body: Mapping[str, Any] | None = None) -> None:
        name = str((body if body is not None else view.body).get("external_id") or "")
        if name and any(v.external_id == name and v.id != view.id for v in self.all()):
            raise SlackError("duplicate_external_id")


def _filled(view: View) -> View:
    view.typed = inputs.initial(view.blocks)
    return view


def size(body: Mapping[str, Any]) -> int:
    """Bytes of a view as Slack counts them."""
    return len(json.dumps(body).encode())
