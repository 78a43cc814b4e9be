"""Blocks as somebody sees them: pieces with words and controls, ready for the template and for the test driver.

Both draw from these and from nothing else, so what the driver can press is what the page shows. Pure.
What must never live here: HTML tags (templates and `mrkdwn` have those), state, acting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from markupsafe import Markup

from playground.workspace import dates, inputs, mrkdwn, richtext
from playground.workspace.mrkdwn import Node, Reader

Block: TypeAlias = Mapping[str, Any]

MARKS = {"pending": "○", "in_progress": "◔", "complete": "✔", "error": "✖"}


@dataclass(frozen=True)
class Run:
    """Words as HTML and as they are read."""

    html: Markup = field(default_factory=Markup)
    plain: str = ""


@dataclass(frozen=True)
class Choice:
    """One option."""

    value: str
    text: str
    description: str = ""
    group: str = ""
    url: str = ""


@dataclass(frozen=True)
class Confirm:
    """The question asked before a control takes effect."""

    title: str
    text: str
    confirm: str
    deny: str
    style: str = ""


@dataclass(frozen=True)
class Control:
    """Something that can be pressed or filled. `limits` are the element's own (min_length, max_value, ...)."""

    kind: str
    block_id: str
    action_id: str
    label: str
    value: tuple[str, ...] = ()
    hint: str = ""
    placeholder: str = ""
    style: str = ""
    url: str = ""
    spoken: str = ""
    error: str = ""
    choices: tuple[Choice, ...] = ()
    confirm: Confirm | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = True
    is_input: bool = False
    dispatch: str = ""
    clock: str = ""
    """Where a moment is picked, what the reader's clock shows then."""

    @property
    def name(self) -> str:
        """Its stable name in forms."""
        return f"{self.block_id}|{self.action_id}"

    @property
    def groups(self) -> dict[str, list[Choice]]:
        """Choices by group, in order; the group without a name is the ungrouped one."""
        found: dict[str, list[Choice]] = {}
        for choice in self.choices:
            found.setdefault(choice.group, []).append(choice)
        return found


@dataclass(frozen=True)
class Piece:
    """One block as drawn. `kind` is the block type; `level` is an alert's level or a task's status."""

    kind: str
    words: Run = field(default_factory=Run)
    more: tuple[Run, ...] = ()
    controls: tuple[Control, ...] = ()
    inside: tuple[Piece, ...] = ()
    rows: tuple[tuple[Run, ...], ...] = ()
    level: str = ""
    mark: str = ""

    @property
    def plain(self) -> str:
        """All words of the piece, as a person reads them, controls included."""
        parts = [self.mark, self.words.plain, *(run.plain for run in self.more)]
        parts += [piece.plain for piece in self.inside]
        parts += [" | ".join(cell.plain for cell in row) for row in self.rows]
        for control in self.controls:
            parts += [control.label, control.clock, control.hint, control.error]
            parts += [c.text for c in control.choices if c.value in control.value]
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Pen:
    """What drawing needs besides the blocks: the reader, what is typed, what the bot complained about."""

    reader: Reader
    typed: inputs.Typed = field(default_factory=dict)
    offered: inputs.Offered = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    people: tuple[Choice, ...] = ()
    channels: tuple[Choice, ...] = ()


def pieces(blocks: Sequence[Block], pen: Pen) -> tuple[Piece, ...]:
    """Every block, drawn in order."""
    return tuple(_DRAW[block["type"]](block, pen) for block in blocks)


def mrkdwn_run(text: str, reader: Reader) -> Run:
    """A bare mrkdwn text, drawn."""
    return _run(mrkdwn.parse(text, reader))


def _run(nodes: Sequence[Node]) -> Run:
    return Run(html=mrkdwn.html(nodes), plain=mrkdwn.words(nodes))


def _text(text: Block | None, pen: Pen) -> Run:
    if text is None:
        return Run()
    if text["type"] == "plain_text":
        return _run(mrkdwn.plain_text(text["text"]))
    return _run(mrkdwn.parse(text["text"], pen.reader))


def _image(image: Block) -> Run:
    # Pictures from elsewhere are never fetched; the alternative text stands for them.
    return _run([Node("text", text=f"[{image['alt_text']}]")])


def _section(block: Block, pen: Pen) -> Piece:
    fields = tuple(_text(t, pen) for t in block.get("fields") or ())
    accessory = block.get("accessory")
    if accessory and accessory["type"] == "image":
        fields, accessory = (*fields, _image(accessory)), None
    controls = (_control(block, accessory, pen),) if accessory else ()
    return Piece("section", words=_text(block.get("text"), pen), more=fields, controls=controls)


def _context(block: Block, pen: Pen) -> Piece:
    parts = (_image(e) if e["type"] == "image" else _text(e, pen) for e in block["elements"])
    return Piece("context", more=tuple(parts))


def _actions(block: Block, pen: Pen) -> Piece:
    return Piece("actions", controls=tuple(_control(block, e, pen) for e in block["elements"]))


def _input(block: Block, pen: Pen) -> Piece:
    return Piece("input", controls=(_control(block, block["element"], pen),))


def _task(block: Block, pen: Pen) -> Piece:
    more = [_run(richtext.parse(block[k], pen.reader)) for k in ("details", "output") if block.get(k)]
    more += [_run([mrkdwn.link(s["url"], s["text"])]) for s in block.get("sources") or ()]
    title = _run(mrkdwn.plain_text(block["title"]))
    return Piece("task_card", words=title, more=tuple(more), level=block["status"], mark=MARKS[block["status"]])


