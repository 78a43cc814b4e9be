"""The cards of a request: what is known about it in, blocks and full fallback text out. Pure.

A card has no memory and no clock: drawn again from the same objects, at the same time, it is the same card.
What must never live here: Slack's API, or the decision where a card goes (`places`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot import (
    approvers,
    blocks,
    buttons,
    cards,
    decisions,
    given_up,
    life,
    meters,
    outline,
    outlook,
    progress,
    prolonging,
    replies,
    rollouts,
    shortage,
    stuck,
    text,
    verdicts,
    waiting,
)
from bot.blocks import Block
from bot.cards import REASON_SHOWN, SECTION_LINES, Card
from bot.sights import Sight
from provisioning import approval, estimate, lifetime, objects, people, quota, seats
from provisioning.model import Action, ClusterRequest, Decision, Phase, Step, Surface, TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage
from provisioning.usage import Usage
from provisioning.usual import Usual

_SHOWN = (Stage.BUILDING, Stage.STALLED, Stage.READY, Stage.ASLEEP, Stage.DELETING)
"""Where there is a cluster to show."""
_ENDED_UNDONE = (Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED)
"""Where nothing came of a wish."""


def draw(surface: Surface, sight: Sight) -> Card:
    if surface is Surface.PLATFORM:
        return platform(sight)
    return requester(sight) if surface is Surface.REQUESTER else approver(sight)


def approver(sight: Sight) -> Card:
    """What somebody who decides has to know, and the buttons while there is something to decide."""
    spec, status = sight.request.it.spec, sight.request.it.status
    parts = _alarm(sight)
    parts += [blocks.section(replies.asks(text.name(spec.requester), spec.action, spec.cluster))]
    parts += blocks.fields([(replies.LABEL["tenant"], text.code(sight.tenant.meta.name)), *_rows(sight)])
    parts += _reason(replies.REASON_GIVEN, spec.reason) or [blocks.context(replies.NO_REASON)]
    parts += [blocks.context(replies.replaces(spec.replaces))] if spec.replaces else []
    if status.phase is not Phase.PENDING:
        gone = [blocks.context(told) for told in waiting.left_behind(sight.request, sight.tenant.it.spec)]
        return cards.card([*parts, *_decision(sight), *gone, *_newer(sight, replies.changed_since)])
    parts.append(blocks.section(_quota(sight)))
    parts += shortage.warning(sight, *_then(sight))
    parts += rollouts.warning(sight)
    parts += [blocks.context(told)] if (told := _beside(sight)) else []
    approvals = verdicts.voters(approval.agreed(sight.request, sight.deciding, sight.delegations))
    required = sight.deciding.approval.required
    line = replies.needs(required, approvals, _expires(sight), sight.request.meta.name)
    parts.append(blocks.context(line))
    parts += waiting.parts(sight.request, sight.tenant.it.spec)
    parts += [blocks.context(told) for told in (*decisions.notes(sight), *_seats(sight))]
    parts += [blocks.context(replies.APPROVALS_PAUSED)] if sight.paused else []
    whole = [buttons.details(sight.request)] if cards.cut(spec.reason) != spec.reason else []
    parts += [blocks.context(approvers.why(sight)), blocks.actions(*decisions.controls(sight), *whole)]
    return cards.card([*parts, *([blocks.actions(buttons.take_back_vote(sight.request))] if status.votes else [])])


def requester(sight: Sight) -> Card:
    """The one card of whoever asked, from the request to a cluster that is ready or gone."""
    now, spec = sight.stage, sight.request.it.spec
    if sight.given_up is not None:
        return _given_up(sight, sight.given_up)
    parts = [blocks.section(replies.headline(now, spec.cluster, sight.tenant.meta.name, _took(sight.cluster)))]
    if now is Stage.WAITING:
        return cards.card([*parts, *_waiting(sight)])
    if now is Stage.NO_ROOM:
        parts += [*shortage.in_line(sight), *_decision(sight)]
        return cards.card([*parts, buttons.withdraw(sight.request)])
    if (undone := _undone(sight)) is not None:
        known = [blocks.context(replies.PLATFORM_TOLD)] if _platform_knows(sight) else []
        return cards.card([undone, *known, *_decision(sight)])
    if now in (Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED, Stage.ACCEPTED):
        again = now in _ENDED_UNDONE and not sight.request.it.status.replaced_by
        parts += [*_decision(sight), *_newer(sight, replies.you_changed)]
        return cards.card([*parts, *([blocks.actions(buttons.again(sight.request))] if again else [])])
    if now is Stage.GIVEN_UP:
        return cards.card([*parts, *_unattended(sight), blocks.actions(buttons.again(sight.request))])
    look, foot = _look(sight), [*_deleted_by(sight), blocks.context(_footnote(sight))]
    if look is None or now not in _SHOWN:
        # Another card follows the cluster from here on, and it may be somebody else's.
        parts += [blocks.actions(buttons.show(*look.cluster.key))] if look and now is Stage.SUPERSEDED else []
        return cards.card([*parts, *foot])
    if now in (Stage.BUILDING, Stage.STALLED, Stage.DELETING) and _platform_knows(sight):
        foot = [blocks.context(replies.PLATFORM_TOLD), *foot]
    drawn = cards.card([*parts, *life.parts(look, steps_as=_short), *foot])
    if now not in (Stage.BUILDING, Stage.STALLED):
        return drawn
    return replace(drawn, modern=(*parts, *life.parts(look, steps_as=progress.plan), *foot))


def _given_up(sight: Sight, by: Stored[ClusterRequest]) -> Card:
    """Of a cluster that was given up before it was ready: by whom, and how far its removal is."""
    look, cluster = _look(sight), sight.request.it.spec.cluster
    return cards.card(
        [
            blocks.section(replies.cancelled(cluster, sight.tenant.meta.name)),
            given_up.line(by, gone=look is None),
            *(life.parts(look, steps_as=_short) if look else []),
            *([blocks.context(replies.PLATFORM_TOLD)] if look and _platform_knows(sight) else []),
            blocks.context(_footnote(sight)),
        ]
    )


def _deleted_by(sight: Sight) -> list[Block]:
    """Who had the cluster deleted, where that was somebody else."""
    by, asker = sight.deleter, sight.request.it.spec.requester
    if by is None or people.same(by.it.spec.requester, asker):
        return []
    return [blocks.context(replies.deletion_asked_by(text.name(by.it.spec.requester), by.meta.name))]


def _unattended(sight: Sight) -> list[Block]:
    """Of a cluster that was given up because nobody chose what becomes of it: why, and how far its removal is."""
    look = _look(sight)
    going = look if look is not None and look.stage is Stage.DELETING else None
    return [
        blocks.section(replies.given_up_alone(gone=going is None)),
        *(life.parts(going, steps_as=_short) if going else []),
        *([blocks.context(replies.PLATFORM_TOLD)] if going and _platform_knows(sight) else []),
        blocks.context(_footnote(sight)),
    ]


def platform(sight: Sight) -> Card:
    """What the platform team has to know of a cluster that hung, and what became of it."""
    spec, tenant, look = sight.request.it.spec, sight.tenant.meta.name, _look(sight)
    if (undone := _undone(sight)) is not None:
        where = blocks.context(replies.look_at_request(sight.request.meta.name, sight.request.meta.namespace))
        return cards.card([undone, where, blocks.context(replies.asked_for_by(text.name(spec.requester)))])
    parts = [blocks.section(replies.headline(sight.stage, spec.cluster, tenant))]
    going = sight.stage is Stage.GIVEN_UP and look is not None and look.stage is Stage.DELETING
    if look is not None and (going or sight.stage in (Stage.BUILDING, Stage.STALLED, Stage.DELETING)):
        parts += life.told(look, steps_as=_short)
        parts.append(blocks.context(replies.look_at(spec.cluster, sight.request.meta.namespace)))
    return cards.card([*parts, blocks.context(replies.asked_for_by(text.name(spec.requester)))])


def _undone(sight: Sight) -> Block | None:
    """Since when something approved waits to be carried out, where that is too long."""
    since = stuck.undone(sight.request, sight.now) if sight.now else None
    if since is None:
        return None
    cluster, tenant = sight.request.it.spec.cluster, sight.tenant.meta.name
    return blocks.section(replies.waits_for_api(cluster, tenant, text.moment(since)))


def _platform_knows(sight: Sight) -> bool:
    return any(it.surface is Surface.PLATFORM and it.ts for it in sight.request.it.status.deliveries)


def _look(sight: Sight) -> life.Look | None:
    if sight.cluster is None:
        return None
    return life.Look(sight.cluster, sight.catalog, sight.tenant.it.spec.lifetime, sight.usual, sight.now)


def _waiting(sight: Sight) -> list[Block]:
    status = sight.request.it.status
    approvals = verdicts.voters(approval.agreed(sight.request, sight.deciding, sight.delegations))
    required = sight.deciding.approval.required
    lines = [replies.needs(required, approvals, _expires(sight), sight.request.meta.name)]
    sent = [d for d in status.deliveries if d.surface is Surface.APPROVER]
    channel = sight.tenant.it.spec.channels.approvals
    direct = sum(1 for d in sent if d.ts and d.channel != channel)
    if any(not d.ts and d.channel == channel for d in sent):
        lines.append(replies.undeliverable(f"<#{channel}>", direct))
    elif sent:
        lines.append(replies.sent_to(f"<#{channel}>" if channel else "", direct))
    lines += [replies.APPROVALS_PAUSED] if sight.paused else []
    lines += decisions.outlook(sight.tenant.it.spec, sight.size, sight.catalog)
    lines += decisions.of_protection(sight.cluster.it.spec if sight.cluster else None, sight.request.it.spec.desired)
    return [
        *blocks.fields(_rows(sight)),
        *shortage.warning(sight, *_then(sight)),
        *rollouts.warning(sight),
        blocks.context("\n".join(lines)),
        *waiting.parts(sight.request, sight.tenant.it.spec),
        waiting.controls(sight.request, sight.cluster),
    ]


def _seats(sight: Sight) -> list[str]:
    """Who decides instead of whom."""
    deputies = [
        replies.decides_for(text.name(each.delegate), text.name(each.approver), text.moment(each.until))
        for each in verdicts.deputies(sight.deciding, sight.delegations)
    ]
    hidden = len(deputies) - SECTION_LINES
    return [*deputies[:SECTION_LINES], *([replies.and_more(hidden)] if hidden > 0 else [])]


def _alarm(sight: Sight) -> list[Block]:
    """That somebody took it through alone, why, and who was not asked."""
    vote = seats.taken_through(sight.request.it.status)
    if vote is None:
        return []
    who = verdicts.passed_over(sight.deciding, vote.voter)
    return [
        blocks.section(replies.forced(verdicts.voter(vote), sight.request.it.spec.cluster)),
        *_reason(replies.FORCED_REASON, vote.reason),
        *([blocks.context(replies.passed_over(who))] if who else []),
    ]


def _expires(sight: Sight) -> str:
    """Until when it can be decided: as the provisioner noted it, or as the policy will have it."""
    created = sight.request.meta.created
    if sight.request.it.status.expires_at:
        return text.moment(sight.request.it.status.expires_at)
    return text.moment(lifetime.expires_at(created, sight.tenant.it.spec.approval)) if created else ""


def _decision(sight: Sight) -> list[Block]:
    status = sight.request.it.status
    parts: list[Block] = [blocks.context(f"{verdicts.line(sight.request)} · {text.code(sight.request.meta.name)}")]
    denial = next((vote for vote in status.votes if vote.decision is Decision.DENY), None)
    if denial and status.phase is Phase.DENIED:
        parts += _reason(replies.DENIAL_GIVEN, denial.reason)
    if status.phase in (Phase.FAILED, Phase.WITHDRAWN) and status.message:
        parts.append(blocks.quote(text.clip(status.message, REASON_SHOWN)))
    return [*parts, *prolonging.told(sight)]


def _newer(sight: Sight, said: Callable[[Sequence[str]], str]) -> list[Block]:
    """What is otherwise in the request that took the place of this one, and which that is; nothing where none did."""
    name = sight.request.it.status.replaced_by
    if not name:
        return []
    before, after = sight.request.it.spec.desired, sight.newer.it.spec.desired if sight.newer else None
    rows: list[str] = []
    if before is not None and after is not None:
        was, now = outline.rows(before, sight.catalog), outline.changes(before, after, sight.catalog)
        rows = [f"{label} {value}" for label, value in now if (label, value) not in was]
    return [blocks.context(said(rows)), blocks.context(replies.newer(name))]


def _reason(label: str, reason: str) -> list[Block]:
    words = cards.cut(reason)
    return [blocks.context(label), blocks.quote(words)] if words else []


def _rows(sight: Sight) -> Sequence[outline.Row]:
    spec = sight.request.it.spec
    old = sight.cluster.it.spec if sight.cluster else None
    if spec.action is Action.CHANGE and spec.desired and old:
        return outline.changes(old, spec.desired, sight.catalog)
    shown = spec.desired or old
    return outline.rows(shown, sight.catalog) if shown else ()


def _quota(sight: Sight) -> str:
    return f"{replies.quota_now(sight.tenant.meta.name)}\n{meters.lines(sight.hard, *_then(sight))}"


def _then(sight: Sight) -> tuple[Usage, Usage]:
    """The tenant's usage now, and once the request is carried out."""
    spec = sight.request.it.spec
    old = quota.envelope(sight.cluster.it.spec, sight.catalog) if sight.cluster else Usage()
    new = quota.envelope(spec.desired, sight.catalog) if spec.desired else Usage()
    return sight.used, sight.used + new - old


def _beside(sight: Sight) -> str:
    """What else waits for the same room, and what it costs."""
    spec, had = sight.request.it.spec, sight.cluster.it.spec if sight.cluster else None
    before, after = _then(sight)
    waiting = outlook.waiting(sight.tenant.meta.name, sight.others, hard=sight.hard, before=before, after=after)
    price = outlook.price(estimate.of(had, spec.desired, sight.catalog))
    return "\n".join(filter(None, (waiting, price)))


def _short(steps: Sequence[Step], known: Usual, now: datetime | None) -> list[Block]:
    return progress.lines(steps, known, now, longest=REASON_SHOWN)


def _took(cluster: Stored[TenantCluster] | None) -> str:
    steps = cluster.it.status.steps if cluster else ()
    starts: list[datetime] = [objects.parse_time(s.started_at) for s in steps if s.started_at]
    ends: list[datetime] = [objects.parse_time(s.ended_at) for s in steps if s.ended_at]
    return text.elapsed(min(starts), max(ends)) if starts and ends else ""


def _footnote(sight: Sight) -> str:
    return f"{verdicts.line(sight.request)} · {text.code(sight.request.meta.name)}"
