"""Who decides instead of whom: the form that says so, what came of it, and what the delegate is told."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import NAMED
from bot.text import code
from provisioning import approval_words

DELEGATE_TITLE = "Have somebody decide"
DELEGATE_INTRO = (
    "They decide about requests as you would: neither about their own nor about yours, and they cannot hand it on."
)
DELEGATE_WHO = "Who decides instead of you?"
DELEGATE_WHO_HINT = "Somebody whom a tenant lists. I tell them in a direct message."
DELEGATE_UNTIL = "Until when?"
DELEGATE_TENANTS = "In which tenants?"
DELEGATE_WHY = "Why?"
DELEGATE_WHY_HINT = "Shown to them, and kept with it."
DELEGATE_NOW = "Delegate"
DELEGATED_TITLE = "Delegations"
HAVE_SOMEBODY_DECIDE = "Have somebody decide…"
HAVE_SOMEBODY_DECIDE_SPOKEN = "Have somebody else decide instead of you: opens the form"
STOP_DELEGATING = "Stop it"
DELEGATIONS = "Who decides for whom"
DELEGATIONS_SPOKEN = "Show who decides instead of you, and instead of whom you decide"
NO_DELEGATION = "Nobody decides instead of you, and you decide instead of nobody else."
NOBODY_DELEGATED = "Nobody decides instead of you, so there is nothing to stop."
NOT_LISTED = "Only an approver whom a tenant lists by name can have somebody else decide, and you are none."
DELEGATED_AT_TERMINAL = (
    "Where you decide, nothing is approved in Slack, so what is said here puts nobody in your place. It takes kubectl: "
    "`kubectl clusterdesk delegate`."
)
DELEGATE_YOURSELF = "That is you: you decide for yourself without it."
END_OVER = "That is over already."
REASON_OF_DELEGATION = "Why, in their own words:"


def no_delegate(who: str = "this person") -> str:
    """`who` is markup of ours; without it, plain text."""
    return f"No tenant knows {who}, so they cannot decide for you. Ask your platform team to list them as a member."


def no_person(word: str) -> str:
    return f"{code(word)} is nobody I know. Write @ and choose them from Slack's list."


def no_such_end(word: str) -> str:
    return f"{code(word)} is no end that I know; such as 3d, 12h, until Fri or until 2026-12-24."


def end_too_far(days: int) -> str:
    return f"That is too long: {days} days is the most. Whoever is away for longer is better taken off the list."


def delegate_until_hint(days: int, latest: str) -> str:
    """Plain text, as `latest` is."""
    return f"{days} days at most, so until {latest}."


def takes_its_place(line: str) -> str:
    """`line` is markup of ours: what is so as yet."""
    return f"As yet: {line} What you say here takes its place in the tenants that you choose."


def not_heard_here(tenants: Sequence[str]) -> str:
    """Of an approver's tenants those in which nothing is approved in Slack."""
    return (
        f"🔐 Of {named_places(tenants)} nothing is approved in Slack, so what is said here does not count there. "
        "It takes kubectl: `kubectl clusterdesk delegate`."
    )


def large_not_heard_here(tenants: Sequence[str]) -> str:
    """The same for those of which only large requests are not."""
    return (
        f"🔐 Large requests of {named_places(tenants)} are not approved in Slack, so about those what is said here "
        "does not count. It takes kubectl: `kubectl clusterdesk delegate`."
    )


def delegated(delegate: str, until: str, tenants: Sequence[str]) -> str:
    """`delegate` and `until` are markup of ours."""
    return f"{decides_for_you(delegate, until, tenants)} Not about their own, nor about yours. I tell them."


def decides_for_you(delegate: str, until: str, places: Sequence[str]) -> str:
    """`delegate` and `until` are markup of ours."""
    return f"{delegate} decides for you until {until}, about requests of {named_places(places)}."


def you_decide_for(approver: str, until: str, places: Sequence[str]) -> str:
    """`approver` and `until` are markup of ours."""
    return f"You decide for {approver} until {until}, about requests of {named_places(places)}."


def put_in_place(approver: str, until: str, places: Sequence[str]) -> str:
    """To the delegate. `approver` and `until` are markup of ours."""
    return (
        f"🤝 *You decide instead of {approver}* until {until}, about requests of {named_places(places)}.\n"
        "Neither about your own requests nor about theirs, and you cannot hand it on. What waits for you comes as a "
        "card, and stands in App Home."
    )


def taken_out_of_place(approver: str, until: str, places: Sequence[str]) -> str:
    """To whom it was. `approver` and `until` are markup of ours."""
    return (
        f"You decide no longer instead of {approver} about requests of {named_places(places)}: it was to last "
        f"until {until}, and ended early. What you voted for them counts no more where it is not carried out yet."
    )


def stop_delegating_spoken(tenants: Sequence[str]) -> str:
    """Plain text."""
    return f"Have nobody decide for you any more in {', '.join(tenants)}"


def not_delegated(delegates: Sequence[str]) -> str:
    """`delegates` are markup of ours."""
    return approval_words.not_delegated(delegates)


def named_places(places: Sequence[str]) -> str:
    """Tenants, or namespaces of one."""
    hidden = len(places) - NAMED
    return ", ".join([*map(code, places[:NAMED]), *([f"{hidden} more"] if hidden > 0 else [])])
