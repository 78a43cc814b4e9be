"""What a command, a form or a button answers, as data. `door` turns it into Slack's API calls and acknowledgements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.blocks import Block
from bot.cards import Card
from provisioning.manifest import Key
from provisioning.model import Person
from provisioning.wish import Wish

ANSWER_SECONDS = 2.3
"""How long the API server may take to write something: Slack waits three, and the rest is the way there and back."""


@dataclass(frozen=True)
class Say:
    """Tell this person, and nobody else."""

    card: Card


@dataclass(frozen=True)
class Open:
    """Open a form; the trigger lives three seconds."""

    view: Block


@dataclass(frozen=True)
class Ask:
    """Ask for this at once: the line said all that there is to say."""

    wish: Wish


@dataclass(frozen=True)
class TakeBack:
    """Withdraw this request of the person's."""

    person: Person
    namespace: str
    request: str


@dataclass(frozen=True)
class Nudge:
    """Have everybody reminded of this request of the person's."""

    person: Person
    namespace: str
    request: str


@dataclass(frozen=True)
class TryAgain:
    """Have all that belongs to this cluster put there anew, now."""

    person: Person
    namespace: str
    cluster: str


@dataclass(frozen=True)
class Revoke:
    """End these accesses, given by namespace and name."""

    person: Person
    accesses: tuple[Key, ...]


@dataclass(frozen=True)
class StopDelegating:
    """Have nobody decide instead of this approver any more, in these tenants or, where none is named, in all."""

    approver: Person
    tenants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Errors:
    """Keep the form and what was typed; say at each field (by block id) what is wrong with it."""

    fields: Mapping[str, str]


@dataclass(frozen=True)
class Replace:
    """The form turns into this."""

    view: Block


@dataclass(frozen=True)
class Repaint:
    """Draw the card that was clicked anew, and tell the person, when there is something to tell."""

    card: Card | None = None
    told: Card | None = None


Answer: TypeAlias = Say | Open | Ask | TakeBack | Nudge | TryAgain | Revoke | StopDelegating
FormAnswer: TypeAlias = Errors | Replace
PressAnswer: TypeAlias = Repaint | Open
