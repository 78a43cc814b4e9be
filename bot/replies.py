"""Every word that people read: one place, plain English, ready for another language.

Functions where a fact goes in. Facts come in as they are and are made safe here (`text.code`); what already is
markup of ours (mentions, dates) is named so. What must never live here: a decision, or Block Kit.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code
from provisioning import wording
from provisioning.lifecycle import Reason
from provisioning.model import Action
from provisioning.stage import Stage

# Buttons and forms
APPROVE = "Approve"
DENY = "Deny…"
DENY_NOW = "Deny"
WITHDRAW = "Withdraw"
WITHDRAW_TITLE = "Withdraw this request?"
KEEP = "Keep it"
CANCEL = "Cancel"
CLOSE = "Close"
SUBMIT = "Ask for it"
DELETE = "Delete"

SHORTCUT_CREATE = "New cluster"
SHORTCUT_LIST = "My clusters"
SHORTCUT_REQUESTS = "My requests"

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
SHOWN_TITLE = "Clusters"

WHICH_TITLE = "Which cluster?"
CLUSTER = "Cluster"
GO_ON = "Go on"

TENANT = "Tenant"
NAME = "Name"
NAME_HINT = "Lower-case letters, digits and hyphens, starting with a letter; 30 characters at most."
FLAVOR = "Size of a worker"
NODES = "Workers"
MAX = "Grow up to"
MAX_HINT = "Leave empty for a fixed number. With a number here, the autoscaler adds workers when pods wait."
VERSION = "Kubernetes version"
LIFETIME = "Lifetime"
LIFETIME_HINT = "The cluster is deleted when its lifetime is over."
NO_END = "No end"
LONGER_BY = "Longer by"
AWAKE_FOR = "Awake for"
AWAKE_HINT = "After that its schedules hold again."
RESIZE_REPLACES = "Every worker of a pool that gets another size is replaced."
ADD_ONS_HINT = "What is taken out is uninstalled."
UPGRADE_HINT = "The control plane goes first, then the workers, pool by pool."
REASON = "Reason"
REASON_HINT = "Shown to whoever approves."
CONFIRM = wording.CONFIRM
DENY_REASON = "Why not?"
DENY_REASON_HINT = "Sent to whoever asked."
RECOMMENDED = "recommended"
PLEASE_CHOOSE = "Please choose one."
NODES_WANTED = "How many workers? A number from 0 to 1000."
MAX_BELOW = "This must not be below the number of workers above."

ACTION = {Action.CREATE: "a new cluster", Action.CHANGE: "a change of the cluster", Action.DELETE: "to delete"}

DIMENSION = {
    "clusters": "Clusters",
    "nodes": "Workers",
    "vcpu": "vCPU",
    "memory": "Memory",
    "storage": "Storage",
    "gpus": "GPUs",
    "control_plane_replicas": "Control-plane replicas",
    "load_balancers": "Load balancers",
    "cost": "Cost per hour",
}

# Refusals of a person
BOT = "Bots cannot ask for clusters."
DELETED_ACCOUNT = "This Slack account is deactivated, so I cannot act for it."
GUEST = "Guests cannot ask for or approve clusters. Ask a full member of this workspace to do it."
STRANGER = "You are from another Slack workspace. I only act for people of the workspace I am installed in."
UNMAPPED = (
    "I do not know who you are in Kubernetes: no tenant names your Slack account. "
    "Ask your platform team to add it to a tenant's members or approvers."
)
UNCERTAIN = "Slack did not tell me in time who you are, so I have done nothing. Please try again."
SLOW = "That took me too long, so I stopped waiting. Please try again: nothing is done twice."
NOT_READY = "I have only just started and do not know the clusters yet. Please try again in a few seconds."

# Commands
HELP_INTRO = "I get you a Kubernetes cluster: ask here, somebody approves, and it comes up."
HELP_WITHOUT_SLACK = (
    "The same works without Slack: `kubectl get tenantclusters,clusterrequests` in your tenant's namespace."
)
NO_CATALOG = "The platform has not said yet what is on offer (there is no Catalog). Please ask your platform team."
NO_TENANT = "You are not a member of any tenant, so there is nothing you could ask for. Ask your platform team."
NO_ADD_ON = "The catalog has no add-on to choose: every cluster gets all of them."
NO_REQUEST = "Nothing waits for approval, and you have not asked for anything yet."
NO_CLUSTER_YET = "No clusters yet. `/cluster create` asks for one."
FORM_NOT_OPENED = "Slack did not let me open the form in time. Nothing was requested. Please try again."
NOT_YOUR_TENANT = "You are no longer a member of this tenant."
CARD_TOO_OLD = "I cannot read this card any more. Use `/cluster list` to see what is going on."
SOMETHING_BROKE = "Something went wrong on my side; it is in my log. Please try again: nothing is done twice."

# Outcomes nobody knows
NOT_SAVED = "Not saved: the cluster API does not answer. Nothing was requested. Try again; your input stays."
PERHAPS_SAVED = (
    "I could not see whether this was saved: the cluster API does not answer. "
    "Press the button again: the same form is never asked twice."
)
NOT_SAVED_LINE = "Not saved: the cluster API does not answer. Nothing was requested. Please try again."
PERHAPS_SAVED_LINE = (
    "I could not see whether this was saved: the cluster API does not answer. "
    "I follow it in a direct message to you if it was. Asking again asks for it once."
)
NOT_DECIDED = wording.NOT_DECIDED

# Votes: a terminal says the same
NOT_AN_APPROVER = wording.NOT_AN_APPROVER
OWN_REQUEST = wording.OWN_REQUEST
ALREADY_VOTED = wording.ALREADY_VOTED
CHANGED = "This request is not what your card showed. The card now shows what it is; please look again."
GONE = wording.GONE
REASON_WANTED = wording.REASON_WANTED
REFUSED = {**wording.REFUSALS, Reason.CHANGED: CHANGED}

ICON = {
    "Waiting": "⏳",
    "Denied": "⛔",
    "Withdrawn": "↩️",
    "Expired": "⌛",
    "Failed": "❌",
    "Accepted": "✅",
    "Building": "🏗️",
    "Stalled": "⚠️",
    "Ready": "🟢",
    "Asleep": "💤",
    "Deleting": "🗑️",
    "Deleted": "✔️",
    "Superseded": "✔️",
    "Gone": "✔️",
}
STEP_ICON = {"Waiting": "○", "Running": "⟳", "Done": "✔", "Failed": "✖"}

LABEL = {
    "tenant": "Tenant",
    "workers": "Workers",
    "version": "Kubernetes",
    "lifetime": "Lifetime",
    "addons": "Add-ons",
    "endpoint": "API endpoint",
    "nodes": "Workers ready",
    "until": "Lives until",
    "control_plane": "Control plane",
    "sleep": "Sleep",
}
ASLEEP = "asleep"
AWAKE = "awake"


NAMED = 20
"""Names in a sentence; whoever has more looks at the list."""
NOTHING = "–"  # noqa: RUF001 - a dash for nothing


def between(least: int, most: int) -> str:
    return f"{least}–{most}"  # noqa: RUF001 - a range takes this dash


def times(many: str, flavor: str, each: str) -> str:
    """`2 x small (2 vCPU, 8Gi each)`, with the sign for times."""
    return f"{many} × {flavor}{f' ({each})' if each else ''}"  # noqa: RUF001 - the sign for times


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def approve_spoken(cluster: str) -> str:
    return f"Approve the request about cluster {cluster}"


def deny_spoken(cluster: str) -> str:
    return f"Deny the request about cluster {cluster}, with a reason"


def withdraw_spoken(cluster: str) -> str:
    return f"Withdraw your request about cluster {cluster}"


def withdraw_question(cluster: str) -> str:
    return f"Nobody will be asked about {cluster} any more. You can ask again later."


def no_such_command(word: str, suggestion: str) -> str:
    meant = f" Did you mean `/cluster {suggestion}`?" if suggestion else ""
    return f"There is no command {code(word)}.{meant} `/cluster help` lists what I can do."


def no_such_cluster(name: str, suggestion: str) -> str:
    meant = f" Did you mean {code(suggestion)}?" if suggestion else ""
    return f"You have no cluster {code(name)}.{meant} `/cluster list` shows yours."


def several_clusters(name: str, places: Sequence[str]) -> str:
    listed = ", ".join(code(f"{place}/{name}") for place in places)
    return f"There are several clusters {code(name)}. Write which one: {listed}."


def no_such_choice(what: str, word: str, suggestion: str) -> str:
    meant = f" Did you mean {code(suggestion)}?" if suggestion else ""
    return f"There is no {what} {code(word)} for you.{meant}"


def which_cluster(usage: str) -> str:
    return f"Which cluster? It goes like this: {code(usage)}. You have none yet."


def choose_for(usage: str) -> str:
    return f"In one line it goes like this: {code(usage)}"


def more_tenants(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster quota TENANT` shows any of them."


def more_requests(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster requests TENANT` shows those of one tenant."


def which_request(usage: str, yours: Sequence[str]) -> str:
    there = f"Of yours there waits {', '.join(map(code, yours[:NAMED]))}." if yours else "None of yours waits."
    return f"Which request? It goes like this: {code(usage)}. {there}"


def no_such_request(word: str, suggestion: str) -> str:
    meant = f" Did you mean {code(suggestion)}?" if suggestion else ""
    return f"No request of yours waits about {code(word)}.{meant} `/cluster requests` shows yours."


def several_requests(cluster: str, requests: Sequence[str]) -> str:
    return f"Several requests of yours about {code(cluster)} wait. Write which one: {', '.join(map(code, requests))}."


def too_many_words(usage: str) -> str:
    return f"I did not understand all of that. It goes like this: {code(usage)}"


def nothing_on_offer(tenant: str) -> str:
    return f"The catalog offers no size or no Kubernetes version to {code(tenant)}. Ask your platform team."


def help_entry(line: str, summary: str, examples: Sequence[str]) -> str:
    """All of it is ours."""
    return f"`{line}`\n{summary}\nFor example: {', '.join(f'`{example}`' for example in examples)}"


BY_HAND = wording.BY_HAND
AVAILABLE = wording.AVAILABLE


def by_hand_headline(stage: str, cluster: str, tenant: str) -> str:
    said = {"Ready": "is available", "Building": "is not available", "Deleting": "is being deleted"}[stage]
    return f"{ICON[stage]} *{code(cluster)} {said}* · {code(tenant)}"


def by_hand(keeper: str, *, add_ons: bool) -> str:
    """`keeper` is what `kept_by` says."""
    return wording.by_hand(keeper, add_ons=add_ons)


def kept_by(tool: str, name: str) -> str:
    return wording.kept_by(tool, code(name) if name else "")


def by_hand_only(cluster: str, keeper: str) -> str:
    """`keeper` is what `kept_by` says."""
    return wording.by_hand_only(code(cluster), keeper)


def workers_ready(ready: int, wanted: int) -> str:
    return f"{ready} of {count(wanted, 'worker')} ready"


def asked_by(user: str) -> str:
    return f"Asked for by {code(user)}"


def more_clusters(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster show NAME` shows any of them."


def name_taken(name: str, free: str) -> str:
    return f"{name} exists already. Free: {free}."


def approval_needed(required: int, named: Sequence[str], more: int) -> str:
    """`named` are markup of ours: some of those who may agree, `more` being the rest."""
    listed = [*named, f"{more} more"] if more else named
    who = f": {_either(listed)}" if listed else ""
    return f"Approval: {count(required, 'approver')} of this tenant must agree{who}."


def _either(ways: Sequence[str]) -> str:
    *others, last = ways
    return f"{', '.join(others)} or {last}" if others else last


def approval_waived(rule: str) -> str:
    return f"Approval: none needed, by this tenant's rule {code(rule)}."


APPROVAL_NONE = "Approval: none needed in this tenant."
NO_QUOTA = "This tenant has no quota."


def quota_now(tenant: str) -> str:
    return f"*Quota of {code(tenant)}* — now → *then* of allowed. One more worker per pool counts, for updates."


def quota_of(tenant: str, waiting: int) -> str:
    if not waiting:
        return f"*Quota of {code(tenant)}* — used of allowed. One more worker per pool counts, for updates."
    return f"*Quota of {code(tenant)}* — now → *then* of allowed, if all that waits is approved ({waiting})."


def meter(label: str, bar: str, before: str, after: str, hard: str) -> str:
    change = f"{before} → *{after}*" if before != after else f"*{before}*"
    return f"{label} {bar} {change} of {hard}"


def does_not_fit(problem: str) -> str:
    return f"⚠️ {code(problem)}"


def fits(ways: Sequence[str]) -> str:
    """`ways` are such as `2 x small`; names of flavors are never markup."""
    return f"Fits: {_either(ways)}."


def more_of(dimension: str, amount: str) -> str:
    """`vCPU +4`: how much more of something bounded."""
    return f"{DIMENSION[dimension]} +{amount}"


def also_waiting(tenant: str, many: int, more: Sequence[str], room: bool | None) -> str:
    """`room`: whether there is room for all of it; None where that is no question."""
    told = f"Also waiting in {code(tenant)}: {', '.join((count(many, 'request'), *more))}"
    if room is None:
        return f"{told}."
    if many == 1:
        return f"{told}; {'both fit' if room else 'only one of the two fits'}."
    return f"{told}; {'all of them fit' if room else 'not all of them fit'}."


def price(before: str, after: str, total: str, hours: str, *, bound: bool) -> str:
    """What an hour costs, `before` empty where that stays or is new, and `total` for so many `hours` more."""
    change = f"{before} → *{after}*" if before else f"*{after}*"
    most = " at most" if bound else ""
    return f"Estimated: {change} an hour{most}{f', {total} for {hours}' if total else ''}."


def usually(half: str, most: str) -> str:
    return f"Usually ready in {half}; nine of ten within {most}."


def quota_unknown(when: str) -> str:
    """`when` is markup of ours."""
    return f"⚠️ The cluster API did not answer ({when}). This is what I knew before; it is checked when you submit."


def receipt(cluster: str, action: Action) -> str:
    wish = {"Create": "Your wish for", "Change": "The change of", "Delete": "The deletion of"}[action.value]
    return f"✅ {wish} {code(cluster)} is noted. I follow it in a direct message to you."


def unchanged(cluster: str) -> str:
    return f"{wording.unchanged(code(cluster))}."


def no_duration(word: str) -> str:
    return f"{code(word)} is no duration; such as 90m or 24h."


def no_end(cluster: str) -> str:
    return f"{wording.no_end(code(cluster))}."


def lives_longest(cluster: str, longest: str) -> str:
    return f"{code(cluster)} cannot live longer: {code(longest)} is the most in its tenant."


def no_schedule(cluster: str) -> str:
    return f"{wording.no_schedule(code(cluster))}: leave out the time."


def asleep_because(cluster: str, why: str) -> str:
    return f"{code(cluster)} is asleep: {code(why)}"


def sleeps_for_good(cluster: str, why: str) -> str:
    return f"{code(why)}, so {code(cluster)} sleeps; extend it: {code(f'/cluster extend {cluster} 24h')}"


def nothing_follows(cluster: str, before: str) -> str:
    return f"{wording.nothing_follows(code(cluster), code(before))}."


def no_pool(name: str, known: Sequence[str]) -> str:
    said = wording.no_pool(code(name), ", ".join(map(code, known)))
    return f"{said[0].upper()}{said[1:]}."


def several_pools(known: Sequence[str]) -> str:
    return f"There are several pools; say which one: {', '.join(map(code, known))}."


def workers_of(pool: str) -> str:
    return f"{NODES} in {pool}"


def always_there(add_on: str) -> str:
    said = wording.always_there(code(add_on))
    return f"{said[0].upper()}{said[1:]}."


def always_add_ons(names: Sequence[str]) -> str:
    return f"Every cluster has {', '.join(map(code, names))}."


def size_of(pool: str) -> str:
    return f"{FLAVOR} in {pool}"


def most_of(pool: str) -> str:
    return f"{pool} may grow up to"


def by_schedules(many: int) -> str:
    return f"by {count(many, 'schedule')}"


def awake_until(by: str, when: str) -> str:
    """`by` is ours."""
    return f"{by}, awake until {code(when)}"


def refused(cluster: str, reasons: Sequence[str]) -> str:
    return "\n".join((f"Nothing was requested for {code(cluster)}:", *(does_not_fit(each) for each in reasons)))


def receipt_id(request: str) -> str:
    return f"Request {code(request)}"


RECEIPT_DIFFERS = (
    "⚠️ This form had been sent once before you changed it, and that first version is what counts. "
    "Withdraw it in the direct message if it is not what you want."
)


def delete_warning(cluster: str, namespace: str) -> str:
    return wording.delete_warning(code(cluster), code(namespace))


def confirm_mismatch(cluster: str) -> str:
    return wording.confirm_mismatch(cluster)


def asks(requester: str, action: Action, cluster: str) -> str:
    """`requester` is markup of ours."""
    wish = {
        Action.CREATE: f"asks for a new cluster {code(cluster)}",
        Action.CHANGE: f"asks to change the cluster {code(cluster)}",
        Action.DELETE: f"asks to delete the cluster {code(cluster)}",
    }[action]
    return f"🔔 *{requester} {wish}*"


REASON_GIVEN = "Reason, in their own words:"
NO_REASON = "No reason was given."
DENIAL_GIVEN = "Reason of the denial, in the approver's own words:"


def needs(required: int, so_far: str, expires: str, request: str) -> str:
    """`so_far` and `expires` are markup of ours."""
    have = f", {so_far} so far" if so_far else ""
    until = f" · expires {expires}" if expires else ""
    return f"Needs {count(required, 'approval')}{have}{until} · {code(request)}"


def why_you(tenant: str) -> str:
    return f"You are asked because you are an approver of {code(tenant)}."


def decided(stage: str, who: str, when: str) -> str:
    """`who` and `when` are markup of ours."""
    by = f" by {who}" if who else ""
    return f"{ICON[stage]} *{DECIDED[stage]}*{by}{' · ' + when if when else ''}"


DECIDED = {
    "Waiting": "Waiting for approval",
    "Denied": "Denied",
    "Withdrawn": "Withdrawn",
    "Expired": "Expired: nobody decided in time",
    "Failed": "Approved, but it could not be applied",
    "Accepted": "Approved",
}


def waived(rule: str) -> str:
    return f"✅ *No approval needed* ({f'rule {code(rule)}' if rule else 'by the policy of this tenant'})"


def headline(stage: str, cluster: str, tenant: str, took: str = "") -> str:
    said = wording.SAID[Stage(stage)] + (f" ({took})" if took and stage == Stage.READY else "")
    return f"{ICON[stage]} *{code(cluster)} {said}* · {code(tenant)}"


def step(icon: str, name: str, took: str, message: str, hint: str) -> str:
    told = f"{icon} {name}{'  ' + took if took else ''}{' — ' + code(message) if message else ''}"
    return f"{told}\nWhat to do: {code(hint)}" if hint else told


def step_of(at: int, total: int) -> str:
    return f"Step {at} of {total}"


def meanwhile(many: int, tenant: str) -> str:
    return f"📬 *I could not reach you for a while.* These {many} requests of yours in {code(tenant)} now stand so:"


LIST_SPOKEN = "Show your clusters"
REQUESTS_SPOKEN = "Show your requests"


def undeliverable(channel: str, others: int) -> str:
    """`channel` is a mention of ours."""
    instead = f" I asked {count(others, 'approver')} directly instead." if others else " Nobody else could be asked."
    return f"⚠️ I could not post to {channel}.{instead}"


def sent_to(channel: str, others: int) -> str:
    """`channel` is a mention of ours, or empty."""
    if channel:
        return f"Sent to {channel}."
    return f"Sent to {count(others, 'approver')} in direct messages." if others else ""


def access(cluster: str, namespace: str) -> str:
    way = code(f"kubectl clusterdesk access {cluster} -n {namespace}")
    return f"To get in: {way}. The key stays on your machine; nothing secret goes through Slack."


def already_decided(line: str) -> str:
    """`line` is markup of ours: who decided what, and when."""
    return f"Too late. {line}"


def voted(approve: bool, cluster: str, missing: int) -> str:
    return wording.voted(approve, code(cluster), missing)


def withdrawn(cluster: str) -> str:
    return wording.withdrawn(code(cluster))


def cluster_line(icon: str, name: str, facts: str, mine: bool) -> str:
    """`facts` are ours."""
    return f"{icon} *{code(name)}*{' (yours)' if mine else ''} · {facts}"


def waiting_line(name: str, action: Action, requester: str) -> str:
    """`requester` is markup of ours."""
    return f"{ICON['Waiting']} *{code(name)}* · {wording.waiting(action, requester)}"


def until(when: str) -> str:
    return f"until {when}"


# App Home
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
CREATE_SPOKEN = "Ask for a new cluster"
LIST_SPOKEN = "List all clusters of your tenants"
HELP_SPOKEN = "Say what clusterdesk can do"
DETAILS = "Details"
DETAILS_TITLE = "A request"
WHOLE_REASON = "The whole reason, in their own words:"
HANDLE = {
    "show": DETAILS,
    "extend": "Extend…",
    "scale": "Scale…",
    "hibernate": "Hibernate",
    "wake": "Wake",
    "delete": "Delete…",
}


def handle_spoken(verb: str, cluster: str) -> str:
    return f"{verb.capitalize()} the cluster {cluster}"


def details_spoken(cluster: str) -> str:
    return f"Show all about the request for cluster {cluster}"


def home_account(slack: str, ask: Sequence[str]) -> str:
    """`ask` are mentions of ours."""
    whom = f" You may ask {' or '.join(ask)}." if ask else ""
    return f"Your Slack account is {code(slack)}: whoever adds you to a tenant has to know it.{whom}"


def home_more(hidden: int, command: str) -> str:
    return f"… and {hidden} more: `/cluster {command}`"


def and_more(hidden: int) -> str:
    return f"… and {hidden} more."


def reason(words: str) -> str:
    return f"Reason: {code(words)}"


def expires(when: str) -> str:
    """`when` is markup of ours."""
    return f"Expires {when}."


def left(span: str) -> str:
    return f"{span} left"


def wish(action: Action, gist: str) -> str:
    """`gist` is markup of ours."""
    return f"{action.value}{': ' + gist if gist else ''}"


def used_of(dimension: str, bar: str, used: str, hard: str) -> str:
    return f"{dimension} {bar} *{used}* of {hard}"


def tenant_line(tenant: str, meter: str, clusters: int, waiting: int) -> str:
    """`meter` is what `used_of` says of the fullest."""
    waits = f" · {count(waiting, 'request waits', 'requests wait')}" if waiting else ""
    return f"*{code(tenant)}* · {meter} · {count(clusters, 'cluster')}{waits}"


def stuck_line(stage: str, cluster: str, since: str, *, step: str, message: str) -> str:
    """`since` is markup of ours."""
    at = f" · {code(step)}" if step else ""
    told = f"\n{code(message)}" if message else ""
    return f"{ICON[stage]} *{code(cluster)}* {wording.SAID[Stage(stage)]}{at} · since {since}{told}"
