"""One card for each access asked for in Slack, whatever goes wrong between Slack, the bot and the API server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from bot.access_follow import AccessFollower
from bot.cards import Card
from bot.outbox import Later, Unknown
from provisioning import errors
from provisioning.model import Delivery, Surface
from tests.bot import access_samples, samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster


@dataclass
class Scene:
    """Lena's access, a sheet of paper for Slack, and one term of the one who draws."""

    desk: FakeDesk = field(default_factory=FakeDesk)
    poster: FakePoster = field(default_factory=FakePoster)
    now: datetime = samples.NOW

    def __post_init__(self) -> None:
        self.key = self.desk.accesses.put(access_samples.asked(slack="U0LENA")).key
        self.begin()

    def begin(self) -> None:
        """Another replica takes over, and remembers nothing."""
        self.follower = AccessFollower(accesses=self.desk.accesses, poster=self.poster, clock=lambda: self.now)

    async def look(self) -> float | None:
        return await self.follower.redraw(self.key)

    @property
    def cards(self) -> list[Card]:
        return self.poster.at("DLENA")

    @property
    def noted(self) -> Delivery | None:
        return self.desk.accesses.stored[self.key].it.status.delivery


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_one_card_is_redrawn_from_asked_to_revoked(scene: Scene) -> None:
    await scene.look()
    assert "is being made" in scene.cards[0].text
    opened = access_samples.opened(slack="U0LENA").it.status.model_copy(update={"delivery": scene.noted})
    scene.desk.accesses.status(scene.key, opened)
    await scene.look()
    assert "You are Admin" in scene.cards[0].text
    await scene.desk.accesses.revoke(*scene.key, samples.LENA)
    await scene.look()
    assert ["is revoked" in card.text for card in scene.cards] == [True]


async def test_what_is_as_it_should_be_is_left_alone_also_by_the_next_leader(scene: Scene) -> None:
    await scene.look()
    calls = len(scene.poster.calls)
    await scene.look()
    scene.begin()
    assert await scene.look() is None
    assert len(scene.poster.calls) == calls


async def test_a_card_whose_place_could_not_be_noted_is_not_posted_twice(scene: Scene) -> None:
    scene.desk.down = True
    with pytest.raises(errors.Unavailable):
        await scene.look()
    with pytest.raises(errors.Unavailable):
        await scene.look()
    scene.desk.down = False
    await scene.look()
    assert len(scene.cards) == 1
    assert scene.noted is not None
    assert scene.noted.ts


async def test_a_card_posted_again_has_the_same_name_and_shows_what_is_so_by_then(scene: Scene) -> None:
    scene.poster.knows_names = True
    scene.poster.after["post"] = [Unknown("timeout")]
    with pytest.raises(Unknown):
        await scene.look()
    scene.desk.accesses.status(scene.key, access_samples.opened(slack="U0LENA").it.status)
    assert await scene.look() == 0
    await scene.look()
    assert ["You are Admin" in card.text for card in scene.cards] == [True]
    assert len(set(scene.poster.names["DLENA"])) == 1


async def test_slack_that_is_busy_is_come_back_to(scene: Scene) -> None:
    scene.poster.fail["post"] = [Later("ratelimited", seconds=7)]
    assert await scene.look() == 7
    await scene.look()
    assert len(scene.cards) == 1


async def test_whom_slack_does_not_let_us_write_to_is_not_tried_again(scene: Scene) -> None:
    scene.poster.closed["U0LENA"] = "user_disabled"
    await scene.look()
    assert scene.noted == Delivery(surface=Surface.REQUESTER, channel="U0LENA", ts="", revision="user_disabled")
    calls = len(scene.poster.calls)
    await scene.look()
    assert len(scene.poster.calls) == calls


async def test_a_card_that_somebody_has_deleted_stays_deleted(scene: Scene) -> None:
    await scene.look()
    scene.poster.stands.clear()
    await scene.desk.accesses.revoke(*scene.key, samples.LENA)
    await scene.look()
    await scene.look()
    assert scene.cards == []


async def test_what_had_ended_before_anybody_was_told_is_no_news(scene: Scene) -> None:
    scene.desk.accesses.status(scene.key, access_samples.opened(slack="U0LENA").it.status)
    scene.now = access_samples.ENDS
    assert await scene.look() is None
    assert scene.cards == []


async def test_an_access_that_is_gone_is_forgotten(scene: Scene) -> None:
    await scene.look()
    scene.desk.accesses.stored.clear()
    assert await scene.look() is None
