"""`/cluster list`: what waits for approval, the clusters of one's tenants, one's own first, and those made by hand."""

from __future__ import annotations

from collections.abc import Collection

from bot import cards, outline, replies, text
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from provisioning import names, people, stage
from provisioning.handmade import HandMade
from provisioning.model import Phase, TenantCluster
from provisioning.objects import Stored

SHOWN = 40


def run(call: Call) -> Answer:
    """Of all tenants, or of the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    lines = _waiting(call, tenants) + _clusters(call, tenants) + _made_by_hand(call, tenants)
    if not lines:
        return Say(cards.say(replies.NO_CLUSTER_YET))
    return Say(cards.listing(lines, most=SHOWN, more=replies.more_clusters))


def _waiting(call: Call, tenants: Collection[str]) -> list[str]:
    return [
        replies.waiting_line(it.spec.cluster, it.spec.action, text.name(it.spec.requester))
        for tenant in tenants
        for it in (request.it for request in call.desk.requests(tenant))
        if it.status.phase is Phase.PENDING
    ]


def _clusters(call: Call, tenants: Collection[str]) -> list[str]:
    found = [f for f in finding.clusters_of(call.desk, call.person) if f[0].tenant.meta.name in tenants]
    # Stable, so that within each half the order of places and names stays.
    ordered = sorted(found, key=lambda f: not _mine(call, f[1]))
    return [_line(cluster, place.tenant.meta.name, mine=_mine(call, cluster)) for place, cluster in ordered]


def _mine(call: Call, cluster: Stored[TenantCluster]) -> bool:
    marks = cluster.meta.annotations
    request = call.desk.request(cluster.meta.namespace, marks.get(names.REQUEST_ANNOTATION, ""))
    return marks.get(names.REQUESTED_BY_ANNOTATION) == call.person.user or (
        request is not None and people.same(request.it.spec.requester, call.person)
    )


def _line(cluster: Stored[TenantCluster], tenant: str, *, mine: bool) -> str:
    now, status, spec = stage.of_cluster(cluster), cluster.it.status, cluster.it.spec
    facts = [now.value, tenant, outline.pools(spec), status.version or spec.version or ""]
    if status.expires_at:
        facts.append(replies.until(text.moment(status.expires_at)))
    return replies.cluster_line(replies.ICON[now], cluster.meta.name, " · ".join(f for f in facts if f), mine)


def _made_by_hand(call: Call, tenants: Collection[str]) -> list[str]:
    return [
        _line_of_hand_made(it, place.tenant.meta.name)
        for place, it in finding.made_by_hand(call.desk, call.person)
        if place.tenant.meta.name in tenants
    ]


def _line_of_hand_made(it: HandMade, tenant: str) -> str:
    now, nodes = stage.of_hand_made(it), replies.workers_ready(it.nodes.ready, it.nodes.wanted)
    facts = [replies.AVAILABLE[now], tenant, nodes, text.code(it.version) if it.version else "", replies.BY_HAND]
    return replies.cluster_line(replies.ICON[now], it.meta.name, " · ".join(f for f in facts if f), mine=False)


COMMAND = Command(
    name="list",
    summary="List your clusters, and what waits for approval. Yours come first.",
    usage="[TENANT]",
    examples=("/cluster list", "/cluster list team-a"),
    run=run,
    shortcut=replies.SHORTCUT_LIST,
)
