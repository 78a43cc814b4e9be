"""What a button carries: which request, and the digest of what its card showed; or the command it stands for. Pure.

Never more than that. The request itself is the truth, so a card from before a restart or an upgrade still works,
and a card that shows something else than what would be approved is found out. A command may be no more than what the
same person could type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pydantic

from bot import blocks, replies
from bot.blocks import Block
from provisioning.model import ClusterRequest
from provisioning.objects import Stored

APPROVE = "request_approve"
DENY = "request_deny"
WITHDRAW = "request_withdraw"
DETAILS = "request_details"
RUN = re.compile(r"run [\s\S]*")
"""What stands for a line that somebody could type."""


class Ticket(pydantic.BaseModel):
    """The value of a button, and of the denial form that a button opened."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    namespace: str = pydantic.Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)
    id: str = pydantic.Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)
    digest: str = pydantic.Field(pattern=r"^sha256:[0-9a-f]{16,64}$")

    def dumps(self) -> str:
        return self.model_dump_json()


@dataclass(frozen=True)
class Place:
    """The message that a button stands in."""

    channel: str
    ts: str


def ticket_of(request: Stored[ClusterRequest]) -> Ticket:
    return Ticket(namespace=request.meta.namespace, id=request.meta.name, digest=request.it.spec.digest)


def read(value: Any) -> Ticket | None:
    """A button's value -> its ticket; None for what we never wrote (Slack's payloads are signed, cards may be old)."""
    try:
        return Ticket.model_validate_json(value if isinstance(value, str) else "")
    except pydantic.ValidationError:
        return None


def decide(request: Stored[ClusterRequest]) -> Block:
    """Approve and Deny…"""
    value, cluster = ticket_of(request).dumps(), request.it.spec.cluster
    return blocks.actions(
        blocks.button(
            replies.APPROVE, action=APPROVE, value=value, spoken=replies.approve_spoken(cluster), style="primary"
        ),
        blocks.button(replies.DENY, action=DENY, value=value, spoken=replies.deny_spoken(cluster), style="danger"),
    )


def withdraw(request: Stored[ClusterRequest]) -> Block:
    """Withdraw, asked twice."""
    cluster = request.it.spec.cluster
    return blocks.actions(
        blocks.button(
            replies.WITHDRAW,
            action=WITHDRAW,
            value=ticket_of(request).dumps(),
            spoken=replies.withdraw_spoken(cluster),
            confirm=blocks.confirm(
                title=replies.WITHDRAW_TITLE,
                words=replies.withdraw_question(cluster),
                yes=replies.WITHDRAW,
                no=replies.KEEP,
            ),
        )
    )


def details(request: Stored[ClusterRequest]) -> Block:
    """All that there is to know of a request, in a window."""
    value, cluster = ticket_of(request).dumps(), request.it.spec.cluster
    return blocks.button(replies.DETAILS, action=DETAILS, value=value, spoken=replies.details_spoken(cluster))


def run(words: str, line: str, *, spoken: str, style: str = "") -> Block:
    """A button that does what `/cluster <line>` does for whoever presses it."""
    return blocks.button(words, action=f"run {line}"[: blocks.ACTION_ID], value=line, spoken=spoken, style=style)
