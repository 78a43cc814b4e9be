"""Brings messages about requests to people, each once, and knows where each person's card stands.

What was sent is remembered until the request shows it, so that nothing is told twice because a write failed or a cache
lags behind. What must never live here: what is due, or what a message says (`messages`).
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot import text
from bot.cards import Card
from bot.outcomes import Earlier, Undeliverable, Vanished
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning.manifest import Key
from provisioning.model import Surface

log = structlog.get_logger()

EVENT = "clusterdesk_message"


class Courier:
    """Of one term, like the messenger whose it is."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._sent: dict[Key, dict[str, str]] = {}

    def has_sent(self, key: Key, what: str) -> bool:
        """Whether that was sent about a request, or could not be posted."""
        return what in self._about(key)

    def note(self, key: Key, whats: Iterable[str], ts: str) -> None:
        """All of these were sent with the message at `ts`."""
        self._about(key).update(dict.fromkeys(whats, ts))

    def _about(self, key: Key) -> dict[str, str]:
        """What was sent about a request, with the timestamp of each; empty where it could not be posted."""
        return self._sent.setdefault(key, {})

    def forget(self, key: Key) -> None:
        self._sent.pop(key, None)

    async def send(self, sight: Sight, what: str, channel: str, thread: str, card: Card, *, weight: Weight) -> str:
        """Post a message that was not sent yet; its timestamp, empty where it cannot be posted."""
        sent = self._about(sight.request.key)
        if what in sent or not channel:
            return sent.get(what, "")
        meta = sight.request.meta
        try:
            sent[what] = await self._poster.post(
                channel,
                card,
                metadata={"event_type": EVENT, "event_payload": {"request": meta.uid, "name": meta.name}},
                once=f"{meta.uid} {what}",
                thread=thread,
                weight=weight,
            )
        except Earlier as earlier:
            sent[what] = earlier.ts
        except (Undeliverable, Vanished) as refused:
            if thread and isinstance(refused, Vanished):
                # Somebody deleted the card that it belongs to.
                return await self.send(sight, what, channel, "", card, weight=weight)
            log.warning("message_not_delivered", request=meta.name, what=what, channel=channel, why=str(refused))
            sent[what] = ""
        return sent[what]

    async def direct(self, account: str) -> str:
        """The direct message with somebody; empty when there can be none."""
        try:
            return await self._poster.direct(account) if account else ""
        except Undeliverable:
            return ""

    async def card_of(self, sight: Sight, account: str) -> tuple[str, str] | None:
        """Channel and timestamp of the approvers' card that somebody has: their own, else that of all. A user group has
        that of all."""
        deliveries = sight.request.it.status.deliveries
        standing = {d.channel: d.ts for d in deliveries if d.surface is Surface.APPROVER and d.ts}
        shared = sight.tenant.it.spec.channels.approvals
        if len(standing) == 1 and shared in standing:
            return shared, standing[shared]
        own = "" if text.is_user_group(account) else await self.direct(account)
        place = own if own in standing else shared
        return (place, standing[place]) if place in standing else None
