"""What the form of an upgrade says of it: the way, what is replaced and when, what people notice. Both form and cards
say what is in its way inside the cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot import blocks, replies, text
from bot.blocks import Block
from bot.cards import SECTION_LINES
from bot.sights import Sight
from provisioning import edits, hindrances, lifetime, rollout
from provisioning.hindrances import Hindrances
from provisioning.model import NodePool, Release, TenantCluster
from provisioning.objects import Stored
from provisioning.rollout import Rollout


def parts(it: Rollout) -> Iterable[Block]:
    """The way in one block, in the next how it is gone, and then what is in its way."""
    yield blocks.section(replies.upgrade_way(it.before, it.after, it.beyond), block_id="way")
    drain = max((pool.drain_timeout for pool in it.pools), key=lifetime.parse, default="")
    told = (
        replies.upgrade_order([*map(_pool, it.pools)]),
        replies.upgrade_takes(text.about(it.time.half), text.about(it.time.most)) if it.time else "",
        replies.upgrade_felt(text.code(drain) if drain else ""),
        replies.UPGRADE_ROOM if any(pool.max_surge for pool in it.pools) else "",
        replies.UPGRADE_ASLEEP if it.asleep else "",
        replies.upgrade_still(it.still, it.before) if it.still else "",
        replies.UPGRADE_TRAILING if it.trailing else "",
    )
    yield blocks.context("\n".join(filter(None, told)), block_id="rollout")
    yield from _in_the_way(it.hindrances, it.after)
    if it.hindrances.none:
        yield _seen(it.hindrances, replies.upgrade_clear(it.after))


def notice(cluster: Stored[TenantCluster], offered: Iterable[Release]) -> list[Block]:
    """That the next upgrade would run into something, for whoever looks at the cluster before anybody asks for it."""
    status = cluster.it.status
    for after in edits.following(cluster.it.spec.version or status.version, offered)[:1]:
        it = hindrances.of(cluster.it.spec, status, after)
        if it.budgets or it.apis:
            held = len(it.budgets) + it.more_budgets
            return [blocks.context(replies.upgrade_would(cluster.meta.name, after, held, len(it.apis)))]
    return []


def warning(sight: Sight) -> list[Block]:
    """Of an upgrade that is not decided yet: what is in its way, or that nobody could see. Nothing where nothing is."""
    cluster, desired = sight.cluster, sight.request.it.spec.desired
    if cluster is None or desired is None or desired.version in (None, cluster.it.spec.version):
        return []
    return [*_in_the_way(hindrances.of(cluster.it.spec, cluster.it.status, desired.version), desired.version)]


def _in_the_way(it: Hindrances, after: str) -> Iterable[Block]:
    if it.budgets:
        shown = it.budgets[:SECTION_LINES]
        yield blocks.section(replies.upgrade_held(shown, it.more_budgets + len(it.budgets) - len(shown), it.waits))
    if it.apis:
        named = it.apis[:SECTION_LINES]
        yield blocks.section(replies.upgrade_drops(after, named, len(it.apis) - len(named)))
    if it.unseen:
        yield _seen(it, replies.upgrade_unseen(it.unseen, seen=bool(it.at)))
    elif not it.none:
        yield _seen(it)


def _seen(it: Hindrances, told: str = "") -> Block:
    """What is told, and as of when."""
    when = replies.upgrade_seen(text.moment(it.at)) if it.at else ""
    return blocks.context(" ".join(filter(None, (told, when))))


def _pool(it: NodePool) -> str:
    workers = replies.between(it.min or 0, it.most) if it.autoscaled else str(it.most)
    # What is taken away before another is there; those beyond the pool's size come first.
    return replies.rolled_pool(it.name, workers, at_once=rollout.at_once(it), missing=it.max_unavailable)
