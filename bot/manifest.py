"""The Slack app's manifest, made from the commands and events that the code has. Pure."""

from __future__ import annotations

from typing import Any, Literal

from bot import commands

PATH = "/slack/events"
"""Where Slack sends everything, by HTTP."""

EVENTS = ("app_home_opened", "subteam_members_changed", "user_change")
SCOPES = {
    "commands": "receive /cluster",
    "chat:write": "post and redraw cards",
    "im:write": "open a direct message with whoever asked or approves",
    "users:read": "refuse guests, bots, deactivated people and other workspaces; hear of changed accounts",
    "usergroups:read": "see who is in a user group that decides for a tenant; hear of it when that changes",
}
"""Each scope, and what it is for. No history, no files."""
EMAIL_SCOPE = {"users:read.email": "know people by their e-mail address, where the platform allows it"}
"""What is asked for only then."""


def app_manifest(mode: Literal["http", "socket"], *, url: str = "", email: bool = False) -> dict[str, Any]:
    """For `http`, `url` is where Slack reaches the bot, without the path. `email` asks for addresses, too.

    Raises `ValueError` when the `url` is missing.
    """
    if mode == "http" and not url.startswith("https://"):
        raise ValueError("HTTP mode needs the https:// address at which Slack reaches the bot")
    request_url = {"request_url": url.rstrip("/") + PATH} if mode == "http" else {}
    menus_url = {"message_menu_options_url": request_url["request_url"]} if request_url else {}
    command = {
        "command": commands.SLASH,
        "description": "Ask for, show, change or delete a cluster",
        "usage_hint": " | ".join(c.name for c in commands.COMMANDS),
        # Of a person that somebody writes, Slack sends the account and not the name, which two may have.
        "should_escape": True,
    }
    if mode == "http":
        command["url"] = request_url["request_url"]
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "clusterdesk",
            "description": "Ask for a Kubernetes cluster, have it approved, watch it come up",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "clusterdesk", "always_online": True},
            "shortcuts": [
                {
                    "name": it.shortcut,
                    "type": "global",
                    "callback_id": commands.shortcut_id(it),
                    "description": it.summary,
                }
                for it in commands.COMMANDS
                if it.shortcut
            ],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": [*SCOPES, *(EMAIL_SCOPE if email else ())]}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url, **menus_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }
