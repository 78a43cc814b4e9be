"""Tells the platform team what only they can put right: a channel that takes no cards, quotas that nobody enforces.

In their channel, where there is one; without it the log says the same. Of a channel once a day: that it was told is
noted with the refusal, in the request whose card was not taken. Of quotas once for each change: what was told last is
noted in a memo, so that a new leader repeats nothing, and tells what an old one did not come to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot import approvers, cards, replies
from bot.cards import Card
from bot.outcomes import Earlier, OutboxError
from bot.posting import Poster
from bot.sights import Sight
from bot.weights import Weight
from provisioning.errors import KubeError
from provisioning.memo import Memo, Remembered
from provisioning.model import ClusterRequest
from provisioning.objects import Stored
from provisioning.trouble import Trouble

log = structlog.get_logger()

EVENT = "clusterdesk_platform"
TOLD = ", told "
PAUSE_SECONDS = 15.0
TRIES = 20
"""How often the platform is tried to be told of its quotas. Of a channel it is tried with the channel itself."""


def noted(requests: Iterable[Stored[ClusterRequest]], channel: str) -> set[str]:
    """What is noted of this channel in these requests, where it took no card. Pure."""
    return {d.revision for r in requests for d in r.it.status.deliveries if d.channel == channel and not d.ts}


@dataclass(frozen=True)
class Told:
    """What the platform was told of its quotas last, the how-manieth time that was, as the memo has it."""

    number: int = 0
    trouble: Trouble | None = None

    @classmethod
    def read(cls, line: str) -> Told:
        """Nothing, where it says nothing that we can read."""
        number, _, word = line.partition(" ")
        known = word in ("", *Trouble)
        return cls(int(number), Trouble(word) if word else None) if number.isdecimal() and known else cls()

    def written(self) -> str:
        return f"{self.number} {self.trouble or ''}".strip()


class Caretaker:
    """`channel` is the platform team's; `clock` is the time of day, `pause` the seconds before a second try.

    `memo` is what leaders leave to one another."""

    def __init__(
        self,
        poster: Poster,
        *,
        channel: str,
        clock: Callable[[], datetime],
        pause: float = PAUSE_SECONDS,
        memo: Memo | None = None,
    ) -> None:
        self._poster = poster
        self._memo = memo or Remembered()
        self._channel = channel
        self._clock = clock
        self._pause = pause
        self._told: set[str] = set()

    async def channel_out(
        self, sight: Sight, requests: Iterable[Stored[ClusterRequest]], *, channel: str, reason: str
    ) -> str:
        """Tell that a tenant's channel takes no cards, that of its approvers or one that is told what they decide; what
        to note with the refusal."""
        day = f"{self._clock():%Y-%m-%d}"
        before, mine = noted(requests, channel), noted([sight.request], channel)
        if any(each.endswith(f"{TOLD}{day}") for each in before | mine) or f"{channel} {day}" in self._told:
            # What was told in this request stays noted in it.
            return next((each for each in mine if each.startswith(reason)), reason)
        self._told.add(f"{channel} {day}")
        about = (f"<#{channel}>", sight.tenant.meta.name, reason)
        said = replies.notified_channel_out(*about)
        if channel == sight.tenant.it.spec.channels.approvals:
            # Who is in a user group is asked by its name in the channel, and nowhere else.
            said = replies.channel_out(*about, directly=bool(approvers.asked(sight)))
        card = cards.say(said)
        if await self._tell(card, once=f"{channel} {day}"):
            return f"{reason}{TOLD}{day}"
        self._told.discard(f"{channel} {day}")
        return reason

    async def enforcement(self, trouble: Trouble | None) -> None:
        """Tell that approvals are paused, or that they go on, where that is news."""
        is_told = is_logged = False
        for _ in range(TRIES):
            try:
                before = Told.read(await self._memo.read())
                if before.trouble is trouble:
                    return
                if not is_logged:
                    _log(trouble)
                    is_logged, is_told = True, not self._channel
                now = Told(before.number + 1, trouble).written()
                # One name for all tries, by whichever leader: of one that was answered too late, or whose leader ended
                # before it was noted, nobody knows whether it stands.
                is_told = is_told or await self._tell(cards.say(_words(trouble)), once=f"{self._channel} quotas {now}")
                if is_told:
                    await self._memo.write(now)
                    return
            except KubeError as error:
                log.warning("memo_not_kept", why=str(error))
            await asyncio.sleep(self._pause)

    async def _tell(self, card: Card, *, once: str) -> bool:
        if not self._channel:
            return False
        metadata = {"event_type": EVENT, "event_payload": {}}
        try:
            await self._poster.post(self._channel, card, metadata=metadata, once=once, weight=Weight.FAILURE)
        except Earlier:
            return True
        except OutboxError as refused:
            log.warning("platform_not_told", channel=self._channel, why=str(refused))
            return False
        return True


def _words(trouble: Trouble | None) -> str:
    return replies.APPROVALS_PAUSED_BECAUSE[trouble] if trouble else replies.APPROVALS_GO_ON


def _log(trouble: Trouble | None) -> None:
    if trouble is None:
        log.info("approvals_go_on")
    else:
        log.error("approvals_paused", why=trouble.value)
