"""Answers to a line that somebody typed: what was not understood, lists, and the help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.replies.terms import ICON, either, meant
from bot.text import code
from provisioning import wording
from provisioning.model import Action
from provisioning.wording import count

HELP_INTRO = "I get you a Kubernetes cluster: ask here, somebody approves, and it comes up."
HELP_WITHOUT_SLACK = (
    "The same works without Slack: `kubectl get tenantclusters,clusterrequests` in your tenant's namespace."
)
NO_ADD_ON = "The catalog has no add-on to choose: every cluster gets all of them."
NO_REQUEST = "Nothing waits for approval, and you have not asked for anything yet."
NO_CLUSTER_YET = "No clusters yet. `/cluster create` asks for one."
NOTHING_TO_WITHDRAW = "No request of yours waits, nor one of somebody who is gone, so there is nothing to withdraw."
NOTHING_TO_EDIT = "No request of yours waits for approval that a form could change. `/cluster requests` shows yours."
NOTHING_TO_NUDGE = (
    "No request of yours waits for approval of which you have not reminded everybody within the last hour. "
    "`/cluster requests` shows yours."
)
NOTHING_TO_ASK_AGAIN = "No request of yours has ended without being done."
WORDS_HINT = "Such as `/cluster create build-7 3x small v1.34 24h`."


def no_such_command(word: str, suggestion: str) -> str:
    command = f" Did you mean `/cluster {suggestion}`?" if suggestion else ""
    return f"There is no command {code(word)}.{command} `/cluster help` lists what I can do."


def no_such_cluster(name: str, suggestion: str) -> str:
    return f"You have no cluster {code(name)}.{meant(suggestion)} `/cluster list` shows yours."


def several_clusters(name: str, places: Sequence[str]) -> str:
    listed = ", ".join(code(f"{place}/{name}") for place in places)
    return f"There are several clusters {code(name)}. Write which one: {listed}."


def no_such_choice(what: str, word: str, suggestion: str) -> str:
    return f"There is no {what} {code(word)} for you.{meant(suggestion)}"


def which_cluster(usage: str) -> str:
    return f"Which cluster? It goes like this: {code(usage)}. You have none yet."


def choose_for(usage: str) -> str:
    return f"In one line it goes like this: {code(usage)}"


def more_tenants(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster quota TENANT` shows any of them."


def more_requests(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster requests TENANT` shows those of one tenant."


def request_option(cluster: str, action: Action) -> str:
    """Plain text: what a menu of requests says of one."""
    wish = {Action.CREATE: "new cluster", Action.CHANGE: "change", Action.DELETE: "deletion"}[action]
    return f"{cluster}: {wish}"


def asked_by_option(where: str, user: str) -> str:
    """Plain text: the same of one that is somebody else's."""
    return f"{where} · asked by {user}"


def no_such_request(word: str, suggestion: str, *, gone: bool = False) -> str:
    """`gone`: looked for among those of people who are gone as well."""
    nor = ", nor one of somebody who is gone" if gone else ""
    return f"No request of yours waits about {code(word)}{nor}.{meant(suggestion)} `/cluster requests` shows yours."


def several_requests(cluster: str, requests: Mapping[str, str]) -> str:
    """`requests` are their names, each with whoever asked, in markup of ours; empty for who is told."""
    yours = "" if any(requests.values()) else " of yours"
    named = ", ".join(f"{code(name)}{who and f' of {who}'}" for name, who in requests.items())
    return f"Several requests{yours} about {code(cluster)} wait. Write which one: {named}."


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


def more_clusters(hidden: int) -> str:
    return f"… and {hidden} more. `/cluster show NAME` shows any of them."


def no_such_word(what: str, word: str, suggestion: str) -> str:
    return f"{no_such_choice(what, word, suggestion)} {WORDS_HINT}"


def no_ended_request(word: str, suggestion: str) -> str:
    return f"No request of yours about {code(word)} has ended without being done.{meant(suggestion)}"


def cluster_line(icon: str, name: str, facts: str, mine: bool) -> str:
    """`facts` are ours."""
    return f"{icon} *{code(name)}*{' (yours)' if mine else ''} · {facts}"


def waiting_line(name: str, action: Action, requester: str) -> str:
    """`requester` is markup of ours."""
    return f"{ICON['Waiting']} *{code(name)}* · {wording.waiting(action, requester)}"


def help_topics(names: Sequence[str]) -> str:
    return f"More about a topic, or about one command: `/cluster help TOPIC`. Topics: {', '.join(map(code, names))}."


def no_such_topic(word: str, suggestion: str, names: Sequence[str]) -> str:
    command = f" Did you mean {code(f'/cluster help {suggestion}')}?" if suggestion else ""
    return f"I have no topic {code(word)}.{command} {help_topics(names)}"


def in_tenant(tenant: str, facts: str) -> str:
    """`facts` are ours."""
    return f"{code(tenant)}: {facts}"


def policy_of_approval(required: int, waivers: Sequence[str], expiry: str, *, own: bool) -> str:
    if required == 0:
        return "nobody has to agree."
    rules = f" Nobody has to, by the rules {', '.join(map(code, waivers))}." if waivers else ""
    mine = " Also about their own requests." if own else ""
    return f"{count(required, 'approver')} must agree, within {expiry}.{mine}{rules}"


def policy_of_large(above: Sequence[str], required: int, *, others: bool, in_slack: bool) -> str:
    who = f"{count(required, 'approver')} {'named for that ' if others else ''}must agree"
    return f" What is above {either(above)} is large: {who}{'' if in_slack else ', with kubectl and not in Slack'}."


def policy_of_failure(kept: str) -> str:
    """`kept` is a span of ours; empty for ever."""
    if not kept:
        return "one that failed before it was ever ready is kept until somebody chooses what becomes of it."
    return f"one that failed before it was ever ready is deleted {kept} later, unless somebody chooses before that."


def policy_of_lifetime(default: str, longest: str, sleep: str) -> str:
    """Each is a span of ours, or empty."""
    usual = f"{default} unless you say otherwise" if default else "no end unless you say one"
    most = f", {longest} at most" if longest else ""
    then = f"It sleeps for {sleep} then, and is deleted after that." if sleep else "It is deleted then."
    return f"{usual}{most}. {then}"
