"""Block Kit, as little of it as we use: constructors that keep each text within Slack's limit. Pure.

Clipping happens here and nowhere else, so no word of a person, however long, can break a card or a form.
What must never live here: sentences, or anything of our domain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from bot.text import clip, clip_markup, in_lines

Block: TypeAlias = dict[str, Any]

SECTION_TEXT = 3000
FIELD_TEXT = 2000
HEADER_TEXT = 150
OPTION_TEXT = 75
OPTIONS = 100
MESSAGE_BLOCKS = 50
PREFORMATTED_TEXT = 9000
"""Slack refuses a message of some 13,000 characters in all."""
VIEW_BLOCKS = 100
ACTION_ID = 255


@dataclass(frozen=True)
class Option:
    """One choice of a select. `value` must stay within 75 characters."""

    value: str
    label: str
    description: str = ""


def plain(words: str, longest: int = SECTION_TEXT) -> Block:
    return {"type": "plain_text", "text": _said(words, longest), "emoji": True}


def verbatim(words: str, longest: int = SECTION_TEXT) -> Block:
    """A person's own words: not even `:emoji:` is looked for, and nothing in them moves or hides others."""
    return {"type": "plain_text", "text": _said(in_lines(words), longest), "emoji": False}


def markdown(words: str, longest: int = SECTION_TEXT) -> Block:
    return {"type": "mrkdwn", "text": clip_markup(words, longest) if words.strip() else "-", "verbatim": True}


def header(words: str) -> Block:
    return {"type": "header", "text": plain(words, HEADER_TEXT)}


def section(words: str, *, block_id: str = "") -> Block:
    return _named({"type": "section", "text": markdown(words)}, block_id)


def quote(words: str) -> Block:
    """A section with a person's own words."""
    return {"type": "section", "text": verbatim(words)}


def preformatted(words: str) -> Block:
    """Lines to be copied as they are, so they are never clipped: nothing longer than `PREFORMATTED_TEXT`."""
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [inside]}


def code_line(said: str, words: str) -> Block:
    """What is said, and some code behind it, as rich text: Slack redraws a message that has such text only as one that
    has some, too."""
    inside = [{"type": "text", "text": f"{said} "}, {"type": "text", "text": words, "style": {"code": True}}]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inside}]}


