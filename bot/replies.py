"""Every word that people read: one place, plain English, ready for another language.

Functions where a fact goes in. Facts come in as they are and are made safe here (`text.code`); what already is
markup of ours (mentions, dates) is named so. What must never live here: a decision, or Block Kit.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code
from provisioning import wording
from provisioning.canary import Trouble
from provisioning.lifecycle import Reason
from provisioning.model import Action, Urgency
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
UNCONFIRMED = (
    "Slack has not confirmed your e-mail address, and I would know you only by that. Confirm it in Slack, or ask your "
    "platform team to add your Slack account to a tenant's members or approvers."
)
AMBIGUOUS = (
    "Your e-mail address fits more than one person, so I cannot tell who you are. "
    "Ask your platform team to add your Slack account to a tenant's members or approvers."
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
SLOW_ICON = "🟠"

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


def help_line(line: str, summary: str) -> str:
    """All of it is ours."""
    return f"`{line}`  {summary}"


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


TOO_FEW_APPROVERS = "⚠️ As things are nobody can approve this: the tenant has too few approvers. Ask your platform team."


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


def no_such_word(what: str, word: str, suggestion: str) -> str:
    return f"{no_such_choice(what, word, suggestion)} {WORDS_HINT}"


WORDS_HINT = "Such as `/cluster create build-7 3x small v1.34 24h`."


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
    """Both are ours, `when` a date."""
    return f"{by}, awake until {when}"


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


# While a request waits. `when`, `who` and `asks` are markup of ours.
NUDGE = "Nudge"
EDIT = "Edit"
ASK_AGAIN = "Ask again"
ASK_QUESTION = "Ask a question"
ANSWER = "Answer"
QUESTION_TITLE = "Ask a question"
QUESTION = "What do you want to know?"
QUESTION_HINT = "Whoever asked for this is told, and answers here. Everybody who decides sees both."
ANSWER_TITLE = "Answer a question"
ANSWER_HINT = "Everybody who decides sees it."
ANSWER_GIVEN = "The answer:"
SEND = "Send"
NOTHING_CHANGED = "Nothing is otherwise than in your request as it waits."
WORDS_WANTED = "Please write something."
NO_ANSWER_NEEDED = "The request does not wait any more, so no answer is needed."
QUESTION_SENT = "Your question is on its way. You are told of the answer."
ANSWER_SENT = "Your answer is on the card, and whoever asked is told."
NUDGED = "I remind everybody whose working day it is now, and the others when theirs begins."
STRANDED = "⚠️ Nobody who may decide this can be reached in Slack. Your platform team can help."
HANDED_ON = {
    Urgency.TIME: "nobody had decided",
    Urgency.UNREACHABLE: "nobody who was asked before can be reached in Slack",
}


def nudge_spoken(cluster: str) -> str:
    return f"Remind everybody of your request about cluster {cluster}"


def edit_spoken(cluster: str) -> str:
    return f"Change your request about cluster {cluster}"


def again_spoken(cluster: str) -> str:
    return f"Ask again for what you wanted of cluster {cluster}"


def question_spoken(cluster: str) -> str:
    return f"Ask a question about the request for cluster {cluster}"


def answer_spoken(cluster: str) -> str:
    return f"Answer the question about your request for cluster {cluster}"


def reminds_next(when: str) -> str:
    return f"Next reminder {when}"


def handed_on(why: Urgency, when: str, who: str) -> str:
    return f"↗️ Handed on to {who} · {when} · {HANDED_ON[why]}"


def not_reachable(who: str) -> str:
    return f"⚠️ Not reachable in Slack: {who}"


def reminder(who: str, asks: str, until: str) -> str:
    return f"⏰ {who}: {asks}, and it still waits for your decision{f' · expires {until}' if until else ''}"


def stranded(asks: str, tenant: str, request: str) -> str:
    return (
        f"⚠️ Nobody can decide: {asks}, and none of those who may decide for {code(tenant)} can be reached in Slack. "
        f"Its Tenant says who they are. The request is {code(request)}."
    )


def asked_by_approver(who: str) -> str:
    return f"Question of {who}:"


def question_about(cluster: str) -> str:
    return f"❓ *Somebody who decides has a question about {code(cluster)}*"


def answered(asker: str, requester: str) -> str:
    return f"💬 {asker}: {requester} has answered your question"


def earlier_questions(many: int) -> str:
    return f"… and {count(many, 'earlier question')}"


def no_way_to_ask(who: str) -> str:
    return f"I know no Slack account of {who}, so a question would not reach them. Ask them directly."


def changed_since(rows: Sequence[str]) -> str:
    """`rows` are markup of ours: what is otherwise in the newer request."""
    return f"✏️ *Changed since you looked*: {', '.join(rows) or 'the reason'}"


def you_changed(rows: Sequence[str]) -> str:
    """The same to whoever did it."""
    return f"✏️ *You changed it*: {', '.join(rows) or 'the reason'}"


def newer(request: str) -> str:
    return f"The newer version is {code(request)}; its card stands below this one, and approvals start anew there."


def already_replaced(request: str) -> str:
    return f"Too late: this was changed since your card was drawn. The newer version is {code(request)}."


def replaces(request: str) -> str:
    return f"This takes the place of {code(request)}: it was changed before it was decided."


def no_form_for(request: str) -> str:
    return f"There is no form for what {code(request)} asks. Withdraw it, and ask for what you want now."


def changed_meanwhile(cluster: str) -> str:
    return f"{code(cluster)} has changed since you asked for that. Look at it as it is now, and ask for what you want."


def no_ended_request(word: str, suggestion: str) -> str:
    meant = f" Did you mean {code(suggestion)}?" if suggestion else ""
    return f"No request of yours about {code(word)} has ended without being done.{meant}"


def which_ended_request(usage: str, yours: Sequence[str]) -> str:
    there = f" There is {', '.join(map(code, yours[:NAMED]))}." if yours else " There is none."
    return f"Which request? It goes like this: {code(usage)}.{there}"


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


def step_of(at: int, total: int, minutes: int = 0) -> str:
    """`minutes` usually left; 0 when nobody can say."""
    return f"Step {at} of {total}{f' · about {minutes} min left' if minutes else ''}"


def task(name: str, took: str, message: str) -> str:
    """Drawn as it is: in a plan nothing is markup."""
    return " · ".join(part for part in (name, took, message) if part)


def slow(took: str, usually: str) -> str:
    return f"slow: {took}, usually {usually}"


APPROVALS_PAUSED = f"⏸️ {wording.PAUSED}"
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


def channel_out(channel: str, tenant: str, reason: str) -> str:
    """`channel` is a mention of ours."""
    return (
        f"⚠️ I cannot post requests of the tenant {code(tenant)} to {channel}: Slack says {code(reason)}. Its approvers "
        "are asked directly. Invite me to the channel, or give the tenant another one; the next cards go there."
    )


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


ACCESS_TITLE = "Get into a cluster"
GET_ACCESS = "Get access"
REVOKE = "Revoke"
ACCESS_KEY = "Run this on your machine. It makes a key, which stays there, and prints a certificate request."
CSR = "Certificate request"
CSR_HINT = "All that was printed, from BEGIN to END. Never paste a private key."
CSR_PLACEHOLDER = "-----BEGIN CERTIFICATE REQUEST-----"
ROLE_LABEL = "Role"
ROLE = {"Viewer": "looks at most things, but at no Secret", "Admin": "may do everything"}
ACCESS_FOR = "For how long"
ACCESS_WAITING = "its certificate is not there yet"
ACCESS_PASTE = "Paste this into a shell on the machine that has the key:"
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


def get_access_spoken(cluster: str) -> str:
    return f"Get access to cluster {cluster}"


def revoke_spoken(cluster: str, user: str) -> str:
    return f"Revoke the access of {user} to cluster {cluster}"


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


def access_open(cluster: str, role: str, until: str) -> str:
    """`until` is markup of ours."""
    return f"🔑 *You are {role} of {code(cluster)}*{f' until {until}' if until else ''}"


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
    meant = f" Did you mean {code(suggestion)}?" if suggestion else ""
    return f"There is no access {code(word)} that you could revoke.{meant} `/cluster access list` shows what there is."


def revoked(clusters: Sequence[str]) -> str:
    return f"Access to {', '.join(map(code, clusters))} is revoked. What it may do there is being taken away."


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
DETAILS_TITLE = "A request"
WHOLE_REASON = "The whole reason, in their own words:"


def details_spoken(cluster: str) -> str:
    return f"Show all about the request for cluster {cluster}"


def home_account(slack: str) -> str:
    return f"Your Slack account is {code(slack)}: whoever adds you to a tenant has to know it."


def home_ask(whom: Sequence[str]) -> str:
    """`whom` are mentions of ours."""
    return f"You may ask {' or '.join(whom)}."


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


# The life of a cluster
EXTEND = "Extend"
SCALE = "Scale"
HIBERNATE = "Hibernate"
WAKE = "Wake"
SKIP_SLEEP = "Skip tonight's sleep"
RETRY = "Retry"
SMALLER = "Smaller size"
DELETE_FORM = "Delete…"
DETAILS = "Details"
ASLEEP_BY_HAND = "Somebody put it to sleep. What it has stored is kept."


PLATFORM_TOLD = "The platform team is told."


def look_at(cluster: str, namespace: str) -> str:
    """What a platform team types first."""
    return code(f"kubectl -n {namespace} describe tenantcluster {cluster}")


def asked_for_by(requester: str) -> str:
    """`requester` is markup of ours."""
    return f"Asked for by {requester}"


def extend_by(span: str) -> str:
    return f"Extend {span}"


def extend_spoken(cluster: str, span: str) -> str:
    return f"Let cluster {cluster} live {span} longer"


def extend_form_spoken(cluster: str) -> str:
    return f"Choose how much longer cluster {cluster} lives"


def scale_spoken(cluster: str) -> str:
    return f"Change the number of workers of cluster {cluster}"


def skip_spoken(cluster: str) -> str:
    return f"Keep cluster {cluster} awake through its next sleep, once"


def hibernate_spoken(cluster: str) -> str:
    return f"Put cluster {cluster} to sleep"


def wake_spoken(cluster: str) -> str:
    return f"Wake cluster {cluster}"


def delete_spoken(cluster: str) -> str:
    return f"Delete cluster {cluster}, after typing its name"


def retry_spoken(cluster: str) -> str:
    return f"Try again to set up cluster {cluster}"


def smaller_spoken(cluster: str) -> str:
    return f"Choose another size for the workers of cluster {cluster}"


def all_spoken(cluster: str) -> str:
    return f"Show all that is known of cluster {cluster}"


def asleep_by_schedule(until: str) -> str:
    """`until` is a date of ours, or empty."""
    return f"It sleeps by its schedule{f', until {until}' if until else ''}. What it has stored is kept."


def asleep_for_good(ended: str, deletes: str) -> str:
    """Both are dates of ours; the second is empty where it is not deleted."""
    then = f"It is deleted {deletes}." if deletes else "It is not deleted."
    return f"Its lifetime was over {ended}, so it sleeps. What it has stored is kept. {then}"


def deletion_stuck(began: str) -> str:
    """`began` is a date of ours."""
    return f"⚠️ The deletion has taken too long{f': it began {began}' if began else ''}. This is still there, and why:"


def more_left(hidden: int) -> str:
    return f"… and {hidden} more."


def no_sleep_to_skip(cluster: str) -> str:
    return f"{wording.no_sleep_to_skip(code(cluster))}."


def tried_again(cluster: str) -> str:
    return f"{code(cluster)} is tried again now: all that belongs to it is put there anew. Its card shows how it goes."


# The end of a cluster's life
LET_GO = "Let it go"
ONE_MORE = "Ask for one like it"


def let_go_spoken(cluster: str) -> str:
    return f"Let the life of cluster {cluster} end as planned"


def one_more_spoken(cluster: str) -> str:
    return f"Ask for a new cluster like {cluster}"


def ends_soon(cluster: str, tenant: str, left: str, *, deleted: bool) -> str:
    what = "is deleted in less than" if deleted else "lives for less than"
    more = "" if deleted else " more"
    return f"⏰ *{code(cluster)} {what} {left}{more}* · {code(tenant)}"


def sleeps_now(cluster: str, tenant: str) -> str:
    return f"{ICON['Asleep']} *The lifetime of {code(cluster)} is over, so it sleeps* · {code(tenant)}"


def ends_now(cluster: str, tenant: str) -> str:
    return f"{ICON['Deleting']} *The lifetime of {code(cluster)} is over, so it is being deleted* · {code(tenant)}"


def ended(cluster: str, tenant: str) -> str:
    return f"{ICON['Deleted']} *The lifetime of {code(cluster)} is over, and it is deleted* · {code(tenant)}"


def what_comes(ends: str, deletes: str, *, over: bool, sleeps: bool, protected: bool) -> str:
    """`ends` and `deletes` are dates of ours; the second is empty where it is not deleted. `over`: it has ended."""
    said = f"Its lifetime {'ended' if over else 'ends'} {ends}."
    if protected:
        return f"{said} {'It' if over else 'Then it'} sleeps. It is protected, so it is not deleted."
    if not sleeps:
        return f"{said} Then it is deleted, with everything in it."
    then = "Asleep it keeps what it has stored."
    return f"{said} {then} It is deleted {deletes}, with everything in it." if deletes else f"{said} {then}"


def was_over(ended: str) -> str:
    """`ended` is a date of ours."""
    return f"Its lifetime ended {ended}. Nothing of it is kept."


def extension_needs(required: int) -> str:
    return f"An extension has to be approved: {count(required, 'approver')} must agree."


def let_it_go(cluster: str, then: str) -> str:
    """`then` is a sentence of ours."""
    return f"👍 {code(cluster)} is let go; I do not remind you again. {then}"


def nothing_to_let_go(cluster: str) -> str:
    return f"The end of {code(cluster)} is another one by now. `/cluster show` says which."


def lives_on(stage: str, cluster: str, tenant: str, until: str) -> str:
    """`until` is a date of ours; empty when it has no end, or is somebody else's to tell."""
    line = headline(stage, cluster, tenant)
    return f"{line}\nIt lives until {until}." if until else line


