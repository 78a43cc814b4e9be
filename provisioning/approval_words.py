"""What people read at more than one door who decide about a request, or take it back: that it counts, or why not. Plain
words, no markup; each door draws them itself.

What must never live here: a decision, or a word that only one door says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from provisioning import quota
from provisioning.lifecycle import Reason
from provisioning.quota import Excess
from provisioning.risk import Large

NOT_AN_APPROVER: Final = "Only this tenant's approvers can decide this."
OWN_REQUEST: Final = "You asked for this one, so it needs somebody else to decide."
ALREADY_VOTED: Final = "You have already voted on this request."
TOO_LATE: Final = "Too late: this request is already decided."
TIME_OVER: Final = "Too late: the time to decide this request is over."
GONE: Final = "This request is gone."
NOT_YOURS: Final = "Only whoever asked can withdraw this request; once they are gone, any member can."
NOT_VOTED: Final = "You have no vote on this request, so there is none to take back."
APPROVER_VOTED: Final = "Whoever you decide for has voted on this request already, and so it has their word."
APPROVER_ASKED: Final = "Whoever you decide for asked for this one, so it needs somebody else to decide."
NO_BREAK_GLASS: Final = "This tenant does not let you take a request through alone."
NOT_BY_SLACK: Final = (
    "This tenant does not list your Slack account with your name, so here your word counts by kubectl only."
)
NOT_IN_SLACK: Final = "This one is not approved in Slack. It takes kubectl, which signs you in anew."
GROUP_UNKNOWN: Final = (
    "Slack does not tell me who is in the group that decides here, so I have not counted anything. Please try again."
)
NOT_REQUESTER: Final = "Only whoever asked for it can do that."
TOO_SOON: Final = "You had them reminded within the last hour. Once an hour is enough."
TOO_MANY: Final = "No more questions are kept with this request. Ask whoever made it directly."
ANSWERED: Final = "This question is answered already."
REPLACING: Final = "This request is just taking the place of an earlier one. Please try again in a moment."
REASON_WANTED: Final = "Please say why; whoever asked will read it."
NOT_DECIDED: Final = "The cluster API does not answer, so I could not save that. Please try again: it counts only once."
PAUSED: Final = "Approvals paused: quota enforcement is not answering. The platform team is told."

REFUSALS: Final[Mapping[Reason, str]] = {
    Reason.NOT_AN_APPROVER: NOT_AN_APPROVER,
    Reason.NOT_BY_SLACK: NOT_BY_SLACK,
    Reason.OWN_REQUEST: OWN_REQUEST,
    Reason.ALREADY_DECIDED: TOO_LATE,
    Reason.ALREADY_VOTED: ALREADY_VOTED,
    Reason.CHANGED: "This request is not what was shown to you. Please look again.",
    Reason.GONE: GONE,
    Reason.NOT_YOURS: NOT_YOURS,
    Reason.EXPIRED: TIME_OVER,
    Reason.PAUSED: PAUSED,
    Reason.NOT_VOTED: NOT_VOTED,
    Reason.APPROVER_VOTED: APPROVER_VOTED,
    Reason.APPROVER_ASKED: APPROVER_ASKED,
    Reason.NO_BREAK_GLASS: NO_BREAK_GLASS,
    Reason.NO_REASON: REASON_WANTED,
    Reason.GROUP_UNKNOWN: GROUP_UNKNOWN,
    Reason.NOT_IN_SLACK: NOT_IN_SLACK,
    Reason.NOT_REQUESTER: NOT_REQUESTER,
    Reason.TOO_SOON: TOO_SOON,
    Reason.TOO_MANY: TOO_MANY,
    Reason.ANSWERED: ANSWERED,
    Reason.REPLACING: REPLACING,
}
"""Why a vote or a withdrawal does not count, to whoever it was."""


def voted(approve: bool, cluster: str, missing: int) -> str:
    """The vote is counted. `cluster` is its name as this door draws names, `missing` the approvals still needed."""
    done = "Your approval" if approve else "Your denial"
    more = f" {missing} more {'approval' if missing == 1 else 'approvals'} needed." if missing else ""
    return f"{done} of the request about {cluster} counts.{more}"


def withdrawn(cluster: str, requester: str = "") -> str:
    """Both are drawn as this door draws them; the requester is empty where that is whoever withdrew it."""
    whose = f"The request of {requester}" if requester else "Your request"
    return f"{whose} about {cluster} is withdrawn."


def not_delegated(delegates: Sequence[str]) -> str:
    """`delegates` are drawn as this door draws people."""
    decides = "decides" if len(delegates) == 1 else "decide"
    return f"{', '.join(delegates)} {decides} for you no longer. What they voted counts no more."


def vote_taken_back(cluster: str) -> str:
    """`cluster` is its name as this door draws names."""
    return f"Your vote on the request about {cluster} is taken back. You can vote again while it waits."


def large(it: Large) -> str:
    """Why it is not decided as other requests are."""
    told = ", ".join(map(_above, it.where))
    ways = [f"{it.more} must agree"] if it.more else []
    ways += ["others decide than about smaller ones"] if it.others else []
    return f"A large request ({told}){', so ' if ways else ''}{' and '.join(ways)}."


def _above(it: Excess) -> str:
    asked, bound = (quota.show(it.dimension, amount, it.currency) for amount in (it.asked, it.hard))
    return f"{quota.WORDS[it.dimension]} {asked} is above {bound}"


def approve_line(request: str, namespace: str) -> str:
    """What an approver types at a terminal."""
    return f"kubectl clusterdesk approve {request} -n {namespace}"
