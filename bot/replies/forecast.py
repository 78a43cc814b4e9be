"""What a wish comes to, as forms and cards tell it: approval, quota, what else waits, price, time."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import DIMENSION, either
from bot.text import code
from provisioning.wording import count

TOO_FEW_APPROVERS = "⚠️ As things are nobody can approve this: the tenant has too few approvers. Ask your platform team."
APPROVAL_NONE = "Approval: none needed in this tenant."
SOME_APPROVER = "an approver of this tenant"
NO_QUOTA = "This tenant has no quota."


def approval_needed(required: int, named: Sequence[str], more: int) -> str:
    """`named` are markup of ours: some of those who may agree, `more` being the rest."""
    listed = [*named, f"{more} more"] if more else named
    who = f": {either(listed)}" if listed else ""
    return f"Approval: {count(required, 'approver')} of this tenant must agree{who}."


def approval_waived(rule: str) -> str:
    return f"Approval: none needed, by this tenant's rule {code(rule)}."


def quota_now(tenant: str) -> str:
    return f"*Quota of {code(tenant)}* — now → *then* of allowed. One more worker per pool counts, for updates."


def quota_of(tenant: str, waiting: int) -> str:
    if not waiting:
        return f"*Quota of {code(tenant)}* — used of allowed. One more worker per pool counts, for updates."
    return f"*Quota of {code(tenant)}* — now → *then* of allowed, if all that waits is approved ({waiting})."


def meter(label: str, bar: str, before: str, after: str, hard: str, *, lacks: str = "") -> str:
    """`lacks` is how much is missing; empty where it fits."""
    change = f"{before} → *{after}*" if before != after else f"*{before}*"
    return f"{label} {bar} {change} of {hard}{f' · *does not fit*: {lacks} missing' if lacks else ''}"


def fits(ways: Sequence[str]) -> str:
    """`ways` are such as `2 x small`; names of flavors are never markup."""
    return f"Fits: {either(ways)}."


def ask_for_more(who: Sequence[str], more: Sequence[str]) -> str:
    """Whom to ask where the quota has no room, and for what; `who` is empty where the tenant names nobody, and `more`
    says such as `vCPU +2`, where that is known."""
    asked = f"For more ask {either(who) if who else 'your platform team'}"
    return f"{asked}: {', '.join(more)}." if more else f"{asked}."


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


def hourly(money: str, *, bound: bool) -> str:
    """What an hour costs, where that is one fact among others."""
    return f"{money} an hour{' at most' if bound else ''}"


def usually(half: str, most: str) -> str:
    return f"Usually ready in {half}; nine of ten within {most}."


def quota_unknown(when: str) -> str:
    """`when` is markup of ours."""
    return f"⚠️ The cluster API did not answer ({when}). This is what I knew before; it is checked when you submit."


def used_of(dimension: str, bar: str, used: str, hard: str) -> str:
    return f"{dimension} {bar} *{used}* of {hard}"


def extension_needs(required: int) -> str:
    return f"An extension has to be approved: {count(required, 'approver')} must agree."
