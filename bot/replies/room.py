"""What is said where a quota has no room: to who decides, and to whom waits for some."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import DIMENSION
from bot.text import code

APPROVE_ANYWAY = "Approve anyway"
KEEP_WAITING = "Keep waiting"
NOT_VOTED = (
    "Nothing is approved yet. If you approve it anyway, it waits for room, and is carried out once there is some."
)
KEPT_WAITING = "It waits for approval as before. You can approve it at any time."
AHEAD_OF_THE_LINE = "🚨 It was taken through alone, so it goes before what others agreed to. Never above the quota."
TOO_LARGE = "It asks for more than the whole quota. Only your platform team can make room for it."


def no_longer_fits(rows: Sequence[str], taker: str) -> str:
    """`rows` are what `over` says; `taker` what `made_since` says, or empty."""
    return f"⚠️ *No longer fits*: {', '.join(rows)}{f' ({taker})' if taker else ''}"


def over(dimension: str, before: str, after: str, hard: str) -> str:
    """`vCPU 38 → 46 of 40`: what is used now and then, of what is allowed."""
    return f"{DIMENSION[dimension]} {before} → *{after}* of {hard}"


def made_since(cluster: str, when: str) -> str:
    """The newest cluster since something was asked for. `when` is markup of ours."""
    return f"{code(cluster)} was made {when}"


def no_room_now(cluster: str, tenant: str) -> str:
    return f"⚠️ *{code(cluster)} no longer fits* · {code(tenant)}"


def waits_for_room(since: str, place: int) -> str:
    """`since` is markup of ours; `place` counts from 1 on."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"It has waited since {since}; it is {place}{ending} in line."


def frees_next(cluster: str, when: str) -> str:
    """`when` is markup of ours."""
    return f"There may be room {when}, when {code(cluster)} ends."


def waits_until(when: str) -> str:
    """`when` is markup of ours."""
    return f"If there is no room until {when}, it is given up."


def approve_anyway_spoken(cluster: str) -> str:
    return f"Approve cluster {cluster} without room for it"


def keep_waiting_spoken(cluster: str) -> str:
    return f"Leave the request about cluster {cluster} undecided"


def waits_for_api(cluster: str, tenant: str, since: str) -> str:
    """`since` is markup of ours."""
    return f"⏳ *{code(cluster)} is approved; waiting for the cluster API* since {since} · {code(tenant)}"


def look_at_request(request: str, namespace: str) -> str:
    """What a platform team types first."""
    return code(f"kubectl -n {namespace} describe clusterrequest {request}")
