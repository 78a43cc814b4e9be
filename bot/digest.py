"""Much news for one person at once, told in one message: after an outage of Slack, or of ours, there is no flood. Pure.

Which requests a message tells of stands in the requests: their deliveries name the same message. So it is drawn from
them at any time, like every card, and shows how they stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot import blocks, buttons, cards, replies
from bot.blocks import Block
from bot.cards import Card
from bot.sights import Sight
from provisioning.model import ClusterRequest, Delivery, Surface
from provisioning.objects import Stored

FEW = 3
"""So many new messages at once are no flood."""
LATE = timedelta(minutes=2)
"""A request that nobody was told of for so long: something was down."""
LINES = 30
"""So many requests a message tells of by name."""
UNDER_WAY = "together"
"""What is noted of the first of them before the message is posted, and until it is noted in all."""

Requests = Sequence[Stored[ClusterRequest]]


def untold(requests: Requests) -> Requests:
    """Those that whoever asked has no card of, and not for want of a place."""
    return [
        r for r in requests if all(d.surface is not Surface.REQUESTER or _begins(d) for d in r.it.status.deliveries)
    ]


def is_begun(request: Stored[ClusterRequest]) -> bool:
    """Whether it is the first of some that one message tells of, or is about to: whoever did that may have ended."""
    return any(map(_begins, request.it.status.deliveries))


def _begins(delivery: Delivery) -> bool:
    return delivery.surface is Surface.REQUESTER and not delivery.ts and delivery.revision == UNDER_WAY


def is_flood(requests: Requests, *, now: datetime) -> bool:
    """Whether these, which one person was not told of, are to be told in one message. What has begun is ended."""
    if any(map(is_begun, requests)):
        return True
    late = any(r.meta.created and now - r.meta.created > LATE for r in requests)
    return late and len(requests) > FEW


def sharing(requests: Requests, delivery: Delivery) -> Requests:
    """The requests that this message tells of."""
    where = (delivery.surface, delivery.channel, delivery.ts)
    return [r for r in requests if any((d.surface, d.channel, d.ts) == where for d in r.it.status.deliveries)]


def card(sights: Sequence[Sight], *, hidden: int = 0, said: Callable[[int, str], str] = replies.meanwhile) -> Card:
    """How these stand, a line each; `hidden` is how many there are besides, `said` what is said of them all."""
    lines = [replies.headline(s.stage, s.request.it.spec.cluster, s.tenant.meta.name) for s in sights]
    return listed(
        said(len(sights) + hidden, sights[0].tenant.meta.name),
        lines,
        replies.more_requests(hidden) if hidden else "",
        buttons.run(replies.SHORTCUT_LIST, "list", spoken=replies.LIST_SPOKEN),
        buttons.run(replies.SHORTCUT_REQUESTS, "requests", spoken=replies.REQUESTS_SPOKEN),
    )


def listed(said: str, lines: Sequence[str], more: str, *look: Block) -> Card:
    """Many things, a line each: `more` says how many there are besides, `look` is where to see them."""
    sections = (lines[at : at + cards.SECTION_LINES] for at in range(0, len(lines), cards.SECTION_LINES))
    parts = [blocks.section(said), *(blocks.section("\n".join(section)) for section in sections)]
    return cards.card([*parts, *([blocks.context(more)] if more else []), blocks.actions(*look)])
