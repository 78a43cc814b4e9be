"""Access: the way into a cluster, and out of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import NAMED, meant
from bot.text import code
from provisioning.lifecycle import Reason

ACCESS = "Access"
ACCESS_TITLE = "Get into a cluster"
ACCESS_KEY = "Run this on your machine. It makes a key, which stays there, and prints a certificate request."
CSR = "Certificate request"
CSR_HINT = "All that was printed, from BEGIN to END. Never paste a private key."
CSR_PLACEHOLDER = "-----BEGIN CERTIFICATE REQUEST-----"
ROLE_LABEL = "Role"
ROLE = {"Viewer": "looks at most things, but at no Secret", "Admin": "may do everything"}
ACCESS_FOR = "For how long"
ACCESS_WAITING = "its certificate is not there yet"
ACCESS_PASTE = "Paste this into a shell on the machine that has the key:"
ACCESS_RENEWED_HOW = "To go on, renew it: the form opens with the role and the time that you had."
NO_ACCESS = "Nobody has access by a certificate of mine there. `/cluster access NAME` gets you in."
NO_ROLE = "You are neither a member nor an approver of this tenant by name, so its clusters are not yours to get into."
VIEWER_ONLY = "You approve for this tenant and are no member of it, so you can be viewer only."
REVOKE_REFUSED = {
    Reason.GONE: "That access is not there any more.",
    Reason.NOT_YOURS: "Only its owner and this tenant's approvers can revoke that access.",
}
NOT_REVOKED = "The cluster API does not answer, so I could not see whether that is revoked. Please try again."
THROW_AWAY = (
    "There is a private key or a token in what you wrote. It has gone through Slack, so take it for known to others: "
    "throw it away, and make a new one. I have kept nothing of it and done nothing. What I need to let you into a "
    "cluster is the certificate request, which begins with BEGIN CERTIFICATE REQUEST."
)


def access(cluster: str, namespace: str) -> str:
    way = code(f"kubectl clusterdesk access {cluster} -n {namespace}")
    return f"To get in: {way}. The key stays on your machine; nothing secret goes through Slack."


def access_by_kubectl(cluster: str, namespace: str) -> str:
    way = code(f"kubectl clusterdesk access {cluster} -n {namespace}")
    return f"With kubectl for the management cluster, {way} does all of this at once."


def csr_refused(why: str) -> str:
    """`why` is ours, without a word of what was pasted."""
    return f"This is not taken: {why}. Paste all that the line above has printed."


def access_noted(cluster: str) -> str:
    return f"✅ I have the certificate made, and send you the way into {code(cluster)} in a direct message."


def access_waits(cluster: str) -> str:
    return f"⏳ *Your certificate for {code(cluster)} is being made*"


def access_refused(cluster: str) -> str:
    return f"❌ *You get no access to {code(cluster)}*"


def access_there(cluster: str) -> str:
    return f"🔑 *The way into {code(cluster)} is there*"


def access_open(cluster: str, role: str, until: str) -> str:
    """`until` is markup of ours."""
    return f"🔑 *You are {role} of {code(cluster)}*{f' until {until}' if until else ''}"


def access_ends(cluster: str, role: str, until: str) -> str:
    """`until` is markup of ours."""
    return f"⏰ *Your access to {code(cluster)} ends {until}*: you are {role} of it until then."


def access_ended(cluster: str, how: str, *, done: bool) -> str:
    """`how` is `Revoked` or `Expired`; `done` when nothing of it is left in the cluster."""
    said = {"Revoked": "is revoked", "Expired": "has ended"}[how]
    left = "its certificate may do nothing there any more" if done else "what it may do there is being taken away"
    return f"🔒 *Your access to {code(cluster)} {said}*: {left}."


def access_merge(path: str) -> str:
    add = code(f"export KUBECONFIG=~/.kube/config:{path}")
    return f"{add} adds it to your other clusters. There is no key in this message; only yours opens the cluster."


def access_too_long(namespace: str, name: str) -> str:
    way = code(f"kubectl -n {namespace} get clusteraccess {name} -o yaml")
    return f"What the cluster is verified with is too long for a message here. {way} shows it, and the certificate."


def access_line(cluster: str, user: str, role: str, until: str) -> str:
    """`until` is markup of ours."""
    return f"🔑 *{code(cluster)}* · {code(user)} · {role} · {until}"


def more_accesses(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster access list NAME` shows those to one cluster."


def nobody_gets_in(tenant: str) -> str:
    return f"{code(tenant)} lets nobody into its clusters by a certificate. Ask your platform team."


def access_longest(word: str, longest: str) -> str:
    return f"{code(word)} is too long: {code(longest)} is the most in this tenant."


def which_access(usage: str, yours: Sequence[str]) -> str:
    there = f"Yours: {', '.join(map(code, yours[:NAMED]))}." if yours else "You have none."
    return f"Which access? It goes like this: {code(usage)}. {there}"


def no_such_access(word: str, suggestion: str) -> str:
    said = f"There is no access {code(word)} that you could revoke.{meant(suggestion)}"
    return f"{said} `/cluster access list` shows what there is."


def revoked(clusters: Sequence[str]) -> str:
    return f"Access to {', '.join(map(code, clusters))} is revoked. What it may do there is being taken away."
