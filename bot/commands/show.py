"""`/cluster show NAME`: one cluster as it is now."""

from __future__ import annotations

from bot import blocks, cards, hand_made, life, offers, outline, replies, rollouts, text
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from provisioning import names, stage
from provisioning.handmade import HandMade
from provisioning.model import Phase, TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage

_AT_REST = (Stage.READY, Stage.ASLEEP)


def run(call: Call) -> Answer:
    """Its steps while it is on the way, its facts when it is ready, and what is asked about it."""
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    found = finding.any_cluster(call.desk, call.person, call.words[0])
    if isinstance(found, Say):
        return _requested(call) or found
    place, cluster = found
    tenant = place.tenant.meta.name
    if isinstance(cluster, HandMade):
        return Say(hand_made.card(cluster, tenant))
    parts = [blocks.section(replies.headline(stage.of_cluster(cluster), cluster.meta.name, tenant))]
    policy = place.tenant.it.spec.lifetime
    look = life.Look(cluster, call.desk.catalog(), policy, call.desk.usual(), call.now)
    offered = offers.versions(place.tenant, look.catalog)
    parts += [*life.parts(look), *life.others(look, offered), *rollouts.notice(cluster, offered)]
    parts += [blocks.context(told)] if (told := _beside(call, cluster)) else []
    pending = _pending(call, tenant, cluster.meta.name)
    return Say(cards.card([*parts, *([blocks.context("\n".join(pending))] if pending else [])]))


def _beside(call: Call, cluster: Stored[TenantCluster]) -> str:
    """What is said beside the card, which has no clock and no price: both change while it stands."""
    asker = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION)
    facts = (
        outline.hourly(cluster.it.spec, call.desk.catalog()),
        outline.life_left(cluster, now=call.now),
        replies.asked_for_by(text.code(asker)) if asker else "",
        # Where the card has its facts, it says so itself.
        replies.PROTECTED if cluster.it.spec.deletion_protection and stage.of_cluster(cluster) not in _AT_REST else "",
    )
    return " · ".join(filter(None, facts))


def _requested(call: Call) -> Say | None:
    """A cluster that is only asked for so far."""
    where, _, name = call.words[0].lower().rpartition("/")
    for tenant in (*call.desk.tenants_of(call.person), *call.desk.approvals_of(call.person)):
        if where in ("", tenant.meta.name, *tenant.it.spec.namespaces) and (
            lines := _pending(call, tenant.meta.name, name)
        ):
            return Say(cards.say("\n".join(lines)))
    return None


def _pending(call: Call, tenant: str, name: str) -> list[str]:
    return [
        outline.wish(request, tenant)
        for request in call.desk.requests(tenant)
        if request.it.spec.cluster == name and request.it.status.phase in (Phase.PENDING, Phase.APPROVED)
    ]


COMMAND = Command(
    name="show",
    also=("get", "status", "describe", "info"),
    summary="Show one cluster: its steps, its size, where it is reached.",
    usage="[TENANT/]NAME",
    examples=("/cluster show build-7",),
    run=run,
)
