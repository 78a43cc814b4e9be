"""Who is in the workspace: people, channels, user groups, commands, read once from a YAML file.

These are the only types that cross the file's door. What must never live here: messages, views, HTTP.
"""

from __future__ import annotations

import zoneinfo
from pathlib import Path

import pydantic
import yaml

from playground.workspace.errors import BadDirectory

DEFAULT = Path(__file__).with_name("people.yaml")


class _Entry(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Person(_Entry):
    """One account. The flags are Slack's own and are what a bot must look at before it trusts somebody."""

    id: str = pydantic.Field(pattern=r"^[UW][A-Z0-9]+$")
    name: str = pydantic.Field(min_length=1)
    real_name: str = pydantic.Field(min_length=1)
    role: str = ""
    email: str | None = None
    is_email_confirmed: bool = True
    tz: str = "UTC"
    locale: str = "en-GB"
    team_id: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_bot: bool = False
    deleted: bool = False

    @pydantic.field_validator("tz")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as e:
            raise ValueError(f"no such time zone: {value}") from e
        return value


class Channel(_Entry):
    """A channel as it is when the workspace opens. `bot` says whether the bot was invited."""

    id: str = pydantic.Field(pattern=r"^[CG][A-Z0-9]+$")
    name: str = pydantic.Field(pattern=r"^[a-z0-9_-]{1,80}$")
    is_private: bool = False
    is_archived: bool = False
    bot: bool = True
    members: tuple[str, ...] = ()


class UserGroup(_Entry):
    """A Slack user group: @handle stands for its users."""

    id: str = pydantic.Field(pattern=r"^S[A-Z0-9]+$")
    handle: str
    name: str
    users: tuple[str, ...] = ()


class Command(_Entry):
    """A registered slash command; only registered ones reach the bot."""

    command: str = pydantic.Field(pattern=r"^/[a-z0-9_-]{1,31}$")
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    """Whether people, channels and links in its line are sent by their ids."""


class Shortcut(_Entry):
    """A registered global shortcut."""

    callback_id: str
    name: str


class Team(_Entry):
    """The workspace itself and the app installed in it."""

    id: str = "T0LOCAL"
    name: str = "Local workspace"
    domain: str = "local"
    app_id: str = "A0LOCAL"
    bot_id: str = "B0CLUSTERDESK"
    bot_user: str = "U0CLUSTERDESK"
    bot_name: str = "clusterdesk"


class Directory(_Entry):
    """Everything the workspace opens with."""

    team: Team = Team()
    people: tuple[Person, ...] = pydantic.Field(min_length=1)
    channels: tuple[Channel, ...] = ()
    groups: tuple[UserGroup, ...] = ()
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    home_tab: bool = True
    """Whether the app has a Home tab."""
    menus: bool = True
    """Whether the app is asked for options: over HTTP it must have said where."""
    # Which Events API types the app subscribed to; others are never delivered.
    events: tuple[str, ...] = ("app_home_opened",)

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Directory:
        ids = [*(p.id for p in self.people), *(c.id for c in self.channels), *(g.id for g in self.groups)]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"used twice: {', '.join(doubled)}")
        known = {p.id for p in self.people}
        named = {m for c in self.channels for m in c.members} | {u for g in self.groups for u in g.users}
        if strangers := sorted(named - known):
            raise ValueError(f"not among the people: {', '.join(strangers)}")
        return self


def load(path: Path | None = None) -> Directory:
    """Read a directory; without a path, the one that ships with the playground. Raises `BadDirectory`."""
    source = path or DEFAULT
    try:
        return Directory.model_validate(yaml.load(source.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    except (OSError, yaml.YAMLError, pydantic.ValidationError) as e:
        raise BadDirectory(f"{source}: {e}") from e
