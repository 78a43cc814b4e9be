"""What is drawn where a quota has no room: on the cards of what waits, and to whoever would approve it. Pure.

What must never live here: whether there is room (`provisioning.preview` asks the API server), or whose turn it is
(`provisioning.room`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import blocks, buttons, cards, replies, text
from bot.blocks import Block
from bot.cards import REASON_SHOWN, Card
from bot.sights import Sight
from provisioning import room
from provisioning.errors import Cause
from provisioning.model import conditions
from provisioning.usage import Usage


def warning(sight: Sight, before: Usage, after: Usage) -> list[Block]:
    """Of what is not decided yet: where it is above the quota by now, and who has taken of it. Nothing where it fits.

    `before` and `after` are the tenant's usage without it and with it.
    """
    hard, rows = sight.hard, []
    for excess in hard.excess(before, after - before):
        name = excess.dimension
        amounts = (hard.amount(before, name), hard.amount(after, name), excess.hard)
        rows.append(replies.over(name, *(hard.show(name, each) for each in amounts)))
    return [blocks.section(replies.no_longer_fits(rows, _taker(sight)))] if rows else []


def in_line(sight: Sight) -> list[Block]:
    """Of what is approved and waits for room: since when, its place, what may free some, and the numbers."""
    request, turn, decided = sight.request, sight.turn, sight.request.it.status.decided_at
    lines = []
    if turn and decided:
        lines.append(replies.waits_for_room(text.moment(decided), turn.place) if turn.place else replies.TOO_LARGE)
        lines += [replies.AHEAD_OF_THE_LINE] if turn.place and turn.forced else []
    if turn and turn.place and turn.frees:
        cluster, when = turn.frees
        lines.append(replies.frees_next(cluster, text.moment(when)))
    if sight.now:
        end = room.gives_up_at(request, sight.tenant.it.spec.approval, now=sight.now)
        lines.append(replies.waits_until(text.moment(end)))
    found = conditions.find(request.it.status.conditions, room.WAITS)
    numbers = [blocks.quote(text.clip(found.message, REASON_SHOWN))] if found else []
    return [*([blocks.section("\n".join(lines))] if lines else []), *numbers]


def asked_back(sight: Sight, causes: Sequence[Cause]) -> Card:
    """To whoever pressed Approve: nothing is voted, and why; the two ways on."""
    request, cluster = sight.request, sight.request.it.spec.cluster
    lines = [replies.no_room_now(cluster, sight.tenant.meta.name)]
    lines += [replies.does_not_fit(cause.message) for cause in causes]
    lines += [f"{taker}." for taker in (_taker(sight),) if taker]
    shown = blocks.section("\n".join([*lines, replies.NOT_VOTED]))
    return cards.card([shown, blocks.actions(buttons.approve_anyway(request), buttons.keep_waiting(request))])


def _taker(sight: Sight) -> str:
    """Which cluster was made since it was asked for; empty when none was."""
    made = sight.taker.meta.created if sight.taker else None
    return replies.made_since(sight.taker.meta.name, text.moment(made)) if sight.taker and made else ""
