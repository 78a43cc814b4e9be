"""What Slack sends to a bot, as dicts: slash commands, interactions, events; and how it shows messages and views.

Pure: state in, dict out. What must never live here: sending, signing, HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from playground.workspace import inputs
from playground.workspace.conversations import Conversation, Message
from playground.workspace.state import Workspace
from playground.workspace.views import View

Payload: TypeAlias = dict[str, Any]
# The old verification token: still in every payload, and never to be trusted.
TOKEN = "not-a-secret"  # noqa: S105


def message_body(workspace: Workspace, message: Message) -> Payload:
    """A message as the API returns it."""
    body: Payload = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.user == workspace.team.bot_user:
        body |= {"bot_id": workspace.team.bot_id, "app_id": workspace.team.app_id}
    body["team"] = workspace.team.id
    if message.blocks:
        body["blocks"] = [dict(block) for block in message.blocks]
    if message.attachments:
        body["attachments"] = [dict(a) for a in message.attachments]
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
    if message.edited_ts:
        body["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata:
        body["metadata"] = dict(message.metadata)
    return body


def view_body(workspace: Workspace, view: View) -> Payload:
    """A view as the API and interactions show it, with what is typed into it."""
    body = view.body
    shown: Payload = {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": body["type"],
        "blocks": [dict(block) for block in view.blocks],
        "private_metadata": body.get("private_metadata") or "",
        "callback_id": body.get("callback_id") or "",
        "state": {"values": inputs.values(view.blocks, view.typed, view.offered)},
        "hash": view.hash,
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": workspace.team.app_id,
        "external_id": body.get("external_id") or "",
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.team.bot_id,
        "submit_disabled": bool(body.get("submit_disabled")),
    }
    return shown | {name: body.get(name) for name in ("title", "submit", "close")}


def _context(workspace: Workspace, user: str) -> Payload:
    person = workspace.people[user]
    return {
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": workspace.team.app_id,
        "token": TOKEN,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash_command(
    workspace: Workspace,
    user: str,
    *,
    conversation: Conversation,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> Payload:
    """A slash command: flat, all strings."""
    return {
        "token": TOKEN,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": conversation.id,
        "channel_name": _channel_name(conversation),
        "user_id": user,
        "user_name": workspace.people[user].name,
        "command": command,
        "text": text,
        "api_app_id": workspace.team.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def action(block: Mapping[str, Any], element: Mapping[str, Any], *, value: Payload, ts: str) -> Payload:
    """One entry of `actions`: the element's identity and what was chosen."""
    keep: tuple[str, ...] = ("type", "action_id", "text", "value", "style", "placeholder", "confirm", "url")
    if element["type"] not in ("button", "workflow_button"):
        keep = ("type", "action_id", "placeholder", "confirm")
    shown = {k: element[k] for k in keep if k in element}
    return {**shown, **value, "block_id": block["block_id"], "action_ts": ts}


def message_actions(
    workspace: Workspace,
    user: str,
    *,
    conversation: Conversation,
    message: Message,
    actions: list[Payload],
    typed: inputs.Typed,
    trigger_id: str,
    response_url: str,
) -> Payload:
    """block_actions from a message. Of an ephemeral message Slack sends only where it was."""
    ephemeral = message.visible_to is not None
    container: Payload = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": conversation.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: Payload = {
        "type": "block_actions",
        **_context(workspace, user),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": conversation.id, "name": _channel_name(conversation)},
        "state": {"values": inputs.values(message.blocks, typed, {})},
        "response_url": response_url,
        "actions": actions,
    }
    return payload if ephemeral else {**payload, "message": message_body(workspace, message)}


def view_actions(workspace: Workspace, view: View, *, user: str, actions: list[Payload], trigger_id: str) -> Payload:
    """block_actions from a modal or from App Home."""
    return {
        "type": "block_actions",
        **_context(workspace, user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger_id,
        "view": view_body(workspace, view),
        "actions": actions,
    }


def view_submission(workspace: Workspace, view: View, *, trigger_id: str) -> Payload:
    """The person pressed submit."""
    return {
        "type": "view_submission",
        **_context(workspace, view.user),
        "trigger_id": trigger_id,
        "view": view_body(workspace, view),
        "response_urls": [],
    }


def view_closed(workspace: Workspace, view: View, *, is_cleared: bool) -> Payload:
    """The person closed a view that wanted to know."""
    shown = view_body(workspace, view)
    return {"type": "view_closed", **_context(workspace, view.user), "view": shown, "is_cleared": is_cleared}


def block_suggestion(
    workspace: Workspace, user: str, *, block_id: str, action_id: str, value: str, source: Payload
) -> Payload:
    """An external select asks for options; `source` holds `view`, or `message` and `channel`."""
    kind = "view" if "view" in source else "message"
    container = {"type": kind, "view_id": source["view"]["id"]} if kind == "view" else {"type": kind}
    return {
        "type": "block_suggestion",
        **_context(workspace, user),
        "container": container,
        "action_id": action_id,
        "block_id": block_id,
        "value": value,
        **source,
    }


def shortcut(workspace: Workspace, user: str, *, callback_id: str, trigger_id: str, ts: str) -> Payload:
    """A global shortcut."""
    return {
        "type": "shortcut",
        **_context(workspace, user),
        "action_ts": ts,
        "callback_id": callback_id,
        "trigger_id": trigger_id,
    }


def event(workspace: Workspace, event: Payload, *, event_id: str) -> Payload:
    """An Events API callback."""
    team, bot = workspace.team, workspace.team.bot_user
    return {
        "token": TOKEN,
        "team_id": team.id,
        "api_app_id": team.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(workspace.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": bot,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def home_opened(workspace: Workspace, user: str, *, tab: str) -> Payload:
    """app_home_opened, with the home as it is if there is one and it is what is looked at."""
    body: Payload = {
        "type": "app_home_opened",
        "user": user,
        "channel": workspace.conversations.direct([user]).id,
        "tab": tab,
        "event_ts": workspace.next_ts(),
    }
    home = workspace.views.homes.get(user) if tab == "home" else None
    return {**body, "view": view_body(workspace, home)} if home else body


def _channel_name(conversation: Conversation) -> str:
    if conversation.kind == "channel" and conversation.is_private:
        return "privategroup"
    return conversation.name
