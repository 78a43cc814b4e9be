"""What a bot says back: with the acknowledgement of a command or submission, or later to a response URL.

What must never live here: sending anything to the bot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playground.workspace import blockkit
from playground.workspace.errors import SlackError
from playground.workspace.methods.views import checked
from playground.workspace.state import Workspace
from playground.workspace.tickets import ResponseUrl
from playground.workspace.views import View

TROUBLE = "We had some trouble connecting. Try again?"


def apply_command(workspace: Workspace, ticket: ResponseUrl, *, command: str, body: str | Mapping[str, Any]) -> None:
    """Show what a command's acknowledgement carried; without anything, nothing is shown."""
    if not body:
        return
    try:
        respond(workspace, ticket, {"text": body} if isinstance(body, str) else body)
    except SlackError as e:
        workspace.tell(ticket.user, ticket.channel, f'{command} failed with the error "{e}".')


def respond(workspace: Workspace, ticket: ResponseUrl, body: Mapping[str, Any]) -> None:
    """Apply a message to a response URL. Raises `SlackError` (`invalid_blocks`, `no_text`, ...)."""
    text = str(body.get("text") or "")
    blocks: Sequence[Mapping[str, Any]] = body.get("blocks") or ()
    found = blockkit.problems({"text": text, "blocks": list(blocks)}, "message")
    if found:
        raise SlackError("invalid_blocks", tuple(str(p) for p in found))
    conversation = workspace.conversations.get(ticket.channel)
    old = conversation.messages.get(ticket.message_ts or "")
    if body.get("delete_original"):
        if old is None:
            raise SlackError("message_not_found")
        del conversation.messages[old.ts]
        workspace.touch()
        return
    if not text and not blocks:
        raise SlackError("no_text")
    if old is not None and body.get("replace_original", False):
        content = {"text": text, "blocks": workspace.with_ids(blocks)}
        if ticket.ephemeral:
            del conversation.messages[old.ts]
            workspace.post(conversation, user=old.user, visible_to=old.visible_to, **content)
            return
        workspace.conversations.change(ticket.channel, old.ts, at=workspace.next_ts(), changes=content)
        workspace.touch()
        return
    everybody = body.get("response_type") == "in_channel"
    workspace.post(
        conversation,
        user=workspace.team.bot_user,
        text=text,
        blocks=blocks,
        visible_to=None if everybody else ticket.user,
    )


def apply_submission(workspace: Workspace, view: View, *, body: str | Mapping[str, Any]) -> list[View]:
    """Apply `response_action`; the views this closed. A wrong answer leaves the modal, with its input."""
    action = body.get("response_action") if isinstance(body, Mapping) else ("" if not body else "text")
    closed: list[View] = []
    try:
        match action:
            case None | "":
                closed = workspace.views.close(view, whole_stack=False)
            case "clear":
                closed = workspace.views.close(view, whole_stack=True)
            case "errors":
                view.errors = _errors(view, body)
            case "update" | "push":
                _redraw(workspace, view, body, push=action == "push")
            case _:
                raise SlackError("invalid_response_action")
    except SlackError as e:
        view.trouble = f"{TROUBLE} ({e})"
    workspace.touch()
    return closed


def _errors(view: View, body: str | Mapping[str, Any]) -> dict[str, str]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    fields = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, Mapping) or not errors:
        raise SlackError("invalid_errors")
    if unknown := sorted(set(errors) - fields):
        raise SlackError("invalid_errors", (f"not the block_id of an input: {', '.join(unknown)}",))
    return {str(k): str(v) for k, v in errors.items()}


def _redraw(workspace: Workspace, view: View, body: str | Mapping[str, Any], *, push: bool) -> None:
    new = checked(body.get("view") if isinstance(body, Mapping) else None, "modal")
    if push:
        workspace.views.push(workspace.new_view(view.user, new))
        return
    ready = {**new, "blocks": workspace.with_ids(new.get("blocks") or ())}
    workspace.views.replace(view, ready, new_hash=workspace.new_hash(), expect=None)