def _plan(block: Block, pen: Pen) -> Piece:
    tasks = tuple(_task(task, pen) for task in block.get("tasks") or ())
    return Piece("plan", words=_run(mrkdwn.plain_text(block["title"])), inside=tasks)


def _table(block: Block, pen: Pen) -> Piece:
    rows = tuple(tuple(_cell(cell, pen) for cell in row) for row in block["rows"])
    return Piece("table", rows=rows)


def _cell(cell: Block, pen: Pen) -> Run:
    if cell["type"] == "rich_text":
        return _run(richtext.parse(cell, pen.reader))
    return _run([Node("text", text=str(cell.get("text") or cell.get("value", "")))])


def _image_block(block: Block, pen: Pen) -> Piece:
    return Piece("image", words=_text(block.get("title"), pen), more=(_image(block),))


def _video(block: Block, pen: Pen) -> Piece:
    return Piece("image", words=_text(block["title"], pen), more=(_image(block),))


def _markdown(block: Block, pen: Pen) -> Piece:
    # Shown as it was written: whole Markdown is more than a local page needs.
    return Piece("markdown", words=_run([Node("text", text=block["text"])]))


_DRAW: dict[str, Callable[[Block, Pen], Piece]] = {
    "section": _section,
    "header": lambda block, pen: Piece("header", words=_text(block["text"], pen)),
    "divider": lambda block, pen: Piece("divider"),
    "context": _context,
    "actions": _actions,
    "context_actions": _actions,
    "input": _input,
    "image": _image_block,
    "rich_text": lambda block, pen: Piece("rich_text", words=_run(richtext.parse(block, pen.reader))),
    "markdown": _markdown,
    "alert": lambda block, pen: Piece("alert", words=_text(block["text"], pen), level=block.get("level") or "default"),
    "plan": _plan,
    "task_card": _task,
    "table": _table,
    "video": _video,
}


def _words(text: Block | str | None) -> str:
    if text is None or isinstance(text, str):
        return text or ""
    return mrkdwn.words(mrkdwn.plain_text(text["text"]))


def _control(block: Block, element: Block, pen: Pen) -> Control:
    is_input = block["type"] == "input"
    kind = element["type"]
    name = inputs.name_of(block, element)
    value = pen.typed[name] if name in pen.typed else inputs.initial([block]).get(name, ())
    label = _words(block["label"]) if is_input else _words(element.get("text"))
    placeholder = _words(element.get("placeholder"))
    return Control(
        kind=kind,
        block_id=block["block_id"],
        action_id=element.get("action_id", ""),
        label=label or placeholder or kind.replace("_", " "),
        value=value,
        hint=_words(block.get("hint")) if is_input else "",
        placeholder=placeholder,
        style=element.get("style", ""),
        url=element.get("url", ""),
        spoken=element.get("accessibility_label", ""),
        error=pen.errors.get(block["block_id"], "") if is_input else "",
        choices=_choices(element, pen, name),
        confirm=_confirm(element.get("confirm")),
        limits={k: element[k] for k in _LIMITS if k in element},
        optional=bool(block.get("optional")) if is_input else True,
        is_input=is_input,
        dispatch=_dispatch(block, element),
        clock=dates.clock(value[0], tz=pen.reader.tz) if value and kind == "datetimepicker" else "",
    )


_LIMITS = (
    "min_length", "max_length", "min_value", "max_value", "is_decimal_allowed", "multiline",
    "min_query_length", "max_selected_items", "focus_on_load",
)  # fmt: skip


def _dispatch(block: Block, element: Block) -> str:
    """When using the control tells the bot at once: "change", "enter", "type", or never (empty)."""
    if block["type"] == "input" and not block.get("dispatch_action"):
        return ""
    if element["type"] not in inputs.TEXTS:
        return "change"
    wanted = (element.get("dispatch_action_config") or {}).get("trigger_actions_on") or ["on_enter_pressed"]
    return "type" if "on_character_entered" in wanted else "enter"


def _choices(element: Block, pen: Pen, name: str) -> tuple[Choice, ...]:
    kind = element["type"]
    if kind in ("users_select", "multi_users_select"):
        return pen.people
    if kind.endswith(("channels_select", "conversations_select")):
        return pen.channels
    if kind in ("external_select", "multi_external_select"):
        first = element.get("initial_options") or [element.get("initial_option")]
        known = {o["value"]: _choice(o) for o in (*first, *pen.offered.get(name, ())) if o}
        return tuple(known.values())
    found = [_choice(o) for o in element.get("options") or ()]
    for group in element.get("option_groups") or ():
        found += [_choice(o, group=_words(group["label"])) for o in group["options"]]
    return tuple(found)


def _choice(option: Block, *, group: str = "") -> Choice:
    return Choice(
        value=option["value"],
        text=_words(option["text"]),
        description=_words(option.get("description")),
        group=group,
        url=option.get("url", ""),
    )


def _confirm(confirm: Block | None) -> Confirm | None:
    if not confirm:
        return None
    parts = {k: _words(confirm[k]) for k in ("title", "text", "confirm", "deny")}
    return Confirm(**parts, style=confirm.get("style", ""))
