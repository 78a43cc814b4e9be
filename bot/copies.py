"""A card that nobody knew of: left over by a post whose answer was lost, found when somebody presses a button of it.

Without history scopes nobody can look for it. But a press says where its button stands, and from then on there is one
card again: this one, where none is noted, else the one that is noted, and this one is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import buttons, presses
from bot.ports import Desk
from provisioning.model import Delivery

OF_CARDS = frozenset((buttons.APPROVE, buttons.DENY, buttons.WITHDRAW))
"""The buttons that stand on the card of a request and nowhere else."""


async def is_left_over(desk: Desk, body: Mapping[str, Any]) -> bool:
    """Whether the message that was pressed is a second card, to be taken away. Raises `KubeError` and `Refused`."""
    pressed, message = body["actions"][0], body.get("message")
    action, ticket = str(pressed["action_id"]), buttons.read(pressed.get("value"))
    # What only one person sees comes without its message.
    if action not in OF_CARDS or ticket is None or not message:
        return False
    found = Delivery(surface=presses.PRESSES[action].surface, channel=str(body["channel"]["id"]), ts=str(message["ts"]))
    known = desk.request(ticket.namespace, ticket.id)
    if known is not None and any(_same(found, each) for each in known.it.status.deliveries):
        return False
    return not await desk.card_found(ticket.namespace, ticket.id, found)


def _same(one: Delivery, other: Delivery) -> bool:
    return (one.surface, one.channel, one.ts) == (other.surface, other.channel, other.ts)