# Who decides: delegation, break-glass, votes taken back
TAKE_BACK_VOTE = "Take back my vote"
BREAK_GLASS = "Break the glass…"
BREAK_GLASS_NOW = "Take it through"
BREAK_GLASS_TITLE = "Take it through alone"
BREAK_GLASS_REASON = "What is the emergency?"
BREAK_GLASS_REASON_HINT = "Shown to everybody who would have been asked, and kept with the request for ever."
FORCED_REASON = "Reason, in the words of whoever took it through:"
NOBODY_DELEGATED = "Nobody decides instead of you, so there is nothing to stop."
NOT_LISTED = "Only an approver whom a tenant lists by name can have somebody else decide, and you are none."
DELEGATE_YOURSELF = "That is you: you decide for yourself without it."


def take_back_spoken(cluster: str) -> str:
    return f"Take back your vote on the request about cluster {cluster}"


def break_glass_spoken(cluster: str) -> str:
    return f"Take the request about cluster {cluster} through alone, in an emergency"


def vote_taken_back(cluster: str) -> str:
    return wording.vote_taken_back(code(cluster))


def break_glass_warning(cluster: str, who: str) -> str:
    """`who` are markup of ours: those who are passed over."""
    told = f" These are told at once: {who}." if who else ""
    return f"This takes the request about {code(cluster)} through without anybody's approval.{told}"


