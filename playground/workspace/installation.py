"""What an app's manifest says about it: its commands, shortcuts, events and scopes, as the workspace installs it.

With the bot's own manifest, the workspace delivers and allows exactly what a real one would. Pure but for `load`.
What must never live here: people and channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import yaml

from playground.workspace.errors import BadManifest
from playground.workspace.people import Command, Directory, Shortcut


@dataclass(frozen=True)
class Installation:
    """The directory with the app installed in it, and the scopes the app was granted."""

    directory: Directory
    scopes: frozenset[str]


def install(directory: Directory, manifest: Mapping[str, Any]) -> Installation:
    """Install the app that `manifest` describes. Raises `BadManifest`."""
    try:
        features, settings = manifest["features"], manifest["settings"]
        commands = tuple(
            Command(
                command=entry["command"],
                description=entry.get("description", ""),
                usage_hint=entry.get("usage_hint", ""),
                should_escape=bool(entry.get("should_escape")),
            )
            for entry in features.get("slash_commands") or ()
        )
        shortcuts = tuple(
            Shortcut(callback_id=entry["callback_id"], name=entry["name"])
            for entry in features.get("shortcuts") or ()
            if entry.get("type") == "global"
        )
        interactivity = settings.get("interactivity") or {}
        menus = bool(settings.get("socket_mode_enabled") or interactivity.get("message_menu_options_url"))
        events = tuple((settings.get("event_subscriptions") or {}).get("bot_events") or ())
        home_tab = bool((features.get("app_home") or {}).get("home_tab_enabled"))
        scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])
    except (KeyError, TypeError, AttributeError, pydantic.ValidationError) as e:
        raise BadManifest(f"not an app manifest: {e!r}") from e
    changes = {"commands": commands, "shortcuts": shortcuts, "home_tab": home_tab, "menus": menus, "events": events}
    return Installation(directory.model_copy(update=changes), scopes)


def load(path: Path) -> Mapping[str, Any]:
    """Read a manifest file. Raises `BadManifest`."""
    try:
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as e:
        raise BadManifest(f"{path}: {e}") from e
    if not isinstance(manifest, Mapping):
        raise BadManifest(f"{path}: not an app manifest")
    return manifest
