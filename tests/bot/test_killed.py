"""The bot killed at every point where it waits for something: the next one brings Slack to the same end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from datetime import timedelta
from typing import Any

import pytest

from bot import buttons, digest, presses
from bot.follow import Follower
from provisioning.model import Phase
from provisioning.model.tenant import Channels
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
ENOUGH = 10_000
Transcript = dict[str, list[str]]


class Killed(BaseException):
    """The process is gone."""


class Life:
    """How often a process may wait for something before it is killed. `lived` is how often it has."""

    def __init__(self, left: int = ENOUGH) -> None:
        self.left = left
        self.lived = 0

    def live(self, it: Coroutine[Any, Any, Any]) -> Awaitable[Any]:
        """Run it as long as this life lasts. What was under way when it ends has happened, and nobody hears of it."""
        return _Mortal(it, self)


class _Mortal:
    def __init__(self, it: Coroutine[Any, Any, Any], life: Life) -> None:
        self._it = it
        self._life = life

    def __await__(self) -> Generator[Any, None, Any]:
        inner = self._it.__await__()
        try:
            while True:
                yield inner.send(None)
                self._life.lived += 1
                self._life.left -= 1
                if self._life.left <= 0:
                    inner.close()
                    raise Killed
        except StopIteration as done:
            return done.value


async def story(life: Life, *, knows_names: bool) -> tuple[Transcript, FakeDesk]:
    """A request is asked about, approved, built and ready. Whoever is killed is followed by one who knows nothing."""
    desk = FakeDesk(tenants={"team-a": samples.tenant(channels=Channels())})
    poster = FakePoster(knows_names=knows_names)

    def born() -> Follower:
        return Follower(desk=desk, poster=poster, clock=lambda: samples.NOW)

    follower = born()
    for happen in (
        lambda: desk.put(samples.request()),
        lambda: approved(desk, KEY),
        lambda: desk.put_cluster(samples.cluster(status=samples.building())),
        lambda: desk.put_cluster(samples.cluster(status=samples.ready())),
    ):
        happen()
        try:
            await life.live(_until_calm(follower))
        except Killed:
            life.left = ENOUGH
            follower = born()
            await _until_calm(follower)
    places = {channel for channel, _ in poster.stands}
    return {place: [card.text for card in poster.at(place)] for place in sorted(places)}, desk


async def _until_calm(follower: Follower) -> None:
    for _ in range(3):
        await follower.redraw(KEY)


async def _lifetime() -> int:
    life = Life()
    await story(life, knows_names=True)
    return life.lived


async def test_where_slack_knows_messages_by_name_the_transcript_is_the_same_wherever_it_was_killed() -> None:
    wanted, _ = await story(Life(), knows_names=True)
    assert sorted(wanted) == ["DEVA", "DLENA", "DOMAR"]
    assert await _lifetime() > 20

    for n in range(1, await _lifetime() + 1):
        found, desk = await story(Life(n), knows_names=True)
        assert found == wanted, n
        assert len(desk.stored[KEY].it.status.deliveries) == 3, n


async def test_where_it_does_not_there_is_one_copy_at_most_and_every_known_card_is_the_same() -> None:
    wanted, _ = await story(Life(), knows_names=False)

    for n in range(1, await _lifetime() + 1):
        found, _ = await story(Life(n), knows_names=False)
        assert sorted(found) == sorted(wanted), n
        assert [found[place][-1] for place in found] == [wanted[place][-1] for place in wanted], n
        assert sum(map(len, found.values())) <= sum(map(len, wanted.values())) + 1, n


@pytest.mark.parametrize("n", range(1, 4))
async def test_a_press_that_a_kill_cut_off_counts_once_when_it_is_pressed_again(n: int) -> None:
    desk = FakeDesk()
    request = desk.put(samples.request())
    value = buttons.ticket_of(request).dumps()

    def press() -> Coroutine[Any, Any, Any]:
        return presses.pressed(desk, action=buttons.APPROVE, value=value, person=samples.OMAR)

    try:
        await Life(n).live(press())
    except Killed:
        answer = await press()
        assert answer.told is not None

    assert desk.stored[KEY].it.status.phase is Phase.APPROVED
    assert len(desk.stored[KEY].it.status.votes) == 1


async def test_two_approvers_in_the_same_moment_on_two_replicas_are_one_decision() -> None:
    """Each replica has caches of its own that show nothing yet; the object decides."""
    desk = FakeDesk(lag=True)
    request = desk.put(samples.request())
    desk.catch_up()
    value = buttons.ticket_of(request).dumps()

    answers = await asyncio.gather(
        *(
            presses.pressed(desk, action=buttons.APPROVE, value=value, person=person)
            for person in (samples.OMAR, samples.EVA)
        )
    )

    assert [vote.voter.user for vote in desk.stored[KEY].it.status.votes] == ["omar"]
    told = [answer.told.text for answer in answers]  # type: ignore[union-attr]
    assert "counts." in told[0]
    assert "Too late" in told[1]


async def _digest(life: Life) -> tuple[list[str], FakeDesk]:
    """Five requests that nobody was told of for long. Whoever is killed is followed by one who knows nothing."""
    desk, poster = FakeDesk(), FakePoster(knows_names=True)
    now = samples.NOW + digest.LATE + timedelta(seconds=1)
    keys = [desk.put(samples.request(f"cr-{number}", cluster=f"build-{number}")).key for number in range(5)]

    async def look() -> None:
        follower = Follower(desk=desk, poster=poster, clock=lambda: now)
        for _ in range(3):
            for key in keys:
                await follower.redraw(key)

    try:
        await life.live(look())
    except Killed:
        await look()
    return [card.text for card in poster.at("DLENA")], desk


async def test_one_message_of_many_is_one_message_wherever_it_was_killed() -> None:
    life = Life()
    wanted, _ = await _digest(life)
    assert len(wanted) == 1

    for n in range(1, life.lived + 1):
        found, desk = await _digest(Life(n))
        assert found == wanted, n
        told = {d for request in desk.stored.values() for d in request.it.status.deliveries if d.channel == "DLENA"}
        assert len(told) == 1, n
