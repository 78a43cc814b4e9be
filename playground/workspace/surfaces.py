"""A message or a form on a person's screen, as a test uses it: read it, press what is there, fill what is there.

Each looks at the screen anew whenever it is asked, as eyes do. What must never live here: any way around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from playground.workspace import inputs, screen
from playground.workspace.errors import NotVisible
from playground.workspace.interaction import Interactions
from playground.workspace.scene import Choice, Control
from playground.workspace.screen import ShownMessage, ShownView
from playground.workspace.state import Workspace

Value: TypeAlias = "str | Sequence[str] | None"

BUTTONS = ("button", "workflow_button", "icon_button")
FREE = (*inputs.TEXTS, "datepicker", "timepicker", "datetimepicker")


@dataclass(frozen=True)
class Seat:
    """Whose screen it is and whose hands act."""

    workspace: Workspace
    hands: Interactions
    user: str


@dataclass(frozen=True)
class Card:
    """A message on a person's screen, always as it is now."""

    person: Seat
    channel: str
    ts: str

    @property
    def shown(self) -> ShownMessage:
        """The message now. Raises `NotVisible` when it is gone."""
        for message in screen.messages(self.person.workspace, self.person.user, self.channel):
            if message.ts == self.ts:
                return message
        raise NotVisible(f"the message {self.ts} is gone")

    @property
    def text(self) -> str:
        """All its words."""
        return self.shown.plain

    @property
    def is_reply(self) -> bool:
        """Whether it stands below another message."""
        return self.shown.is_reply

    @property
    def buttons(self) -> list[str]:
        """What can be pressed."""
        return [c.label for c in self.shown.controls if c.kind in BUTTONS]

    async def click(self, label: str, *, confirm: bool = True) -> None:
        """Press a button; `confirm` is the answer when it asks first."""
        control = _find(self.shown.controls, label, BUTTONS)
        if control.confirm is None or confirm:
            await self._act(control, {})

    async def choose(self, label: str, option: Value) -> None:
        """Choose in a menu, overflow included."""
        control = _find(self.shown.controls, label, ())
        await self._act(control, {control.name: _given(control, option)})

    async def _act(self, control: Control, typed: inputs.Typed) -> None:
        hands, user = self.person.hands, self.person.user
        await hands.act_on_message(user, self.channel, self.ts, name=control.name, typed=typed)


@dataclass(frozen=True)
class Form:
    """A modal or App Home on a person's screen, always as it is now."""

    person: Seat
    view_id: str

    @property
    def shown(self) -> ShownView:
        """The view now. Raises `NotVisible` when it is closed."""
        workspace = self.person.workspace
        for view in workspace.views.all():
            if view.id == self.view_id:
                return screen.view(workspace, view)
        raise NotVisible(f"the view {self.view_id} is closed")

    @property
    def title(self) -> str:
        """Its title."""
        return self.shown.title

    @property
    def text(self) -> str:
        """All its words, errors included."""
        return self.shown.plain

    @property
    def errors(self) -> dict[str, str]:
        """Complaints at the fields, by label."""
        return {c.label: c.error for c in self.shown.controls if c.error}

    @property
    def buttons(self) -> list[str]:
        """What can be pressed, submit excluded."""
        return [c.label for c in self.shown.controls if c.kind in BUTTONS]

    def value(self, label: str) -> tuple[str, ...]:
        """What stands in a field."""
        return _find(self.shown.controls, label, ()).value

    def options(self, label: str) -> list[str]:
        """What a field offers."""
        return [choice.text for choice in _find(self.shown.controls, label, ()).choices]

    async def fill(self, values: Mapping[str, Value]) -> None:
        """Fill fields, named by label, block_id, action_id or block_id|action_id.

        Options are named by their text or value. A field that dispatches tells the bot, as in Slack.
        """
        for label, value in values.items():
            control = _find(self.shown.controls, label, ())
            if control.kind.endswith("external_select"):
                given = await self._searched(control, value)
            else:
                given = _given(control, value)
            self.person.hands.type(self.person.user, self.view_id, {control.name: given})
            if control.dispatch:
                await self._act(control, {control.name: given})

    async def click(self, label: str, *, confirm: bool = True) -> None:
        """Press a button in it; `confirm` is the answer when it asks first."""
        control = _find(self.shown.controls, label, BUTTONS)
        if control.confirm is None or confirm:
            await self._act(control, {})

    async def choose(self, label: str, option: Value) -> None:
        """Choose in an overflow menu."""
        control = _find(self.shown.controls, label, ())
        await self._act(control, {control.name: _given(control, option)})

    async def submit(self) -> None:
        """Press submit."""
        if not self.shown.can_submit:
            raise NotVisible("the submit button is disabled")
        await self.person.hands.submit(self.person.user, self.view_id, typed={})

    async def close(self) -> None:
        """Close it."""
        await self.person.hands.close(self.person.user, self.view_id)

    async def _act(self, control: Control, typed: inputs.Typed) -> None:
        await self.person.hands.act_on_view(self.person.user, self.view_id, name=control.name, typed=typed)

    async def _searched(self, control: Control, value: Value) -> tuple[str, ...]:
        wanted = [value] if isinstance(value, str) else list(value or ())
        for text in wanted:
            await self.person.hands.suggest(self.person.user, name=control.name, value=text, view_id=self.view_id)
        return _given(_find(self.shown.controls, control.name, ()), value)


def _find(controls: Sequence[Control], label: str, kinds: Sequence[str]) -> Control:
    usable = [c for c in controls if not kinds or c.kind in kinds]
    for question in ("label", "name", "action_id", "block_id", "spoken"):
        found = [c for c in usable if getattr(c, question) == label]
        if len(found) == 1:
            return found[0]
        if len(found) > 1 and question == "label":
            names = ", ".join(c.name for c in found)
            raise NotVisible(f"{label!r} is there {len(found)} times: {names}")
    raise NotVisible(f"no {label!r} there; but: {', '.join(c.label for c in usable) or 'nothing'}")


def _given(control: Control, value: Value) -> tuple[str, ...]:
    wanted = [value] if isinstance(value, str) else list(value or ())
    if control.kind in FREE:
        return tuple(v for v in wanted if v)
    return tuple(_pick(control, text).value for text in wanted)


def _pick(control: Control, text: str) -> Choice:
    for choice in control.choices:
        if text in (choice.text, choice.value):
            return choice
    offered = ", ".join(c.text for c in control.choices) or "nothing"
    raise NotVisible(f"{control.label!r} does not offer {text!r}; but: {offered}")
