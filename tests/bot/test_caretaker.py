"""What only the platform team can put right they are told of, once; and nothing is approved while no quota holds."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot import replies
from bot.caretaker import Caretaker, Told
from bot.follow import RESYNC_SECONDS, Follower
from bot.outcomes import Later, Unknown, Vanished
from provisioning.approval_words import PAUSED
from provisioning.errors import Unavailable
from provisioning.memo import Remembered
from provisioning.model import Decision, Phase, Subject, Vote
from provisioning.model.tenant import Channels
from provisioning.trouble import Trouble
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster
from tests.bot.test_desk_in_slack import asked
from tests.bot.test_follow import KEY, Scene
from tests.provisioning.waiting import until

PLATFORM = "C0PLATFORM"
OTHER = "cr-other"
CARD = "asks for a new cluster"


@pytest.fixture
def scene() -> Scene:
    """Two requests wait, and #team-a-approvals is archived."""
    desk = FakeDesk()
    desk.put(samples.request())
    desk.put(samples.request(OTHER, cluster="build-8"))
    made = Scene(desk, FakePoster(closed={"C0TEAMA": "is_archived"}), platform=PLATFORM)
    made.now = samples.NOW
    return made


async def look(scene: Scene) -> None:
    """At both requests, as often as the follower wants it."""
    for key in (KEY, (KEY[0], OTHER)) * 2:
        await scene.follower.redraw(key)


async def test_of_a_channel_that_takes_no_card_the_platform_is_told_once_a_day(scene: Scene) -> None:
    await look(scene)
    scene.restart()
    scene.now += timedelta(seconds=RESYNC_SECONDS)
    await look(scene)
    (told,) = scene.poster.at(PLATFORM)
    assert "I cannot post requests of the tenant `team-a` to <#C0TEAMA>: Slack says `is_archived`." in told.text

    scene.now += timedelta(days=1)
    await look(scene)
    scene.now += timedelta(seconds=RESYNC_SECONDS)
    await look(scene)

    assert len(scene.poster.at(PLATFORM)) == 2


async def test_the_platform_is_not_told_that_people_are_asked_directly_where_a_user_group_alone_decides(
    scene: Scene,
) -> None:
    scene.desk.tenants["team-a"] = samples.tenant(approvers=(Subject(slack_group="S0TEAMALEADS"),))

    await look(scene)

    (told,) = scene.poster.at(PLATFORM)
    assert "Nobody can be asked in its place." in told.text


async def test_of_a_channel_that_is_told_what_was_decided_the_platform_hears_too_and_of_no_person() -> None:
    desk = FakeDesk()
    told = Channels(approvals="C0TEAMA", notified=("C0OPS", "U0EVA"))
    desk.tenants["team-a"] = samples.tenant(channels=told)
    desk.put(samples.request())
    vote = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.AT)
    desk.status(KEY, phase=Phase.APPROVED, votes=(vote,), decided_at=samples.AT)
    scene = Scene(desk, FakePoster(closed={"C0OPS": "is_archived", "DEVA": "is_archived"}), platform=PLATFORM)
    scene.now = samples.NOW

    await scene.follower.redraw(KEY)
    scene.restart()
    await scene.follower.redraw(KEY)

    (card,) = scene.poster.at(PLATFORM)
    assert "I cannot post what was decided for the tenant `team-a` to <#C0OPS>: Slack says `is_archived`." in card.text


async def test_a_platform_that_could_not_be_told_is_told_with_the_next_try(scene: Scene) -> None:
    scene.poster.closed[PLATFORM] = "not_in_channel"
    await look(scene)
    del scene.poster.closed[PLATFORM]

    scene.now += timedelta(seconds=RESYNC_SECONDS)
    await look(scene)

    assert len(scene.poster.at(PLATFORM)) == 1


async def test_without_a_channel_of_the_platform_approvers_are_asked_all_the_same(scene: Scene) -> None:
    scene = Scene(scene.desk, scene.poster)
    await look(scene)

    assert scene.poster.at("DOMAR")
    assert scene.poster.at(PLATFORM) == []


async def test_the_card_is_not_held_up_by_a_platform_that_cannot_be_told_now(scene: Scene) -> None:
    scene.poster.fail["post"] = [Later("ratelimited", seconds=30)]

    await look(scene)

    assert scene.poster.at("DOMAR")


async def test_while_quotas_are_not_enforced_nothing_is_approved_and_people_are_told(stage: Stage) -> None:
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    key = await asked(stage)
    await omar.waits_for(CARD)
    stage.desk.canary.says(Trouble.TAKEN)
    await omar.waits_until(lambda: PAUSED in omar.card(CARD, at="#team-a-approvals").text)
    await lena.waits_until(lambda: PAUSED in lena.card("is waiting for approval", at="dm").text)

    await omar.card(CARD, at="#team-a-approvals").click("Approve")
    await omar.waits_until(lambda: any(card.text.strip() == PAUSED for card in omar.cards(PAUSED)))
    assert stage.desk.stored[key].it.status.votes == ()

    stage.desk.canary.says(None)
    await omar.waits_until(lambda: PAUSED not in omar.card(CARD, at="#team-a-approvals").text)
    await omar.card(CARD, at="#team-a-approvals").click("Approve")
    await omar.waits_for("counts.")
    assert stage.desk.stored[key].it.status.phase is Phase.APPROVED


