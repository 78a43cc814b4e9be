"""What forms say: their titles, their fields, and what is wrong in one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code
from provisioning import ending_words, wording
from provisioning.model import Action

CREATE_TITLE = "New cluster"
DELETE_TITLE = "Delete a cluster"
SCALE_TITLE = "Scale a cluster"
RESIZE_TITLE = "Resize a cluster"
ADD_ONS_TITLE = "Add-ons of a cluster"
EXTEND_TITLE = "Let a cluster live on"
WAKE_TITLE = "Wake a cluster"
UPGRADE_TITLE = "Upgrade a cluster"
DENY_TITLE = "Deny a request"
RECEIPT_TITLE = "Request sent"
TOLD_TITLE = "Not done"
SHOWN_TITLE = "clusterdesk"
WHICH_TITLE = "Which cluster?"
WHICH_REQUEST_TITLE = "Which request?"
CLUSTER = "Cluster"
REQUEST = "Request"
TENANT = "Tenant"
NAME = "Name"
NAME_HINT = "Lower-case letters, digits and hyphens, starting with a letter; 30 characters at most."
FLAVOR = "Size of a worker"
NODES = "Workers"
MAX = "Grow up to"
MAX_HINT = "Leave empty for a fixed number. With a number here, the autoscaler adds workers when pods wait."
VERSION = "Kubernetes version"
LIFETIME = "Lifetime"
NO_END = "No end"
MORE = "Add-ons, sleep at night"
MORE_LABEL = "More choices"
MORE_HINT = "Without the tick nothing of it is asked for."
SLEEP = {
    "awake": "Never by itself",
    "nights": "Every night, 20:00 to 7:00",
    "off-hours": "Nights and weekends: awake Monday to Friday, 7:00 to 20:00",
}
SLEEP_HINT = "A cluster asleep has no workers; what it has stored is kept."
ZONE = "Time zone"
LONGER_BY = "Longer by"
AWAKE_FOR = "Awake for"
AWAKE_HINT = "After that its schedules hold again."
RESIZE_REPLACES = "Every worker of a pool that gets another size is replaced."
ADD_ONS_HINT = "What is taken out is uninstalled."
REASON = "Reason"
REASON_HINT = "Shown to whoever approves."
CONFIRM = ending_words.CONFIRM
DENY_REASON = "Why not?"
DENY_REASON_HINT = "Sent to whoever asked."
RECOMMENDED = "recommended"
PLEASE_CHOOSE = "Please choose one."
NODES_WANTED = "How many workers? A number from 0 to 1000."
MAX_BELOW = "This must not be below the number of workers above."
RECEIPT_DIFFERS = (
    "⚠️ This form had been sent once before you changed it, and that first version is what counts. "
    "Withdraw it in the direct message if it is not what you want."
)
NOTHING_CHANGED = "Nothing is otherwise than in your request as it waits."
DETAILS_TITLE = "A request"


def name_taken(name: str, free: str, *, by: str, on: str) -> str:
    """`by` is who asked for it, `on` the day it was made; either may be empty."""
    made = " ".join(part for part in (by and f"for {by}", on and f"on {on}") if part)
    return f"{name} exists already{f' (made {made})' if made else ''}. Free: {free}."


def lifetime_hint(sleep: str) -> str:
    """`sleep` is how long clusters of the tenant sleep before they are deleted; empty where they do not."""
    if sleep:
        return f"When its lifetime is over the cluster sleeps for {sleep}, and then it is deleted."
    return "The cluster is deleted when its lifetime is over."


def name_unfit(why: str, free: str) -> str:
    """`why` is what the rules say of the name."""
    return f"{why}. Free: {free}."


def receipt(cluster: str, action: Action) -> str:
    wish = {"Create": "Your wish for", "Change": "The change of", "Delete": "The deletion of"}[action.value]
    return f"✅ {wish} {code(cluster)} is noted. I follow it in a direct message to you."


def name_claimed(name: str, free: str, *, by: str, since: str, request: str) -> str:
    """Somebody else has asked for it; in plain words, as beside a field."""
    return f"{wording.name_claimed(name, by=by, since=since, request=request, free=free)}."


def asked_already(request: str, since: str) -> str:
    """`since` is a moment of ours; empty when unknown."""
    said = wording.asked_already(code(request), since)
    return f"{said[0].upper()}{said[1:]}."


def asked_otherwise(request: str, since: str, *, editable: bool) -> str:
    """The same beside a field, where it is asked for in another way than it waits: what can be done about it."""
    way = f"/cluster edit {request} changes it" if editable else f"/cluster withdraw {request} takes it back"
    said = wording.asked_already(request, since)
    return f"{said[0].upper()}{said[1:]}. {way}."


def accepted_already(request: str) -> str:
    """The same of one that is done in a moment, so that there is nothing to be done about it."""
    said = wording.accepted_already(request)
    return f"{said[0].upper()}{said[1:]}."


def workers_of(pool: str, *, sole: bool) -> str:
    """The only pool of a cluster need not be named, here and below."""
    return NODES if sole else f"{NODES} in {pool}"


def always_add_ons(names: Sequence[str]) -> str:
    return f"Every cluster has {', '.join(map(code, names))}."


def size_of(pool: str, *, sole: bool) -> str:
    return FLAVOR if sole else f"{FLAVOR} in {pool}"


def most_of(pool: str, *, sole: bool) -> str:
    return MAX if sole else f"{pool} may grow up to"


def receipt_id(request: str) -> str:
    return f"Request {code(request)}"


def delete_warning(cluster: str, namespace: str) -> str:
    return ending_words.delete_warning(code(cluster), code(namespace))


def confirm_mismatch(cluster: str) -> str:
    return ending_words.confirm_mismatch(cluster)
