"""What the bot needs of Slack: posting, redrawing and publishing within its budgets.

`outbox` and `publishing` do it; tests bring their own, held to the same promises. What every message needs that is
posted once and drawn anew later is here as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from bot.blocks import Block
from bot.cards import Card
from bot.outcomes import Earlier, Vanished
from bot.weights import Weight


class Poster(Protocol):
    """Posting into Slack within its budgets, without waiting. Each call raises what `bot.outcomes` names.

    `weight` says who goes first when there is not room for all.
    """

    async def direct(self, slack: str, *, weight: Weight = Weight.READY) -> str:
        """The channel id of the direct message with this person."""
        ...

    async def post(
        self,
        channel: str,
        card: Card,
        *,
        metadata: Mapping[str, Any],
        once: str = "",
        thread: str = "",
        weight: Weight = Weight.READY,
    ) -> str:
        """Post a card, below the message `thread` if it is given; its timestamp. `once` names this very message,
        should it be posted again."""
        ...

    async def update(self, channel: str, ts: str, card: Card, *, weight: Weight = Weight.READY) -> None:
        """Draw a posted card anew."""
        ...


class Publisher(Protocol):
    """Publishing App Home within Slack's budget, without waiting. Raises what `bot.outcomes` and `publishing` name."""

    async def publish(self, slack: str, view: Block, *, hash_: str, weight: Weight) -> str:
        """Put somebody's Home, unless another one than `hash_` stands there by now (any may, when it is empty). The
        hash of the new one."""
        ...


async def put(
    poster: Poster, channel: str, ts: str, card: Card, *, metadata: Mapping[str, Any], once: str, weight: Weight
) -> str:
    """Draw anew the message at `ts`, or post it where that is empty; its timestamp. One that somebody took away stays
    away. Raises what `bot.outcomes` names, but neither `Earlier` nor `Vanished`."""
    with contextlib.suppress(Vanished):
        try:
            if not ts:
                return await poster.post(channel, card, metadata=metadata, once=once, weight=weight)
        except Earlier as earlier:
            ts = earlier.ts  # What it says is of then.
        await poster.update(channel, ts, card, weight=weight)
    return ts