def taken_through(cluster: str) -> str:
    return f"You took the request about {code(cluster)} through alone. Everybody who would have been asked is told."


def forced(who: str, cluster: str) -> str:
    """`who` is markup of ours."""
    return f"🚨 *{who} took the request about {code(cluster)} through alone.* Nobody else has agreed to it."


def forced_by(who: str, when: str) -> str:
    """Both are markup of ours."""
    return f"🚨 *Taken through alone* by {who}{' · ' + when if when else ''}"


def passed_over(who: str) -> str:
    """`who` are markup of ours."""
    return f"These would have been asked, and were not: {who}"


def more_people(many: int) -> str:
    return f"{many} more"


def instead_of(who: str, approver: str) -> str:
    """Both are markup of ours."""
    return f"{who} for {approver}"


def decides_for(delegate: str, approver: str, until: str) -> str:
    """All are markup of ours."""
    return f"{delegate} decides for {approver} until {until}."


def delegated(delegate: str, until: str, tenants: Sequence[str]) -> str:
    """`delegate` and `until` are markup of ours."""
    where = ", ".join(map(code, tenants))
    return f"{delegate} decides for you until {until}, about requests of {where}. Not about their own, nor about yours."


def not_delegated(delegates: Sequence[str]) -> str:
    """`delegates` are markup of ours."""
    return wording.not_delegated(delegates)


