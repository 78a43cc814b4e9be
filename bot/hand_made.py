"""The card of a cluster that somebody made without us, and its line in lists. Pure."""

from __future__ import annotations

from bot import blocks, cards, replies, text
from bot.cards import REASON_SHOWN, Card
from provisioning import stage
from provisioning.handmade import HandMade


def card(cluster: HandMade, tenant: str) -> Card:
    """What its objects tell, and who is to be asked about it."""
    parts = [blocks.section(replies.by_hand_headline(stage.of_hand_made(cluster), cluster.meta.name, tenant))]
    rows = [
        (replies.LABEL["version"], text.code(cluster.version) if cluster.version else ""),
        (replies.LABEL["nodes"], f"{cluster.nodes.ready} of {cluster.nodes.wanted}"),
        (replies.LABEL["endpoint"], text.code(cluster.endpoint) if cluster.endpoint else ""),
    ]
    parts += blocks.fields([row for row in rows if row[1]])
    if words := text.clip(text.harmless(cluster.message), REASON_SHOWN):
        parts.append(blocks.quote(words))
    keeper = replies.kept_by(cluster.keeper.tool, cluster.keeper.name)
    return cards.card([*parts, blocks.context(replies.by_hand(keeper, add_ons=cluster.has_add_ons))])


def line(cluster: HandMade, tenant: str) -> str:
    """One of them in a list, which says that it is none of ours."""
    now, nodes = stage.of_hand_made(cluster), replies.workers_ready(cluster.nodes.ready, cluster.nodes.wanted)
    version = text.code(cluster.version) if cluster.version else ""
    facts = [replies.AVAILABLE[now], tenant, nodes, version, replies.BY_HAND]
    return replies.cluster_line(replies.ICON[now], cluster.meta.name, " · ".join(f for f in facts if f), mine=False)
