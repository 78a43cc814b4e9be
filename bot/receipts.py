"""What somebody is told at once who has asked for something: that it is noted, or was already. Pure.

What must never live here: what becomes of it, which is for the card that follows it (`request_cards`).
"""

from __future__ import annotations

from bot import blocks, buttons, replies, text
from bot.blocks import Block
from provisioning import approval, room
from provisioning.model import ClusterRequest
from provisioning.objects import Stored


def parts(request: Stored[ClusterRequest], *, already: bool = False, waiver: str = "") -> list[Block]:
    """`already`: the request is an older one for the same, to be looked at. `waiver`: the rule by which nobody has to
    agree."""
    spec, meta = request.it.spec, request.meta
    said = replies.receipt(spec.cluster, spec.action)
    if already and not room.waits_for_anything(request):
        said = replies.accepted_already(text.code(meta.name))
    elif already:
        said = replies.asked_already(meta.name, text.moment(meta.created) if meta.created else "")
    parts = [blocks.section(said), blocks.context(replies.receipt_id(meta.name))]
    if waiver:
        parts.append(blocks.context(replies.waived("" if waiver == approval.NOBODY else waiver)))
    return [*parts, blocks.actions(buttons.details(request))] if already else parts


def withdrawn(request: Stored[ClusterRequest]) -> str:
    """What whoever took a request back is told: whose it was, where it was not theirs."""
    spec = request.it.spec
    return replies.withdrawn(spec.cluster, text.name(spec.requester) if request.it.status.withdrawn_by else "")
