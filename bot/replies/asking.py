"""What the cards of a request say: who asks for what, what it needs, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import ICON
from bot.text import code
from provisioning import approval_words
from provisioning.model import Action
from provisioning.trouble import Trouble
from provisioning.wording import count

REASON_GIVEN = "Reason, in their own words:"
NO_REASON = "No reason was given."
DENIAL_GIVEN = "Reason of the denial, in the approver's own words:"
DECIDED = {
    "Waiting": "Waiting for approval",
    "Denied": "Denied",
    "Withdrawn": "Withdrawn",
    "Expired": "Expired: nobody decided in time",
    "Failed": "Approved, but it could not be applied",
    "Accepted": "Approved",
}
APPROVALS_PAUSED = f"⏸️ {approval_words.PAUSED}"
APPROVALS_PAUSED_BECAUSE = {
    Trouble.TAKEN: (
        "🚨 *Quotas are not enforced, so approvals are paused.* The API server would have taken a cluster above any "
        "quota: our admission webhook was not asked. `kubectl clusterdesk preflight` says what is missing."
    ),
    Trouble.SILENT: (
        "🚨 *Nobody says that quotas are enforced, so approvals are paused.* For 15 minutes our admission webhook has "
        "not refused a cluster above any quota. `kubectl clusterdesk preflight` says what is missing."
    ),
}
APPROVALS_GO_ON = "✅ Quotas are enforced again. Approvals go on."


def asks_for(requester: str, action: Action, cluster: str) -> str:
    """`requester` is markup of ours."""
    wish = {
        Action.CREATE: f"asks for a new cluster {code(cluster)}",
        Action.CHANGE: f"asks to change the cluster {code(cluster)}",
        Action.DELETE: f"asks to delete the cluster {code(cluster)}",
    }[action]
    return f"{requester} {wish}"


def asks(requester: str, action: Action, cluster: str) -> str:
    """`requester` is markup of ours."""
    return f"🔔 *{asks_for(requester, action, cluster)}*"


def changed_since(rows: Sequence[str]) -> str:
    """`rows` are markup of ours: what is otherwise in the newer request."""
    return f"✏️ *Changed since you looked*: {', '.join(rows) or 'the reason'}"


def you_changed(rows: Sequence[str]) -> str:
    """The same to whoever did it."""
    return f"✏️ *You changed it*: {', '.join(rows) or 'the reason'}"


def newer(request: str) -> str:
    return f"The newer version is {code(request)}; its card stands below this one, and approvals start anew there."


def replaces(request: str) -> str:
    return f"This takes the place of {code(request)}: it was changed before it was decided."


def needs(required: int, so_far: str, expires: str, request: str) -> str:
    """`so_far` and `expires` are markup of ours."""
    have = f", {so_far} so far" if so_far else ""
    until = f" · expires {expires}" if expires else ""
    return f"Needs {count(required, 'approval')}{have}{until} · {code(request)}"


def decided(stage: str, who: str, when: str) -> str:
    """`who` and `when`, with how long it took, are markup of ours."""
    by = f" by {who}" if who else ""
    return f"{ICON[stage]} *{DECIDED[stage]}*{by}{' · ' + when if when else ''}"


def after(span: str) -> str:
    """How long whoever asked had to wait for that."""
    return f"after {span}"


def waived(rule: str) -> str:
    return f"✅ *No approval needed* ({f'rule {code(rule)}' if rule else 'by the policy of this tenant'})"


def channel_out(channel: str, tenant: str, reason: str, *, directly: bool) -> str:
    """`channel` is a mention of ours. `directly`: there are approvers who can be asked in direct messages."""
    instead = "Its approvers are asked directly." if directly else "Nobody can be asked in its place."
    return (
        f"⚠️ I cannot post requests of the tenant {code(tenant)} to {channel}: Slack says {code(reason)}. {instead} "
        "Invite me to the channel, or give the tenant another one; the next cards go there."
    )


def notified_channel_out(channel: str, tenant: str, reason: str) -> str:
    """The same of one that is told what was decided."""
    return (
        f"⚠️ I cannot post what was decided for the tenant {code(tenant)} to {channel}: Slack says {code(reason)}. "
        "Invite me to the channel, or take it out of the tenant."
    )


def meanwhile(many: int, tenant: str) -> str:
    return f"📬 *I could not reach you for a while.* These {many} requests of yours in {code(tenant)} now stand so:"


def heard(who: str, said: str, how: str) -> str:
    """All are markup of ours; `how` is who decided, or empty."""
    return " · ".join(filter(None, (f"{who}: {said}", how)))


def heard_together(many: int, tenant: str) -> str:
    return f"🔔 *News of {many} requests of yours in {code(tenant)}.* They now stand so:"


def undeliverable(channel: str, others: int) -> str:
    """`channel` is a mention of ours."""
    instead = f" I asked {count(others, 'approver')} directly instead." if others else " Nobody else could be asked."
    return f"⚠️ I could not post to {channel}.{instead}"


def sent_to(channel: str, others: int) -> str:
    """`channel` is a mention of ours, or empty."""
    directly = f"{count(others, 'approver')} in direct messages" if others else ""
    places = " and to ".join(filter(None, (channel, directly)))
    return f"Sent to {places}." if places else ""


def voted(approve: bool, cluster: str, missing: int) -> str:
    return approval_words.voted(approve, code(cluster), missing)


def withdrawn(cluster: str, requester: str = "") -> str:
    """`requester` is markup of ours; empty where that is whoever withdrew it."""
    return approval_words.withdrawn(code(cluster), requester)


def left_behind(who: str, request: str) -> str:
    """`who` is markup of ours."""
    return (
        f"👋 {who}, who asked for this, is not here any more. A member of the tenant can take it back: "
        f"{code(f'/cluster withdraw {request}')}"
    )
