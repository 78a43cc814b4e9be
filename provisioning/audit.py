"""The audit trail: what is told in it, and how each line holds the one before. Pure.

A line is one JSON object: what happened, and the hash of the line before. Every process writes a chain of its own,
named after it, because two of them cannot agree on an order without waiting for each other. What must never live here:
where lines go (`audit_trail`), where heads are kept (`audit_heads`), what is wrong with lines (`audit_proof`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MARK: Final = "audit"
"""The `event` of every line of the trail, by which it is told from the log beside it."""


class Code(StrEnum):
    """What happened. Other programs look for these: a code never changes its meaning."""

    COMMAND_ASKED = "command-asked"
    BUTTON_PRESSED = "button-pressed"
    FORM_SUBMITTED = "form-submitted"
    PERSON_REFUSED = "person-refused"
    CARD_SHOWN = "card-shown"
    HOME_SEEN = "home-seen"
    REQUEST_MADE = "request-made"
    REQUEST_NUDGED = "request-nudged"
    REQUEST_HANDED_ON = "request-handed-on"
    REQUEST_REPLACED = "request-replaced"
    REQUEST_DENIED = "request-denied"
    REQUEST_WITHDRAWN = "request-withdrawn"
    REQUEST_WAIVED = "request-waived"
    REQUEST_FORCED = "request-forced"
    REQUEST_EXPIRED = "request-expired"
    REQUEST_APPLIED = "request-applied"
    REQUEST_FAILED = "request-failed"
    LIFETIME_FAILED = "lifetime-failed"
    VOTE_CAST = "vote-cast"
    VOTE_TAKEN_BACK = "vote-taken-back"
    QUESTION_ASKED = "question-asked"
    QUESTION_ANSWERED = "question-answered"
    DELEGATION_MADE = "delegation-made"
    DELEGATION_CHANGED = "delegation-changed"
    DELEGATION_ENDED = "delegation-ended"
    CLUSTER_MADE = "cluster-made"
    CLUSTER_CHANGED = "cluster-changed"
    CLUSTER_ENDED = "cluster-ended"
    CLUSTER_GIVEN_UP = "cluster-given-up"
    ACCESS_ISSUED = "access-issued"
    ACCESS_REVOKED = "access-revoked"
    ACCESS_EXPIRED = "access-expired"
    ADMISSION_DENIED = "admission-denied"
    VOTE_REFUSED = "vote-refused"
    FORBIDDEN_FOUND = "forbidden-found"


MEANING: Final[Mapping[Code, str]] = {
    Code.COMMAND_ASKED: "Somebody typed a command in Slack, and was shown what it answers.",
    Code.BUTTON_PRESSED: "Somebody pressed a button of a card. Whether that counted is what the request says.",
    Code.FORM_SUBMITTED: "Somebody sent a form.",
    Code.PERSON_REFUSED: "A Slack account that nobody may use the desk by; `who` is its Slack id.",
    Code.CARD_SHOWN: "A card about a request of `who` stands in Slack, or is another one by now: see `where`.",
    Code.HOME_SEEN: "Somebody looked at App Home, and saw requests of others; one line a person and hour.",
    Code.REQUEST_MADE: "Somebody asked for something that needs approval, in Slack or by kubectl.",
    Code.REQUEST_NUDGED: "The requester had everybody reminded.",
    Code.REQUEST_HANDED_ON: "Nobody decided, or nobody could be reached, and the tenant's next approvers were asked.",
    Code.REQUEST_REPLACED: "A request was edited: taken back for the one that took its place.",
    Code.REQUEST_DENIED: "An approver denied a request, in Slack or by kubectl.",
    Code.REQUEST_WITHDRAWN: "A request was taken back, and none took its place.",
    Code.REQUEST_WAIVED: "A rule of the tenant made approval unnecessary.",
    Code.REQUEST_FORCED: "Somebody took a request through alone, by break-glass; `who` is theirs.",
    Code.REQUEST_EXPIRED: "Nobody decided in time.",
    Code.REQUEST_APPLIED: "What was approved is done.",
    Code.REQUEST_FAILED: "What was approved could not be done.",
    Code.LIFETIME_FAILED: "Another end of a cluster's life was approved and could not be written; it ends as before.",
    Code.VOTE_CAST: "Somebody's vote counts.",
    Code.VOTE_TAKEN_BACK: "Somebody took their vote back.",
    Code.QUESTION_ASKED: "Somebody who decides asked the requester a question.",
    Code.QUESTION_ANSWERED: "The requester answered it.",
    Code.DELEGATION_MADE: "An approver has somebody else decide instead, until then.",
    Code.DELEGATION_CHANGED: "The same with somebody else, or until another time.",
    Code.DELEGATION_ENDED: "A delegation was ended before its time.",
    Code.CLUSTER_MADE: "Somebody made a TenantCluster themselves; `approval` is the rule or the request that let them.",
    Code.CLUSTER_CHANGED: "Somebody changed a TenantCluster themselves.",
    Code.CLUSTER_ENDED: "Somebody deleted a TenantCluster themselves.",
    Code.CLUSTER_GIVEN_UP: "A cluster failed before it was ever ready, nobody chose in time, and so it was deleted.",
    Code.ACCESS_ISSUED: "Somebody got a certificate for a cluster.",
    Code.ACCESS_REVOKED: "A certificate was taken back before its end.",
    Code.ACCESS_EXPIRED: "A certificate ran out.",
    Code.ADMISSION_DENIED: "The webhooks refused a write, by whichever door it came; `refused-by` are the policies.",
    Code.VOTE_REFUSED: "A vote did not count: the webhooks refused it.",
    Code.FORBIDDEN_FOUND: "Something stands in a tenant that the webhooks would refuse; `refused-by` are the policies.",
}


@dataclass(frozen=True)
class Event:
    """Something that somebody will want to know about one day."""

    code: Code
    who: str
    """Whose doing it is: the Kubernetes user, or the Slack id of whom we could not tie to one."""
    where: str
    """The door it came in by, such as `slack:T024BE7LD/C0G9QF9GZ`; `cluster` for what the provisioner found there."""
    about: str = ""
    """namespace/name of the object."""
    digest: str = ""
    """What was asked for, as the approval is bound to it."""
    facts: Mapping[str, str] = field(default_factory=dict)


Tell = Callable[[Event], None]
"""How the rest of the program puts an event into the trail."""


def untold(_: Event) -> None:
    """For whoever has no trail: kubectl's plugin, which runs as the person, and most tests."""


@dataclass(frozen=True)
class Head:
    """How far a chain has come: the number of its last line, and that line's hash. Zero and none before the first."""

    number: int = 0
    hash: str = ""


BEGINNING: Final = Head()


def link(event: Event, *, writer: str, head: Head, at: str) -> tuple[str, Head]:
    """The line for this event behind `head`, and the head that it makes."""
    content = {
        "event": MARK,
        "writer": writer,
        "number": head.number + 1,
        "before": head.hash,
        "at": at,
        "code": event.code.value,
        "who": event.who,
        "where": event.where,
        "about": event.about,
        "digest": event.digest,
        "facts": dict(event.facts),
    }
    return canonical(content), Head(head.number + 1, hash_of(content))


def canonical(content: Mapping[str, Any]) -> str:
    """The one way to write it: whoever collects lines may sort keys and put in spaces, and it hashes as before."""
    # In ASCII, so that no name ends a line or moves the cursor, and no encoding stands between us and the hash.
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def hash_of(content: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(canonical(content).encode()).hexdigest()
