"""What Slack hands out for a moment: trigger ids (3 s, once) and response URLs (30 min, five times).

What must never live here: what is done with them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from playground.workspace.errors import SlackError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5


@dataclass
class Trigger:
    """Right to open one modal for one person. `view_id` is the modal it came from, if any."""

    user: str
    at: float
    view_id: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """Right to answer in one conversation, seen by `user`; `message_ts` is the message that was clicked."""

    user: str
    channel: str
    at: float
    message_ts: str | None = None
    ephemeral: bool = False
    uses: int = 0


@dataclass
class Tickets:
    """All outstanding triggers and response URLs of a workspace."""

    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue_trigger(self, user: str, *, now: float, view_id: str | None = None) -> str:
        """A new trigger id in Slack's format."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user=user, at=now, view_id=view_id)
        return trigger_id

    def redeem_trigger(self, trigger_id: str, *, now: float) -> Trigger:
        """Spend a trigger. Raises `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if now - trigger.at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_response(self, ticket: ResponseUrl) -> str:
        """A new token to put into a response URL."""
        token = secrets.token_hex(12)
        self.responses[token] = ticket
        return token

    def redeem_response(self, token: str, *, now: float) -> ResponseUrl:
        """Spend one use. Raises `invalid_url`, `expired_url` or `used_url`."""
        ticket = self.responses.get(token)
        if ticket is None:
            raise SlackError("invalid_url")
        if now - ticket.at > RESPONSE_SECONDS:
            raise SlackError("expired_url")
        if ticket.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        ticket.uses += 1
        return ticket
