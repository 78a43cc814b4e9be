"""What `/cluster help TOPIC` says of each topic: pages of words, kept here because they are pages.

A topic names the commands that belong to it; how those go is said by themselves. What must never live here: markup
from elsewhere, or anything that is not true of every tenant (`facts` says what is true of one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot import replies, text
from provisioning import quota, risk, unattended
from provisioning.model import Amounts, TenantSpec


@dataclass(frozen=True)
class Topic:
    """`also` are other words for it, `commands` the names of those that belong to it."""

    name: str
    words: str
    commands: tuple[str, ...]
    also: tuple[str, ...] = ()
    facts: Callable[[TenantSpec], str] | None = None
    """What holds in one tenant."""


def _approval(tenant: TenantSpec) -> str:
    policy = tenant.approval
    told = replies.policy_of_approval(
        policy.required, [it.name for it in policy.waivers], text.lifetime(policy.expiry), own=policy.own_requests
    )
    if (large := policy.large) is not None:
        others, in_slack = bool(large.approvers), large.in_slack or not policy.in_slack
        told += replies.policy_of_large(_amounts(large.above), risk.required(policy), others=others, in_slack=in_slack)
    return told if policy.in_slack else f"{told} {replies.APPROVED_AT_TERMINAL}"


def _amounts(above: Amounts) -> list[str]:
    limits = quota.limits(above)
    return [f"{limits.show(name, bound)} {quota.WORDS[name]}" for name, bound in limits.bounds.items()]


def _lifetime(tenant: TenantSpec) -> str:
    policy = tenant.lifetime
    spans = (text.lifetime(span) if span else "" for span in (policy.default, policy.longest, policy.hibernation))
    return replies.policy_of_lifetime(*spans)


def _trouble(tenant: TenantSpec) -> str:
    kept = tenant.lifetime.failed
    return replies.policy_of_failure(text.lifetime(kept) if unattended.kept(tenant.lifetime) else "")


TOPICS: tuple[Topic, ...] = (
    Topic(
        "approvals",
        "*Approvals.* A request says what is wanted, and goes to your tenant's approvers. Some need nobody: your "
        "tenant's rules say which, and the form tells you before you send it. An approval is for exactly what was "
        "shown; who changes the request asks anew. Nobody decides about their own request, unless the tenant has it "
        "so. One denial ends a request, with its reason.",
        ("requests", "edit", "nudge", "withdraw", "again", "delegate"),
        also=("approve", "approval", "approver", "approvers", "deny", "vote", "delegation"),
        facts=_approval,
    ),
    Topic(
        "quota",
        "*Quota.* What all clusters of a tenant may come to together: workers, vCPU, memory and more. One more worker "
        "per pool counts, because an update needs it, and an autoscaled pool counts with its most. A cluster that "
        "sleeps counts as well: it may wake. What does not fit is refused with the numbers, before anybody is asked.",
        ("quota",),
        also=("quotas", "limits", "cost", "price"),
    ),
    Topic(
        "access",
        "*Access.* To get in you make a key on your own machine and get a certificate for it, for some hours. The key "
        "never leaves your machine, and nothing secret goes through Slack. At a terminal: "
        "`kubectl clusterdesk access NAME`.",
        ("access",),
        also=("kubeconfig", "login", "kubectl", "certificate"),
    ),
    Topic(
        "lifetime",
        "*Lifetime.* It counts from when the cluster was made. I tell you in a direct message before it ends, with a "
        "button that lets the cluster live on. At its end a cluster sleeps for a while, where your tenant has it so, "
        "and is deleted then, with everything in it. A protected cluster sleeps, and is not deleted.",
        ("extend", "protect", "unprotect"),
        also=("extend", "extension", "expiry", "end", "ttl", "protection"),
        facts=_lifetime,
    ),
    Topic(
        "sleep",
        "*Sleep.* A cluster that sleeps has no workers and no running control plane; what it has stored is kept. "
        "Somebody puts it to sleep, a schedule does, or the end of its lifetime. A schedule can be skipped once: "
        "`/cluster wake NAME tonight`.",
        ("hibernate", "wake"),
        also=("hibernation", "asleep", "schedule", "schedules", "night", "tonight"),
    ),
    Topic(
        "sizes",
        "*Sizes.* A pool is a number of workers of one size. Give it another number, or bounds for the autoscaler, as "
        "in 2-6. Workers of another size replace those that are there, one after the other.",
        ("scale", "resize"),
        also=("size", "flavor", "flavors", "workers", "nodes", "pool", "pools", "autoscaler"),
    ),
    Topic(
        "trouble",
        "*Trouble.* The card of a cluster says which step is in trouble, why, and what to do about it. When it takes "
        "much longer than usual, it says so. Try again when what was in the way is gone, take a smaller size where "
        "there was no room, or delete it. One that was never ready is cancelled at once, without anybody's approval.",
        ("show", "details", "retry", "resize", "cancel", "delete"),
        also=("stuck", "failed", "failure", "error", "slow", "problem"),
        facts=_trouble,
    ),
)


def of(word: str) -> Topic | None:
    """The topic of this name, or of another word for it."""
    return next((topic for topic in TOPICS if word == topic.name or word in topic.also), None)
