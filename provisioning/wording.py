"""What people read at more than one door, Slack and a terminal: plain words, no markup; each door draws them itself.
Who decides about a request reads `approval_words`, who ends a cluster `ending_words`.

What must never live here: a decision, or a word that only one door says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisioning.model import Action
from provisioning.stage import Stage

SAID: Final[Mapping[Stage, str]] = {
    Stage.WAITING: "is waiting for approval",
    Stage.DENIED: "was denied",
    Stage.WITHDRAWN: "was withdrawn",
    Stage.EXPIRED: "expired: nobody decided in time",
    Stage.FAILED: "could not be applied",
    Stage.ACCEPTED: "is accepted and starts in a moment",
    Stage.NO_ROOM: "is approved, and waits for room in the quota",
    Stage.BUILDING: "is being set up",
    Stage.STALLED: "is stuck",
    Stage.READY: "is ready",
    Stage.ASLEEP: "is asleep",
    Stage.DELETING: "is being deleted",
    Stage.DELETED: "is deleted",
    Stage.SUPERSEDED: "has moved on with a newer request",
    Stage.GIVEN_UP: "is given up: nobody chose in time",
    Stage.GONE: "is no longer there",
}
"""What is said of a cluster, or of a wish for one."""
AVAILABLE: Final[Mapping[Stage, str]] = {
    Stage.READY: "Available",
    Stage.BUILDING: "Not available",
    Stage.DELETING: "Deleting",
}
"""The words for a cluster made by hand: those of Cluster API."""
BY_HAND: Final = "made by hand"


def name_claimed(name: str, *, by: str, since: str, request: str, free: str) -> str:
    """Somebody else has asked for a new cluster of that name, and it is not made yet: they wait for it, or it is just
    being made. All of it is drawn as this door draws it; `since` may be empty."""
    return f"{by} has asked for {name} already{since and f', on {since}'} ({request}). Free: {free}"


def asked_already(request: str, since: str) -> str:
    """One waits for that oneself. Both are drawn as this door draws them; `since` may be empty."""
    return f"that is already {request}, {f'waiting since {since}' if since else 'which waits'}"


def accepted_already(request: str) -> str:
    """The same of one that waits no more, and is not done yet."""
    return f"that is already {request}, which {SAID[Stage.ACCEPTED]}"


def must_agree(required: int, tenant: str) -> str:
    """Whose word is needed."""
    return f"{required} {'approver' if required == 1 else 'approvers'} of tenant {tenant} must agree"


def kept_by(tool: str, name: str) -> str:
    """Who looks after a cluster made by hand. `name` is drawn as this door draws names; empty when nobody knows."""
    if tool:
        return f"kept by the {tool} {name}"
    return f"by {name}" if name else ""


def by_hand_only(cluster: str, keeper: str) -> str:
    """`cluster` is drawn as this door draws names, `keeper` is what `kept_by` says."""
    return (
        f"{cluster} was made by hand, as objects of Cluster API{f', {keeper}' if keeper else ''}. "
        "I cannot do that for it: delete or change its objects where they come from."
    )


def waiting(action: Action, requester: str) -> str:
    """What is not decided yet. `requester` is drawn as this door draws people."""
    return f"{action.value.lower()} asked by {requester}, waiting for approval"


def by_hand(keeper: str, *, add_ons: bool) -> str:
    """`keeper` is what `kept_by` says."""
    mine = "I give it add-ons and count" if add_ons else "I count"
    return (
        f"Made by hand, as objects of Cluster API{f', {keeper}' if keeper else ''}. "
        f"{mine} it against the quota; I do not scale, upgrade or delete it. Whoever made it does, where they made it."
    )


def unchanged(cluster: str) -> str:
    """Here and below, `cluster` is drawn as this door draws names."""
    return f"{cluster} is so already: nothing was changed"


def no_end(cluster: str) -> str:
    return f"{cluster} has no end, so there is nothing to extend"


def no_schedule(cluster: str) -> str:
    return f"{cluster} has no schedule, and nothing would put it to sleep afterwards"


def no_sleep_to_skip(cluster: str) -> str:
    return f"{cluster} has no schedule that would put it to sleep"


def nothing_follows(cluster: str, before: str) -> str:
    return f"{cluster} has {before}, and the Catalog has nothing that may follow it"


def no_pool(name: str, known: str) -> str:
    return f"there is no pool {name}; there is {known}"


def always_there(add_on: str) -> str:
    """`add_on` is drawn as this door draws names."""
    return f"every cluster has the add-on {add_on}: it cannot be taken out"


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def no_duration(word: str) -> str:
    """`word` is drawn as this door draws what somebody typed."""
    return f"{word} is no duration; such as 90m, 24h, 3d or 2w"
