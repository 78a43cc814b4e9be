"""The workspace itself: everybody, every conversation, every view, in memory.

It knows Slack's rules and nothing of how people or bots reach it. Each change moves `revision` on and rings
`on_change`. What must never live here: HTTP, sockets, HTML, signing.
"""

from __future__ import annotations

import copy
import itertools
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.workspace import people, tickets
from playground.workspace.conversations import Conversation, Conversations, Message
from playground.workspace.views import View, Views

NOTICES = 20
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Notice:
    """What Slack's own client tells one person, apart from any message (a click that went nowhere)."""

    at: float
    text: str


class Workspace:
    """One workspace with one app in it. `clock` gives seconds since the epoch."""

    def __init__(
        self, directory: people.Directory, *, clock: Callable[[], float], on_change: Callable[[], None]
    ) -> None:
        self.directory = directory
        self.team = directory.team
        self.clock = clock
        self.people = {p.id: self._at_home(p) for p in directory.people}
        bot = people.Person(id=self.team.bot_user, name=self.team.bot_name, real_name=self.team.bot_name, is_bot=True)
        self.people[bot.id] = self._at_home(bot)
        self.groups = {g.id: g for g in directory.groups}
        self.conversations = Conversations(bot_user=bot.id)
        self.views = Views()
        self.tickets = tickets.Tickets()
        self.notices: dict[str, deque[Notice]] = {}
        self.message_ids: dict[tuple[str, str], str] | None = None
        """Messages by channel and client_msg_id; None in a workspace that takes no notice of these."""
        self.revision = 0
        self._on_change = on_change
        self._serial = itertools.count(1)
        self._last_micro = 0
        for channel in directory.channels:
            self.conversations.by_id[channel.id] = Conversation(
                id=channel.id,
                name=channel.name,
                is_private=channel.is_private,
                is_archived=channel.is_archived,
                members={*channel.members, *((bot.id,) if channel.bot else ())},
            )

    def _at_home(self, person: people.Person) -> people.Person:
        return person if person.team_id else person.model_copy(update={"team_id": self.team.id})

    def touch(self) -> None:
        """Something changed that somebody may see."""
        self.revision += 1
        self._on_change()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock()

    def next_ts(self) -> str:
        """A message timestamp, unique and rising even when the clock stands still."""
        self._last_micro = max(self._last_micro + 1, int(self.clock() * 1_000_000))
        return f"{self._last_micro // 1_000_000}.{self._last_micro % 1_000_000:06d}"

    def new_hash(self) -> str:
        """A view hash in Slack's form."""
        return f"{int(self.clock())}.{secrets.token_hex(4)}"

    def with_ids(self, blocks: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        """Blocks with the block_ids and action_ids that Slack makes up where the bot gave none."""
        done = copy.deepcopy([dict(block) for block in blocks])
        for block in done:
            block.setdefault("block_id", f"b{next(self._serial)}")
            parts = [*(block.get("elements") or ()), block.get("accessory"), block.get("element")]
            for part in parts:
                if isinstance(part, dict) and _interactive(part):
                    part.setdefault("action_id", f"a{next(self._serial)}")
        return tuple(done)

    def new_view(self, user: str, body: Mapping[str, Any]) -> View:
        """A view that is not shown yet."""
        view_id = f"V{next(self._serial):06d}{secrets.token_hex(2).upper()}"
        ready = {**body, "blocks": self.with_ids(body.get("blocks") or ())}
        return View(id=view_id, body=ready, hash=self.new_hash(), user=user, root_id=view_id)

    def post(self, conversation: Conversation, *, user: str, **parts: Any) -> Message:
        """Say something as `user`; `parts` are fields of `Message`."""
        blocks = self.with_ids(parts.pop("blocks", ()))
        message = Message(ts=self.next_ts(), user=user, blocks=blocks, **parts)
        self.conversations.add(conversation, message)
        self.touch()
        return message

    def tell(self, user: str, channel: str, text: str) -> None:
        """Slackbot says something only this person sees."""
        conversation = self.conversations.by_id.get(channel)
        if conversation is None or user not in conversation.members:
            self.notice(user, text)
            return
        self.post(conversation, user=SLACKBOT, author="Slackbot", text=text, visible_to=user)

    def notice(self, user: str, text: str) -> None:
        """Slack's client warns this person."""
        self.notices.setdefault(user, deque(maxlen=NOTICES)).append(Notice(at=self.clock(), text=text))
        self.touch()

    def dismiss(self, user: str) -> None:
        """The person has read the warnings."""
        if self.notices.pop(user, None):
            self.touch()

    def replace_person(self, person: people.Person) -> None:
        """An account changed (deactivated, made a guest, ...)."""
        self.people[person.id] = self._at_home(person)
        self.touch()

    def replace_group(self, group: people.UserGroup) -> None:
        """A user group changed."""
        self.groups[group.id] = group
        self.touch()


def _interactive(part: Mapping[str, Any]) -> bool:
    kind = str(part.get("type", ""))
    return kind in ("button", "overflow", "checkboxes", "radio_buttons", "workflow_button") or kind.endswith(
        ("_select", "_input", "picker", "_button", "_buttons")
    )
