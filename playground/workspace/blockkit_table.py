"""Block Kit's documented shapes and limits, as data.

`SHAPES` says for every object which fields it has and what each may hold. The keys are `family:type`
(`block:section`, `element:button`, `rich:link`) or the bare name of a composition object (`confirm`).
What must never live here: code that walks the table (`blockkit`), or rules between fields (`blockkit_cross`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
VIEW_BYTES = 250_000
MARKDOWN_TOTAL = 12_000
POST_TEXT, UPDATE_TEXT = 40_000, 4_000
METADATA_BYTES = 8_000

SURFACES = ("message", "modal", "home")


@dataclass(frozen=True)
class Text:
    """A text object of at most `max` characters."""

    max: int
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn")


@dataclass(frozen=True)
class Str:
    """A string; `one_of` closes the set, `pattern` is a full match and `like` names it to people."""

    max: int | None = None
    min: int = 0
    one_of: tuple[str, ...] = ()
    pattern: str = ""
    like: str = ""


@dataclass(frozen=True)
class Int:
    """A whole number."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True)
class Free:
    """Anything: Slack does not look inside."""


@dataclass(frozen=True)
class Many:
    """A list."""

    of: Rule
    min: int = 0
    max: int | None = None


@dataclass(frozen=True)
class Named:
    """The shape of that name."""

    name: str


@dataclass(frozen=True)
class Typed:
    """An object whose `type` is one of `types`, looked up in `family`."""

    family: str
    types: tuple[str, ...]


Rule: TypeAlias = "Text | Str | Int | Flag | Free | Many | Named | Typed"


