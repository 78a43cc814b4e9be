"""`/cluster quota`: what each of one's tenants may have and has, and what it comes to if all that waits is approved."""

from __future__ import annotations

from bot import blocks, cards, meters, replies
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from bot.ports import Desk
from provisioning import quota
from provisioning.model import ClusterSpec, Phase
from provisioning.usage import Usage

SHOWN = 20
"""Tenants in one message, which takes 50 blocks."""


def run(call: Call) -> Answer:
    """Of all tenants, or of the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    parts = [blocks.section(_told(call.desk, tenant)) for tenant in tenants[:SHOWN]]
    if len(tenants) > SHOWN:
        parts.append(blocks.context(replies.more_tenants(len(tenants) - SHOWN)))
    return Say(cards.card(parts))


def _told(desk: Desk, tenant: str) -> str:
    hard, used = desk.usage(tenant)
    wishes = _wishes(desk, tenant)
    catalog = desk.catalog()
    had = {cluster.key: cluster.it.spec for cluster in desk.clusters(tenant)}
    was, becomes = Usage(), Usage()
    for key, desired in wishes.items():
        was += quota.envelope(had[key], catalog) if key in had else Usage()
        becomes += quota.envelope(desired, catalog) if desired else Usage()
    # What is published may lag behind: nobody uses less than nothing.
    then = (used - was).rises() + becomes
    return f"{replies.quota_of(tenant, len(wishes))}\n{meters.lines(hard, used, then)}"


def _wishes(desk: Desk, tenant: str) -> dict[tuple[str, str], ClusterSpec | None]:
    """What the clusters that something is asked for would be, None for gone. The newest wish for each, because one
    can be carried out only: the others were asked of what it was before."""
    return {
        (request.meta.namespace, request.it.spec.cluster): request.it.spec.desired
        for request in desk.requests(tenant)
        if request.it.status.phase is Phase.PENDING
    }


COMMAND = Command(
    name="quota",
    summary="Show what your tenants may have and have, and what it comes to if all that waits is approved.",
    usage="[TENANT]",
    examples=("/cluster quota", "/cluster quota team-a"),
    run=run,
)
