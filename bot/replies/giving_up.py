"""What is said of a cluster that somebody gives up before it is ready, and to whom cannot."""

from __future__ import annotations

from bot.text import code

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


def being_set_up_option(cluster: str) -> str:
    """Plain text: what a menu says of a cluster that is not ready yet."""
    return f"{cluster}: being set up"


def was_ready(cluster: str, *, known: bool) -> str:
    """`known`: it is known that it was, and not only unknown whether."""
    why = "was ready already" if known else "may have been ready already"
    return f"{code(cluster)} {why}, so it cannot be cancelled any more. You can ask to delete it."


def protected_from_cancelling(cluster: str) -> str:
    return f"{code(cluster)} is protected from deletion, so it cannot be cancelled. First take the protection off."


def not_yours_to_cancel(cluster: str, who: str, tenant: str) -> str:
    """`who` asked for it, in markup of ours; empty when nobody knows."""
    asked = f"Only {who}, who asked for it, and those who decide" if who else "Only those who decide"
    return f"{asked} for {code(tenant)} can cancel {code(cluster)}. You can ask to delete it."
