"""What somebody waits for makes a sound once: a line below the card that was only edited, and one after an outage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import chimes, digest
from bot.follow import Follower
from bot.outcomes import Later, Undeliverable, Unknown, Vanished
from bot.weights import Weight
from provisioning import errors
from provisioning import stage as stages
from provisioning.model import Action, Decision, Phase, Vote
from provisioning.objects import Stored, format_time
from tests.bot import access_samples, samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster
from tests.bot.test_access_follow import Scene as AccessScene

NAMESPACE = "tenant-team-a"
KEY = (NAMESPACE, "cr-7f3k2m4p6q")
CLUSTER = (NAMESPACE, "build-7")
DENIAL = Vote(voter=samples.OMAR, decision=Decision.DENY, reason="no", at=samples.LATER)
Change = Callable[["Scene"], object]


class Scene:
    """Lena has asked, and her card stands."""

    def __init__(self) -> None:
        self.desk, self.poster, self.now = FakeDesk(), FakePoster(knows_names=True), samples.NOW
        self.desk.put(samples.request())
        self.restart()

    def restart(self) -> None:
        """Another process takes over, knowing nothing."""
        self.follower = Follower(desk=self.desk, poster=self.poster, clock=lambda: self.now)

    async def look(self, key: tuple[str, str] = KEY) -> float | None:
        self.now += timedelta(seconds=10)
        return await self.follower.redraw(key)

    @property
    def lines(self) -> list[str]:
        """What was said in Lena's direct messages beside her card."""
        return [card.text for card in self.poster.at("DLENA")[1:]]

    def approve(self) -> None:
        self.desk.status(KEY, phase=Phase.APPROVED, decided_at=samples.LATER, votes=(_BY_OMAR,))

    def waive(self) -> None:
        self.desk.status(KEY, phase=Phase.APPROVED, decided_at=samples.LATER, waiver="small ones")

    def waits_for_room(self) -> None:
        there = self.desk.stored[KEY].it.status.deliveries
        waits = samples.waits_for_room().model_copy(update={"deliveries": there})
        self.desk.status(KEY, **{name: getattr(waits, name) for name in type(waits).model_fields})

    def built(self, status: str) -> None:
        approved(self.desk, KEY)
        self.desk.put_cluster(samples.cluster(status=getattr(samples, status)()))


_BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.look()
    return scene


STORIES: dict[str, tuple[list[Change], list[str]]] = {
    "an approval, and that it is ready": (
        [lambda s: s.approve(), lambda s: s.built("building"), lambda s: s.built("ready")],
        ["is accepted", "is ready"],
    ),
    "an approval that is carried out at once": ([lambda s: s.built("building")], ["is being set up"]),
    "nothing of a rule that grants it, and that it is ready": (
        [lambda s: s.waive(), lambda s: s.built("building"), lambda s: s.built("ready")],
        ["is ready* · `team-a`"],
    ),
    "a denial": ([lambda s: s.desk.status(KEY, phase=Phase.DENIED, votes=(DENIAL,))], ["was denied"]),
    "that nobody decided": ([lambda s: s.desk.status(KEY, phase=Phase.EXPIRED)], ["expired: nobody decided"]),
    "that it waits for room": (
        [lambda s: s.waits_for_room(), lambda s: s.built("building")],
        ["waits for room", "is being set up"],
    ),
    "what fails, and that it works at last": (
        [
            lambda s: s.built("building"),
            lambda s: s.built("stuck"),
            lambda s: s.built("building"),
            lambda s: s.built("stuck"),
            lambda s: s.built("ready"),
        ],
        ["is being set up", "is stuck", "is ready"],
    ),
    "nothing of a schedule that puts it to sleep and wakes it": (
        [lambda s: s.built("ready"), lambda s: s.built("asleep"), lambda s: s.built("ready")],
        ["is ready"],
    ),
    "nothing of what she did herself": ([lambda s: s.desk.status(KEY, phase=Phase.WITHDRAWN)], []),
    "nothing of repairs while it is ready": (
        [lambda s: s.built("ready"), lambda s: s.built("building"), lambda s: s.built("ready")],
        ["is ready"],
    ),
}


