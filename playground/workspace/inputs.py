"""What stands in the inputs of a view or message: from blocks, to Slack's `state.values`, and back.

`Typed` maps `block_id|action_id` to the strings in that control: texts, option values, ids, dates.
Everything here is pure. What must never live here: HTML, or where the typing came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from playground.workspace import blockkit_cross, dates

Block: TypeAlias = Mapping[str, Any]
Typed: TypeAlias = dict[str, tuple[str, ...]]
Offered: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]

REQUIRED = "Please complete this required field."
TEXTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
# type -> (field of the value, field of the initial value); one string each.
SINGLE = {
    **dict.fromkeys(TEXTS, ("value", "initial_value")),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
}
MULTI = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
STATEFUL = (*SINGLE, *MULTI, *MANY_OPTIONS, "static_select", "external_select", "radio_buttons")


def name_of(block: Block, element: Block) -> str:
    """The stable name of a control."""
    return f"{block.get('block_id', '')}|{element.get('action_id', '')}"


def controls(blocks: Sequence[Block]) -> Iterator[tuple[str, Block, Block]]:
    """Every interactive element as (name, block, element)."""
    for block in blocks:
        for _, element in blockkit_cross.elements(block):
            if element.get("type") != "image":
                yield name_of(block, element), block, element


def initial(blocks: Sequence[Block]) -> Typed:
    """What the controls hold when the view opens."""
    return {name: _initial(element) for name, _, element in controls(blocks) if element["type"] in STATEFUL}


def values(blocks: Sequence[Block], typed: Typed, offered: Offered) -> dict[str, dict[str, Any]]:
    """`state.values`, as Slack sends it."""
    state: dict[str, dict[str, Any]] = {}
    for name, block, element in controls(blocks):
        if element["type"] in STATEFUL:
            value = state_of(element, typed.get(name, ()), offered.get(name, ()))
            state.setdefault(block["block_id"], {})[element["action_id"]] = value
    return state


def state_of(element: Block, typed: tuple[str, ...], offered: Sequence[Block]) -> dict[str, Any]:
    """The value of one control, as in `state.values` and in `actions`."""
    kind = element["type"]
    if kind in SINGLE:
        text = typed[0] if typed and typed[0] != "" else None
        value: object = int(text) if text and kind == "datetimepicker" else text
        return {"type": kind, SINGLE[kind][0]: value}
    if kind in MULTI:
        return {"type": kind, MULTI[kind][0]: list(typed)}
    known = {option["value"]: dict(option) for option in (*_initial_options(element), *offered)}
    known |= {option["value"]: dict(option) for option in blockkit_cross.options(element)}
    chosen = [known[value] for value in typed if value in known]
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": chosen}
    return {"type": kind, "selected_option": chosen[0] if chosen else None}


def picked(blocks: Sequence[Block], typed: Typed, *, tz: str) -> Typed:
    """The same with days and times as moments: whoever picks them means their own clock."""
    pickers = {name for name, _, element in controls(blocks) if element["type"] == "datetimepicker"}
    return {
        name: tuple(dates.stamp(value, tz=tz) for value in values) if name in pickers else values
        for name, values in typed.items()
    }


def complaints(blocks: Sequence[Block], typed: Typed) -> dict[str, str]:
    """What Slack's own client refuses before it sends a submission, by block_id."""
    found: dict[str, str] = {}
    for name, block, element in controls(blocks):
        if block["type"] != "input":
            continue
        given = tuple(value for value in typed.get(name, ()) if value.strip())
        if not given:
            if not block.get("optional"):
                found[block["block_id"]] = REQUIRED
            continue
        check = _CHECKS.get(element["type"])
        if check and (complaint := check(element, given[0])):
            found[block["block_id"]] = complaint
    return found


def _initial_options(element: Block) -> list[Block]:
    one = element.get("initial_option")
    return [one] if one else list(element.get("initial_options") or ())


def _initial(element: Block) -> tuple[str, ...]:
    kind = element["type"]
    if kind in SINGLE:
        value = element.get(SINGLE[kind][1])
        return () if value is None else (str(value),)
    if kind in MULTI:
        return tuple(element.get(MULTI[kind][1]) or ())
    return tuple(option["value"] for option in _initial_options(element))


def _check_text(element: Block, text: str) -> str:
    if len(text) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(text) > element.get("max_length", 3000):
        return f"Please enter no more than {element.get('max_length', 3000)} characters."
    return ""


def _check_number(element: Block, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return "Please enter a number."
    if "." in text and not element["is_decimal_allowed"]:
        return "Please enter a whole number."
    if "min_value" in element and float(text) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(text) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return ""


def _check_email(element: Block, text: str) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) else "Please enter a valid email address."


def _check_url(element: Block, text: str) -> str:
    return "" if re.fullmatch(r"https?://\S+", text) else "Please enter a valid URL."


_CHECKS: dict[str, Callable[[Block, str], str]] = {
    "plain_text_input": _check_text,
    "number_input": _check_number,
    "email_text_input": _check_email,
    "url_text_input": _check_url,
}
