"""After an outage nobody is flooded: what many messages would have said, one says, and it stays true."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import digest, sights
from bot.follow import Follower
from bot.outcomes import Later
from bot.sights import Sight
from provisioning.errors import Unavailable
from provisioning.model import ApprovalPolicy, ClusterRequest, Person, Phase, Surface
from provisioning.model.tenant import Channels
from provisioning.objects import Stored
from tests.bot import samples, slack_objects
from tests.bot.conftest import Mode, running
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

NAMESPACE = "tenant-team-a"
DOWN = Later("status 503", seconds=5)


class Scene:
    """A desk where many requests come while Slack is down."""

    def __init__(self) -> None:
        self.desk, self.poster, self.now = FakeDesk(), FakePoster(), samples.NOW
        self.restart()

    def restart(self) -> None:
        self.follower = Follower(desk=self.desk, poster=self.poster, clock=lambda: self.now)

    def ask(self, number: int, *, requester: Person = samples.LENA) -> tuple[str, str]:
        """Somebody asks by kubectl, now."""
        request = samples.request(f"cr-{number}", cluster=f"build-{number}", requester=requester)
        request = Stored(replace(request.meta, created=self.now), request.it)
        return self.desk.put(request).key

    def ready(self, key: tuple[str, str]) -> None:
        approved(self.desk, key)
        self.desk.put_cluster(samples.cluster(self.desk.stored[key].it.spec.cluster, by=key[1], status=samples.ready()))

    async def settle(self) -> None:
        """Look at everything until nothing is left to do now."""
        for _ in range(4):
            for key in tuple(self.desk.stored):
                await self.follower.redraw(key)
                self.now += timedelta(seconds=1)

    def posts(self, channel: str) -> int:
        return self.poster.calls.count(f"post {channel}")


async def test_slack_down_for_ten_minutes_leaves_one_message_with_the_newest_state_of_all() -> None:
    scene = Scene()
    scene.poster.down = DOWN
    keys = []
    for number in range(8):
        keys.append(scene.ask(number))
        await scene.follower.redraw(keys[-1])
        scene.now += timedelta(minutes=1)
    for key in keys[:5]:
        scene.ready(key)  # provisioning went on
    scene.desk.status(keys[5], phase=Phase.DENIED, decided_at=samples.LATER)
    await scene.settle()
    scene.poster.down, scene.poster.calls = None, []

    await scene.settle()

    (told,) = scene.poster.at("DLENA")
    assert scene.posts("DLENA") == 1
    assert "These 8 requests of yours in `team-a` now stand so:" in told.text
    assert [f"`build-{n}` is ready" in told.text for n in range(5)] == [True] * 5
    assert "`build-5` was denied" in told.text
    assert [f"`build-{n}` is waiting for approval" in told.text for n in (6, 7)] == [True] * 2
    # Approvers are asked about what still waits, and about nothing else.
    asked = [card.text.split("\n")[0] for card in scene.poster.at("C0TEAMA")]
    assert ["`build-6`" in asked[0], "`build-7`" in asked[1], len(asked)] == [True, True, 2]
    assert slack_objects.problems_of_card(told) == []


async def test_the_message_follows_what_it_tells_of_and_is_no_second_one_after_a_restart() -> None:
    scene = Scene()
    keys = [scene.ask(number) for number in range(5)]
    scene.now += digest.LATE + timedelta(seconds=1)
    await scene.settle()
    assert scene.posts("DLENA") == 1

    scene.ready(keys[2])
    scene.restart()
    await scene.settle()

    (told,) = scene.poster.cards("DLENA")
    assert "`build-2` is ready" in told.text
    assert "`build-1` is waiting for approval" in told.text


async def test_a_few_requests_and_those_of_now_get_a_card_each() -> None:
    late, fresh = Scene(), Scene()
    for number in range(digest.FEW):
        late.ask(number)
    late.now += timedelta(minutes=30)
    for number in range(6):
        fresh.ask(number)

    await late.settle()
    await fresh.settle()

    assert (late.posts("DLENA"), fresh.posts("DLENA")) == (digest.FEW, 6)


async def test_everybody_is_told_of_their_own_requests_only() -> None:
    scene = Scene()
    scene.desk.tenants["team-a"] = samples.tenant(
        members=(samples.subject(samples.LENA), samples.subject(samples.PAT)), channels=Channels()
    )
    for number in range(5):
        scene.ask(number)
        scene.ask(number + 10, requester=samples.PAT)
    scene.now += timedelta(minutes=5)

    await scene.settle()

    (lenas,), (pats,) = scene.poster.at("DLENA"), scene.poster.at("DPAT")
    assert ("build-3" in lenas.text, "build-13" in lenas.text) == (True, False)
    assert ("build-3`" in pats.text, "build-13" in pats.text) == (False, True)


async def test_the_next_request_after_it_has_a_card_of_its_own() -> None:
    scene = Scene()
    for number in range(5):
        scene.ask(number)
    scene.now += timedelta(minutes=5)
    await scene.settle()

    scene.ask(9)
    await scene.settle()

    assert scene.posts("DLENA") == 2
    assert "build-9" in scene.poster.at("DLENA")[-1].text


async def test_a_message_of_many_that_somebody_took_away_does_not_come_back_as_many() -> None:
    scene = Scene()
    keys = [scene.ask(number) for number in range(5)]
    scene.now += timedelta(minutes=5)
    await scene.settle()
    scene.poster.stands.clear()
    for key in keys:
        approved(scene.desk, key)

    await scene.settle()

    assert scene.posts("DLENA") == 1


async def test_what_could_not_be_noted_in_all_is_noted_later_and_not_posted_again() -> None:
    scene = Scene()
    for number in range(5):
        scene.ask(number)
    scene.now += timedelta(minutes=5)
    scene.desk.down_after = 4
    for key in tuple(scene.desk.stored) * 2:
        with contextlib.suppress(Unavailable):
            await scene.follower.redraw(key)
    scene.desk.down_after = None

    await scene.settle()

    assert scene.posts("DLENA") == 1
    assert all(_told(request) for request in scene.desk.stored.values())


async def test_whom_slack_takes_no_message_for_is_told_of_nothing_and_that_is_noted() -> None:
    scene = Scene()
    keys = [scene.ask(number) for number in range(5)]
    scene.now += timedelta(minutes=5)
    scene.poster.closed["DLENA"] = "cannot_dm_bot"

    await scene.settle()

    for key in keys:
        (noted,) = [d for d in scene.desk.stored[key].it.status.deliveries if d.surface is Surface.REQUESTER]
        assert (noted.ts, noted.revision) == ("", "cannot_dm_bot")


def test_many_more_are_counted_and_the_card_is_still_one_that_slack_takes() -> None:
    desk = FakeDesk(tenants={"team-a": samples.tenant(approval=ApprovalPolicy(required=2))})
    sights = []
    for number in range(digest.LINES):
        request = desk.put(samples.request(f"cr-{number}", cluster=f"{'x' * 24}-{number}"))
        sights.append(_sight(desk, request))

    card = digest.card(sights, hidden=370)

    assert "These 400 requests" in card.text
    assert "… and 370 more." in card.text
    assert slack_objects.problems_of_card(card) == []


def _sight(desk: FakeDesk, request: Stored[ClusterRequest]) -> Sight:
    found = sights.of(desk, request)
    assert found is not None
    return found


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_on_the_wire_somebody_reads_one_message_and_presses_a_button_of_it(mode: Mode) -> None:
    created = datetime.now(UTC) - timedelta(minutes=5)
    stored = {}
    for number in range(6):
        request = samples.request(f"cr-{number}", cluster=f"build-{number}")
        stored[request.key] = Stored(replace(request.meta, created=created), request.it)
    async with running(FakeDesk(stored=stored), mode) as stage:
        lena = stage.slack.person("U0LENA")
        await lena.waits_for("I could not reach you for a while.")
        await lena.waits_until(lambda: all(_told(r) for r in stage.desk.stored.values()))

        assert len(lena.cards(at="dm")) == 1
        await lena.card("I could not reach you", at="dm").click("My requests")
        await lena.waits_until(lambda: len(lena.cards("build-5", at="dm")) == 2)


def _told(request: Stored[ClusterRequest]) -> bool:
    return any(d.surface is Surface.REQUESTER for d in request.it.status.deliveries)