async def test_a_denial_counts_while_approvals_are_paused() -> None:
    desk = FakeDesk()
    request = desk.put(samples.request())
    desk.canary.says(Trouble.SILENT)

    await desk.vote(*KEY, samples.OMAR, Decision.DENY, reason="no", digest=request.it.spec.digest)

    assert desk.stored[KEY].it.status.phase is Phase.DENIED


async def test_a_platform_that_cannot_be_told_of_its_quotas_at_once_is_told_a_little_later() -> None:
    poster = FakePoster(fail={"post": [Later("ratelimited", seconds=1), Vanished("thread_not_found")]})
    caretaker = Caretaker(poster, channel=PLATFORM, clock=lambda: samples.NOW, pause=0.0)

    await caretaker.enforcement(Trouble.TAKEN)

    assert len(poster.at(PLATFORM)) == 1


async def test_a_slack_that_answers_too_late_is_told_of_quotas_once() -> None:
    poster = FakePoster(after={"post": [Unknown("timeout"), Unknown("timeout")]}, knows_names=True)
    caretaker = Caretaker(poster, channel=PLATFORM, clock=lambda: samples.NOW, pause=0.0)

    await caretaker.enforcement(Trouble.TAKEN)

    assert len(poster.at(PLATFORM)) == 1


async def test_cards_do_not_wait_for_a_platform_that_cannot_be_told() -> None:
    desk, poster = FakeDesk(), FakePoster(closed={PLATFORM: "not_in_channel"})
    desk.put(samples.request())
    follower = Follower(desk=desk, poster=poster, clock=lambda: samples.NOW, platform=PLATFORM)
    running = asyncio.create_task(follower.run(desk.request_changes, desk.cluster_changes, desk.voting.changes))
    try:
        desk.canary.says(Trouble.TAKEN)
        await until(lambda: any(PAUSED in card.text for card in poster.at("C0TEAMA")))
        desk.canary.says(None)
        await until(lambda: all(PAUSED not in card.text for card in poster.at("C0TEAMA")))
    finally:
        running.cancel()


@pytest.mark.parametrize("trouble", list(Trouble))
async def test_the_platform_is_told_that_approvals_are_paused_and_that_they_go_on(trouble: Trouble) -> None:
    desk, poster = FakeDesk(), FakePoster()
    follower = Follower(desk=desk, poster=poster, clock=lambda: samples.NOW, platform=PLATFORM)
    running = asyncio.create_task(follower.run(desk.request_changes, desk.cluster_changes, desk.voting.changes))
    try:
        desk.canary.says(trouble)
        await until(lambda: len(poster.at(PLATFORM)) == 1)
        desk.canary.says(None)
        await until(lambda: len(poster.at(PLATFORM)) == 2)
    finally:
        running.cancel()

    assert [card.text for card in poster.at(PLATFORM)] == [
        replies.APPROVALS_PAUSED_BECAUSE[trouble],
        replies.APPROVALS_GO_ON,
    ]


async def test_a_new_leader_repeats_nothing_and_tells_what_the_old_one_did_not_come_to() -> None:
    poster, memo = FakePoster(), Remembered()

    def leader() -> Caretaker:
        return Caretaker(poster, channel=PLATFORM, clock=lambda: samples.NOW, pause=0.0, memo=memo)

    for trouble in (None, Trouble.TAKEN, Trouble.TAKEN, None, None, Trouble.TAKEN):
        await leader().enforcement(trouble)

    assert [card.text for card in poster.at(PLATFORM)] == [
        replies.APPROVALS_PAUSED_BECAUSE[Trouble.TAKEN],
        replies.APPROVALS_GO_ON,
        replies.APPROVALS_PAUSED_BECAUSE[Trouble.TAKEN],
    ]
    assert len(set(poster.names[PLATFORM])) == 3


async def test_a_leader_that_ends_before_it_has_noted_it_is_known_by_the_name_of_the_message() -> None:
    class Broken(Remembered):
        async def write(self, line: str) -> None:
            raise Unavailable("killed")

    poster = FakePoster(knows_names=True)
    first = Caretaker(poster, channel=PLATFORM, clock=lambda: samples.NOW, pause=0.0, memo=Broken())
    await first.enforcement(Trouble.TAKEN)
    assert len(poster.names[PLATFORM]) == 1, "one that knows that it was told only tries to note it"

    second = Caretaker(poster, channel=PLATFORM, clock=lambda: samples.NOW, pause=0.0, memo=Remembered())
    await second.enforcement(Trouble.TAKEN)

    assert len(poster.at(PLATFORM)) == 1


@pytest.mark.parametrize("line", ["", "x", "1 Elsewhere", "Taken", "-1"])
def test_a_memo_that_cannot_be_read_is_none(line: str) -> None:
    assert Told.read(line) == Told()


@pytest.mark.parametrize("told", [Told(), Told(1, Trouble.TAKEN), Told(12, None), Told(3, Trouble.SILENT)])
def test_what_was_told_is_read_as_it_was_written(told: Told) -> None:
    assert Told.read(told.written()) == told
