"""Block Kit rules between fields and between blocks: counts, duplicates, initial values, what a modal needs.

They read payloads whose shape is already right. What must never live here: limits of a single field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from playground.workspace import blockkit_table
from playground.workspace.blockkit_problem import Problem

Payload: TypeAlias = Mapping[str, Any]
CrossRule: TypeAlias = Callable[[Payload, str], Iterator[Problem]]


def problems(payload: Payload, surface: str) -> Iterator[Problem]:
    """What the rules below object to."""
    for rule in RULES:
        yield from rule(payload, surface)


def elements(block: Payload) -> Iterator[tuple[str, Payload]]:
    """The interactive elements of a block, each with its pointer inside the block."""
    if block.get("type") in ("actions", "context_actions"):
        for index, element in enumerate(block.get("elements", ())):
            yield f"/elements/{index}", element
    elif block.get("type") == "section" and block.get("accessory"):
        yield "/accessory", block["accessory"]
    elif block.get("type") == "input":
        yield "/element", block["element"]


def options(element: Payload) -> list[Payload]:
    """All options of an element, those in groups included."""
    flat = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        flat += group["options"]
    return flat


def _blocks(payload: Payload) -> Iterator[tuple[str, Payload]]:
    for index, block in enumerate(payload.get("blocks") or ()):
        yield f"/blocks/{index}", block


def _elements(payload: Payload) -> Iterator[tuple[str, Payload]]:
    for at, block in _blocks(payload):
        for inner, element in elements(block):
            yield at + inner, element


def _count(payload: Payload, surface: str) -> Iterator[Problem]:
    limit = blockkit_table.MESSAGE_BLOCKS if surface == "message" else blockkit_table.VIEW_BLOCKS
    blocks = payload.get("blocks") or ()
    if len(blocks) > limit:
        yield Problem("/blocks", f"no more than {limit} items allowed")
    if surface == "modal" and not blocks:
        yield Problem("/blocks", "no fewer than 1 items allowed")


def _size(payload: Payload, surface: str) -> Iterator[Problem]:
    if surface != "message" and len(json.dumps(payload)) > blockkit_table.VIEW_BYTES:
        yield Problem("", f"must be less than {blockkit_table.VIEW_BYTES + 1} bytes")


def _unique_blocks(payload: Payload, surface: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, block in _blocks(payload):
        block_id = block.get("block_id")
        if block_id in seen:
            yield Problem(f"{at}/block_id", f"block_id already exists: {block_id}")
        if block_id:
            seen.add(block_id)


def _unique_actions(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, block in _blocks(payload):
        seen: set[str] = set()
        for inner, element in elements(block):
            action_id = element.get("action_id")
            if action_id in seen:
                yield Problem(f"{at}{inner}/action_id", f"action_id already exists: {action_id}")
            if action_id:
                seen.add(action_id)


def _submit(payload: Payload, surface: str) -> Iterator[Problem]:
    has_inputs = any(block.get("type") == "input" for _, block in _blocks(payload))
    if surface == "modal" and has_inputs and not payload.get("submit"):
        yield Problem("", "missing required field: submit (the view has inputs)")


def _one_focus(payload: Payload, surface: str) -> Iterator[Problem]:
    focused = [at for at, element in _elements(payload) if element.get("focus_on_load")]
    for at in focused[1:]:
        yield Problem(f"{at}/focus_on_load", "only one element may have focus_on_load")


def _initial_among_options(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, element in _elements(payload):
        offered = options(element)
        if not offered:
            continue
        chosen = element.get("initial_options") or ()
        if one := element.get("initial_option"):
            chosen = (one,)
        field = "initial_option" if one else "initial_options"
        if any(option not in offered for option in chosen):
            yield Problem(f"{at}/{field}", f"{field} must exactly match the provided options")


def _only_overflow_links(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, element in _elements(payload):
        if element.get("type") != "overflow" and any("url" in option for option in options(element)):
            yield Problem(f"{at}/options", "url is only allowed in the options of an overflow menu")


def _ranges(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, element in _elements(payload):
        for low, high in (("min_length", "max_length"), ("min_value", "max_value"), ("min_lines", "max_lines")):
            if low in element and high in element and float(element[low]) > float(element[high]):
                yield Problem(f"{at}/{low}", f"{low} must not be more than {high}")
        limit, chosen = element.get("max_selected_items"), element.get("initial_options") or ()
        if limit and len(chosen) > limit:
            yield Problem(f"{at}/initial_options", "more initial options than max_selected_items")


def _initial_number(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, element in _elements(payload):
        if element.get("type") != "number_input" or "initial_value" not in element:
            continue
        value = float(element["initial_value"])
        below = "min_value" in element and value < float(element["min_value"])
        above = "max_value" in element and value > float(element["max_value"])
        fraction = not element["is_decimal_allowed"] and not value.is_integer()
        if below or above or fraction:
            yield Problem(f"{at}/initial_value", "initial_value must fit the element's own limits")


def _unique_tasks(payload: Payload, surface: str) -> Iterator[Problem]:
    for at, block in _blocks(payload):
        if block.get("type") != "plan":
            continue
        ids = [task["task_id"] for task in block.get("tasks") or ()]
        if len(set(ids)) < len(ids):
            yield Problem(f"{at}/tasks", "task_id must be unique in a plan")


def _markdown_total(payload: Payload, surface: str) -> Iterator[Problem]:
    total = sum(len(block["text"]) for _, block in _blocks(payload) if block.get("type") == "markdown")
    if total > blockkit_table.MARKDOWN_TOTAL:
        yield Problem("/blocks", f"markdown blocks must be less than {blockkit_table.MARKDOWN_TOTAL + 1} together")


def _one_table(payload: Payload, surface: str) -> Iterator[Problem]:
    tables = [at for at, block in _blocks(payload) if block.get("type") == "table"]
    for at in tables[1:]:
        yield Problem(at, "only_one_table_allowed")


RULES: tuple[CrossRule, ...] = (
    _count,
    _size,
    _unique_blocks,
    _unique_actions,
    _submit,
    _one_focus,
    _initial_among_options,
    _only_overflow_links,
    _ranges,
    _initial_number,
    _unique_tasks,
    _markdown_total,
    _one_table,
)
