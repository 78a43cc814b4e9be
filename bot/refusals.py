"""Why an account in Slack is not acted for. Pure; `people` finds that out."""

from __future__ import annotations

from enum import StrEnum

from bot import replies
from provisioning.errors import ClusterdeskError


class Refusal(StrEnum):
    """Each with the words for it."""

    BOT = replies.BOT
    DELETED = replies.DELETED_ACCOUNT
    GUEST = replies.GUEST
    STRANGER = replies.STRANGER
    UNMAPPED = replies.UNMAPPED
    UNCONFIRMED = replies.UNCONFIRMED
    AMBIGUOUS = replies.AMBIGUOUS
    UNCERTAIN = replies.UNCERTAIN
    NOT_READY = replies.NOT_READY


PASSING = frozenset((Refusal.UNCERTAIN, Refusal.NOT_READY))
"""What is over in a moment: whoever has filled a form in need not do it again for that."""


class Unwelcome(ClusterdeskError):
    """This account may not do anything here."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name.lower())
        self.refusal = refusal
