"""A person in a test: sees what the page would show, and can use only that.

It reads the same `screen` as the page draws and acts through the same `Interactions`. A control that is not
on the screen, an option that is not offered, a closed modal: each raises `NotVisible` and says what is there.
What must never live here: any way around the screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from playground.workspace import inputs, screen
from playground.workspace.bell import Bell
from playground.workspace.errors import NotVisible
from playground.workspace.interaction import Interactions
from playground.workspace.scene import Choice, Control
from playground.workspace.screen import ShownMessage, ShownView
from playground.workspace.state import Workspace

Value: TypeAlias = "str | Sequence[str] | None"

BUTTONS = ("button", "workflow_button", "icon_button")
FREE = (*inputs.TEXTS, "datepicker", "timepicker", "datetimepicker")


class Driver:
    """One person. `at` is the conversation they look at; a new driver looks at their first channel."""

    def __init__(self, workspace: Workspace, user: str, *, hands: Interactions, bell: Bell) -> None:
        self.workspace = workspace
        self.user = user
        self.hands = hands
        self.bell = bell
        mine = workspace.conversations.for_person(user)
        self.at = mine[0].id if mine else workspace.conversations.direct([user]).id

    @property
    def dm(self) -> str:
        """The id of this person's direct message with the app."""
        return self.workspace.conversations.direct([self.user]).id

    @property
    def screen(self) -> screen.Screen:
        """All this person sees now."""
        return screen.show(self.workspace, self.user, self.at)

    def go(self, place: str) -> None:
        """Look at another conversation: an id, "#name", or "dm". Raises `NotVisible`."""
        places = {p.id: p.id for p in self.screen.places} | {p.label: p.id for p in self.screen.places}
        places["dm"] = self.dm
        if place not in places:
            raise NotVisible(f"{self.user} sees {', '.join(sorted(places))}, not {place}")
        self.at = places[place]

    async def command(self, text: str, *, at: str | None = None) -> None:
        """Type a slash command, here or elsewhere."""
        if at:
            self.go(at)
        await self.hands.command(self.user, self.at, text)

    async def say(self, text: str) -> None:
        """Say something here."""
        await self.hands.say(self.user, self.at, text)

    async def shortcut(self, callback_id: str) -> None:
        """Use a global shortcut."""
        await self.hands.shortcut(self.user, callback_id)

    def cards(self, text: str = "", *, at: str | None = None) -> list[Card]:
        """The messages this person sees that contain `text`, oldest first; everywhere unless `at` is given."""
        places = [p.id for p in self.screen.places]
        if at is not None:
            here = Driver(self.workspace, self.user, hands=self.hands, bell=self.bell)
            here.go(at)
            places = [here.at]
        found = [
            Card(self, place, message.ts)
            for place in places
            for message in screen.messages(self.workspace, self.user, place)
            if text in message.plain or text in message.spoken
        ]
        return sorted(found, key=lambda card: card.ts)

    def card(self, text: str, *, at: str | None = None) -> Card:
        """The newest of them. Raises `NotVisible`."""
        found = self.cards(text, at=at)
        if not found:
            raise NotVisible(f"{self.user} sees no message with {text!r}; but:\n{self.transcript()}")
        return found[-1]

    @property
    def has_modal(self) -> bool:
        """Whether a modal is open in front of this person."""
        return self.workspace.views.top(self.user) is not None

    @property
    def modal(self) -> Form:
        """The modal in front. Raises `NotVisible`."""
        view = self.workspace.views.top(self.user)
        if view is None:
            raise NotVisible(f"{self.user} sees no modal; but:\n{self.transcript()}")
        return Form(self, view.id)

    async def open_home(self) -> Form:
        """Look at App Home. Raises `NotVisible` when the app has not put anything there."""
        await self.hands.open_home(self.user)
        return self.home

    @property
    def home(self) -> Form:
        """App Home as it is. Raises `NotVisible`."""
        view = self.workspace.views.homes.get(self.user)
        if view is None:
            raise NotVisible(f"{self.user} has an empty App Home")
        return Form(self, view.id)

    @property
    def notices(self) -> tuple[str, ...]:
        """Warnings of Slack's own client."""
        return self.screen.notices

    def sees(self, text: str) -> bool:
        """Whether `text` is anywhere on this person's screens: messages, App Home, modal, warnings."""
        return text in self.transcript()

    def transcript(self) -> str:
        """All of that as text."""
        lines = []
        for place in self.screen.places:
            for m in screen.messages(self.workspace, self.user, place.id):
                note = " (only visible to you)" if m.ephemeral else ""
                lines.append(f"{place.label} {m.author}{note}: {m.plain}")
        if home := self.workspace.views.homes.get(self.user):
            lines.append(f"home: {screen.view(self.workspace, home).plain}")
        if modal := self.workspace.views.top(self.user):
            lines.append(f"modal: {screen.view(self.workspace, modal).plain}")
        return "\n".join([*lines, *(f"notice: {n}" for n in self.screen.notices)])

    async def waits_until(self, is_so: Callable[[], bool], *, seconds: float = 5.0) -> None:
        """Wait until something is so on the screen. Raises `NotVisible` when it does not come about."""
        deadline = time.monotonic() + seconds
        while not is_so():
            left = deadline - time.monotonic()
            if left <= 0 or self.bell.closed:
                raise NotVisible(f"{self.user} waited {seconds:g} s; on the screen:\n{self.transcript()}")
            await self.bell.wait(min(left, 0.5))

    async def waits_for(self, text: str, *, seconds: float = 5.0) -> None:
        """Wait until `text` is on the screen."""
        await self.waits_until(lambda: self.sees(text), seconds=seconds)


@dataclass(frozen=True)
class Card:
    """A message on a person's screen, always as it is now."""

    person: Driver
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

    person: Driver
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
