"""What is said of a cluster that somebody gives up before it is ready, and to whom cannot."""

from __future__ import annotations

from bot.text import code
from provisioning import ending_words, wording
from provisioning.stage import Stage

CANCEL_CLUSTER = "Cancel…"
CANCEL_NOW = "Cancel it"
GO_ON_BUILDING = "Go on"
NOTHING_TO_CANCEL = (
    "There is nothing to cancel: no request of yours for a new cluster waits, and no cluster that you asked for or "
    "decide about is being set up for the first time."
)


def cancel_spoken(cluster: str) -> str:
    return f"Cancel cluster {cluster} while it is set up"


def cancel_title(cluster: str) -> str:
    return f"Cancel {cluster}?"


def cancel_question(cluster: str) -> str:
    return f"Whatever there is of {cluster} is removed, and its room in the quota is free again. It cannot be undone."


def cancelled(cluster: str, tenant: str) -> str:
    return f"⏹️ *{code(cluster)} is cancelled* · {code(tenant)}"


def given_up_by(who: str, took: str, *, gone: bool) -> str:
    """`who` is markup of ours; `took` is how long it took until nothing was left, or empty."""
    if not gone:
        return f"Cancelled by {who}; its resources are being removed"
    return f"Cancelled by {who}; resources removed{f' in {took}' if took else ''}"


def given_up_unless(when: str) -> str:
    """`when` is a date of ours."""
    return f"⏳ {ending_words.given_up_unless(when)}"


def given_up_alone(*, gone: bool) -> str:
    room = "Its room in the quota is free again." if gone else "Its room in the quota is free again once it is gone."
    return f"It failed before it was ever ready, so nothing has run in it, and nobody chose what becomes of it. {room}"


def cluster_option(cluster: str, stage: Stage) -> str:
    """Plain text: what a menu says of a cluster that is not ready yet."""
    return f"{cluster} {wording.SAID[stage]}"


def given_up_too_soon(cluster: str) -> str:
    return ending_words.given_up_too_soon(code(cluster))


def given_up_too_late(cluster: str, *, known: bool) -> str:
    return ending_words.given_up_too_late(code(cluster), known=known)


def protected_from_cancelling(cluster: str) -> str:
    return ending_words.protected_from_cancelling(code(cluster))


def not_yours_to_cancel(cluster: str, who: str, tenant: str) -> str:
    """`who` asked for it, in markup of ours; empty when nobody knows."""
    return ending_words.not_yours_to_cancel(code(cluster), who, code(tenant))
