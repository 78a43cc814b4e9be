"""A person in a test: sees what the page would show, and can use only that.

It reads the same `screen` as the page draws and acts through the same `Interactions`. A control that is not
on the screen, an option that is not offered, a closed modal: each raises `NotVisible` and says what is there.
What must never live here: any way around the screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from playground.workspace import screen
from playground.workspace.bell import Bell
from playground.workspace.errors import NotVisible
from playground.workspace.interaction import Interactions
from playground.workspace.state import Workspace
from playground.workspace.surfaces import Card, Form, Seat

PATIENCE: Final = 30.0
"""Seconds for what takes a moment: a machine that has much else to do needs many."""


class Driver:
    """One person. `at` is the conversation they look at; a new driver looks at their first channel."""

    def __init__(self, workspace: Workspace, user: str, *, hands: Interactions, bell: Bell) -> None:
        self.workspace = workspace
        self.user = user
        self.hands = hands
        self.bell = bell
        self._seat = Seat(workspace, hands=hands, user=user)
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

    async def shortcut(self, name: str) -> None:
        """Take a global shortcut out of the menu, by its name there or its callback id. Raises `NotVisible`."""
        menu = {each.name: each.callback_id for each in self.workspace.directory.shortcuts}
        await self.hands.shortcut(self.user, menu.get(name, name))

    def cards(self, text: str = "", *, at: str | None = None) -> list[Card]:
        """The messages this person sees that contain `text`, oldest first; everywhere unless `at` is given."""
        places = [p.id for p in self.screen.places]
        if at is not None:
            here = Driver(self.workspace, self.user, hands=self.hands, bell=self.bell)
            here.go(at)
            places = [here.at]
        found = [
            Card(self._seat, place, message.ts)
            for place in places
            for message in screen.messages(self.workspace, self.user, place)
            if text in message.plain or text in message.spoken
        ]
        return sorted(found, key=lambda card: card.ts)

    def card(self, text: str, *, at: str | None = None) -> Card:
        """The newest of them, and a reply below another message only where none stands by itself. Raises
        `NotVisible`."""
        found = self.cards(text, at=at)
        if not found:
            raise NotVisible(f"{self.user} sees no message with {text!r}; but:\n{self.transcript()}")
        return next((card for card in reversed(found) if not card.is_reply), found[-1])

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
        return Form(self._seat, view.id)

    async def open_home(self) -> Form:
        """Look at App Home, and wait until the app has put something there. Raises `NotVisible`."""
        await self.hands.open_home(self.user)
        await self.waits_until(lambda: self.user in self.workspace.views.homes)
        return self.home

    @property
    def home(self) -> Form:
        """App Home as it is. Raises `NotVisible`."""
        view = self.workspace.views.homes.get(self.user)
        if view is None:
            raise NotVisible(f"{self.user} has an empty App Home")
        return Form(self._seat, view.id)

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

    async def waits_until(self, is_so: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        """Wait until something is so on the screen. Raises `NotVisible` when it does not come about."""
        deadline = time.monotonic() + seconds
        while not is_so():
            left = deadline - time.monotonic()
            if left <= 0 or self.bell.closed:
                raise NotVisible(f"{self.user} waited {seconds:g} s; on the screen:\n{self.transcript()}")
            await self.bell.wait(min(left, 0.5))

    async def waits_for(self, text: str, *, seconds: float = PATIENCE) -> None:
        """Wait until `text` is on the screen."""
        await self.waits_until(lambda: self.sees(text), seconds=seconds)
