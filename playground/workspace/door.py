"""The way to the bot, whichever transport it uses: an envelope goes out, an answer or a failure comes back.

What must never live here: a transport (`http_door`, `socket_door`) or what is inside an envelope (`payloads`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

ACK_SECONDS = 3.0
KEPT_ANSWERS = 5_000

Kind: TypeAlias = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True)
class Envelope:
    """One delivery. `retry` and `reason` are set for a repeated event."""

    kind: Kind
    payload: Mapping[str, Any]
    retry: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Answered:
    """The bot acknowledged in time; `body` is what it said with it: nothing, a text, or an object."""

    body: str | Mapping[str, Any] = ""
    no_retry: bool = False


@dataclass(frozen=True)
class Missed:
    """The bot did not. `reason` is Slack's word (`http_timeout`, `http_error`, `connection_failed`)."""

    reason: str
    detail: str = ""
    no_retry: bool = False


Outcome: TypeAlias = "Answered | Missed"


class Door(Protocol):
    """A transport to the bot."""

    async def send(self, envelope: Envelope) -> Outcome:
        """Deliver and wait for the acknowledgement, `ACK_SECONDS` at most. Never raises for a bad bot."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Overheard:
    """A door whose answers are kept in `answers`, so that a test can look at all that a bot ever said with them."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.answers: deque[Answered] = deque(maxlen=KEPT_ANSWERS)

    async def send(self, envelope: Envelope) -> Outcome:
        """Through the door, and back."""
        outcome = await self._door.send(envelope)
        if isinstance(outcome, Answered):
            self.answers.append(outcome)
        return outcome

    async def close(self) -> None:
        """Close the door."""
        await self._door.close()
