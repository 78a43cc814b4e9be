"""What is gone is proven object by object, and still soon."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from provisioning.census import Census
from provisioning.ledger import Ledger, Slot
from provisioning.manifest import Manifest
from provisioning.proof import AT_ONCE, Prover
from provisioning.usage import Usage


@dataclass
class Asked:
    """A census whose API server still has these, and takes its time to say so."""

    there: set[str]
    now: int = 0
    most: int = 0
    asked: list[str] = field(default_factory=list)

    async def live(self, slot: str) -> Manifest | None:
        self.asked.append(slot)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        return {"metadata": {"uid": "u", "resourceVersion": "1"}} if slot in self.there else None

    def above(self, slot: str) -> list[str]:
        return []


async def test_hundreds_that_went_together_are_asked_for_together_but_never_all_at_once() -> None:
    slots = {f"persistentvolumeclaims./team-a/pvc-{number}": Slot(Usage(storage=1), "u", "1") for number in range(100)}
    kept = "persistentvolumeclaims./team-a/pvc-7"
    census: Any = Asked({kept})
    prover = Prover("blue", cast(Census, census), void_after=120, clock=lambda: 0.0)
    settled = await prover.settled(Ledger(slots), {})
    assert set(settled.slots) == {kept}
    assert sorted(census.asked) == sorted(slots)
    assert 1 < census.most <= AT_ONCE
