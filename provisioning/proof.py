"""What makes a ledger cheaper: an object is gone, a claim can no longer be written, a door can no longer be heard of.

Proof is what the API server itself says after the ledger was read, and, for a claim, that it is older than any write
that is under way can be: by our own clock from our own first sight, for no time that somebody else wrote is trusted. As
long is what an owner gives up held back (see `provisioning.holdback`), and then until a look by lists; and so is what
is lent to a door that does not write any more (see `provisioning.advance`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from provisioning import holdback, metrics, settlement
from provisioning.census import Census, Sights
from provisioning.holdback import Lowering
from provisioning.ledger import Advance, Ledger
from provisioning.manifest import Manifest
from provisioning.settlement import OpenClaim

log = structlog.get_logger()

AT_ONCE: Final = 16
"""Objects that are asked for at the same time."""


class Prover:
    """Settles the ledger of one tenant. `void_after`: seconds after which an admitted write can no longer land."""

    def __init__(self, tenant: str, census: Census, *, void_after: float, clock: Callable[[], float]) -> None:
        self._tenant = tenant
        self._census = census
        self._void_after = void_after
        self._clock = clock
        self._first_seen: dict[OpenClaim, float] = {}
        self._lowered: dict[bool, dict[Lowering, float]] = {False: {}, True: {}}
        """Since when slots would be cheaper: by the caches, and by lists."""
        self._lent: dict[tuple[str, Advance], float] = {}
        """Since when we know of advances. A door that lives writes another one long before this is old."""
        self._coming: dict[str, float] = {}
        """Since when objects are there that a door may have granted ahead."""

    async def settled(
        self, ledger: Ledger, seen: Sights, *, listed: bool = False, released: float | None = None
    ) -> Ledger:
        """The ledger, just read, with all that this sight of its objects proves. Raises `KubeError`.

        `released`: give free what had been held back for long enough at this time of the clock; for who has begun then
        to count all by lists. `listed`: this is the sight of those lists.
        """
        live = self._census.live
        if not listed:
            on_their_way = self._on_their_way(ledger, seen)
            seen = {key: sight for key, sight in seen.items() if key not in on_their_way}
        elif released is not None:
            # Whatever is there counts by itself now: what another door has in hand must not stand for it.
            ledger = self._without_forfeit(ledger, at=released)
        # Late, or lost: what nobody has let in, and only a cache shows, may have gone long ago.
        ghosts = set(await self._gone(settlement.unreserved(ledger, seen)))
        seen = {key: sight for key, sight in seen.items() if key not in ghosts}
        gone = await self._gone(settlement.absent(ledger, seen))
        settled = settlement.settle(ledger, seen, gone=gone, dead=())
        since = self._since(listed, holdback.lowerings(ledger, settled))
        held = [one for one, first in since.items() if released is None or not self._is_over(first, at=released)]
        settled = holdback.hold(ledger, settled, held, self._census.above)
        dead = [entry for entry in self._overdue(settled) if _is_void(entry, await live(entry.slot))]
        for entry in dead:
            log.info("claim_dropped", tenant=self._tenant, slot=entry.slot)
            metrics.LEDGER_CLAIMS_VOID.labels(self._tenant).inc()
        return settlement.settle(settled, {}, gone=(), dead=dead)

    def release_in(self, *, after: float = float("-inf")) -> float | None:
        """Seconds until something that is held back may be free; None where nothing is, 0 where it may be by now.

        `after`: what could have been free by this time of the clock, when all was counted, is not waited for again.
        """
        firsts = [first for each in self._lowered.values() for first in each.values()] + [*self._lent.values()]
        overs = [first + self._void_after for first in firsts]
        left = [over - self._clock() for over in overs if over > after]
        return max(0.0, min(left)) if left else None

    def _without_forfeit(self, ledger: Ledger, *, at: float) -> Ledger:
        """The ledger without what doors had lost by then: what they granted out of it is in the lists that were taken
        since, or never will be anywhere."""
        for door, advance in ledger.advances.items():
            if self._is_over(self._lent.get((door, advance), float("inf")), at=at):
                log.warning("advance_forfeited", tenant=self._tenant, door=door, room=str(advance.room))
                ledger = ledger.lend(door, None)
        return ledger

    def _on_their_way(self, ledger: Ledger, seen: Sights) -> set[str]:
        """What a door may be about to write down. What it has not after all that time, it did not grant."""
        now = self._clock()
        self._lent = {each: self._lent.get(each, now) for each in ledger.advances.items()}
        self._coming = {slot: self._coming.get(slot, now) for slot in settlement.coming(ledger, seen)}
        return {slot for slot, first in self._coming.items() if not self._is_over(first, at=now)}

    def _since(self, listed: bool, present: list[Lowering]) -> dict[Lowering, float]:
        now, known = self._clock(), self._lowered[listed]
        self._lowered[listed] = {one: known.get(one, now) for one in present}
        return self._lowered[listed]

    def _is_over(self, first: float, *, at: float) -> bool:
        # As `release_in` adds it up: what is over must not be so for one of them only.
        return first + self._void_after <= at

    async def _gone(self, slots: list[str]) -> list[str]:
        """Those of which the API server says that nothing is there. Several at once: a namespace may go with hundreds,
        and whoever reserves meanwhile makes us begin anew."""
        gone: list[str] = []
        for start in range(0, len(slots), AT_ONCE):
            some = slots[start : start + AT_ONCE]
            found = await asyncio.gather(*map(self._census.live, some))
            gone += [slot for slot, there in zip(some, found, strict=True) if there is None]
        return gone

    def _overdue(self, ledger: Ledger) -> list[OpenClaim]:
        """Claims that we have known for so long that their writes have ended one way or the other."""
        now = self._clock()
        present = settlement.open_claims(ledger)
        self._first_seen = {entry: self._first_seen.get(entry, now) for entry in present}
        return [entry for entry in present if self._is_over(self._first_seen[entry], at=now)]


def _is_void(entry: OpenClaim, live: Manifest | None) -> bool:
    meta = live["metadata"] if live is not None else {"uid": "", "resourceVersion": ""}
    return settlement.is_void(entry.claim, uid=meta["uid"], revision=meta["resourceVersion"])
