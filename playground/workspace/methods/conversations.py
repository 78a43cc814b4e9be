"""conversations.*: open a direct message, look at channels and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from playground.workspace.conversations import Conversation
from playground.workspace.errors import SlackError
from playground.workspace.methods.call import Body, Call, Method

PAGE = 100
_T = TypeVar("_T")


def _page(call: Call, items: Sequence[_T]) -> tuple[list[_T], str]:
    start = call.text("cursor")
    if start and not start.isdigit():
        raise SlackError("invalid_cursor")
    first = int(start or 0)
    last = first + max(1, call.number("limit", default=PAGE))
    return list(items[first:last]), str(last) if last < len(items) else ""


def describe(call: Call, conversation: Conversation) -> Body:
    """A conversation as Slack shows it to the bot."""
    bot = call.workspace.team.bot_user
    partner = next((m for m in conversation.members if m != bot), bot)
    body: Body = {
        "id": conversation.id,
        "is_channel": conversation.kind == "channel" and not conversation.is_private,
        "is_group": conversation.kind == "channel" and conversation.is_private,
        "is_im": conversation.kind == "im",
        "is_mpim": conversation.kind == "mpim",
        "is_private": conversation.is_private,
        "is_archived": conversation.is_archived,
        "is_member": bot in conversation.members,
    }
    if conversation.kind == "im":
        return {**body, "user": partner, "is_open": True}
    return {**body, "name": conversation.name, "num_members": len(conversation.members)}


def _visible(call: Call, channel: str) -> Conversation:
    found = call.workspace.conversations.get(channel)
    if found.is_private and call.workspace.team.bot_user not in found.members:
        raise SlackError("channel_not_found")
    return found


def open_direct(call: Call) -> Body:
    """Open (or find) the direct message with up to eight people."""
    workspace = call.workspace
    if channel := call.text("channel"):
        return {"channel": {"id": _visible(call, channel).id}}
    users = [u.strip() for u in call.required("users").split(",") if u.strip()]
    if len(users) > 8:
        raise SlackError("too_many_users")
    for user in users:
        if user not in workspace.people:
            raise SlackError("user_not_found")
        if workspace.people[user].deleted:
            raise SlackError("user_disabled")
    if set(users) == {workspace.team.bot_user}:
        raise SlackError("cannot_dm_bot")
    already = len(workspace.conversations.by_id)
    conversation = workspace.conversations.direct(users)
    known = len(workspace.conversations.by_id) == already
    if not known:
        workspace.touch()
    full = describe(call, conversation) if call.flag("return_im") else {"id": conversation.id}
    return {"no_op": known, "already_open": known, "channel": full}


def info(call: Call) -> Body:
    """One conversation."""
    return {"channel": describe(call, _visible(call, call.required("channel")))}


def members(call: Call) -> Body:
    """The people in one conversation."""
    page, cursor = _page(call, sorted(_visible(call, call.required("channel")).members))
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def list_channels(call: Call) -> Body:
    """The channels the bot can know of."""
    kinds = set((call.text("types") or "public_channel").split(","))
    if unknown := kinds - {"public_channel", "private_channel", "im", "mpim"}:
        raise SlackError("invalid_types", (f"[ERROR] unknown: {', '.join(sorted(unknown))}",))
    bot = call.workspace.team.bot_user
    found = []
    for conversation in sorted(call.workspace.conversations.by_id.values(), key=lambda c: c.id):
        private = "private_channel" if conversation.is_private else "public_channel"
        kind = private if conversation.kind == "channel" else conversation.kind
        hidden = conversation.is_private and bot not in conversation.members
        if kind in kinds and not hidden and not (call.flag("exclude_archived") and conversation.is_archived):
            found.append(describe(call, conversation))
    page, cursor = _page(call, found)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


METHODS = (
    Method("conversations.open", 3, "im:write", open_direct),
    Method("conversations.info", 3, "channels:read", info),
    Method("conversations.members", 4, "channels:read", members),
    Method("conversations.list", 2, "channels:read", list_channels),
)
