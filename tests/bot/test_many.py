"""Sixty clusters are made at once: cards follow within Slack's budget, and a decision waits for none of them."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.follow import Follower
from bot.outbox import BURST, PER_MINUTE, Outbox
from bot.pace import PROGRESS_SECONDS
from provisioning.manifest import Key
from provisioning.model import ClusterStatus, Decision, Phase, Vote
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk, approved

BUILDING, MINUTES, STEP = 60, 4, 15
DECIDED: Key = ("tenant-team-a", "cr-decided")


@dataclass
class FakeSlack:
    """The one call of the SDK's client that the outbox makes; everything it is sent is kept, with the second."""

    now: float = 0.0
    sent: list[tuple[float, str, str, str]] = field(default_factory=list)

    async def api_call(self, method: str, *, json: dict[str, Any]) -> dict[str, Any]:
        ts = str(json.get("ts") or f"{len(self.sent)}.0")
        self.sent.append((self.now, method, ts, str(json.get("text", ""))))
        return {"ts": ts, "channel": {"id": f"D{json.get('users', '')}"}}


class World:
    """A follower whose queue runs by a clock of the test's."""

    def __init__(self) -> None:
        self.slack, self.desk = FakeSlack(), FakeDesk()
        client: Any = self.slack
        outbox = Outbox(client, clock=lambda: self.slack.now)
        self.follower = Follower(desk=self.desk, poster=outbox, clock=self.time)
        self._due: dict[Key, float] = {}

    def time(self) -> datetime:
        return samples.NOW + timedelta(seconds=self.slack.now)

    def look(self, key: Key, *, after: float = 0.0) -> None:
        """As the queue has it: of two wishes for one key the earlier counts."""
        self._due[key] = min(self._due.get(key, math.inf), self.slack.now + after)

    async def until(self, second: float) -> None:
        """Do what is due up to then, in its order."""
        while self._due and min(self._due.values()) <= second:
            key = min(self._due, key=lambda each: self._due[each])
            due = self._due.pop(key)
            self.slack.now = max(self.slack.now, due)
            again = await self.follower.redraw(key)
            if again is not None:
                self.look(key, after=again)
        self.slack.now = second

    def build(self, number: int, step: int) -> None:
        """A cluster has come a step further."""
        key = ("tenant-team-a", f"cr-{number}")
        if key not in self.desk.stored:
            self.desk.put(samples.request(key[1], cluster=f"build-{number}"))
            approved(self.desk, key)
        steps = samples.building().steps
        running = steps[2].model_copy(update={"message": f"{step} of 100 ready"})
        status = ClusterStatus(observed_generation=1, steps=(*steps[:2], running, steps[3]))
        self.desk.put_cluster(samples.cluster(f"build-{number}", by=key[1], status=status))
        self.look(key)


async def test_a_decision_goes_out_within_two_seconds_while_sixty_clusters_report_progress() -> None:
    world = World()
    world.desk.put(samples.request(DECIDED[1], cluster="decided"))
    world.look(DECIDED)
    decided_at = 60.0 * MINUTES / 2
    for second in range(0, 60 * MINUTES, STEP):
        for number in range(BUILDING):
            world.build(number, second)
        if second == decided_at:
            vote = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)
            world.desk.status(DECIDED, phase=Phase.APPROVED, votes=(vote,), decided_at=samples.LATER)
            world.look(DECIDED)
        await world.until(second + STEP)

    updates = [(at, ts, text) for at, method, ts, text in world.slack.sent if method == "chat.update"]
    told = [at for at, _, text in updates if "`decided`" in text and "Approved" in text]
    assert len(told) == 2  # the approvers' card and the requester's
    assert max(told) - decided_at <= 2.0
    # Everybody's card went on meanwhile, none faster than it may, and all together not more than Slack grants.
    progress = [(at, ts) for at, ts, text in updates if "of 100 ready" in text]
    assert len({ts for _, ts in progress}) == BUILDING
    for ts in Counter(ts for _, ts in progress):
        times = [at for at, each in progress if each == ts]
        assert all(after - before >= PROGRESS_SECONDS - 0.001 for before, after in itertools.pairwise(times))
    assert len(updates) <= BURST + PER_MINUTE["chat.update"] * MINUTES


async def test_what_is_drawn_in_the_end_is_the_newest_state_of_all() -> None:
    world = World()
    for step in range(20):
        for number in range(BUILDING):
            world.build(number, step)
        await world.until(world.slack.now + 1)

    await world.until(world.slack.now + 60 * MINUTES)

    last = {ts: text for _, _, ts, text in world.slack.sent if text}
    assert len(last) == BUILDING
    assert all("19 of 100 ready" in text for text in last.values())
