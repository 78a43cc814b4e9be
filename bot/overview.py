"""What the platform's people see in App Home besides: what is stuck in any tenant, and what each tenant uses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import blocks, replies, text
from bot import stuck as standing
from bot.blocks import Block
from bot.cards import SECTION_LINES
from bot.ports import Reads
from bot.stuck import Stuck
from provisioning.model import Phase

STUCK, TENANTS = 10, 50
MESSAGE_SHOWN = 300


def stuck(desk: Reads, now: datetime) -> list[Block]:
    """What does not go on by itself, the oldest first."""
    found = standing.found(desk, now)
    parts = [blocks.section(_stuck_line(it)) for it in found[:STUCK]]
    parts = parts or [blocks.context(replies.HOME_NOTHING_STUCK)]
    return [blocks.header(replies.HOME_STUCK), *parts, *_more(found, STUCK)]


def tenants(desk: Reads) -> list[Block]:
    """All of them, the fullest first."""
    found = sorted((_tenant(desk, tenant.meta.name) for tenant in desk.all_tenants()), reverse=True)
    lines = [line for _, _, line in found[:TENANTS]]
    parts = [blocks.section("\n".join(lines[at : at + SECTION_LINES])) for at in range(0, len(lines), SECTION_LINES)]
    return [blocks.header(replies.HOME_TENANTS), *parts, *_more(found, TENANTS)]


def _tenant(desk: Reads, name: str) -> tuple[float, int, str]:
    """How full the fullest of its bounds is, how many clusters it has, and the line about it."""
    hard, used = desk.usage(name)
    clusters = len(desk.clusters(name))
    waiting = sum(request.it.status.phase is Phase.PENDING for request in desk.requests(name))
    full = {bound: hard.amount(used, bound) / most if most else 1.0 for bound, most in hard.bounds.items()}
    fullest = max(full, key=lambda bound: full[bound], default="")
    if not fullest:
        return 0.0, clusters, replies.tenant_line(name, replies.NO_QUOTA, clusters, waiting)
    amount, most = hard.amount(used, fullest), hard.bounds[fullest]
    shown = (hard.show(fullest, each) for each in (amount, most))
    meter = replies.used_of(replies.DIMENSION[fullest], text.bar(amount, amount, most), *shown)
    return full[fullest], clusters, replies.tenant_line(name, meter, clusters, waiting)


def _stuck_line(it: Stuck) -> str:
    message = text.clip(text.harmless(it.message), MESSAGE_SHOWN)
    return replies.stuck_line(
        it.stage, f"{it.namespace}/{it.cluster}", text.moment(it.since), step=it.step, message=message
    )


def _more(found: Sequence[object], most: int) -> list[Block]:
    hidden = len(found) - most
    return [blocks.context(replies.and_more(hidden))] if hidden > 0 else []
