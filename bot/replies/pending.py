"""What happens while a request waits: reminders, handing on, questions and answers. `when`, `who` and `asks` are
markup of ours."""

from __future__ import annotations

from bot.text import code
from provisioning.model import Urgency
from provisioning.wording import count

QUESTION_TITLE = "Ask a question"
QUESTION = "What do you want to know?"
QUESTION_HINT = "Whoever asked for this is told, and answers here. Everybody who decides sees both."
ANSWER_TITLE = "Answer a question"
ANSWER_HINT = "Everybody who decides sees it."
ANSWER_GIVEN = "The answer:"
WORDS_WANTED = "Please write something."
NO_ANSWER_NEEDED = "The request does not wait any more, so no answer is needed."
QUESTION_SENT = "Your question is on its way. You are told of the answer."
ANSWER_SENT = "Your answer is on the card, and whoever asked is told."
NUDGED = "I remind everybody whose working day it is now, and the others when theirs begins."
STRANDED = "⚠️ Nobody who may decide this can be reached in Slack. Your platform team can help."
HANDED_ON = {
    Urgency.TIME: "nobody had decided",
    Urgency.UNREACHABLE: "nobody who was asked before can be reached in Slack",
}


def reminds_next(when: str) -> str:
    return f"Next reminder {when}"


def handed_on(why: Urgency, when: str, who: str) -> str:
    return f"↗️ Handed on to {who} · {when} · {HANDED_ON[why]}"


def not_reachable(who: str) -> str:
    return f"⚠️ Not reachable in Slack: {who}"


def reminder(who: str, asks: str, until: str) -> str:
    return f"⏰ {who}: {asks}, and it still waits for your decision{f' · expires {until}' if until else ''}"


def stranded(asks: str, tenant: str, request: str) -> str:
    return (
        f"⚠️ Nobody can decide: {asks}, and none of those who may decide for {code(tenant)} can be reached in Slack. "
        f"Its Tenant says who they are. The request is {code(request)}."
    )


def asked_by_approver(who: str) -> str:
    return f"Question of {who}:"


def question_about(cluster: str) -> str:
    return f"❓ *Somebody who decides has a question about {code(cluster)}*"


def answered(asker: str, requester: str, cluster: str) -> str:
    """The first two are markup of ours."""
    return f"💬 {asker}: {requester} has answered your question about {code(cluster)}"


def earlier_questions(many: int) -> str:
    return f"… and {count(many, 'earlier question')}"


def no_way_to_ask(who: str) -> str:
    return f"I know no Slack account of {who}, so a question would not reach them. Ask them directly."
