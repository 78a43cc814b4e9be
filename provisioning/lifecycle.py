"""The life of a ClusterRequest, as one table. Every change of a phase is a row of it and happens in `step`.

Whether an event may happen (who votes, how many votes are enough) is `approval`'s business; which phase follows which
is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from provisioning.errors import ClusterdeskError
from provisioning.model import Phase, RequestStatus
from provisioning.objects import format_time


class Event(StrEnum):
    """What can happen to a request."""

    VOTED = "Voted"
    """Somebody agreed, and more people have to."""
    TAKEN_BACK = "TakenBack"
    """Somebody who had agreed does not any more."""
    APPROVED = "Approved"
    DENIED = "Denied"
    WAIVED = "Waived"
    WITHDRAWN = "Withdrawn"
    EXPIRED = "Expired"
    APPLIED = "Applied"
    FAILED = "Failed"


TRANSITIONS: Final[Mapping[Phase, Mapping[Event, Phase]]] = {
    Phase.PENDING: {
        Event.VOTED: Phase.PENDING,
        Event.TAKEN_BACK: Phase.PENDING,
        Event.APPROVED: Phase.APPROVED,
        Event.DENIED: Phase.DENIED,
        Event.WAIVED: Phase.APPROVED,
        Event.WITHDRAWN: Phase.WITHDRAWN,
        Event.EXPIRED: Phase.EXPIRED,
    },
    # Taken back while it waits for room, and never once it is being done: `approval.withdraw`.
    Phase.APPROVED: {Event.APPLIED: Phase.APPLIED, Event.FAILED: Phase.FAILED, Event.WITHDRAWN: Phase.WITHDRAWN},
    Phase.APPLIED: {},
    Phase.DENIED: {},
    Phase.WITHDRAWN: {},
    Phase.EXPIRED: {},
    Phase.FAILED: {},
}


class Reason(StrEnum):
    """Why an event does not count."""

    NOT_AN_APPROVER = "NotAnApprover"
    NOT_BY_SLACK = "NotBySlack"
    """The tenant names this person to decide, and not with the Slack account that they come with."""
    OWN_REQUEST = "OwnRequest"
    ALREADY_DECIDED = "AlreadyDecided"
    ALREADY_VOTED = "AlreadyVoted"
    CHANGED = "Changed"
    """The digest that was shown is not the request's."""
    GONE = "Gone"
    NOT_YOURS = "NotYours"
    """Only the requester may withdraw; and a member of the tenant where the requester is not there any more."""
    EXPIRED = "Expired"
    NOT_VOTED = "NotVoted"
    """There is no vote to take back."""
    APPROVER_VOTED = "ApproverVoted"
    """Whoever is decided for has voted already."""
    APPROVER_ASKED = "ApproverAsked"
    """Whoever is decided for asked for it."""
    NO_BREAK_GLASS = "NoBreakGlass"
    """The tenant does not let this person take a request through alone."""
    NO_REASON = "NoReason"
    """Whoever denies a request, or takes it through alone, says why."""
    GROUP_UNKNOWN = "GroupUnknown"
    """Slack does not say who is in the user group that decides."""
    NOT_REQUESTER = "NotRequester"
    """Only the requester may have people reminded, or answer them."""
    TOO_SOON = "TooSoon"
    """The requester had everybody reminded a moment ago."""
    TOO_MANY = "TooMany"
    """No more questions are kept with a request."""
    ANSWERED = "Answered"
    """The question has an answer."""
    PAUSED = "Paused"
    """Nobody refuses what is above a quota, so nothing is approved."""
    NOT_IN_SLACK = "NotInSlack"
    """The request is approved by kubectl only."""
    REPLACING = "Replacing"
    """The request takes the place of another that is not taken back yet."""


_Reason = Reason


class Refused(ClusterdeskError):
    """An event that the rules do not let happen. Nothing was written."""

    Reason = Reason

    def __init__(self, reason: _Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def step(status: RequestStatus, event: Event, *, now: datetime, message: str = "") -> RequestStatus:
    """The status after the event. Raises `Refused(ALREADY_DECIDED)` when the table has no such row."""
    following = TRANSITIONS[status.phase].get(event)
    if following is None:
        raise Refused(Reason.ALREADY_DECIDED)
    if following is status.phase:
        return status
    # What people decided stays; what becomes of it then is no decision.
    decided = status.decided_at if event in (Event.APPLIED, Event.FAILED) else format_time(now)
    return status.model_copy(update={"phase": following, "message": message, "decided_at": decided})
