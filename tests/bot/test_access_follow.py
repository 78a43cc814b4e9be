"""One card for each access asked for in Slack, whatever goes wrong between Slack, the bot and the API server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.access_follow import AccessFollower
from bot.cards import Card
from bot.outcomes import Fixed, Later, Unknown
from provisioning import errors
from provisioning.model import Delivery, Surface
from provisioning.objects import format_time
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
        self.follower = AccessFollower(
            accesses=self.desk.accesses,
            poster=self.poster,
            clock=lambda: self.now,
            tenant_of=self.desk.tenant_of,
        )

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


async def test_a_card_that_takes_no_change_gets_a_new_one_below_it(scene: Scene) -> None:
    await scene.look()
    opened = access_samples.opened(slack="U0LENA").it.status.model_copy(update={"delivery": scene.noted})
    scene.desk.accesses.status(scene.key, opened)
    scene.poster.fail["update"] = [Fixed("edit_window_closed")]

    await scene.look()
    await scene.look()

    assert ["You are Admin" in card.text for card in scene.cards] == [False, True]
    assert len(set(scene.poster.names["DLENA"])) == 2


async def test_what_had_ended_before_anybody_was_told_is_no_news(scene: Scene) -> None:
    scene.desk.accesses.status(scene.key, access_samples.opened(slack="U0LENA").it.status)
    scene.now = access_samples.ENDS
    assert await scene.look() is None
    assert scene.cards == []


async def test_an_access_that_is_gone_is_forgotten(scene: Scene) -> None:
    await scene.look()
    scene.desk.accesses.stored.clear()
    assert await scene.look() is None


def last(scene: Scene, hours: int, *, key: tuple[str, str] | None = None) -> None:
    """The access is there, and lasts so long from now on."""
    key = key or scene.key
    status = scene.desk.accesses.stored[key].it.status
    made = access_samples.opened(slack="U0LENA").it.status.model_copy(
        update={"delivery": status.delivery, "expires_at": format_time(samples.NOW + timedelta(hours=hours))}
    )
    scene.desk.accesses.status(key, made)


async def passes(scene: Scene, hours: float) -> None:
    """The clock goes on for so long, and she who draws looks whenever she wanted to."""
    end = scene.now + timedelta(hours=hours)
    while True:
        again = await scene.look()
        if again is None or scene.now + timedelta(seconds=again) > end:
            scene.now = end
            return
        scene.now += timedelta(seconds=again)


async def test_its_person_is_told_a_day_and_an_hour_before_it_ends_and_can_renew_it(scene: Scene) -> None:
    last(scene, 72)
    seen = []
    for hours in (47.5, 1, 22, 1.9, 2):
        await passes(scene, hours)
        seen.append(len(scene.cards) - 1)
    assert seen == [0, 1, 1, 2, 2]
    for card in scene.cards[1:]:
        assert "Your access to `build-7` ends" in card.text
        (renew,) = [each for part in card.blocks if part["type"] == "actions" for each in part["elements"]]
        assert renew["value"] == "access tenant-team-a/build-7 admin 8h"


async def test_a_new_leader_tells_it_once_more_neither_when_it_was_noted_nor_when_it_was_not(scene: Scene) -> None:
    scene.poster.knows_names = True
    last(scene, 8)
    await scene.look()
    scene.now += timedelta(hours=7.5)
    scene.desk.down = True
    with pytest.raises(errors.Unavailable):
        await scene.look()
    scene.desk.down = False
    for _ in range(3):
        scene.begin()
        await scene.look()
    assert len(scene.cards) == 2


@pytest.mark.parametrize(("hours", "told"), [(1, 0), (2, 1), (8, 1), (24, 1), (47, 1), (48, 2)])
async def test_who_has_it_for_a_short_time_is_told_less_often(scene: Scene, hours: int, told: int) -> None:
    last(scene, hours)
    await passes(scene, hours + 1)
    assert len(scene.cards) - 1 == told


async def test_what_was_missed_while_nobody_looked_is_told_once_and_not_made_up_for(scene: Scene) -> None:
    last(scene, 72)
    await scene.look()
    scene.now += timedelta(hours=71.5)
    await passes(scene, 0.2)
    assert len(scene.cards) == 2


async def test_whoever_has_renewed_it_or_given_it_back_is_told_nothing(scene: Scene) -> None:
    last(scene, 8)
    newer = scene.desk.accesses.put(access_samples.asked(name="build-7-newer", slack="U0LENA")).key
    last(scene, 16, key=newer)
    await passes(scene, 7.5)
    assert len(scene.cards) == 1

    await scene.desk.accesses.revoke(*newer, samples.LENA)
    await scene.look()
    assert len(scene.cards) == 2, "the newer one is none any more"
    await scene.desk.accesses.revoke(*scene.key, samples.LENA)
    scene.begin()
    await passes(scene, 0.4)
    assert len(scene.cards) == 2


async def test_of_whom_slack_takes_no_card_nobody_is_told(scene: Scene) -> None:
    scene.poster.closed["U0LENA"] = "user_disabled"
    last(scene, 8)
    await passes(scene, 9)
    assert scene.cards == []
