"""The Block Kit rules: good payloads pass, and each rule is broken once."""

# ruff: noqa: E501 - the table of broken payloads reads best with one rule a line
from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import slackblocks

from playground.workspace import blockkit, blockkit_table
from tests.playground.workspace.payloads_for_tests import (
    button,
    card,
    confirm,
    field,
    home,
    modal,
    mrkdwn,
    option,
    plain,
)


def message(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"text": "x", "blocks": list(blocks)}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return message({"type": "actions", "elements": list(elements)})


def section(**parts: Any) -> dict[str, Any]:
    return message({"type": "section", **parts})


def form(*blocks: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**modal(), "blocks": list(blocks), **parts}


def one_input(element: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return form(field("f", "F", element, **parts))


def select(**parts: Any) -> dict[str, Any]:
    return actions({"type": "static_select", "action_id": "s", "placeholder": plain("p"), **parts})


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "a", "style": {"bold": True}},
                {"type": "link", "url": "https://example.com"},
                {"type": "user", "user_id": "U1"},
                {"type": "emoji", "name": "tada"},
                {"type": "date", "timestamp": 1700000000, "format": "{date}"},
            ],
        },
        {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_section", "elements": []}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "x"}]},
    ],
}
TASK = {"type": "task_card", "task_id": "t1", "title": "Accepted", "status": "complete", "details": RICH}

GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "a card": ("message", message(*card())),
    "a modal with every input": ("modal", modal()),
    "an App Home": ("home", home()),
    "an empty App Home": ("home", {"type": "home", "blocks": []}),
    "text alone": ("message", {"text": "hello"}),
    "rich text": ("message", message(RICH)),
    "a plan": ("message", message({"type": "plan", "title": "Steps", "tasks": [TASK]})),
    "an alert": ("message", message({"type": "alert", "level": "warning", "text": plain("slow")})),
    "markdown": ("message", message({"type": "markdown", "text": "# x"})),
    "a table": ("message", message({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]})),
    "an image": ("message", message({"type": "image", "image_url": "https://example.com/x.png", "alt_text": "x"})),
    "values up to their limits": (
        "message",
        actions(button("a" * 255, "t" * 75, value="v" * 2000, accessibility_label="l" * 75)),
    ),
    "fifty blocks": ("message", message(*[{"type": "divider"}] * 50)),
    "a hundred options": ("message", select(options=[option(f"v{i}") for i in range(100)])),
    "null where nothing is given": ("message", section(text=plain("x"), accessory=None)),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_payload_has_no_problems(name: str) -> None:
    surface, payload = GOOD[name]
    assert blockkit.problems(payload, surface) == []