@pytest.mark.parametrize("story", STORIES)
async def test_below_the_card_is_said(scene: Scene, story: str) -> None:
    changes, wanted = STORIES[story]
    for change in changes:
        change(scene)
        await scene.look()
        scene.restart()
        await scene.look()

    assert [part in line for part, line in zip(wanted, scene.lines, strict=True)] == [True] * len(wanted), scene.lines
    card = scene.poster.stands
    (ts,) = {ts for channel, ts in list(card)[:2] if channel == "DLENA"}
    assert scene.poster.threads["DLENA"] == [ts] * len(wanted)


async def test_the_line_calls_whoever_asked_and_says_who_decided(scene: Scene) -> None:
    scene.approve()
    await scene.look()

    (line,) = scene.lines
    assert line.startswith("<@U0LENA>: ✅ *`build-7` is accepted and starts in a moment* · `team-a` · ")
    assert "<@U0OMAR>" in line
    assert "\n" not in line


async def test_the_end_that_somebody_asked_for_is_heard() -> None:
    scene = Scene()
    scene.desk.put_cluster(samples.cluster(status=samples.ready()))
    end = scene.desk.put(samples.request("cr-end", action=Action.DELETE)).key
    await scene.look(end)
    scene.desk.status(end, phase=Phase.APPLIED, decided_at=samples.LATER, votes=(_BY_OMAR,))
    await scene.look(end)
    scene.desk.drop_cluster(CLUSTER)
    await scene.look(end)

    assert ["is being deleted" in line or "is deleted" in line for line in scene.lines] == [True, True]


async def test_a_card_that_is_new_makes_the_sound_itself() -> None:
    scene = Scene()
    scene.built("ready")
    for _ in range(2):
        await scene.look()
        scene.restart()

    assert scene.lines == []


async def test_after_an_outage_there_is_one_line_about_how_it_stands_now(scene: Scene) -> None:
    scene.poster.down = Later("status 503", seconds=5)
    for status in ("building", "stuck", "ready"):
        scene.built(status)
        await scene.look()
    scene.poster.down = None
    for _ in range(3):
        await scene.look()

    assert [("is ready" in line, "<@U0OMAR>" in line) for line in scene.lines] == [(True, True)]


async def denied_at_once(scene: Scene) -> list[tuple[str, str]]:
    """More than a few requests of hers, denied while nobody could be told."""
    keys = [KEY]
    for number in range(digest.FEW + 2):
        made = samples.request(f"cr-{number}", cluster=f"job-{number}")
        meta = replace(made.meta, created=scene.now, uid=made.meta.name)
        keys.append(scene.desk.put(Stored(meta, made.it)).key)
        await scene.look(keys[-1])
    scene.poster.down = Later("status 503", seconds=5)
    for key in keys:
        scene.desk.status(key, phase=Phase.DENIED, votes=(DENIAL,), decided_at=samples.LATER)
        await scene.look(key)
    scene.poster.down = None
    return keys


async def test_much_at_once_is_said_in_one_message(scene: Scene) -> None:
    keys = await denied_at_once(scene)
    before = len(scene.poster.at("DLENA"))

    for _ in range(2):
        for key in keys:
            await scene.look(key)
        scene.restart()

    (told,) = scene.poster.at("DLENA")[before:]
    assert f"News of {len(keys)} requests of yours" in told.text
    assert [f"`{scene.desk.stored[key].it.spec.cluster}` was denied" in told.text for key in keys] == [True] * len(keys)
    assert scene.poster.threads["DLENA"] == []


async def test_much_at_once_is_said_once_though_whoever_said_it_was_stopped_before_noting_it(scene: Scene) -> None:
    keys = await denied_at_once(scene)
    before = len(scene.poster.at("DLENA"))
    scene.desk.down_after = 2  # the drawings of both cards are noted, and what was said is not
    with pytest.raises(errors.Unavailable):
        await scene.look()
    scene.desk.down_after = None
    scene.restart()

    for key in reversed(keys):
        await scene.look(key)

    assert len(scene.poster.at("DLENA")) == before + 1


