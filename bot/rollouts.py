"""What the form of an upgrade says of it: the way, what is replaced and when, and what people notice. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot import blocks, replies, text
from bot.blocks import Block
from provisioning import lifetime, rollout
from provisioning.model import NodePool
from provisioning.rollout import Rollout


def parts(it: Rollout) -> Iterable[Block]:
    """The way in one block, and in the next how it is gone."""
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


def _pool(it: NodePool) -> str:
    workers = replies.between(it.min or 0, it.most) if it.autoscaled else str(it.most)
    # What is taken away before another is there; those beyond the pool's size come first.
    return replies.rolled_pool(it.name, workers, at_once=rollout.at_once(it), missing=it.max_unavailable)
