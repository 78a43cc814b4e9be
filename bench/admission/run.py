"""All parts of the measurement of admission, one after the other, each on a control plane of its own."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench.admission import counts, crowd, door, ledger, peers, race
from bench.admission.crowd import Crowd
from bench.admission.race import Arena, Sizes
from bench.admission.report import Admission
from bench.site import Site, site
from playground.progress import Steps

PARTS: Final = ("races", "ledger", "counts", "crowd")


@dataclass(frozen=True)
class Parts:
    """What is measured. Nothing of a part where its number is 0."""

    sizes: Sizes = field(default_factory=Sizes)
    ledgers: int = 5
    """Rounds of the ledger alone."""
    asked: int = 200
    waits: tuple[float, ...] = counts.WAITS
    tenants: int = 1000
    clusters: int = 10_000
    crowded: int = 200


def parts(chosen: Sequence[str], portion: float) -> Parts:
    """The parts of these names, each by this portion of what it is."""

    def of(part: str, number: float, least: int = 1) -> int:
        return max(least, round(number * portion)) if part in chosen else 0

    whole, crowded = Sizes(), Parts()
    races = replace(
        whole,
        each=of("races", whole.each, 20),
        steady_seconds=of("races", whole.steady_seconds),
        rounds=of("races", whole.rounds),
        round_=of("races", whole.round_, 64),
        replicas=whole.replicas if "races" in chosen else (),
    )
    return Parts(
        races,
        ledgers=of("ledger", crowded.ledgers),
        asked=of("counts", crowded.asked, 120),
        tenants=of("crowd", crowded.tenants, 2),
        clusters=of("crowd", crowded.clusters, 20),
        crowded=of("crowd", crowded.crowded, 10),
    )


async def measure(parts: Parts, steps: Steps) -> Admission:
    found = Admission()
    if parts.sizes.replicas or parts.ledgers or parts.asked:
        async with place(steps) as where:
            found = await _races(where, parts, steps)
    known = await _crowd(parts, steps) if parts.clusters else None
    return Admission(found.free, found.memory, found.heats, found.ledger, found.counts, known)


async def _races(where: Site, parts: Parts, steps: Steps) -> Admission:
    sizes, heats, free, memory = parts.sizes, [], None, 0.0
    async with race.arena(where, tenants=max(sizes.tenants, default=1)) as arena:
        for replicas in sizes.replicas:
            async with door.open_door(where, replicas=replicas) as opened:
                if replicas == 1:
                    memory = (await opened[0].use()).memory / 2**20
                await door.until_asked(arena.client, opened, peers.namespace(peers.OURS, 0))
                if replicas == 1 and sizes.steady_seconds:
                    with steps.step("race what costs nothing"):
                        free = await race.free(arena, opened[0], each=sizes.each, seconds=sizes.steady_seconds)
                heats += await race.reserve(arena, opened, sizes)
        alone = await _ledger(arena, parts.ledgers, steps) if parts.ledgers else []
        counted = {}
        if parts.asked:
            with steps.step(f"count, for {max(parts.waits):.0f} s"):
                counted = await counts.measure(arena, asked=parts.asked, waits=parts.waits)
    return Admission(free, memory, heats, alone, counted)


async def _ledger(arena: Arena, rounds: int, steps: Steps) -> list[ledger.Reservations]:
    found = []
    for replicas, writers, each in ((1, 20, 50), (3, 60, 25)):
        with steps.step(f"reserve: {writers} writers, {replicas} replicas"):
            alone = ledger.measure(
                arena.site, arena.account, replicas=replicas, writers=writers, each=each, rounds=rounds
            )
            found.append(await alone)
    return found


async def _crowd(parts: Parts, steps: Steps) -> Crowd:
    async with place(steps) as few, place(steps) as many:
        return await crowd.measure(few, many, tenants=parts.tenants, clusters=parts.clusters, each=parts.crowded)


@contextlib.asynccontextmanager
async def place(steps: Steps) -> AsyncIterator[Site]:
    """A control plane that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="clusterdesk-bench-") as folder:
        async with site(Path(folder), steps) as found:
            yield found
