"""Everything one person sees at one moment, as values: sidebar, messages, App Home, the modal in front, warnings.

Pure over the state. What must never live here: HTML, acting, anybody else's ephemeral messages.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from playground.workspace import scene
from playground.workspace.conversations import Conversation, Message
from playground.workspace.mrkdwn import Reader
from playground.workspace.people import Person
from playground.workspace.scene import Choice, Control, Pen, Piece
from playground.workspace.state import Workspace
from playground.workspace.views import View

HOME = "home"


@dataclass(frozen=True)
class Place:
    """An entry of the sidebar."""

    id: str
    label: str
    kind: str
    unread: int
    is_archived: bool = False


@dataclass(frozen=True)
class ShownMessage:
    """A message as somebody sees it. `spoken` is what a screen reader says first: Slack's `text`."""

    ts: str
    author: str
    when: str
    spoken: str
    pieces: tuple[Piece, ...]
    is_app: bool = False
    ephemeral: bool = False
    edited: bool = False
    is_reply: bool = False

    @property
    def plain(self) -> str:
        """All its words."""
        return "\n".join(piece.plain for piece in self.pieces if piece.plain)

    @property
    def controls(self) -> tuple[Control, ...]:
        """All that can be used in it."""
        return tuple(control for piece in self.pieces for control in piece.controls)


@dataclass(frozen=True)
class ShownView:
    """A modal or a home as somebody sees it."""

    view_id: str
    title: str
    submit: str
    close: str
    pieces: tuple[Piece, ...]
    trouble: str = ""
    can_submit: bool = True
    depth: int = 1

    @property
    def plain(self) -> str:
        """All its words."""
        return "\n".join([self.title, *(p.plain for p in self.pieces if p.plain), self.trouble]).strip()

    @property
    def controls(self) -> tuple[Control, ...]:
        """All that can be used in it."""
        return tuple(control for piece in self.pieces for control in piece.controls)


@dataclass(frozen=True)
class Screen:
    """What `person` sees while looking at `place`."""

    person: Person
    place: str
    title: str
    places: tuple[Place, ...]
    messages: tuple[ShownMessage, ...]
    home: ShownView | None
    modal: ShownView | None
    notices: tuple[str, ...]
    can_write: bool
    has_home: bool


def show(workspace: Workspace, user: str, place: str) -> Screen:
    """The screen of `user` at `place` (a conversation id, or `home`)."""
    conversations = workspace.conversations
    # A direct message with the app is always in the sidebar, as it is once an app is installed.
    conversations.direct([user])
    here = conversations.by_id.get(place)
    if here is not None and user not in here.members:
        here = None
    title = "Home" if place == HOME else (_label(workspace, here, user) if here else "Not for you")
    home = workspace.views.homes.get(user) if place == HOME else None
    modal = workspace.views.top(user)
    return Screen(
        person=workspace.people[user],
        place=place,
        title=title,
        places=tuple(_place(workspace, c, user) for c in conversations.for_person(user)),
        messages=messages(workspace, user, place) if here else (),
        home=view(workspace, home) if home else None,
        modal=view(workspace, modal) if modal else None,
        notices=tuple(n.text for n in workspace.notices.get(user, ())),
        can_write=here is not None and not here.is_archived,
        has_home=workspace.directory.home_tab,
    )


def messages(workspace: Workspace, user: str, channel: str) -> tuple[ShownMessage, ...]:
    """The messages of a conversation, replies under what they answer."""
    pen = _pen(workspace, user)
    seen = workspace.conversations.seen_by(user, channel)
    ordered = sorted(seen, key=lambda m: (m.thread_ts or m.ts, m.ts))
    return tuple(_message(workspace, m, pen) for m in ordered)


def view(workspace: Workspace, view: View) -> ShownView:
    """A modal or a home."""
    body = view.body
    pen = _pen(workspace, view.user, view)

    def words(part: str) -> str:
        return str((body.get(part) or {}).get("text") or "")

    return ShownView(
        view_id=view.id,
        title=words("title"),
        submit=words("submit"),
        close=words("close") or "Cancel",
        pieces=scene.pieces(view.blocks, pen),
        trouble=view.trouble,
        can_submit=not body.get("submit_disabled"),
        depth=len(workspace.views.stacks.get(view.user, ())),
    )


def _pen(workspace: Workspace, user: str, view: View | None = None) -> Pen:
    people, groups = workspace.people, workspace.groups
    channels = [c for c in workspace.conversations.for_person(user) if c.kind == "channel"]

    def channel_name(channel: str) -> str:
        found = workspace.conversations.by_id.get(channel)
        return found.name if found else ""

    reader = Reader(
        tz=people[user].tz,
        now=workspace.now(),
        user=lambda u: people[u].name if u in people else "",
        channel=channel_name,
        group=lambda g: groups[g].handle if g in groups else "",
    )
    return Pen(
        reader=reader,
        typed=view.typed if view else {},
        offered=view.offered if view else {},
        errors=view.errors if view else {},
        people=tuple(
            Choice(value=p.id, text=p.real_name)
            for p in people.values()
            if not p.deleted and not p.is_bot and not p.is_stranger
        ),
        channels=tuple(Choice(value=c.id, text="#" + c.name) for c in channels),
    )


def _message(workspace: Workspace, message: Message, pen: Pen) -> ShownMessage:
    author = workspace.people.get(message.user)
    when = dt.datetime.fromtimestamp(float(message.ts), tz=zoneinfo.ZoneInfo(pen.reader.tz))
    spoken = scene.mrkdwn_run(message.text, pen.reader)
    shown = scene.pieces(message.blocks, pen)
    if not shown:
        shown = (Piece("section", words=spoken),)
    for attachment in message.attachments:
        text = str(attachment.get("text") or attachment.get("fallback") or "")
        shown = (*shown, Piece("context", more=(scene.mrkdwn_run(text, pen.reader),)))
    return ShownMessage(
        ts=message.ts,
        author=message.author or (author.name if author else message.user),
        when=f"{when:%H:%M}",
        spoken=spoken.plain,
        pieces=shown,
        is_app=message.user == workspace.team.bot_user,
        ephemeral=message.visible_to is not None,
        edited=message.edited_ts is not None,
        is_reply=message.thread_ts is not None,
    )


def _label(workspace: Workspace, conversation: Conversation, user: str) -> str:
    if conversation.kind == "channel":
        return "#" + conversation.name
    others = sorted(conversation.members - {user})
    return ", ".join(workspace.people[o].name for o in others)


def _place(workspace: Workspace, conversation: Conversation, user: str) -> Place:
    return Place(
        id=conversation.id,
        label=_label(workspace, conversation, user),
        kind=conversation.kind,
        unread=workspace.conversations.unread(user, conversation.id),
        is_archived=conversation.is_archived,
    )
