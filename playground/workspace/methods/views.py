"""views.*: open, push, update and publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playground.workspace import blockkit, blockkit_table
from playground.workspace.errors import SlackError
from playground.workspace.methods.call import Body, Call, Method
from playground.workspace.payloads import view_body
from playground.workspace.state import Workspace
from playground.workspace.tickets import Trigger
from playground.workspace.views import View, size


def checked(view: object, surface: str) -> Mapping[str, Any]:
    """A view body that Slack takes. Raises `view_too_large`, or `invalid_arguments` with every problem."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", ("[ERROR] must provide an object [json-pointer:/view]",))
    if size(view) > blockkit_table.VIEW_BYTES:
        raise SlackError("view_too_large")
    found = blockkit.problems(view, surface)
    if found:
        named = (blockkit.Problem("/view" + p.pointer, p.message) for p in found)
        raise SlackError("invalid_arguments", tuple(str(p) for p in named))
    return view


def _view(call: Call, surface: str) -> Mapping[str, Any]:
    return checked(call.structure("view", broken="invalid_arguments"), surface)


def _trigger(call: Call) -> Trigger:
    return call.workspace.tickets.redeem_trigger(call.required("trigger_id"), now=call.workspace.now())


def _answer(workspace: Workspace, view: View) -> Body:
    """The view, without what stands in its fields: Slack tells that of what somebody does in it, and not here."""
    workspace.touch()
    return {"view": {**view_body(workspace, view), "state": {"values": {}}}}


def open_view(call: Call) -> Body:
    """Open a modal for whoever the trigger belongs to."""
    body = _view(call, "modal")
    view = call.workspace.new_view(_trigger(call).user, body)
    call.workspace.views.open(view)
    return _answer(call.workspace, view)


def push_view(call: Call) -> Body:
    """Lay another modal on top of the one the trigger came from."""
    body = _view(call, "modal")
    view = call.workspace.new_view(_trigger(call).user, body)
    call.workspace.views.push(view)
    return _answer(call.workspace, view)


def update_view(call: Call) -> Body:
    """Draw an open view anew."""
    workspace = call.workspace
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", ("[ERROR] missing required field: view_id or external_id",))
    view = workspace.views.find(view_id, external_id)
    body = _view(call, str(view.body["type"]))
    ready = {**body, "blocks": workspace.with_ids(body.get("blocks") or ())}
    workspace.views.replace(view, ready, new_hash=workspace.new_hash(), expect=call.text("hash") or None)
    return _answer(workspace, view)


def publish_view(call: Call) -> Body:
    """Put a person's App Home."""
    workspace, user = call.workspace, call.required("user_id")
    if not workspace.directory.home_tab:
        raise SlackError("not_enabled")
    if user not in workspace.people or workspace.people[user].deleted:
        raise SlackError("user_not_found")
    view = workspace.new_view(user, _view(call, "home"))
    return _answer(workspace, workspace.views.publish(view, expect=call.text("hash") or None))


METHODS = (
    Method("views.open", 4, "", open_view),
    Method("views.push", 4, "", push_view),
    Method("views.update", 4, "", update_view),
    Method("views.publish", 4, "", publish_view),
)
