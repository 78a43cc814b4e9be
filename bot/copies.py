"""What a press tells of the card it came from: whether it is the one of its place, and shows what it should.

A card that nobody knew of may be left over by a post whose answer was lost. Without history scopes nobody can look for
it. But a press says where its button stands, and from then on there is one card again: this one, where none is noted,
else the one that is noted, and this one is taken away.

A press draws its card anew, and so does whoever follows the request; what Slack takes last stands. Where that was the
older of the two, it is drawn once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import approvals, buttons, presses
from bot.cards import Card
from bot.ports import Desk
from provisioning.model import Delivery, Surface

OF_CARDS = frozenset((buttons.APPROVE, buttons.DENY, buttons.WITHDRAW))
"""The buttons that stand on the card of a request and nowhere else."""


async def is_left_over(desk: Desk, body: Mapping[str, Any]) -> bool:
    """Whether the message that was pressed is a second card, to be taken away. Raises `KubeError` and `Refused`."""
    pressed, found = body["actions"][0], _place(body)
    ticket = buttons.read(pressed.get("value"))
    if str(pressed["action_id"]) not in OF_CARDS or ticket is None or found is None:
        return False
    known = desk.request(ticket.namespace, ticket.id)
    if known is not None and any(_same(found, each) for each in known.it.status.deliveries):
        return False
    return not await desk.card_found(ticket.namespace, ticket.id, found)


async def look_again(desk: Desk, body: Mapping[str, Any], drawn: Card) -> None:
    """Have the approvers' card that was just `drawn` where it was pressed drawn once more by whoever follows the
    request, if it should show something else by now: somebody else may have voted meanwhile. Raises `KubeError` and
    `Refused`."""
    found, ticket = _place(body), buttons.read(body["actions"][0].get("value"))
    request = desk.request(ticket.namespace, ticket.id) if ticket else None
    if request is None or found is None or found.surface is not Surface.APPROVER:
        return
    there = next((each for each in request.it.status.deliveries if _same(found, each)), None)
    now = approvals.drawing(desk, request, Surface.APPROVER)
    if there and now and now.revision != drawn.revision:
        await desk.record_delivery(*request.key, there.model_copy(update={"revision": ""}))


def _place(body: Mapping[str, Any]) -> Delivery | None:
    """The card that was pressed; None where the button stands in no card of a request, or only one person sees it: that
    comes without its message."""
    press, message = presses.PRESSES.get(str(body["actions"][0]["action_id"])), body.get("message")
    if press is None or press.surface is None or not message:
        return None
    return Delivery(surface=press.surface, channel=str(body["channel"]["id"]), ts=str(message["ts"]))


def _same(one: Delivery, other: Delivery) -> bool:
    return (one.surface, one.channel, one.ts) == (other.surface, other.channel, other.ts)