def no_delegate(who: str) -> str:
    """`who` is markup of ours."""
    return f"No tenant knows {who}, so they cannot decide for you. Ask your platform team to list them as a member."


def no_person(word: str) -> str:
    return f"{code(word)} is nobody I know. Write @ and choose them from Slack's list."


def no_such_end(word: str) -> str:
    return f"{code(word)} is no end that I know; such as 3d, 12h, until Fri or until 2026-12-24."


def end_too_far(days: int) -> str:
    return f"That is too long: {days} days is the most. Whoever is away for longer is better taken off the list."


def groups_asked(groups: Sequence[str]) -> str:
    """`groups` are mentions of ours."""
    return f"Everybody in {' or '.join(groups)} may decide."


STOP_DELEGATING = "Stop it"
STOP_DELEGATING_SPOKEN = "Have nobody decide instead of you any more"


def not_noted(reasons: Sequence[str]) -> str:
    return "\n".join(("Nothing was changed:", *(does_not_fit(each) for each in reasons)))


# Topics of the help
def help_topics(names: Sequence[str]) -> str:
    return f"More about a topic, or about one command: `/cluster help TOPIC`. Topics: {', '.join(map(code, names))}."


def no_such_topic(word: str, suggestion: str, names: Sequence[str]) -> str:
    meant = f" Did you mean {code(f'/cluster help {suggestion}')}?" if suggestion else ""
    return f"I have no topic {code(word)}.{meant} {help_topics(names)}"


def in_tenant(tenant: str, facts: str) -> str:
    """`facts` are ours."""
    return f"{code(tenant)}: {facts}"


def policy_of_approval(required: int, waivers: Sequence[str], expiry: str, *, own: bool) -> str:
    if required == 0:
        return "nobody has to agree."
    rules = f" Nobody has to, by the rules {', '.join(map(code, waivers))}." if waivers else ""
    mine = " Also about their own requests." if own else ""
    return f"{count(required, 'approver')} must agree, within {expiry}.{mine}{rules}"


def policy_of_lifetime(default: str, longest: str, sleep: str) -> str:
    """Each is a span of ours, or empty."""
    usual = f"{default} unless you say otherwise" if default else "no end unless you say one"
    most = f", {longest} at most" if longest else ""
    then = f"It sleeps for {sleep} then, and is deleted after that." if sleep else "It is deleted then."
    return f"{usual}{most}. {then}"
