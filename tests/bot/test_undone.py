"""What is approved and not carried out is told of by the clock, though nothing changes: on its card, and to the
platform team. What waits for room says when it is its turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot import replies, stuck
from bot.cards import Card
from bot.follow import Follower
from bot.outcomes import Fixed
from provisioning import room
from provisioning.model import Action, Condition, Decision, Phase, RequestStatus, Vote
from provisioning.objects import format_time
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.AT)
ACCEPTED = RequestStatus(phase=Phase.APPROVED, votes=(BY_OMAR,), decided_at=samples.AT)


@dataclass
class Scene:
    desk: FakeDesk = field(default_factory=FakeDesk)
    poster: FakePoster = field(default_factory=FakePoster)
    now: datetime = samples.NOW

    def __post_init__(self) -> None:
        self.follower = Follower(desk=self.desk, poster=self.poster, clock=lambda: self.now, platform="C0PLATFORM")

    async def at(self, minutes: float) -> float | None:
        """Look so many minutes after it was approved."""
        self.now = samples.NOW + timedelta(minutes=minutes)
        return await self.follower.redraw(KEY)

    @property
    def card(self) -> str:
        (found,) = self.poster.cards("DLENA")
        return found.text

    @property
    def platform(self) -> list[Card]:
        return self.poster.at("C0PLATFORM")


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_what_is_not_carried_out_within_a_minute_says_since_when_it_waits(scene: Scene) -> None:
    scene.desk.put(samples.request(status=ACCEPTED))

    assert await scene.at(0.5) == 60
    assert "is accepted and starts in a moment" in scene.card
    assert await scene.at(1.5) == 60

    assert "`build-7` is approved; waiting for the cluster API* since <!date^1772715600^" in scene.card
    assert "starts in a moment" not in scene.card
    assert scene.platform == []


async def test_the_platform_team_hears_of_it_after_half_an_hour_and_that_it_is_over(scene: Scene) -> None:
    scene.desk.put(samples.request(status=ACCEPTED))
    await scene.at(29)
    assert scene.platform == []

    await scene.at(31)
    assert "waiting for the cluster API" in scene.platform[0].text
    assert "`kubectl -n tenant-team-a describe clusterrequest cr-7f3k2m4p6q`" in scene.platform[0].text
    await scene.at(32)
    assert replies.PLATFORM_TOLD in scene.card

    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.ready()))
    await scene.at(33)
    assert [card.text.split("\n")[0] for card in scene.platform] == ["🟢 *`build-7` is ready* · `team-a`"]
    assert replies.PLATFORM_TOLD not in scene.card


async def test_a_deletion_that_hangs_alarms_though_its_objects_do_not_change(scene: Scene) -> None:
    scene.desk.put(samples.request())
    approved(scene.desk, KEY)
    made = samples.cluster(deleting=True, status=samples.going("Secret a", stuck=True))
    scene.desk.put_cluster(replace(made, meta=replace(made.meta, deleted=samples.NOW)))

    assert await scene.at(29) == 60
    assert scene.platform == []
    await scene.at(31)

    assert "is being deleted" in scene.platform[0].text


async def test_what_waits_for_room_says_its_place_what_frees_some_and_until_when(scene: Scene) -> None:
    scene.desk.put_cluster(samples.cluster("build-3", by="cr-3", status=samples.ready()))
    earlier = samples.request("cr-earlier", cluster="build-5", status=samples.waits_for_room(decided_at=_minutes(-5)))
    scene.desk.put(earlier)
    scene.desk.put(samples.request(status=samples.waits_for_room()))

    assert await scene.at(10) == 60

    assert "`build-7` is approved, and waits for room in the quota" in scene.card
    assert "it is 2nd in line" in scene.card
    assert "There may be room <!date^1772802000^" in scene.card
    assert "when `build-3` ends" in scene.card
    assert "vCPU: asks for 6, 2 of 40 free (38 used)" in scene.card
    scene.desk.status(earlier.key, phase=Phase.APPLIED)
    await scene.at(11)
    assert "it is 1st in line" in scene.card


async def test_what_waits_for_room_alarms_nobody_however_long(scene: Scene) -> None:
    scene.desk.put(samples.request(status=samples.waits_for_room()))

    await scene.at(23 * 60)

    assert scene.platform == []
    assert stuck.found(scene.desk, scene.now) == ()


async def test_what_has_found_room_after_hours_is_just_being_done_and_alarms_nobody(scene: Scene) -> None:
    found = (
        samples.waits_for_room()
        .conditions[0]
        .model_copy(update={"status": "False", "reason": room.FOUND, "last_transition_time": _minutes(119)})
    )
    scene.desk.put(samples.request(status=ACCEPTED.model_copy(update={"conditions": (found,)})))

    await scene.at(120)
    assert "is accepted and starts in a moment" in scene.card
    assert scene.platform == []
    assert stuck.found(scene.desk, scene.now) == ()

    await scene.at(119 + 31)
    assert f"waiting for the cluster API* since <!date^{_seconds(119)}^" in scene.card
    assert scene.platform != []


async def test_what_is_given_up_after_more_than_a_day_is_news_all_the_same(scene: Scene) -> None:
    scene.desk.put(samples.request(status=samples.waits_for_room()))
    await scene.at(1)
    scene.desk.status(KEY, phase=Phase.FAILED, message="there was no room for it", conditions=_failed(25 * 60))
    scene.poster.fail["update"] = [Fixed("edit_window_closed")]

    await scene.at(25 * 60 + 1)

    assert ["could not be applied" in card.text for card in scene.poster.at("DLENA")] == [False, True]
    assert [each.message for each in stuck.found(scene.desk, scene.now)] == ["there was no room for it"]


async def test_numbers_that_change_all_the_time_are_drawn_no_more_often_than_progress_is(scene: Scene) -> None:
    scene.desk.put(samples.request(status=samples.waits_for_room()))
    await scene.at(1)
    scene.desk.status(KEY, conditions=samples.waits_for_room(message="vCPU: asks for 6, 4 of 40 free").conditions)

    assert await scene.at(1 + 2 / 60) == 3
    assert "4 of 40 free" not in scene.card
    await scene.at(1 + 6 / 60)

    assert "4 of 40 free" in scene.card


async def test_what_asks_for_more_than_the_whole_quota_says_who_can_make_room(scene: Scene) -> None:
    scene.desk.put(samples.request(status=samples.waits_for_room(room.TOO_LARGE)))

    await scene.at(1)

    assert replies.TOO_LARGE in scene.card
    assert "in line" not in scene.card


async def test_of_what_has_no_end_no_room_is_promised(scene: Scene) -> None:
    scene.desk.put_cluster(samples.cluster("build-3", by="cr-3", status=samples.ready(), lifetime=None))
    scene.desk.put(samples.request(status=samples.waits_for_room()))

    await scene.at(1)

    assert "1st in line" in scene.card
    assert "There may be room" not in scene.card


async def test_a_deletion_that_is_not_carried_out_alarms_as_well(scene: Scene) -> None:
    scene.desk.put_cluster(samples.cluster(status=samples.ready(), by="cr-other"))
    scene.desk.put(samples.request(action=Action.DELETE, status=ACCEPTED))

    await scene.at(31)

    assert "waiting for the cluster API" in scene.platform[0].text


@pytest.mark.parametrize(
    ("place", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_a_place_in_line_is_counted_as_people_do(place: int, said: str) -> None:
    assert f"it is {said} in line" in replies.waits_for_room("now", place)


def _minutes(many: int) -> str:
    return format_time(samples.NOW + timedelta(minutes=many))


def _failed(minutes: int) -> tuple[Condition, ...]:
    made = {"type": "Stalled", "status": "True", "reason": "Failed", "lastTransitionTime": _minutes(minutes)}
    return (Condition.model_validate(made),)


def _seconds(many: int) -> int:
    return int((samples.NOW + timedelta(minutes=many)).timestamp())
