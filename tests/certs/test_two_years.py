"""Two years in the life of the certificates: whatever happens, nobody ever calls in vain.

Two replicas race, restart and lose compare-and-swaps; the API server's clock wanders within an hour; API servers
learn of a new caBundle up to a minute late. After every write and every look, each leaf that is served must verify
against every bundle that an API server may still hold.
"""

import asyncio
import contextlib
import random
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from certs import bundle, errors
from certs.keeper import Keeper
from tests.certs.fakes import START, FakeStore, Stopwatch
from tests.certs.verifying import why_refused

HOST = "clusterdesk-webhooks.clusterdesk.svc"
LAG = timedelta(seconds=59)
"""How late an API server may learn of a change: just below what the plan waits for."""
LULLS = (timedelta(days=4), timedelta(days=1), timedelta(minutes=20), timedelta(seconds=20), timedelta(seconds=5))
"""Between two looks. The short ones alone follow a change, when seconds matter."""
WANDERING = timedelta(hours=1)


class World:
    """True time, two replicas, and what API servers may believe."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.true_time = START
        self.stopwatch = Stopwatch()
        self.store = FakeStore(chance=chance)
        self.path = self.store.put_configuration("desk", "quota.clusterdesk.dev")
        self.store.after_each_call = self.look_closely
        self.believed: list[tuple[datetime, bytes]] = []
        self.replicas = [self.start(), self.start()]
        self.rotations: set[str] = set()

    def start(self) -> Keeper:
        return Keeper(self.store, hosts=[HOST], monotonic=self.stopwatch)

    def pass_by(self, span: timedelta) -> None:
        self.true_time += span
        self.stopwatch.pass_by(span)
        self.store.now = self.true_time + WANDERING * self.chance.random()

    def look_closely(self) -> None:
        pem = self.store.published(self.path)
        if pem and (not self.believed or self.believed[-1][1] != pem):
            self.believed.append((self.true_time, pem))
        if self.store.secret is not None:
            self.rotations |= {a.fingerprint for a in bundle.parse(self.store.secret).authorities}
        for keeper in self.replicas:
            if keeper.leaf is not None and keeper.why_not_ready() is None:
                for candidate in self.may_be_believed():
                    refusal = why_refused(keeper.leaf, candidate, HOST, self.store.now)
                    assert refusal is None, f"at {self.true_time}: {refusal}"

    def may_be_believed(self) -> list[bytes]:
        """The latest bundle, and each that was replaced less than a lag ago."""
        replaced = zip(self.believed, self.believed[1:], strict=False)
        return [old[1] for old, new in replaced if self.true_time - new[0] <= LAG] + [self.believed[-1][1]]

    def changed_lately(self) -> bool:
        return bool(self.believed) and self.true_time - self.believed[-1][0] < timedelta(minutes=3)

    async def live(self) -> None:
        while self.true_time < START + timedelta(days=730):
            self.pass_by(self.chance.choice(LULLS[3:] if self.changed_lately() else LULLS))
            # A start is when a new signer is first used, so it happens most where it hurts most.
            if self.chance.random() < (0.3 if self.changed_lately() else 0.05):
                self.replicas[self.chance.randrange(2)] = self.start()
            await asyncio.gather(*(look(keeper) for keeper in self.replicas if self.chance.random() < 0.9))
            self.look_closely()


async def look(keeper: Keeper) -> None:
    with contextlib.suppress(errors.Conflict):  # the other one was first; there is a next look
        await keeper.look()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_every_served_leaf_verifies_against_every_bundle_an_api_server_may_hold(seed: int) -> None:
    world = World(random.Random(seed))  # noqa: S311 - chance, not cryptography
    asyncio.run(world.live())
    assert len(world.rotations) >= 3, "an authority is followed by another at two thirds of a year"
    assert len(world.rotations) <= 4, "a race must not found a second one"
