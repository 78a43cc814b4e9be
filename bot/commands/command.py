"""What a command is, and what it is given. One file beside this one for each command."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot import blocks
from bot.answers import Answer, FormAnswer
from bot.blocks import Block
from bot.offers import Place
from bot.ports import Desk
from provisioning.model import ClusterRequest, Person, TenantCluster
from provisioning.objects import Stored

Mine = tuple[Place, Stored[ClusterRequest]]
"""A request of one's own, and where it was asked."""
Meant = tuple[Place, Stored[ClusterRequest] | Stored[TenantCluster]]
"""A request of one's own or a cluster, and where it is."""

A_CLUSTER = "[TENANT/]NAME"
"""How the usage of a command begins that is about a cluster which is there."""


@dataclass(frozen=True)
class Held:
    """The user groups of Slack by which somebody decides. `unsure`: Slack does not tell of all of them now."""

    groups: frozenset[str] = frozenset()
    unsure: bool = False


@dataclass(frozen=True)
class Call:
    """Somebody typed a command; `words` is what stood behind its name."""

    desk: Desk
    person: Person
    now: datetime
    words: tuple[str, ...] = ()
    zone: tzinfo = UTC
    """In which this person reads what Slack does not draw as a date."""
    held: Held = Held()
    """Looked up for commands that ask for it alone."""


@dataclass(frozen=True)
class Filled:
    """A form as somebody sent or changed it."""

    desk: Desk
    person: Person
    team: str
    view: Block
    now: datetime
    zone: tzinfo = UTC
    """As in `Call`."""

    @property
    def id(self) -> str:
        return str(self.view["id"])

    @property
    def values(self) -> Mapping[str, Any]:
        """What stands in the fields. Of a form that has only just opened Slack tells nothing: it is as it was drawn."""
        told: Mapping[str, Any] = (self.view.get("state") or {}).get("values") or {}
        return {**blocks.drawn(self.view), **told}

    @property
    def metadata(self) -> str:
        return str(self.view.get("private_metadata") or "")

    @property
    def replaces(self) -> str:
        """The request whose place is to be taken by what comes of the form; empty for none."""
        return str(json.loads(self.metadata or "{}").get("replaces", ""))


@dataclass(frozen=True)
class Form:
    """A modal's life: `submitted` answers within the acknowledgement, `changed` draws it anew while it is filled."""

    callback: str
    submitted: Callable[[Filled], Awaitable[FormAnswer]]
    changed: Callable[[Filled], Awaitable[Block]] | None = None


@dataclass(frozen=True)
class Choice:
    """What one chooses from where a line names nothing: requests of one's own, or clusters that not everything is done
    with. `none` is what is said when there is none; `by_cluster`: one chooses a cluster, also where it is a request
    that stands for it."""

    of: Callable[[Call], Sequence[Meant]]
    none: str
    by_cluster: bool = False


@dataclass(frozen=True)
class Command:
    """`/cluster <name> …`. `usage` is what stands behind the name; `examples` are whole lines.

    `also` is what people call it who do not know its name: they are told. `shortcut` is what the command is called in
    Slack's menu of shortcuts, in 24 characters; without one it is not in there. `choice` is for a command whose line
    names a request of one's own. `deciding` names the namespaces of what it may be about, where it is also for whoever
    decides there by a user group of Slack.
    """

    name: str
    summary: str
    usage: str
    examples: tuple[str, ...]
    run: Callable[[Call], Answer]
    forms: tuple[Form, ...] = ()
    also: tuple[str, ...] = ()
    shortcut: str = ""
    choice: Choice | None = None
    deciding: Callable[[Call], Sequence[str]] | None = None

    @property
    def needs_cluster(self) -> bool:
        """Whether its line must name a cluster that is there."""
        return self.usage.startswith(A_CLUSTER)

    @property
    def line(self) -> str:
        return f"/cluster {self.name} {self.usage}".rstrip()
