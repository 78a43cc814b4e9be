"""`/cluster quota`: what each of one's tenants may have and has, and what it comes to if all that waits is approved."""

from __future__ import annotations

from bot import blocks, cards, meters, replies
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from bot.ports import Desk
from provisioning import prospect

SHOWN = 20
"""Tenants in one message, which takes 50 blocks."""


def run(call: Call) -> Answer:
    """Of all tenants, or of the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    parts = [blocks.section(told(call.desk, tenant)) for tenant in tenants[:SHOWN]]
    if len(tenants) > SHOWN:
        parts.append(blocks.context(replies.more_tenants(len(tenants) - SHOWN)))
    return Say(cards.card(parts))


def told(desk: Desk, tenant: str) -> str:
    """The bars of one tenant, with what they come to if all that waits is approved."""
    hard, used = desk.usage(tenant)
    wishes = prospect.wishes(desk.requests(tenant))
    had = {cluster.key: cluster.it.spec for cluster in desk.clusters(tenant)}
    then = prospect.then(used, wishes, had, desk.catalog())
    return f"{replies.quota_of(tenant, len(wishes))}\n{meters.lines(hard, used, then)}"


COMMAND = Command(
    name="quota",
    summary="Show what your tenants may have and have, and what it comes to if all that waits is approved.",
    usage="[TENANT]",
    examples=("/cluster quota", "/cluster quota team-a"),
    run=run,
)
