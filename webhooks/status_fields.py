"""The fields of a ClusterRequest's status: who writes which, and what is wrong with one. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from provisioning import objects
from provisioning.errors import Cause
from provisioning.model import RequestStatus, Vote
from webhooks.trusted import Trusted

LEEWAY = timedelta(minutes=5)
"""How far the time that a writer notes may be from ours."""
FOLLOWS = ("phase", "votes", "waiver", "decided_at", "withdrawn_by", "replaced_by")
"""What the rules give. The rest is bookkeeping of our own programs, or words for people."""
_STANDING = ("conditions", "observed_generation", "expires_at")
"""What the provisioner alone keeps."""
_DRAWN = (
    "deliveries",
    "questions",
    "reminders",
    "next_reminder_at",
    "nudged_at",
    "handed_on",
    "unreachable",
    "stranded_at",
)
"""What the bot keeps: where its cards are, what people asked one another there, and whom it reminded."""
_WIRE = {
    "observed_generation": "observedGeneration",
    "expires_at": "expiresAt",
    "decided_at": "decidedAt",
    "withdrawn_by": "withdrawnBy",
    "replaced_by": "replacedBy",
    "next_reminder_at": "nextReminderAt",
    "nudged_at": "nudgedAt",
    "handed_on": "handedOn",
    "stranded_at": "strandedAt",
}


class Wrong(Exception):
    """The change is not one that can happen. Carries where and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.cause = Cause(f"status.{_WIRE.get(field, field)}", message)


def governed(status: RequestStatus) -> dict[str, object]:
    return {field: getattr(status, field) for field in FOLLOWS}


def kept_from(user: str, trusted: Trusted) -> tuple[str, ...]:
    """What this user does not write."""
    if user == trusted.provisioner:
        return _DRAWN
    return _STANDING if user == trusted.bot else (*_STANDING, *_DRAWN)


def said(value: object) -> str:
    """A value as it is written in the object."""
    if isinstance(value, tuple):
        return ", ".join(json.dumps(vote.wire()) for vote in value if isinstance(vote, Vote)) or "none"
    return str(value) if value else "left out"


def is_now(at: str, now: datetime) -> bool:
    """Whether a time that a writer notes is about ours."""
    return abs(objects.parse_time(at) - now) <= LEEWAY