def fields(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Label and value side by side, ten to a section; both are mrkdwn."""
    texts = [markdown(f"*{label}*\n{value}", FIELD_TEXT) for label, value in pairs]
    return [{"type": "section", "fields": texts[at : at + 10]} for at in range(0, len(texts), 10)]


def context(words: str, *, block_id: str = "") -> Block:
    return _named({"type": "context", "elements": [markdown(words)]}, block_id)


def divider() -> Block:
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """Task cards one below the other, in messages only, and not in every Slack."""
    return {"type": "plan", "title": _said(title, HEADER_TEXT), "tasks": list(tasks)}


def task(name: str, title: str, *, status: str) -> Block:
    """One task card. Without details: those are rich text, and Slack lets no rich text become anything else later."""
    return {"type": "task_card", "task_id": name, "title": _said(title, HEADER_TEXT), "status": status}


def button(words: str, *, action: str, value: str, spoken: str, style: str = "", confirm: Block | None = None) -> Block:
    """`spoken` is what a screen reader says: a button alone must tell what it is about."""
    made: Block = {
        "type": "button",
        "text": plain(words, 75),
        "action_id": action,
        "value": value,
        "accessibility_label": clip(spoken, 75),
    }
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirm(*, title: str, words: str, yes: str, no: str, style: str = "") -> Block:
    made: Block = {
        "title": plain(title, 100),
        "text": plain(words, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }
    return made | {"style": style} if style else made


def field(
    name: str, label: str, element: Block, *, hint: str = "", optional: bool = False, live: bool = False
) -> Block:
    """An input. Block and action are both called `name`, so what was typed survives every redrawing of the view."""
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label, 2000),
        "element": {**element, "action_id": name},
        "optional": optional,
        "dispatch_action": live,
    }
    return made | {"hint": plain(hint, 2000)} if hint else made


_EVERY_CHARACTER: Mapping[str, Any] = {"trigger_actions_on": ["on_character_entered"]}
"""Enter would submit the form; what is typed redraws it instead."""


def text_input(
    *, value: str = "", longest: int, placeholder: str = "", lines: bool = False, live: bool = False
) -> Block:
    """`live`: for a field that redraws its form with every letter."""
    made: Block = {"type": "plain_text_input", "max_length": longest, "multiline": lines}
    if live:
        made["dispatch_action_config"] = _EVERY_CHARACTER
    if value:
        made["initial_value"] = clip(value, longest)
    if placeholder:
        made["placeholder"] = plain(placeholder, 150)
    return made


def number_input(*, value: int | None = None, least: int, most: int) -> Block:
    made: Block = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": str(least),
        "max_value": str(most),
        "dispatch_action_config": _EVERY_CHARACTER,
    }
    return made | {"initial_value": str(min(max(value, least), most))} if value is not None else made


def select(options: Sequence[Option], *, chosen: str = "") -> Block:
    """A menu. Of more than 100 options one types the beginning, and `suggestions` answers with those that fit."""
    initial = next((_option(option) for option in options if option.value == chosen), None)
    element: Block = (
        {"type": "static_select", "options": [*map(_option, options)]}
        if len(options) <= OPTIONS
        else {"type": "external_select", "min_query_length": 1}
    )
    return element | {"initial_option": initial} if initial else element


def offered(options: Sequence[Option]) -> list[Mapping[str, Any]]:
    """The options of a menu in which somebody types."""
    return [*map(_option, options)]


def multi_select(options: Sequence[Option], *, chosen: Collection[str]) -> Block:
    """A menu that takes several; of more than 100 options as in `select`."""
    initial = [_option(option) for option in options if option.value in chosen][:OPTIONS]
    element: Block = (
        {"type": "multi_static_select", "options": [*map(_option, options)]}
        if len(options) <= OPTIONS
        else {"type": "multi_external_select", "min_query_length": 1}
    )
    return element | {"initial_options": initial} if initial else element


def person_select(*, chosen: str = "") -> Block:
    """A menu of everybody in the workspace; `chosen` is a Slack account."""
    element: Block = {"type": "users_select"}
    return element | {"initial_user": chosen} if chosen else element


def moment_picker(chosen: datetime) -> Block:
    """A day and a time, which each reader picks in their own zone."""
    return {"type": "datetimepicker", "initial_date_time": int(chosen.timestamp())}


def checkboxes(options: Sequence[Option], *, chosen: Collection[str] = ()) -> Block:
    """Boxes to tick, at most ten."""
    initial = [_option(option) for option in options if option.value in chosen]
    element: Block = {"type": "checkboxes", "options": [*map(_option, options)]}
    return element | {"initial_options": initial} if initial else element


def drawn(view: Block) -> dict[str, Block]:
    """What the fields of a form were drawn with, in the shape in which Slack tells what stands in them."""
    inputs = (part for part in view.get("blocks") or () if part.get("type") == "input")
    return {part["block_id"]: {part["element"]["action_id"]: _initial(part["element"])} for part in inputs}


def _initial(element: Block) -> Block:
    return {told: element[drawn] for told, drawn in _DRAWN if drawn in element}


_DRAWN = (
    ("value", "initial_value"),
    ("selected_option", "initial_option"),
    ("selected_options", "initial_options"),
    ("selected_user", "initial_user"),
    ("selected_date_time", "initial_date_time"),
)
"""What Slack tells of a field, by what it was drawn with."""


def modal(
    callback: str,
    *,
    title: str,
    blocks: Sequence[Block],
    close: str,
    submit: str = "",
    metadata: str = "",
) -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, 24),
        "close": plain(close, 24),
        "blocks": list(blocks),
    }
    if submit:
        view["submit"] = plain(submit, 24)
    if metadata:
        view["private_metadata"] = metadata
    return view


def home(blocks: Sequence[Block]) -> Block:
    """What stands in App Home; Slack takes 100 blocks."""
    return {"type": "home", "blocks": list(blocks[:VIEW_BLOCKS])}


def _said(words: str, longest: int) -> str:
    # Slack refuses text objects without a visible character.
    return clip(words, longest) if words.strip() else "-"


def _named(block: Block, block_id: str) -> Block:
    return block | {"block_id": block_id} if block_id else block


def _option(option: Option) -> Mapping[str, Any]:
    made = {"text": plain(option.label, OPTION_TEXT), "value": option.value}
    return made | {"description": plain(option.description, OPTION_TEXT)} if option.description else made
