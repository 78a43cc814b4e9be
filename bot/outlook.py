"""What a form or an approver's card says about a wish so far: quota, what else waits, price, time, who agrees. Pure.

Facts come in, blocks go out; `commands.outlooks` collects the facts. What must never live here: a sentence (`replies`),
or a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot import blocks, buttons, meters, replies, text
from bot.blocks import Block
from bot.offers import Place
from provisioning import prices
from provisioning.alternatives import Alternative
from provisioning.estimate import Estimate
from provisioning.model import ClusterRequest, Subject
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.reservations import Others
from provisioning.usage import Usage
from provisioning.usual import Span

NAMED = 5
"""People in one line."""


@dataclass(frozen=True)
class Outlook:
    """`before` and `after` are the tenant's usage, `problems` what is in the way, in plain words.

    `approvers` are those who may agree, `required` how many must, and `too_few` that it cannot come to that; `waiver`
    is the rule by which nobody has to. `for_more` are those to ask for more than the quota has room for; it is `full`
    where the API server says so, though what is published may not show it.
    `unanswered` is when the API server was asked and did not answer: then all of it is from caches.
    """

    hard: Limits
    before: Usage
    after: Usage
    required: int
    waiver: str = ""
    problems: tuple[str, ...] = ()
    alternative: Alternative | None = None
    others: Others = field(default_factory=Others)
    estimate: Estimate | None = None
    usual: Span | None = None
    approvers: tuple[Subject, ...] = ()
    for_more: tuple[Subject, ...] = ()
    full: bool = False
    too_few: bool = False
    notes: tuple[str, ...] = ()
    """Why others agree than as a rule, or otherwise."""
    mine: Stored[ClusterRequest] | None = None
    """The request by which whoever asks has asked for a cluster of that name already, and which is not done yet."""
    unanswered: datetime | None = None


def parts(place: Place, outlook: Outlook) -> Iterable[Block]:
    """The quota now and then, what is in the way, what it costs, and who has to agree."""
    tenant = place.tenant.meta.name
    drawn = meters.lines(outlook.hard, outlook.before, outlook.after)
    yield blocks.section(f"{replies.quota_now(tenant)}\n{drawn}", block_id="quota")
    wrong = [*map(replies.does_not_fit, outlook.problems), *ways_out(outlook)]
    if wrong:
        yield blocks.section("\n".join(wrong), block_id="problems")
    if outlook.mine:
        yield blocks.actions(buttons.details(outlook.mine))
    if outlook.unanswered:
        yield blocks.context(replies.quota_unknown(text.moment(outlook.unanswered)), block_id="unanswered")
    facts = (
        waiting(tenant, outlook.others, hard=outlook.hard, before=outlook.before, after=outlook.after),
        price(outlook.estimate),
        replies.usually(*map(text.about, (outlook.usual.half, outlook.usual.most))) if outlook.usual else "",
        _approval(outlook),
    )
    yield blocks.context("\n".join(fact for fact in facts if fact), block_id="facts")


def ways_out(it: Outlook, *, plain: bool = False) -> list[str]:
    """Where there is no room: what would fit instead, and whom to ask for more. `plain`: where nothing is markup."""
    told = [_fits(it.alternative)] if it.alternative else []
    more = meters.missing(it.hard, it.before, it.after)
    if more or it.full:
        who = dict.fromkeys(map(_plainly if plain else text.subject, it.for_more))
        told.append(replies.ask_for_more([*who][:NAMED], more))
    return told


def _plainly(it: Subject) -> str:
    # A user group of Slack has no name but its mention.
    return text.one_line(it.user or it.group) or replies.SOME_APPROVER


def _fits(it: Alternative) -> str:
    ways = [replies.times(str(it.fewer), it.flavor, "")] if it.fewer else []
    ways += [replies.times(str(it.many), it.smaller, "")] if it.smaller else []
    return replies.fits(ways)


def waiting(tenant: str, others: Others, *, hard: Limits, before: Usage, after: Usage) -> str:
    """What else waits for approval, and whether there is room for that too; empty when nothing does."""
    if not others.count:
        return ""
    amounts = [(name, hard.amount(others.rise, name)) for name in hard.bounds]
    more = [replies.more_of(name, hard.show(name, amount)) for name, amount in amounts if amount > 0]
    asked = after - before
    # Whoever asks for no room, or has none, need not hear whether there is some for two.
    grows = any(hard.amount(asked, name) > 0 for name in hard.bounds)
    is_question = grows and not hard.excess(before, asked)
    room = others.have_room_beside(asked, used=before, hard=hard) if is_question else None
    return replies.also_waiting(tenant, others.count, more, room)


def price(it: Estimate | None) -> str:
    """What it costs, by the hour and in all; empty where nothing has a price."""
    if it is None:
        return ""

    def money(micro: int | None) -> str:
        return "" if micro is None else f"{prices.show(micro)} {it.currency}"

    before = it.before if it.before not in (0, it.after) else None
    hours = text.lifetime(it.hours) if it.hours else ""
    total = None if it.total is None else prices.rounded(it.total)
    return replies.price(money(before), money(it.after), money(total), hours, bound=it.bound)


def _approval(it: Outlook) -> str:
    if it.required == 0:
        return replies.APPROVAL_NONE
    if it.waiver:
        return replies.approval_waived(it.waiver)
    named = [text.subject(each) for each in it.approvers[:NAMED]]
    told = replies.approval_needed(it.required, named, len(it.approvers) - len(named))
    return "\n".join((told, *it.notes, *([replies.TOO_FEW_APPROVERS] if it.too_few else [])))