@dataclass(frozen=True)
class Shape:
    """An object: its fields, which are required, and of which group exactly or at least one must be there."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    at_least_one: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = SURFACES
    typed: bool = field(default=True)


def _plain(limit: int) -> Text:
    return Text(limit, ("plain_text",))


_ID = Str(255, min=1)
_URL = Str(3000, pattern=r"(https?|mailto|slack|tel):\S+", like="a URL")
_DATE = Str(pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", like="a date YYYY-MM-DD")
_TIME = Str(pattern=r"([01]\d|2[0-3]):[0-5]\d", like="a time HH:mm")
_STYLE = Str(one_of=("primary", "danger"))
_CONFIRM = Named("confirm")
_OPTIONS = Many(Named("option"), min=1, max=100)
_GROUPS = Many(Named("option_group"), min=1, max=100)
_TEN = Many(Named("option"), min=1, max=10)

_SELECTS = tuple(
    f"{prefix}{kind}_select"
    for prefix in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
_PICKERS = ("datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes")
_TYPED_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input")

IN_ACTIONS = ("button", "overflow", "workflow_button", *_PICKERS, *_SELECTS)
IN_SECTION = (*(t for t in IN_ACTIONS if t != "datetimepicker"), "image")
IN_INPUT = (*_TYPED_INPUTS, *_PICKERS, *_SELECTS, "file_input")

_RICH_LEAVES = ("text", "link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color")
_RICH_STYLE = Named("rich_style")
_LEAVES = Many(Typed("rich", _RICH_LEAVES))

BLOCKS = (
    "section", "header", "divider", "context", "actions", "input", "image", "rich_text",
    "markdown", "alert", "plan", "task_card", "table", "video", "context_actions",
)  # fmt: skip


def _interactive(required: tuple[str, ...] = (), **fields: Rule) -> Shape:
    return Shape({"action_id": _ID, **fields}, required=required)


def _input(required: tuple[str, ...] = (), exactly_one: tuple[str, ...] = (), **fields: Rule) -> Shape:
    common: dict[str, Rule] = {"action_id": _ID, "placeholder": _plain(150), "focus_on_load": Flag()}
    return Shape({**common, **fields}, required=required, exactly_one=exactly_one)


def _select(kind: str, *, many: bool) -> Shape:
    sources: dict[str, dict[str, Rule]] = {
        "static": {"options": _OPTIONS, "option_groups": _GROUPS},
        "external": {"min_query_length": Int(min=0)},
        "users": {},
        "conversations": {"default_to_current_conversation": Flag(), "filter": Named("filter")},
        "channels": {},
    }
    fields: dict[str, Rule] = {**sources[kind], "confirm": _CONFIRM}
    initial: Rule = Named("option") if kind in ("static", "external") else Str(min=1)
    stem = {"static": "option", "external": "option"}.get(kind, kind.removesuffix("s"))
    if many:
        fields |= {f"initial_{stem}s": Many(initial, min=1, max=100), "max_selected_items": Int(min=1)}
    else:
        fields |= {f"initial_{stem}": initial}
        if kind in ("conversations", "channels"):
            fields["response_url_enabled"] = Flag()
    return _input((), ("options", "option_groups") if kind == "static" else (), **fields)


SHAPES: dict[str, Shape] = {
    # composition objects
    "confirm": Shape(
        {"title": _plain(100), "text": Text(300), "confirm": _plain(30), "deny": _plain(30), "style": _STYLE},
        required=("title", "text", "confirm", "deny"),
        typed=False,
    ),
    "option": Shape(
        {"text": Text(75), "value": Str(150, min=1), "description": Text(75), "url": _URL},
        required=("text", "value"),
        typed=False,
    ),
    "option_group": Shape({"label": _plain(75), "options": _OPTIONS}, required=("label", "options"), typed=False),
    "filter": Shape(
        {
            "include": Many(Str(one_of=("im", "mpim", "private", "public")), min=1),
            "exclude_external_shared_channels": Flag(),
            "exclude_bot_users": Flag(),
        },
        typed=False,
    ),
    "dispatch_action_config": Shape(
        {"trigger_actions_on": Many(Str(one_of=("on_enter_pressed", "on_character_entered")), min=1, max=2)},
        typed=False,
    ),
    "slack_file": Shape({"id": Str(min=1), "url": _URL}, exactly_one=("id", "url"), typed=False),
    "workflow": Shape({"trigger": Free()}, required=("trigger",), typed=False),
    "rich_style": Shape(
        {k: Flag() for k in ("bold", "italic", "strike", "code", "underline", "highlight", "unlink")}, typed=False
    ),
    "column": Shape({"align": Str(one_of=("left", "center", "right")), "is_wrapped": Flag()}, typed=False),
    # blocks
    "block:section": Shape(
        {
            "text": Text(3000),
            "fields": Many(Text(2000), min=1, max=10),
            "accessory": Typed("element", IN_SECTION),
            "expand": Flag(),
        },
        at_least_one=("text", "fields"),
    ),
    "block:header": Shape({"text": _plain(150)}, required=("text",)),
    "block:divider": Shape({}),
    "block:context": Shape(
        {"elements": Many(Typed("context", ("plain_text", "mrkdwn", "image")), min=1, max=10)},
        required=("elements",),
    ),
    "block:actions": Shape({"elements": Many(Typed("element", IN_ACTIONS), min=1, max=25)}, required=("elements",)),
    "block:context_actions": Shape(
        {"elements": Many(Typed("element", ("feedback_buttons", "icon_button")), min=1, max=5)},
        required=("elements",),
        surfaces=("message",),
    ),
    "block:input": Shape(
        {
            "label": _plain(2000),
            "element": Typed("element", IN_INPUT),
            "dispatch_action": Flag(),
            "hint": _plain(2000),
            "optional": Flag(),
        },
        required=("label", "element"),
    ),
    "block:image": Shape(
        {"image_url": _URL, "slack_file": Named("slack_file"), "alt_text": Str(2000), "title": _plain(2000)},
        required=("alt_text",),
        exactly_one=("image_url", "slack_file"),
    ),
    "block:rich_text": Shape(
        {
            "elements": Many(
                Typed(
                    "rich",
                    ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"),
                )
            )
        },
        required=("elements",),
    ),
    "block:markdown": Shape({"text": Str(12_000, min=1)}, required=("text",), surfaces=("message",)),
    "block:alert": Shape(
        {"text": Text(200), "level": Str(one_of=("default", "info", "warning", "error", "success"))},
        required=("text",),
    ),
    "block:plan": Shape(
        {"title": Str(min=1), "tasks": Many(Typed("block", ("task_card",)), max=50)},
        required=("title",),
        surfaces=("message",),
    ),
    "block:task_card": Shape(
        {
            "task_id": Str(min=1),
            "title": Str(min=1),
            "details": Typed("block", ("rich_text",)),
            "output": Typed("block", ("rich_text",)),
            "sources": Many(Typed("element", ("url",))),
            "status": Str(one_of=("pending", "in_progress", "complete", "error")),
        },
        required=("task_id", "title", "status"),
        surfaces=("message",),
    ),
    "block:table": Shape(
        {
            "rows": Many(Many(Typed("cell", ("raw_text", "raw_number", "rich_text")), max=20), min=1, max=100),
            "column_settings": Many(Named("column"), max=20),
        },
        required=("rows",),
        surfaces=("message",),
    ),
    "block:video": Shape(
        {
            "alt_text": Str(2000),
            "title": _plain(200),
            "title_url": _URL,
            "thumbnail_url": _URL,
            "video_url": _URL,
            "author_name": Str(50),
            "provider_name": Str(50),
            "provider_icon_url": _URL,
            "description": _plain(200),
        },
        required=("alt_text", "title", "thumbnail_url", "video_url"),
    ),
    # what stands in a context block or a table cell
    "context:plain_text": Shape({"text": Str(3000, min=1), "emoji": Flag()}, required=("text",)),
    "context:mrkdwn": Shape({"text": Str(3000, min=1), "verbatim": Flag()}, required=("text",)),
    "cell:raw_text": Shape({"text": Str(min=1)}, required=("text",)),
    "cell:raw_number": Shape({"text": Str(min=1), "value": Free()}, required=("value",)),
    # buttons
    "element:button": _interactive(
        ("text",),
        text=_plain(75),
        url=_URL,
        value=Str(2000),
        style=_STYLE,
        confirm=_CONFIRM,
        accessibility_label=Str(75),
    ),
    "element:workflow_button": _interactive(
        ("text", "workflow"),
        text=_plain(75),
        workflow=Named("workflow"),
        style=_STYLE,
        accessibility_label=Str(75),
    ),
    "element:overflow": _interactive(("options",), options=Many(Named("option"), min=1, max=5), confirm=_CONFIRM),
    "element:icon_button": _interactive(
        ("icon", "text"),
        icon=Str(one_of=("trash",)),
        text=_plain(75),
        value=Str(2000),
        confirm=_CONFIRM,
        accessibility_label=Str(75),
        visible_to_user_ids=Many(Str(), max=10),
    ),
    "element:feedback_buttons": _interactive(
        ("positive_button", "negative_button"),
        positive_button=Named("feedback"),
        negative_button=Named("feedback"),
    ),
    "feedback": Shape(
        {"text": _plain(75), "value": Str(2000), "accessibility_label": Str(75)},
        required=("text", "value"),
        typed=False,
    ),
    "element:url": Shape({"url": _URL, "text": Str(min=1)}, required=("url", "text")),
    # inputs
    "element:plain_text_input": _input(
        initial_value=Str(3000),
        multiline=Flag(),
        min_length=Int(min=0, max=3000),
        max_length=Int(min=1, max=3000),
        dispatch_action_config=Named("dispatch_action_config"),
    ),
    "element:email_text_input": _input(initial_value=Str(), dispatch_action_config=Named("dispatch_action_config")),
    "element:url_text_input": _input(initial_value=Str(), dispatch_action_config=Named("dispatch_action_config")),
    "element:number_input": _input(
        ("is_decimal_allowed",),
        is_decimal_allowed=Flag(),
        initial_value=Str(pattern=r"-?\d+(\.\d+)?", like="a number in a string"),
        min_value=Str(pattern=r"-?\d+(\.\d+)?", like="a number in a string"),
        max_value=Str(pattern=r"-?\d+(\.\d+)?", like="a number in a string"),
        dispatch_action_config=Named("dispatch_action_config"),
    ),
    "element:rich_text_input": _input(
        initial_value=Typed("block", ("rich_text",)),
        dispatch_action_config=Named("dispatch_action_config"),
        min_lines=Int(min=1, max=100),
        max_lines=Int(min=1, max=100),
    ),
    "element:datepicker": _input(initial_date=_DATE, confirm=_CONFIRM),
    "element:timepicker": _input(initial_time=_TIME, timezone=Str(min=1), confirm=_CONFIRM),
    "element:datetimepicker": Shape(
        {
            "action_id": _ID,
            "initial_date_time": Int(min=1_000_000_000, max=9_999_999_999),
            "focus_on_load": Flag(),
            "confirm": _CONFIRM,
        }
    ),
    "element:radio_buttons": Shape(
        {
            "action_id": _ID,
            "options": _TEN,
            "initial_option": Named("option"),
            "confirm": _CONFIRM,
            "focus_on_load": Flag(),
        },
        required=("options",),
    ),
    "element:checkboxes": Shape(
        {
            "action_id": _ID,
            "options": _TEN,
            "initial_options": Many(Named("option"), min=1, max=10),
            "confirm": _CONFIRM,
            "focus_on_load": Flag(),
        },
        required=("options",),
    ),
    "element:file_input": Shape(
        {"action_id": _ID, "filetypes": Many(Str()), "max_files": Int(min=1, max=10)}, surfaces=("modal",)
    ),
    **{
        f"element:{'multi_' if many else ''}{kind}_select": _select(kind, many=many)
        for many in (False, True)
        for kind in ("static", "external", "users", "conversations", "channels")
    },
    # rich text
    "rich:rich_text_section": Shape({"elements": _LEAVES}, required=("elements",)),
    "rich:rich_text_list": Shape(
        {
            "elements": Many(Typed("rich", ("rich_text_section",))),
            "style": Str(one_of=("bullet", "ordered")),
            "indent": Int(min=0, max=8),
            "offset": Int(min=0),
            "border": Int(min=0, max=1),
        },
        required=("elements", "style"),
    ),
    "rich:rich_text_preformatted": Shape({"elements": _LEAVES, "border": Int(min=0, max=1)}, required=("elements",)),
    "rich:rich_text_quote": Shape({"elements": _LEAVES, "border": Int(min=0, max=1)}, required=("elements",)),
    "rich:text": Shape({"text": Str(min=1), "style": _RICH_STYLE}, required=("text",)),
    "rich:link": Shape({"url": _URL, "text": Str(), "unsafe": Flag(), "style": _RICH_STYLE}, required=("url",)),
    "rich:user": Shape({"user_id": Str(min=1), "style": _RICH_STYLE}, required=("user_id",)),
    "rich:usergroup": Shape({"usergroup_id": Str(min=1), "style": _RICH_STYLE}, required=("usergroup_id",)),
    "rich:channel": Shape({"channel_id": Str(min=1), "style": _RICH_STYLE}, required=("channel_id",)),
    "rich:emoji": Shape(
        {"name": Str(min=1), "unicode": Str(), "skin_tone": Int(), "style": _RICH_STYLE}, required=("name",)
    ),
    "rich:date": Shape(
        {"timestamp": Int(min=0), "format": Str(min=1), "url": _URL, "fallback": Str(), "style": _RICH_STYLE},
        required=("timestamp", "format"),
    ),
    "rich:broadcast": Shape(
        {"range": Str(one_of=("here", "channel", "everyone")), "style": _RICH_STYLE}, required=("range",)
    ),
    "rich:color": Shape({"value": Str(min=1), "style": _RICH_STYLE}, required=("value",)),
}
SHAPES["cell:rich_text"] = SHAPES["block:rich_text"]
SHAPES["context:image"] = SHAPES["element:image"] = Shape(
    {"image_url": _URL, "slack_file": Named("slack_file"), "alt_text": Str(2000)},
    required=("alt_text",),
    exactly_one=("image_url", "slack_file"),
)

_OPAQUE: dict[str, Rule] = {"blocks": Free(), "type": Str()}  # blocks are walked one by one, with their surface
VIEWS: dict[str, Shape] = {
    "modal": Shape(
        {
            **_OPAQUE,
            "title": _plain(24),
            "submit": _plain(24),
            "close": _plain(24),
            "private_metadata": Str(3000),
            "callback_id": Str(255),
            "external_id": Str(255),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
            "submit_disabled": Flag(),
        },
        required=("type", "title", "blocks"),
    ),
    "home": Shape(
        {**_OPAQUE, "private_metadata": Str(3000), "callback_id": Str(255), "external_id": Str(255)},
        required=("type", "blocks"),
    ),
}
