"""Who decides: break-glass, votes taken back, large requests."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import NAMED, either
from bot.text import code
from provisioning import approval_words
from provisioning.model import Action

BREAK_GLASS_TITLE = "Take it through alone"
BREAK_GLASS_REASON = "What is the emergency?"
BREAK_GLASS_REASON_HINT = "Shown to everybody who would have been asked, and kept with the request for ever."
FORCED_REASON = "Reason, in the words of whoever took it through:"
APPROVE_LARGE_TITLE = "Approve this large request?"
APPROVE_DELETION_TITLE = "Approve this deletion?"
APPROVED_AT_TERMINAL = "🔐 It is approved with kubectl, and not in Slack."


def vote_taken_back(cluster: str) -> str:
    return approval_words.vote_taken_back(code(cluster))


def break_glass_warning(cluster: str, who: str) -> str:
    """`who` are markup of ours: those who are passed over."""
    told = f" These are told at once: {who}." if who else ""
    return f"This takes the request about {code(cluster)} through without anybody's approval.{told}"


def taken_through(cluster: str) -> str:
    return f"You took the request about {code(cluster)} through alone. Everybody who would have been asked is told."


def forced(who: str, cluster: str) -> str:
    """`who` is markup of ours."""
    return f"🚨 *{who} took the request about {code(cluster)} through alone.* Nobody else has agreed to it."


def forced_by(who: str, when: str) -> str:
    """Both are markup of ours."""
    return f"🚨 *Taken through alone* by {who}{' · ' + when if when else ''}"


def passed_over(who: str) -> str:
    """`who` are markup of ours."""
    return f"These would have been asked, and were not: {who}"


def more_people(many: int) -> str:
    return f"{many} more"


def some_of(who: Sequence[str]) -> str:
    """One or another of these people and groups, who are markup of ours."""
    hidden = len(who) - NAMED
    return either([*who[:NAMED], *([more_people(hidden)] if hidden > 0 else [])])


def why_you(tenant: str, groups: Sequence[str], approvers: Sequence[str], *, listed: bool, handed_on: bool) -> str:
    """All the ways to be asked that there are, for everybody reads the same card: `listed` by name, in one of the
    `groups`, instead of one of the `approvers`, or because it was `handed_on`. Groups and approvers are markup of
    ours."""
    ways = [
        *([f"you are in {some_of(groups)}"] if groups else []),
        *([f"you decide for {some_of(approvers)}"] if approvers else []),
        *(["it was handed on to you"] if handed_on else []),
    ]
    first = [f"you are an approver of {code(tenant)}"] if listed or not ways else []
    return f"You are asked because {either([*first, *ways])}."


def ask_others(refusal: str, who: Sequence[str]) -> str:
    """A refusal, and whose word counts instead. `who` are markup of ours."""
    return f"{refusal} Ask {some_of(who)}." if who else refusal


def only_approvers(refusal: str, who: Sequence[str]) -> str:
    """The same to whoever has nothing to decide, and may have something to say."""
    return f"{ask_others(refusal, who)} You can comment in the thread of its card."


def instead_of(who: str, approver: str) -> str:
    """Both are markup of ours."""
    return f"{who} for {approver}"


def decides_for(delegate: str, approver: str, until: str) -> str:
    """All are markup of ours."""
    return f"{delegate} decides for {approver} until {until}."


def large(why: str) -> str:
    """`why` is a sentence of ours."""
    return f"⚖️ {why}"


def approved_at_terminal(request: str, namespace: str) -> str:
    """To whoever decides. Denying goes in Slack all the same."""
    line = code(approval_words.approve_line(request, namespace))
    return f"🔐 It is approved with kubectl, which signs you in anew: {line}"


def not_in_slack(request: str, namespace: str) -> str:
    """To whoever pressed Approve all the same."""
    return f"{approval_words.NOT_IN_SLACK} {code(approval_words.approve_line(request, namespace))}"


def approve_question(who: str, action: Action, cluster: str, tenant: str, *, price: str, workers: str) -> str:
    """Plain text; what is cut, when it is too long, is the end. `price` is what `hourly` says, or empty."""
    wish = {
        Action.CREATE: f"a new cluster {cluster}",
        Action.CHANGE: f"a change of the cluster {cluster}",
        Action.DELETE: f"the deletion of the cluster {cluster}, with everything in it",
    }[action]
    each = ", ".join(filter(None, (price, workers)))
    return f"{who} asks for {wish}, in {tenant}{': ' if each else ''}{each}."