async def test_a_line_whose_outcome_is_unknown_is_posted_again_under_its_name(scene: Scene) -> None:
    scene.approve()
    scene.poster.after["post"] = [Unknown("timeout")]
    with pytest.raises(Unknown):
        await scene.look()
    scene.restart()
    await scene.look()

    assert len(scene.lines) == 1


async def test_what_could_not_be_noted_is_not_said_twice(scene: Scene) -> None:
    scene.approve()
    scene.desk.down_after = 1  # the card's drawing is noted, and the line is not
    with pytest.raises(errors.Unavailable):
        await scene.look()
    scene.desk.down_after = None
    await scene.look()
    scene.restart()
    await scene.look()

    assert len(scene.lines) == 1
    assert scene.poster.calls.count("post DLENA") == 2


@pytest.mark.parametrize(
    ("refused", "lines"), [(Vanished("thread_not_found"), 1), (Undeliverable("cannot_reply_to_message"), 0)]
)
async def test_a_line_that_cannot_stand_below_the_card_stands_beside_it_or_is_let_be(
    scene: Scene, refused: Exception, lines: int
) -> None:
    scene.approve()
    scene.poster.fail["post"] = [refused]
    for _ in range(2):
        await scene.look()
        scene.restart()

    assert len(scene.lines) == lines
    assert scene.poster.threads["DLENA"] == []


async def test_a_card_from_before_an_upgrade_is_silent_until_it_changes_again(scene: Scene) -> None:
    there = scene.desk.stored[KEY].it.status.deliveries
    scene.desk.status(KEY, deliveries=tuple(d.model_copy(update={"heard": ""}) for d in there))
    scene.restart()
    scene.built("building")
    await scene.look()
    assert scene.lines == []

    scene.built("ready")
    await scene.look()

    assert ["is ready" in line for line in scene.lines] == [True]


async def test_what_ended_long_ago_makes_no_sound(scene: Scene) -> None:
    scene.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.AT)
    scene.now += timedelta(days=2)

    await scene.look()

    assert scene.lines == []


async def test_a_line_weighs_what_it_tells_of(scene: Scene) -> None:
    scene.built("ready")
    await scene.look()

    assert scene.poster.weights["DLENA"] is Weight.READY


@pytest.mark.parametrize(("minutes", "lines"), [(0.5, 0), (5.0, 1)])
async def test_whoever_waited_for_a_way_in_hears_that_it_is_there_once(minutes: float, lines: int) -> None:
    scene = AccessScene()
    there = scene.desk.accesses.stored[scene.key]
    scene.desk.accesses.put(Stored(replace(there.meta, created=scene.now), there.it))
    await scene.look()
    opened = access_samples.opened(slack="U0LENA").it.status.model_copy(update={"delivery": scene.noted})
    scene.desk.accesses.status(scene.key, opened)
    scene.now += timedelta(minutes=minutes)

    for _ in range(3):
        await scene.look()
        scene.begin()
        scene.now += timedelta(minutes=30)

    said = ["The way into `build-7` is there" in card.text for card in scene.cards[1:]]
    assert said == [True] * lines
    assert len(scene.poster.threads["DLENA"]) == lines


async def test_in_slack_the_line_stands_below_the_card(stage: Stage) -> None:
    stage.desk.put(samples.request())
    lena = stage.slack.person("U0LENA")
    await lena.waits_until(lambda: bool(lena.cards("is waiting for approval", at="dm")))

    decided = format_time(datetime.now(UTC))
    stage.desk.status(KEY, phase=Phase.DENIED, votes=(DENIAL,), decided_at=decided)

    await lena.waits_until(lambda: len(lena.cards("was denied", at="dm")) == 2)
    card, line = lena.cards("was denied", at="dm")
    assert (card.is_reply, line.is_reply, line.buttons) == (False, True, [])
    assert "@lena" in line.text


def test_every_stage_that_somebody_waits_for_is_heard_of_and_no_other() -> None:
    assert {each for each in stages.Stage if each not in chimes.WORDS} == {
        stages.Stage.WITHDRAWN,
        stages.Stage.SUPERSEDED,
        stages.Stage.GONE,
    }