# what is broken -> (surface, payload, where, part of the message)
BROKEN: dict[str, tuple[str, dict[str, Any], str, str]] = {
    # shapes
    "unknown block": ("message", message({"type": "nonsense"}), "/blocks/0/type", "unsupported type"),
    "block without type": ("message", message({"text": plain("x")}), "/blocks/0/type", "unsupported type"),
    "block is no object": ("message", {"blocks": ["x"]}, "/blocks/0", "object"),
    "blocks is no list": ("message", {"blocks": {"type": "divider"}}, "/blocks", "array"),
    "unknown field": ("message", message({"type": "divider", "colour": "red"}), "/blocks/0", "additional property: colour"),
    "text is a string": ("message", section(text="x"), "/blocks/0/text", "object"),
    "text of unknown type": ("message", section(text={"type": "html", "text": "x"}), "/blocks/0/text/type", "one of"),
    "emoji in mrkdwn": ("message", section(text={**mrkdwn("x"), "emoji": True}), "/blocks/0/text", "emoji"),
    "verbatim in plain_text": ("message", section(text={**plain("x"), "verbatim": True}), "/blocks/0/text", "verbatim"),
    "empty text": ("message", section(text=plain("")), "/blocks/0/text/text", "more than 0"),
    "flag is a string": ("message", section(text={**plain("x"), "emoji": "true"}), "/blocks/0/text/emoji", "boolean"),
    "number is a string": ("modal", one_input({"type": "plain_text_input", "max_length": "3"}), "/blocks/0/element/max_length", "integer"),
    "string is a number": ("message", actions(button("a", "A", value=3)), "/blocks/0/elements/0/value", "string"),
    "list is a string": ("message", message({"type": "actions", "elements": "x"}), "/blocks/0/elements", "array"),
    # sections, headers, context
    "section without anything": ("message", section(), "/blocks/0", "text or fields"),
    "section text too long": ("message", section(text=plain("x" * 3001)), "/blocks/0/text/text", "less than 3001"),
    "eleven fields": ("message", section(fields=[plain("x")] * 11), "/blocks/0/fields", "more than 10"),
    "no fields at all": ("message", section(fields=[]), "/blocks/0/fields", "fewer than 1"),
    "field too long": ("message", section(fields=[plain("x" * 2001)]), "/blocks/0/fields/0/text", "less than 2001"),
    "input as accessory": ("message", section(text=plain("x"), accessory={"type": "plain_text_input"}), "/blocks/0/accessory/type", "unsupported"),
    "header too long": ("message", message({"type": "header", "text": plain("x" * 151)}), "/blocks/0/text/text", "less than 151"),
    "header in mrkdwn": ("message", message({"type": "header", "text": mrkdwn("x")}), "/blocks/0/text/type", "plain_text"),
    "header without text": ("message", message({"type": "header"}), "/blocks/0", "missing required field: text"),
    "eleven context elements": ("message", message({"type": "context", "elements": [plain("x")] * 11}), "/blocks/0/elements", "more than 10"),
    "button in a context": ("message", message({"type": "context", "elements": [button("a", "A")]}), "/blocks/0/elements/0/type", "unsupported"),
    "block_id too long": ("message", message({"type": "divider", "block_id": "x" * 256}), "/blocks/0/block_id", "less than 256"),
    # images
    "image without alternative text": ("message", message({"type": "image", "image_url": "https://e.com/x.png"}), "/blocks/0", "alt_text"),
    "image without source": ("message", message({"type": "image", "alt_text": "x"}), "/blocks/0", "exactly one of"),
    "image address no URL": ("message", message({"type": "image", "alt_text": "x", "image_url": "x.png"}), "/blocks/0/image_url", "URL"),
    # actions and buttons
    "no elements": ("message", actions(), "/blocks/0/elements", "fewer than 1"),
    "twenty-six elements": ("message", actions(*[button(f"a{i}", "A") for i in range(26)]), "/blocks/0/elements", "more than 25"),
    "text input in actions": ("message", actions({"type": "plain_text_input"}), "/blocks/0/elements/0/type", "unsupported"),
    "button text too long": ("message", actions(button("a", "x" * 76)), "/blocks/0/elements/0/text/text", "less than 76"),
    "button value too long": ("message", actions(button("a", "A", value="x" * 2001)), "/blocks/0/elements/0/value", "less than 2001"),
    "button of unknown style": ("message", actions(button("a", "A", style="loud")), "/blocks/0/elements/0/style", "primary, danger"),
    "button address no URL": ("message", actions(button("a", "A", url="javascript:x")), "/blocks/0/elements/0/url", "URL"),
    "accessibility label too long": ("message", actions(button("a", "A", accessibility_label="x" * 76)), "/blocks/0/elements/0/accessibility_label", "less than 76"),
    "action_id too long": ("message", actions(button("x" * 256, "A")), "/blocks/0/elements/0/action_id", "less than 256"),
    "confirm title too long": ("message", actions(button("a", "A", confirm={**confirm(), "title": plain("x" * 101)})), "/blocks/0/elements/0/confirm/title/text", "less than 101"),
    "confirm text too long": ("message", actions(button("a", "A", confirm={**confirm(), "text": plain("x" * 301)})), "/blocks/0/elements/0/confirm/text/text", "less than 301"),
    "confirm button too long": ("message", actions(button("a", "A", confirm={**confirm(), "deny": plain("x" * 31)})), "/blocks/0/elements/0/confirm/deny/text", "less than 31"),
    "confirm without deny": ("message", actions(button("a", "A", confirm={k: v for k, v in confirm().items() if k != "deny"})), "/blocks/0/elements/0/confirm", "deny"),
    "six options in an overflow": ("message", actions({"type": "overflow", "action_id": "o", "options": [option(str(i)) for i in range(6)]}), "/blocks/0/elements/0/options", "more than 5"),
    # selects
    "select without options": ("message", select(), "/blocks/0/elements/0", "exactly one of"),
    "select with options and groups": ("message", select(options=[option("a")], option_groups=[{"label": plain("g"), "options": [option("b")]}]), "/blocks/0/elements/0", "exactly one of"),
    "101 options": ("message", select(options=[option(f"v{i}") for i in range(101)]), "/blocks/0/elements/0/options", "more than 100"),
    "option text too long": ("message", select(options=[option("a", "x" * 76)]), "/blocks/0/elements/0/options/0/text/text", "less than 76"),
    "option value too long": ("message", select(options=[option("x" * 151, "a")]), "/blocks/0/elements/0/options/0/value", "less than 151"),
    "option description too long": ("message", select(options=[{**option("a"), "description": plain("x" * 76)}]), "/blocks/0/elements/0/options/0/description/text", "less than 76"),
    "group label too long": ("message", select(option_groups=[{"label": plain("x" * 76), "options": [option("b")]}]), "/blocks/0/elements/0/option_groups/0/label/text", "less than 76"),
    "placeholder too long": ("message", select(options=[option("a")], placeholder=plain("x" * 151)), "/blocks/0/elements/0/placeholder/text", "less than 151"),
    "initial option that is not offered": ("message", select(options=[option("a")], initial_option=option("b")), "/blocks/0/elements/0/initial_option", "exactly match"),
    "link in a select": ("message", select(options=[{**option("a"), "url": "https://e.com"}]), "/blocks/0/elements/0/options", "overflow"),
    "eleven radio buttons": ("modal", one_input({"type": "radio_buttons", "options": [option(str(i)) for i in range(11)]}), "/blocks/0/element/options", "more than 10"),
    "eleven checkboxes": ("modal", one_input({"type": "checkboxes", "options": [option(str(i)) for i in range(11)]}), "/blocks/0/element/options", "more than 10"),
    "checked box that is not offered": ("modal", one_input({"type": "checkboxes", "options": [option("a")], "initial_options": [option("b")]}), "/blocks/0/element/initial_options", "exactly match"),
    "more chosen than may be": ("modal", one_input({"type": "multi_static_select", "options": [option("a"), option("b")], "initial_options": [option("a"), option("b")], "max_selected_items": 1}), "/blocks/0/element/initial_options", "max_selected_items"),
    "max_selected_items of zero": ("modal", one_input({"type": "multi_static_select", "options": [option("a")], "max_selected_items": 0}), "/blocks/0/element/max_selected_items", "at least 1"),
    # inputs
    "input without element": ("modal", form({"type": "input", "label": plain("L")}), "/blocks/0", "element"),
    "input without label": ("modal", form({"type": "input", "element": {"type": "plain_text_input"}}), "/blocks/0", "label"),
    "label too long": ("modal", form({**field("f", "x" * 2001, {"type": "plain_text_input"})}), "/blocks/0/label/text", "less than 2001"),
    "hint too long": ("modal", one_input({"type": "plain_text_input"}, hint=plain("x" * 2001)), "/blocks/0/hint/text", "less than 2001"),
    "button in an input": ("modal", form(field("f", "F", button("a", "A"))), "/blocks/0/element/type", "unsupported"),
    "min_length too large": ("modal", one_input({"type": "plain_text_input", "min_length": 3001}), "/blocks/0/element/min_length", "at most 3000"),
    "min_length above max_length": ("modal", one_input({"type": "plain_text_input", "min_length": 9, "max_length": 3}), "/blocks/0/element/min_length", "not be more"),
    "number without is_decimal_allowed": ("modal", one_input({"type": "number_input"}), "/blocks/0/element", "is_decimal_allowed"),
    "number limits not numeric": ("modal", one_input({"type": "number_input", "is_decimal_allowed": False, "min_value": "one"}), "/blocks/0/element/min_value", "number"),
    "first number outside its limits": ("modal", one_input({"type": "number_input", "is_decimal_allowed": False, "max_value": "3", "initial_value": "4"}), "/blocks/0/element/initial_value", "limits"),
    "first date no date": ("modal", one_input({"type": "datepicker", "initial_date": "01.12.2026"}), "/blocks/0/element/initial_date", "YYYY-MM-DD"),
    "first time no time": ("modal", one_input({"type": "timepicker", "initial_time": "25:00"}), "/blocks/0/element/initial_time", "HH:mm"),
    "wrong dispatch trigger": ("modal", one_input({"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_blur"]}}), "/blocks/0/element/dispatch_action_config/trigger_actions_on/0", "one of"),
    "two focused fields": ("modal", form(field("a", "A", {"type": "plain_text_input", "focus_on_load": True}), field("b", "B", {"type": "plain_text_input", "focus_on_load": True})), "/blocks/1/element/focus_on_load", "only one"),
    # views
    "view of another type": ("modal", {**modal(), "type": "home"}, "/type", "must be modal"),
    "modal without title": ("modal", {k: v for k, v in modal().items() if k != "title"}, "", "title"),
    "title too long": ("modal", {**modal(), "title": plain("x" * 25)}, "/title/text", "less than 25"),
    "submit too long": ("modal", {**modal(), "submit": plain("x" * 25)}, "/submit/text", "less than 25"),
    "close too long": ("modal", {**modal(), "close": plain("x" * 25)}, "/close/text", "less than 25"),
    "inputs without submit": ("modal", {k: v for k, v in modal().items() if k != "submit"}, "", "submit"),
    "modal without blocks": ("modal", {**modal(), "blocks": []}, "/blocks", "fewer than 1"),
    "private_metadata too long": ("modal", {**modal(), "private_metadata": "x" * 3001}, "/private_metadata", "less than 3001"),
    "callback_id too long": ("modal", {**modal(), "callback_id": "x" * 256}, "/callback_id", "less than 256"),
    "external_id too long": ("modal", {**modal(), "external_id": "x" * 256}, "/external_id", "less than 256"),
    "home with submit": ("home", {**home(), "submit": plain("x")}, "", "submit"),
    "101 blocks in a view": ("modal", form(*[{"type": "divider"}] * 101), "/blocks", "more than 100"),
    "view above 250 kB": ("home", {"type": "home", "blocks": [{"type": "section", "text": plain("x" * 2900)}] * 95}, "", "bytes"),
    "plan in a modal": ("modal", form({"type": "plan", "title": "x", "tasks": []}), "/blocks/0/type", "not allowed in a modal"),
    # across blocks
    "51 blocks in a message": ("message", message(*[{"type": "divider"}] * 51), "/blocks", "more than 50"),
    "block_id used twice": ("message", message({"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}), "/blocks/1/block_id", "already exists"),
    "action_id used twice": ("message", actions(button("a", "A"), button("a", "B")), "/blocks/0/elements/1/action_id", "already exists"),
    "task_id used twice": ("message", message({"type": "plan", "title": "x", "tasks": [TASK, TASK]}), "/blocks/0/tasks", "unique"),
    "markdown too long together": ("message", message(*[{"type": "markdown", "text": "x" * 7000}] * 2), "/blocks", "together"),
    "two tables": ("message", message(*[{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * 2), "/blocks/1", "only_one_table"),
    # the newer blocks
    "task of unknown status": ("message", message({**TASK, "status": "done"}), "/blocks/0/status", "one of"),
    "alert of unknown level": ("message", message({"type": "alert", "text": plain("x"), "level": "loud"}), "/blocks/0/level", "one of"),
    "alert too long": ("message", message({"type": "alert", "text": plain("x" * 201)}), "/blocks/0/text/text", "less than 201"),
    "markdown too long": ("message", message({"type": "markdown", "text": "x" * 12001}), "/blocks/0/text", "less than 12001"),
    "rich text with unknown leaf": ("message", message({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "blink"}]}]}), "/blocks/0/elements/0/elements/0/type", "unsupported"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_payload_is_named_where_it_is_broken(name: str) -> None:
    surface, payload, pointer, part = BROKEN[name]
    found = blockkit.problems(payload, surface)
    assert any(p.pointer == pointer and part in p.message for p in found), [str(p) for p in found]


def test_problem_reads_like_slacks_own() -> None:
    (problem,) = blockkit.problems(actions(button("a", "x" * 76)))
    assert str(problem) == "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"


def test_problems_do_not_change_the_payload() -> None:
    payload = modal()
    before = copy.deepcopy(payload)
    blockkit.problems(payload, "modal")
    assert payload == before


def test_unknown_surface_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="surface"):
        blockkit.problems({}, "postcard")


def test_every_block_of_the_table_has_a_shape() -> None:
    assert all(f"block:{kind}" in blockkit_table.SHAPES for kind in blockkit_table.BLOCKS)
    families = {"actions": blockkit_table.IN_ACTIONS, "input": blockkit_table.IN_INPUT}
    assert all(f"element:{kind}" in blockkit_table.SHAPES for kinds in families.values() for kind in kinds)


MADE_ELSEWHERE: dict[str, Callable[[], Any]] = {
    "section": lambda: slackblocks.SectionBlock("hello *you*", fields=["a", "b"]),
    "header": lambda: slackblocks.HeaderBlock("Title"),
    "divider": lambda: slackblocks.DividerBlock(),
    "context": lambda: slackblocks.ContextBlock(elements=[slackblocks.Text("x")]),
    "actions": lambda: slackblocks.ActionsBlock(
        elements=[slackblocks.Button(text="Go", action_id="go", value="1", style="primary")]
    ),
    "input": lambda: slackblocks.InputBlock(
        label="Name", element=slackblocks.PlainTextInput(action_id="n", max_length=10)
    ),
    "select": lambda: slackblocks.ActionsBlock(
        elements=[
            slackblocks.StaticSelectMenu(
                action_id="s",
                placeholder="p",
                options=[
                    slackblocks.Option(text=slackblocks.Text("A", type_=slackblocks.TextType.PLAINTEXT), value="a")
                ],
            )
        ]
    ),
}


@pytest.mark.parametrize("name", MADE_ELSEWHERE)
def test_blocks_made_by_another_library_pass(name: str) -> None:
    block = MADE_ELSEWHERE[name]()
    assert blockkit.problems(message(json.loads(json.dumps(block._resolve()))), "message") == []
