"""`/cluster list`: what waits for approval, the clusters of one's tenants, one's own first, and those made by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from bot import cards, hand_made, outline, replies, text
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from provisioning import stage
from provisioning.model import Phase, TenantCluster
from provisioning.objects import Stored

SHOWN = 40
Draw = Callable[[], str]
"""A line that is drawn once it is known to be shown."""


def run(call: Call) -> Answer:
    """Of all tenants, or of the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    found = _waiting(call, tenants) + _clusters(call, tenants) + _made_by_hand(call, tenants)
    if not found:
        return Say(cards.say(replies.NO_CLUSTER_YET))
    # Who decides for every tenant has thousands: what is only counted is not drawn.
    lines = [draw() if at < SHOWN else "" for at, draw in enumerate(found)]
    return Say(cards.listing(lines, most=SHOWN, more=replies.more_clusters))


def _waiting(call: Call, tenants: Collection[str]) -> list[Draw]:
    return [
        partial(replies.waiting_line, it.spec.cluster, it.spec.action, text.name(it.spec.requester))
        for tenant in tenants
        for it in (request.it for request in call.desk.requests(tenant))
        if it.status.phase is Phase.PENDING
    ]


def _clusters(call: Call, tenants: Collection[str]) -> list[Draw]:
    desk, person = call.desk, call.person
    found = [(tenant, it) for tenant in tenants for it in sorted(desk.clusters(tenant), key=lambda it: it.key)]
    listed = [(tenant, it, finding.is_mine(desk, person, it)) for tenant, it in found]
    # Stable, so that within each half the order of tenants and names stays.
    return [partial(_line, it, tenant, mine=mine) for tenant, it, mine in sorted(listed, key=lambda each: not each[2])]


def _line(cluster: Stored[TenantCluster], tenant: str, *, mine: bool) -> str:
    icon = replies.ICON[stage.of_cluster(cluster)]
    return replies.cluster_line(icon, cluster.meta.name, outline.facts(cluster, tenant), mine)


def _made_by_hand(call: Call, tenants: Collection[str]) -> list[Draw]:
    return [partial(hand_made.line, it, tenant) for tenant in tenants for it in call.desk.hand_made(tenant)]


COMMAND = Command(
    name="list",
    summary="List your clusters, and what waits for approval. Yours come first.",
    usage="[TENANT]",
    examples=("/cluster list", "/cluster list team-a"),
    run=run,
    shortcut=replies.SHORTCUT_LIST,
)
