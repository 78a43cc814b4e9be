"""The cards that stand in Slack: what is known about a request in, blocks and full fallback text out. Pure.

A card has no memory and no clock: drawn again from the same objects it is the same card, hash and all.
What must never live here: Slack's API, or the decision where a card goes (`follow`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import blocks, buttons, meters, outline, outlook, replies, text
from bot.blocks import Block
from provisioning import approval, estimate, lifetime, names, objects, quota, stage
from provisioning.handmade import HandMade
from provisioning.lifecycle import Reason
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    Decision,
    Phase,
    Step,
    StepState,
    Surface,
    Tenant,
    TenantCluster,
    Vote,
    conditions,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.reservations import Others
from provisioning.stage import Stage
from provisioning.usage import Usage

FALLBACK_TEXT = 3500
REASON_SHOWN = 300
SECTION_LINES = 10
"""Lines of a listing that a section takes: well within 3000 characters."""
_SHOWN = (Stage.BUILDING, Stage.STALLED, Stage.READY, Stage.ASLEEP, Stage.DELETING)
"""Where there is a cluster to show."""


@dataclass(frozen=True)
class Card:
    """Something to show: `text` says everything for screen readers, notifications and clients without blocks."""

    text: str
    blocks: tuple[Block, ...] = ()

    @property
    def revision(self) -> str:
        """Changes when, and only when, what is drawn does."""
        return names.content_hash([self.text, self.blocks])


@dataclass(frozen=True)
class Sight:
    """All that a card is drawn from. `cluster` is the TenantCluster of that name as it is now."""

    request: Stored[ClusterRequest]
    tenant: Stored[Tenant]
    catalog: CatalogSpec
    cluster: Stored[TenantCluster] | None = None
    hard: Limits = quota.UNBOUNDED
    used: Usage = field(default_factory=Usage)
    others: Others = field(default_factory=Others)

    @property
    def stage(self) -> Stage:
        return stage.of_request(self.request, self.cluster)


def card(parts: Sequence[Block]) -> Card:
    """Blocks, and the text that says the same."""
    said = "\n".join(words for part in parts for words in _words(part))
    return Card(text.clip(said, FALLBACK_TEXT), tuple(parts[: blocks.MESSAGE_BLOCKS]))


def say(words: str) -> Card:
    """One sentence."""
    return card([blocks.section(words)])


def listing(lines: Sequence[str], *, most: int, more: Callable[[int], str]) -> Card:
    """Lines one below the other, `most` of them; `more` says how many are left out."""
    shown = lines[:most]
    parts = [blocks.section("\n".join(shown[at : at + SECTION_LINES])) for at in range(0, len(shown), SECTION_LINES)]
    if len(lines) > most:
        parts.append(blocks.context(more(len(lines) - most)))
    return card(parts)


def draw(surface: Surface, sight: Sight) -> Card:
    return approver(sight) if surface is Surface.APPROVER else requester(sight)


def approver(sight: Sight) -> Card:
    """What somebody who decides has to know, and the buttons while there is something to decide."""
    spec, status = sight.request.it.spec, sight.request.it.status
    parts = [blocks.section(replies.asks(text.name(spec.requester), spec.action, spec.cluster))]
    parts += blocks.fields([(replies.LABEL["tenant"], text.code(sight.tenant.meta.name)), *_rows(sight)])
    parts += _reason(replies.REASON_GIVEN, spec.reason) or [blocks.context(replies.NO_REASON)]
    if status.phase is not Phase.PENDING:
        return card([*parts, *_decision(sight)])
    parts.append(blocks.section(_quota(sight)))
    parts += [blocks.context(told)] if (told := _beside(sight)) else []
    approvals = [vote.voter for vote in approval.agreed(sight.request, sight.tenant.it.spec)]
    required = sight.tenant.it.spec.approval.required
    line = replies.needs(required, text.names(approvals), _expires(sight), sight.request.meta.name)
    parts.append(blocks.context(line))
    return card([*parts, blocks.context(replies.why_you(sight.tenant.meta.name)), buttons.decide(sight.request)])


def requester(sight: Sight) -> Card:
    """The one card of whoever asked, from the request to a cluster that is ready or gone."""
    now, spec = sight.stage, sight.request.it.spec
    parts = [blocks.section(replies.headline(now, spec.cluster, sight.tenant.meta.name, _took(sight.cluster)))]
    if now is Stage.WAITING:
        return card([*parts, *_waiting(sight)])
    if now in (Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED, Stage.ACCEPTED):
        return card([*parts, *_decision(sight)])
    if sight.cluster is not None and now in _SHOWN:
        parts += cluster_parts(sight.cluster, sight.catalog)
    return card([*parts, blocks.context(_footnote(sight))])


def cluster_parts(cluster: Stored[TenantCluster], catalog: CatalogSpec) -> list[Block]:
    """A cluster as it is: its steps while it is on the way, its facts when it is ready or sleeps, and why it does."""
    now, status = stage.of_cluster(cluster), cluster.it.status
    if now not in (Stage.READY, Stage.ASLEEP):
        return _progress(status.steps)
    rows = [
        (replies.LABEL["workers"], outline.pools(cluster.it.spec, catalog)),
        (replies.LABEL["version"], status.version or cluster.it.spec.version or ""),
        (replies.LABEL["nodes"], f"{status.nodes.ready} of {status.nodes.wanted}"),
    ]
    if status.endpoint:
        rows.append((replies.LABEL["endpoint"], text.code(status.endpoint)))
    if status.expires_at:
        rows.append((replies.LABEL["until"], text.moment(status.expires_at)))
    parts = blocks.fields([row for row in rows if row[1]])
    if now is Stage.ASLEEP and (told := conditions.find(status.conditions, "Ready")):
        parts.append(blocks.quote(text.clip(text.one_line(told.message), REASON_SHOWN)))
    elif status.endpoint:
        parts.append(blocks.section(replies.access(cluster.meta.name, cluster.meta.namespace)))
    return parts


def hand_made(cluster: HandMade, tenant: str) -> Card:
    """A cluster that somebody made without us: what its objects tell, and who is to be asked about it."""
    parts = [blocks.section(replies.by_hand_headline(stage.of_hand_made(cluster), cluster.meta.name, tenant))]
    rows = [
        (replies.LABEL["version"], text.code(cluster.version) if cluster.version else ""),
        (replies.LABEL["nodes"], f"{cluster.nodes.ready} of {cluster.nodes.wanted}"),
        (replies.LABEL["endpoint"], text.code(cluster.endpoint) if cluster.endpoint else ""),
    ]
    parts += blocks.fields([row for row in rows if row[1]])
    if words := text.clip(text.one_line(cluster.message), REASON_SHOWN):
        parts.append(blocks.quote(words))
    keeper = replies.kept_by(cluster.keeper.tool, cluster.keeper.name)
    return card([*parts, blocks.context(replies.by_hand(keeper, add_ons=cluster.has_add_ons))])


def verdict_line(request: Stored[ClusterRequest]) -> str:
    """Who ended it, and when, in one line of mrkdwn."""
    status = request.it.status
    if status.waiver:
        return replies.waived("" if status.waiver == approval.NOBODY else status.waiver)
    word = {Phase.APPLIED: Stage.ACCEPTED}.get(status.phase) or stage.of_request(request, None)
    when = text.moment(status.decided_at) if status.decided_at else ""
    return replies.decided(word, _deciders(status.phase, status.votes), when)


def why_not(request: Stored[ClusterRequest] | None, reason: Reason) -> str:
    """Why a vote or a withdrawal does not count; when it came too late, with who decided what."""
    if reason is Reason.ALREADY_DECIDED and request and request.it.status.phase is not Phase.PENDING:
        return replies.already_decided(verdict_line(request))
    return replies.REFUSED[reason]


def _deciders(phase: Phase, votes: Sequence[Vote]) -> str:
    if phase in (Phase.WITHDRAWN, Phase.EXPIRED, Phase.PENDING, Phase.FAILED):
        return ""
    wanted = Decision.DENY if phase is Phase.DENIED else Decision.APPROVE
    return text.names([vote.voter for vote in votes if vote.decision is wanted])


def _waiting(sight: Sight) -> list[Block]:
    status = sight.request.it.status
    approvals = [vote.voter for vote in approval.agreed(sight.request, sight.tenant.it.spec)]
    required = sight.tenant.it.spec.approval.required
    lines = [replies.needs(required, text.names(approvals), _expires(sight), sight.request.meta.name)]
    sent = [d for d in status.deliveries if d.surface is Surface.APPROVER]
    channel = sight.tenant.it.spec.channels.approvals
    direct = sum(1 for d in sent if d.ts and d.channel != channel)
    if any(not d.ts for d in sent):
        lines.append(replies.undeliverable(f"<#{channel}>", direct))
    elif sent:
        lines.append(replies.sent_to(f"<#{channel}>" if channel else "", direct))
    return [
        *blocks.fields(_rows(sight)),
        blocks.context("\n".join(lines)),
        buttons.withdraw(sight.request),
    ]


def _expires(sight: Sight) -> str:
    """Until when it can be decided: as the provisioner noted it, or as the policy will have it."""
    created = sight.request.meta.created
    if sight.request.it.status.expires_at:
        return text.moment(sight.request.it.status.expires_at)
    return text.moment(lifetime.expires_at(created, sight.tenant.it.spec.approval)) if created else ""


def _decision(sight: Sight) -> list[Block]:
    status = sight.request.it.status
    parts = [blocks.context(f"{verdict_line(sight.request)} · {text.code(sight.request.meta.name)}")]
    denial = next((vote for vote in status.votes if vote.decision is Decision.DENY), None)
    if denial and status.phase is Phase.DENIED:
        parts += _reason(replies.DENIAL_GIVEN, denial.reason)
    if status.phase is Phase.FAILED and status.message:
        parts.append(blocks.quote(text.clip(status.message, REASON_SHOWN)))
    return parts


def _reason(label: str, reason: str) -> list[Block]:
    words = text.clip(text.one_line(reason), REASON_SHOWN)
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


def _progress(steps: Sequence[Step]) -> list[Block]:
    if not steps:
        return []
    lines = [
        replies.step(replies.STEP_ICON[each.state], text.escape(each.name), _step_took(each), each.message, each.hint)
        for each in steps
    ]
    # Steps may end out of order; what is waited for is the first that has not.
    at = next((n for n, each in enumerate(steps, start=1) if each.state is not StepState.DONE), len(steps))
    return [blocks.context(replies.step_of(at, len(steps))), blocks.section("\n".join(lines))]


def _step_took(step: Step) -> str:
    if not step.started_at or not step.ended_at:
        return ""
    return text.elapsed(objects.parse_time(step.started_at), objects.parse_time(step.ended_at))


def _took(cluster: Stored[TenantCluster] | None) -> str:
    steps = cluster.it.status.steps if cluster else ()
    starts: list[datetime] = [objects.parse_time(s.started_at) for s in steps if s.started_at]
    ends: list[datetime] = [objects.parse_time(s.ended_at) for s in steps if s.ended_at]
    return text.elapsed(min(starts), max(ends)) if starts and ends else ""


def _footnote(sight: Sight) -> str:
    return f"{verdict_line(sight.request)} · {text.code(sight.request.meta.name)}"


def _words(part: Block) -> list[str]:
    """A block as text: our mrkdwn as it is, a person's words made harmless."""
    if part["type"] in ("actions", "divider"):
        return []
    texts = [part["text"]] if "text" in part else []
    texts += [*part.get("fields", ()), *part.get("elements", ())]
    return [_line(each) for each in texts]


def _line(it: Block) -> str:
    if it["type"] == "mrkdwn":
        return str(it["text"]).replace("*\n", ":* ", 1) if it["text"].startswith("*") else str(it["text"])
    return text.escape(it["text"]) if it.get("emoji") else text.code(it["text"])
