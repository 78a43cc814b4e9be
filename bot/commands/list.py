"""`/cluster list`: what waits in one's tenants and the clusters there, one's own first, and those made by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from bot import blocks, buttons, cards, hand_made, outline, replies
from bot.answers import Answer, Say
from bot.blocks import Block
from bot.commands import finding
from bot.commands.command import Call, Command
from provisioning import people, room, stage
from provisioning.handmade import HandMade
from provisioning.manifest import Key
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.objects import Stored

SHOWN = 25
"""Rows: with their buttons they stay within what Slack takes as one message, however long the names are."""
Draw = Callable[[], Block]
"""A row that is drawn once it is known to be shown."""


def run(call: Call) -> Answer:
    """Of all tenants, or of the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    # Stable, so that within each half the order of tenants and names stays.
    ours = sorted((*_waiting(call, tenants), *_clusters(call, tenants)), key=lambda each: not each[0])
    found = [*(draw for _, draw in ours), *_made_by_hand(call, tenants)]
    if not found:
        return Say(cards.say(replies.NO_CLUSTER_YET))
    # Who decides for every tenant has thousands: what is only counted is not drawn.
    parts = [draw() for draw in found[:SHOWN]]
    hidden = len(found) - SHOWN
    return Say(cards.card([*parts, *([blocks.context(replies.more_clusters(hidden))] if hidden > 0 else [])]))


def _waiting(call: Call, tenants: Collection[str]) -> list[tuple[bool, Draw]]:
    """Whether it is one's own, and the row."""
    return [
        (people.same(request.it.spec.requester, call.person), partial(_wish, request, tenant))
        for tenant in tenants
        for request in call.desk.requests(tenant)
        if room.waits_for_anything(request)
    ]


def _clusters(call: Call, tenants: Collection[str]) -> list[tuple[bool, Draw]]:
    """The same of what is there."""
    desk, person = call.desk, call.person
    found = [(tenant, it) for tenant in tenants for it in sorted(desk.clusters(tenant), key=lambda it: it.key)]
    listed = [(tenant, it, finding.is_mine(desk, person, it)) for tenant, it in found]
    return [(mine, partial(_cluster, call, it, tenant, mine=mine)) for tenant, it, mine in listed]


def _made_by_hand(call: Call, tenants: Collection[str]) -> list[Draw]:
    return [partial(_by_hand, it, tenant) for tenant in tenants for it in call.desk.hand_made(tenant)]


def _wish(request: Stored[ClusterRequest], tenant: str) -> Block:
    return blocks.section(outline.wish(request, tenant))


def _cluster(call: Call, cluster: Stored[TenantCluster], tenant: str, *, mine: bool) -> Block:
    icon = replies.ICON[stage.of_cluster(cluster)]
    facts = outline.facts(cluster, tenant, call.desk.catalog(), now=call.now)
    return _row(replies.cluster_line(icon, cluster.meta.name, facts, mine), cluster.key)


def _by_hand(cluster: HandMade, tenant: str) -> Block:
    return _row(hand_made.line(cluster, tenant), (cluster.meta.namespace, cluster.meta.name))


def _row(line: str, key: Key) -> Block:
    """With the button that shows all about it."""
    return blocks.section(line) | {"accessory": buttons.show(*key)}


COMMAND = Command(
    name="list",
    also=("ls", "all", "clusters"),
    summary="List your clusters, and what waits for approval or for room. Yours come first.",
    usage="[TENANT]",
    examples=("/cluster list", "/cluster list team-a"),
    run=run,
    shortcut=replies.SHORTCUT_LIST,
)
