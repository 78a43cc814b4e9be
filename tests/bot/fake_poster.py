"""Slack as a sheet of paper: what stands where, and what was tried."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.cards import Card
from bot.outcomes import Earlier, Undeliverable, Vanished
from bot.weights import Weight
from tests.bot import slack_objects


@dataclass
class FakePoster:
    """A `bot.posting.Poster`. `fail` holds what the next calls raise, by method; `after`, what they raise after they
    took effect; `down` is what all of them raise; `closed` are channels that take nothing, with Slack's word for why.
    With `knows_names` a message posted again under its name is the same one.
    """

    stands: dict[tuple[str, str], Card] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    after: dict[str, list[Exception]] = field(default_factory=dict)
    down: Exception | None = None
    closed: dict[str, str] = field(default_factory=dict)
    knows_names: bool = False
    weights: dict[str, Weight] = field(default_factory=dict)
    """What the last message to each channel weighed."""
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What the messages to each channel were called."""
    threads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Below which messages of each channel something was posted."""
    below: set[tuple[str, str]] = field(default_factory=set)
    """What stands below another message."""
    _by_name: dict[tuple[str, str], str] = field(default_factory=dict)

    async def direct(self, slack: str, *, weight: Weight = Weight.READY) -> str:
        await self._meet("direct", slack, weight)
        return "D" + slack[2:]

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
        await self._meet("post", channel, weight)
        assert slack_objects.problems_of_card(card) == []
        self.names[channel].append(once)
        if thread:
            self.threads[channel].append(thread)
        known = self._by_name.get((channel, once)) if self.knows_names and once else None
        ts = known or f"{len(self.calls)}.0"
        self._by_name[channel, once] = ts
        if thread:
            self.below.add((channel, ts))
        if known is None:
            self.stands[channel, ts] = card
        elif self.stands.get((channel, ts)) != card:
            raise Earlier(ts)
        if self.after.get("post"):
            raise self.after["post"].pop(0)
        await asyncio.sleep(0)
        return ts

    async def update(self, channel: str, ts: str, card: Card, *, weight: Weight = Weight.READY) -> None:
        await self._meet("update", channel, weight)
        assert slack_objects.problems_of_card(card) == []
        if (channel, ts) not in self.stands:
            raise Vanished("message_not_found")
        self.stands[channel, ts] = card
        await asyncio.sleep(0)

    def at(self, channel: str) -> list[Card]:
        return [card for (place, _), card in self.stands.items() if place == channel]

    def cards(self, channel: str) -> list[Card]:
        """What stands there by itself."""
        return [card for where, card in self.stands.items() if where[0] == channel and where not in self.below]

    async def _meet(self, method: str, where: str, weight: Weight) -> None:
        await asyncio.sleep(0)
        self.calls.append(f"{method} {where}")
        if method != "direct":
            self.weights[where] = weight
        if self.down is not None:
            raise self.down
        if where in self.closed:
            raise Undeliverable(self.closed[where])
        if self.fail.get(method):
            raise self.fail[method].pop(0)
