"""Channels, direct messages, and what was said in them, including what only one person sees.

The rules are Slack's: who may post where, who may change what. What must never live here: HTTP, HTML,
people's profiles, modals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from playground.workspace.errors import SlackError


@dataclass(frozen=True)
class Message:
    """One message. `visible_to` is set for an ephemeral one; `metadata` is kept as the bot gave it."""

    ts: str
    user: str
    text: str = ""
    blocks: tuple[Mapping[str, Any], ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    visible_to: str | None = None
    author: str | None = None


@dataclass
class Conversation:
    """A channel ("channel"), a direct message ("im") or a group of people ("mpim")."""

    id: str
    name: str
    kind: str = "channel"
    is_private: bool = False
    is_archived: bool = False
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class Conversations:
    """Every conversation of the workspace, and how far each person has read."""

    bot_user: str
    by_id: dict[str, Conversation] = field(default_factory=dict)
    read: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, channel: str, *, by_name: bool = False) -> Conversation:
        """The conversation with this id (or, for posting, name). Raises `channel_not_found`."""
        found = self.by_id.get(channel)
        if found is None and by_name:
            name = channel.removeprefix("#")
            found = next((c for c in self.by_id.values() if c.kind == "channel" and c.name == name), None)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def for_posting(self, channel: str) -> Conversation:
        """Where the bot may post. Raises `channel_not_found`, `is_archived`, `not_in_channel`."""
        found = self.get(channel, by_name=True)
        if found.is_archived:
            raise SlackError("is_archived")
        if self.bot_user not in found.members:
            # Slack does not let a bot know that a private channel exists.
            raise SlackError("channel_not_found" if found.is_private else "not_in_channel")
        return found

    def direct(self, users: Iterable[str]) -> Conversation:
        """The bot's direct message with these people; opened at the first call."""
        people = sorted(set(users) - {self.bot_user})
        one = len(people) == 1
        channel = ("D" if one else "G") + "0" + "".join(p[1:].lstrip("0") for p in people)
        if channel not in self.by_id:
            self.by_id[channel] = Conversation(
                id=channel,
                name="directmessage" if one else "mpdm-" + "--".join(people).lower(),
                kind="im" if one else "mpim",
                is_private=True,
                members={*people, self.bot_user},
            )
        return self.by_id[channel]

    def add(self, conversation: Conversation, message: Message) -> Message:
        """Say it. A thread must hang on a message that is there (`thread_not_found`)."""
        if message.thread_ts and message.thread_ts not in conversation.messages:
            raise SlackError("thread_not_found")
        conversation.messages[message.ts] = message
        return message

    def change(self, channel: str, ts: str, *, at: str, changes: Mapping[str, Any]) -> Message:
        """Edit the bot's own message. Raises `message_not_found`, `cant_update_message`, `block_mismatch`."""
        conversation = self.get(channel)
        if conversation.is_archived:
            raise SlackError("is_archived")
        old = conversation.messages.get(ts)
        if old is None or old.visible_to is not None:
            raise SlackError("message_not_found")
        if old.user != self.bot_user:
            raise SlackError("cant_update_message")
        new = replace(old, **changes, edited_ts=at)
        if _rich(old) and new.blocks and not _rich(new):
            raise SlackError("block_mismatch")
        conversation.messages[ts] = new
        return new

    def remove(self, channel: str, ts: str) -> None:
        """Delete the bot's own message. Raises `message_not_found`, `cant_delete_message`."""
        conversation = self.get(channel)
        old = conversation.messages.get(ts)
        if old is None or old.visible_to is not None:
            raise SlackError("message_not_found")
        if old.user != self.bot_user:
            raise SlackError("cant_delete_message")
        del conversation.messages[ts]

    def for_person(self, user: str) -> list[Conversation]:
        """What stands in a person's sidebar: channels first, then direct messages."""
        mine = [c for c in self.by_id.values() if user in c.members]
        return sorted(mine, key=lambda c: (c.kind != "channel", c.name, c.id))

    def seen_by(self, user: str, channel: str) -> list[Message]:
        """The messages this person sees there, oldest first; nothing when they are not in it."""
        conversation = self.by_id.get(channel)
        if conversation is None or user not in conversation.members:
            return []
        return [m for m in conversation.messages.values() if m.visible_to in (None, user)]

    def unread(self, user: str, channel: str) -> int:
        """How many of them came after the person last looked."""
        last = self.read.get((user, channel), "")
        return sum(1 for m in self.seen_by(user, channel) if m.ts > last and m.user != user)

    def mark_read(self, user: str, channel: str) -> bool:
        """The person looked. True when that changed anything."""
        seen = self.seen_by(user, channel)
        changed = bool(self.unread(user, channel))
        if seen:
            self.read[user, channel] = seen[-1].ts
        return changed


def _rich(message: Message) -> bool:
    return any(block.get("type") == "rich_text" for block in message.blocks)
