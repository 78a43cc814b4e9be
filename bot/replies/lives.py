"""The life of a cluster: how far it is, how it is, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import ICON
from bot.text import code
from provisioning import wording
from provisioning.stage import Stage
from provisioning.wording import count

BY_HAND = wording.BY_HAND
AVAILABLE = wording.AVAILABLE
ASLEEP_BY_HAND = "Somebody put it to sleep. What it has stored is kept."
PLATFORM_TOLD = "The platform team is told."


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


def by_schedules(many: int) -> str:
    return f"by {count(many, 'schedule')}"


def awake_until(by: str, when: str) -> str:
    """Both are ours, `when` a date."""
    return f"{by}, awake until {when}"


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


def look_at(cluster: str, namespace: str) -> str:
    """What a platform team types first."""
    return code(f"kubectl -n {namespace} describe tenantcluster {cluster}")


def asked_for_by(requester: str) -> str:
    """`requester` is markup of ours."""
    return f"Asked for by {requester}"


def deletion_asked_by(who: str, request: str) -> str:
    """`who` is markup of ours."""
    return f"{who} asked for its deletion · {code(request)}"


def not_asked_for(by: str) -> str:
    """`by` is markup of ours; empty where nobody knows who made it."""
    return f"{f'Made by {by}. ' if by else ''}No card in Slack tells of it, so I tell it here."


def many_in_trouble(many: int, tenant: str) -> str:
    """`tenant` is empty where they are of several."""
    whose = f" of {code(tenant)}" if tenant else ""
    return f"⚠️ *Something went wrong with {count(many, 'cluster')}{whose}.* No card in Slack tells of them."


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


def let_it_go(cluster: str, then: str) -> str:
    """`then` is a sentence of ours."""
    return f"👍 {code(cluster)} is let go; I do not remind you again. {then}"


def nothing_to_let_go(cluster: str) -> str:
    return f"The end of {code(cluster)} is another one by now. `/cluster show` says which."


def lives_on(stage: str, cluster: str, tenant: str, until: str) -> str:
    """`until` is a date of ours; empty when it has no end, or is somebody else's to tell."""
    line = headline(stage, cluster, tenant)
    return f"{line}\nIt lives until {until}." if until else line


CLUSTER_DETAILS_TITLE = "What keeps it"
LOOKING = "The cluster API is being asked for more…"
NOTHING_ELSE_WRONG = "As far as I can see nothing else is wrong with its parts, and nothing happened lately."
DEEPEST_FIRST = "*What is wrong with its parts*, the deepest first"
HAPPENED_LAST = "*What happened last*"
UNREAD = "There are more Events in its namespace than I read, so something newer may be missing."


def what_keeps_spoken(cluster: str) -> str:
    return f"Show what keeps cluster {cluster}"


def not_looked(when: str) -> str:
    """`when` is a moment of ours."""
    return f"⚠️ The cluster API did not answer ({when}), so this is all I know. Close this, and look again."


def step_in_trouble(step: str, since: str) -> str:
    """`since` is a moment of ours; empty when nobody knows."""
    return f"⚠️ *{code(step)}*{f' since {since}' if since else ''}"


def what_to_do(hint: str) -> str:
    return f"What to do: {code(hint)}"


def is_wrong(what: str, condition: str, reason: str, since: str, *, holds: bool) -> str:
    """`since` is a moment of ours; empty when nobody knows. `holds`: it is one that should not."""
    why = f" ({code(reason)})" if reason and reason != condition else ""
    return f"✖ {code(what)} is {'' if holds else 'not '}{code(condition)}{why}{f' since {since}' if since else ''}"


def happened(when: str, about: str, reason: str, note: str, *, times: int, warning: bool) -> str:
    """`when` is a moment of ours."""
    often = f" · {times} times" if times > 1 else ""
    return f"{'⚠️' if warning else '•'} {when}{often} · {code(about)} · {code(reason)}: {code(note)}"


def unseen(kinds: Sequence[str]) -> str:
    return f"I may not look at these, so what they say is missing: {', '.join(map(code, kinds))}."
