"""auth.test, api.test and apps.connections.open: who am I, are you there, where do I connect."""

from __future__ import annotations

from playground.workspace.errors import SlackError
from playground.workspace.methods.call import Body, Call, Method


def auth_test(call: Call) -> Body:
    """Whose token this is."""
    team = call.workspace.team
    return {
        "url": f"https://{team.domain}.slack.example/",
        "team": team.name,
        "team_id": team.id,
        "user": team.bot_name,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Body:
    """An echo, or the error that was asked for."""
    if error := call.text("error"):
        raise SlackError(error)
    return {"args": {k: v for k, v in call.args.items() if k != "token"}}


def open_connection(call: Call) -> Body:
    """A WebSocket address for Socket Mode, good for one connection."""
    return {"url": call.connect()}


METHODS = (
    # Slack calls the limit of auth.test "special": hundreds a minute.
    Method("auth.test", 4, "", auth_test),
    Method("api.test", 4, "", api_test, caller="anyone"),
    Method("apps.connections.open", 1, "", open_connection, caller="app"),
)
