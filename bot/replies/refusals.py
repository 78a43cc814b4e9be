"""Why somebody gets nothing done: who they are, what they pressed, or what nobody knows."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import does_not_fit
from bot.text import code
from provisioning import approval_words
from provisioning.lifecycle import Reason

BOT = "Bots cannot ask for clusters."
DELETED_ACCOUNT = "This Slack account is deactivated, so I cannot act for it."
GUEST = "Guests cannot ask for or approve clusters. Ask a full member of this workspace to do it."
STRANGER = "You are from another Slack workspace. I only act for people of the workspace I am installed in."
UNMAPPED = (
    "I do not know who you are in Kubernetes: no tenant names your Slack account. "
    "Ask your platform team to add it to a tenant's members or approvers."
)
UNCONFIRMED = (
    "Slack has not confirmed your e-mail address, and I would know you only by that. Confirm it in Slack, or ask your "
    "platform team to add your Slack account to a tenant's members or approvers."
)
AMBIGUOUS = (
    "Your e-mail address fits more than one person, so I cannot tell who you are. "
    "Ask your platform team to add your Slack account to a tenant's members or approvers."
)
UNCERTAIN = "Slack did not tell me in time who you are, so I have done nothing. Please try again."
SLOW = "That took me too long, so I stopped waiting. Please try again: nothing is done twice."
NOT_READY = "I have only just started and do not know the clusters yet. Please try again in a few seconds."
NO_CATALOG = "The platform has not said yet what is on offer (there is no Catalog). Please ask your platform team."
NO_TENANT = "You are not a member of any tenant, so there is nothing you could ask for. Ask your platform team."
FORM_NOT_OPENED = "Slack did not let me open the form in time. Nothing was requested. Please try again."
TOO_MANY_WINDOWS = "Slack lays no more than three windows upon each other. Please close one and try again."
NOT_YOUR_TENANT = "You are no longer a member of this tenant."
NOT_FOR_YOU = "Only this tenant's members and those who decide for it can look at that."
CARD_TOO_OLD = "I cannot read this card any more. Use `/cluster list` to see what is going on."
SOMETHING_BROKE = "Something went wrong on my side; it is in my log. Please try again: nothing is done twice."
NOT_SAVED = "Not saved: the cluster API does not answer. Nothing was requested. Try again; your input stays."
PERHAPS_SAVED = (
    "I could not see whether this was saved: the cluster API does not answer. "
    "Press the button again: the same form is never asked twice."
)
NOT_SAVED_LINE = "Not saved: the cluster API does not answer. Nothing was requested. Please try again."
PERHAPS_SAVED_LINE = (
    "I could not see whether this was saved: the cluster API does not answer. "
    "If it was, a direct message from me says so in a moment. Ask again only if none comes."
)
NOT_DECIDED = approval_words.NOT_DECIDED
NOT_AN_APPROVER = approval_words.NOT_AN_APPROVER
OWN_REQUEST = approval_words.OWN_REQUEST
ALREADY_VOTED = approval_words.ALREADY_VOTED
CHANGED = "This request is not what your card showed. The card now shows what it is; please look again."
GONE = approval_words.GONE
REASON_WANTED = approval_words.REASON_WANTED
REFUSED = {**approval_words.REFUSALS, Reason.CHANGED: CHANGED}


def refused(cluster: str, reasons: Sequence[str], ways_out: Sequence[str] = ()) -> str:
    """`ways_out` are markup of ours: what would help."""
    return "\n".join((f"Nothing was requested for {code(cluster)}:", *map(does_not_fit, reasons), *ways_out))


def already_replaced(request: str) -> str:
    return f"Too late: this was changed since your card was drawn. The newer version is {code(request)}."


def already_decided(line: str) -> str:
    """`line` is markup of ours: who decided what, and when."""
    return f"Too late. {line}"


def not_noted(reasons: Sequence[str]) -> str:
    return "\n".join(("Nothing was changed:", *(does_not_fit(each) for each in reasons)))
