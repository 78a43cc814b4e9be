"""chat.*: say, change, take back, whisper."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from playground.workspace import blockkit_table
from playground.workspace.conversations import Conversation, Message
from playground.workspace.errors import SlackError
from playground.workspace.methods.call import Body, Call, Method, checked_blocks
from playground.workspace.payloads import message_body


def _content(call: Call, *, longest: int) -> dict[str, Any]:
    text = call.text("text")
    if len(text) > longest:
        raise SlackError("msg_too_long")
    content: dict[str, Any] = {}
    blocks = checked_blocks(call, text)
    attachments = call.structure("attachments", broken="invalid_attachments")
    if blocks is not None:
        content["blocks"] = call.workspace.with_ids(blocks)
    if attachments is not None:
        content["attachments"] = tuple(attachments)
    if "text" in call.args:
        content["text"] = text
    if metadata := _metadata(call):
        content["metadata"] = metadata
    return content


def _metadata(call: Call) -> Mapping[str, Any] | None:
    metadata = call.structure("metadata", broken="invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not metadata.get("event_type") or "event_payload" not in metadata:
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > blockkit_table.METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def _said(content: Mapping[str, Any]) -> None:
    if not any(content.get(part) for part in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    if len(content.get("attachments", ())) > 100:
        raise SlackError("too_many_attachments")


def _target(call: Call) -> Conversation:
    workspace, channel = call.workspace, call.required("channel")
    if channel in workspace.people:
        if workspace.people[channel].deleted:
            raise SlackError("channel_not_found")
        return workspace.conversations.direct([channel])
    return workspace.conversations.for_posting(channel)


def _answer(call: Call, conversation: Conversation, message: Message) -> Body:
    shown = message_body(call.workspace, message)
    return {"channel": conversation.id, "ts": message.ts, "text": message.text, "message": shown}


def post_message(call: Call) -> Body:
    """Post into a channel, or into the direct message of a user."""
    conversation = _target(call)
    content = _content(call, longest=blockkit_table.POST_TEXT)
    _said(content)
    if (known := _known(call, conversation)) is not None:
        return _answer(call, conversation, known)
    thread = call.text("thread_ts") or None
    user = call.workspace.team.bot_user
    message = call.workspace.post(conversation, user=user, thread_ts=thread, **content)
    if call.workspace.message_ids is not None:
        call.workspace.message_ids[conversation.id, call.text("client_msg_id")] = message.ts
    return _answer(call, conversation, message)


def _known(call: Call, conversation: Conversation) -> Message | None:
    """The message that was posted under this client_msg_id before, as it stands."""
    name, ids = call.text("client_msg_id"), call.workspace.message_ids
    ts = ids.get((conversation.id, name)) if ids and name else None
    if ts is None:
        return None
    if ts not in conversation.messages:
        raise SlackError("duplicate_message_not_found")
    return conversation.messages[ts]


def update(call: Call) -> Body:
    """Redraw a message of the bot's own. What is not given stays as it was, metadata included."""
    channel, ts = call.required("channel"), call.required("ts")
    content = _content(call, longest=blockkit_table.UPDATE_TEXT)
    if not any(part in content for part in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    workspace = call.workspace
    message = workspace.conversations.change(channel, ts, at=workspace.next_ts(), changes=content)
    workspace.touch()
    return _answer(call, workspace.conversations.get(channel), message)


def delete(call: Call) -> Body:
    """Take a message of the bot's own away."""
    channel, ts = call.required("channel"), call.required("ts")
    call.workspace.conversations.remove(channel, ts)
    call.workspace.touch()
    return {"channel": channel, "ts": ts}


def post_ephemeral(call: Call) -> Body:
    """Show something to one person in a channel they are in. It cannot be updated afterwards."""
    user = call.required("user")
    conversation = call.workspace.conversations.for_posting(call.required("channel"))
    content = _content(call, longest=blockkit_table.POST_TEXT)
    _said(content)
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    message = call.workspace.post(
        conversation,
        user=call.workspace.team.bot_user,
        visible_to=user,
        thread_ts=call.text("thread_ts") or None,
        **content,
    )
    return {"message_ts": message.ts}


METHODS = (
    Method("chat.postMessage", None, "chat:write", post_message),
    Method("chat.update", 3, "chat:write", update),
    Method("chat.delete", 3, "chat:write", delete),
    Method("chat.postEphemeral", 4, "chat:write", post_ephemeral),
)
