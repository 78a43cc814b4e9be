"""App Home, and all about a request in a window."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.controls import SHORTCUT_CREATE
from bot.replies.terms import ICON
from bot.text import code
from provisioning import wording
from provisioning.model import Action
from provisioning.stage import Stage
from provisioning.wording import count

HOME_WAITING = "Waiting for you"
HOME_NOTHING_WAITS = "Nothing waits for you. When somebody asks for a cluster, you decide about it here or on its card."
HOME_CLUSTERS = "Your clusters"
HOME_NO_CLUSTER = (
    f"There is none yet. {SHORTCUT_CREATE} above opens a form: say how large and for how long, and I ask whoever "
    "has to agree. It comes up here when it is approved."
)
HOME_REQUESTS = "Your requests"
HOME_QUOTA = "Quota"
HOME_STUCK = "Stuck"
HOME_NOTHING_STUCK = "Nothing is stuck, in any tenant."
HOME_TENANTS = "All tenants"
HOME_ALL = "All clusters"
HOME_HELP = "Help"
WHOLE_REASON = "The whole reason, in their own words:"


def home_account(slack: str) -> str:
    return f"Your Slack account is {code(slack)}: whoever adds you to a tenant has to know it."


def home_ask(whom: Sequence[str]) -> str:
    """`whom` are mentions of ours."""
    return f"You may ask {' or '.join(whom)}."


def home_more(hidden: int, command: str) -> str:
    return f"… and {hidden} more: `/cluster {command}`"


def reason(words: str) -> str:
    return f"Reason: {code(words)}"


def expires(when: str) -> str:
    """`when` is markup of ours."""
    return f"Expires {when}."


def wish(action: Action, gist: str) -> str:
    """`gist` is markup of ours."""
    return f"{action.value}{': ' + gist if gist else ''}"


def tenant_line(tenant: str, meter: str, clusters: int, waiting: int) -> str:
    """`meter` is what `used_of` says of the fullest."""
    waits = f" · {count(waiting, 'request waits', 'requests wait')}" if waiting else ""
    return f"*{code(tenant)}* · {meter} · {count(clusters, 'cluster')}{waits}"


def stuck_line(stage: str, cluster: str, since: str, *, step: str, message: str) -> str:
    """`since` is markup of ours."""
    at = f" · {code(step)}" if step else ""
    told = f"\n{code(message)}" if message else ""
    return f"{ICON[stage]} *{code(cluster)}* {wording.SAID[Stage(stage)]}{at} · since {since}{told}"
