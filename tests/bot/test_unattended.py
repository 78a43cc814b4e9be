"""Nobody chooses what becomes of a cluster that failed: its card says when it goes, and then why it went."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot import alarm, commands, home, replies, request_cards, sights, stuck
from bot.answers import Ask, Open, Say
from bot.follow import Follower
from provisioning.model import Action, ClusterSpec, NodePool, Phase
from provisioning.model.tenant import LifetimePolicy
from provisioning.objects import Stored, format_time
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
CLUSTER = ("tenant-team-a", "build-7")


def unattended(desk: FakeDesk) -> None:
    """Lena's cluster failed, and nobody has chosen."""
    desk.put(samples.request())
    approved(desk, KEY)
    desk.put_cluster(samples.cluster(status=samples.unattended()))


def given_up(desk: FakeDesk, *, gone: bool = True) -> None:
    desk.status(KEY, conditions=samples.nobody_chose())
    if gone:
        desk.drop_cluster(CLUSTER)
    else:
        desk.put_cluster(samples.cluster(status=samples.going(), deleting=True))


def at(moment: datetime) -> datetime:
    return moment


def card(desk: FakeDesk) -> str:
    found = sights.of(desk, desk.stored[KEY], now=samples.NOW)
    assert found is not None
    return request_cards.requester(found).text


def test_the_card_of_what_failed_says_when_it_goes_unless_somebody_chooses() -> None:
    desk = FakeDesk()
    unattended(desk)
    until = "<!date^1772723141^{date_short_pretty} {time}|2026-03-05 15:05 UTC>"
    told = f"Unless somebody chooses what becomes of it, it is deleted {until}: none of its workers was ever ready"
    assert told in card(desk)
    found = commands.answer("show build-7", desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(found, Say)
    assert told in found.card.text
    desk.put_cluster(samples.cluster(status=samples.stuck()))
    assert "Unless somebody chooses" not in card(desk)


@pytest.mark.parametrize(
    ("failed", "gone", "said"),
    [
        ("2h", True, "nobody chose what becomes of it. Its room in the quota is free again."),
        ("0s", True, "nobody chose what becomes of it. Its room in the quota is free again."),
        ("2h", False, "Its room in the quota is free again once it is gone."),
    ],
)
def test_afterwards_it_says_why_it_went_and_how_far_that_is(failed: str, gone: bool, said: str) -> None:
    desk = FakeDesk()
    desk.put_tenant(samples.tenant(lifetime=LifetimePolicy(failed=failed)))
    unattended(desk)
    given_up(desk, gone=gone)
    told = card(desk)
    assert ("the workers are being deleted" in told) is not gone
    assert told.startswith("⌛ *`build-7` is given up: nobody chose in time* · `team-a`\nIt failed before it was ever")
    assert said in told


def test_another_cluster_of_that_name_does_not_show_on_it() -> None:
    desk = FakeDesk()
    unattended(desk)
    given_up(desk)
    desk.put_cluster(samples.cluster(by="cr-other", status=samples.ready()))
    assert "is given up" in card(desk)
    assert "API endpoint" not in card(desk)


async def test_whoever_asked_is_told_once_with_a_sound_whoever_leads() -> None:
    desk, poster = FakeDesk(), FakePoster(knows_names=True)
    unattended(desk)
    now = samples.NOW
    for gone in (None, False, True):
        if gone is not None:
            given_up(desk, gone=gone)
        for _ in range(3):
            now += timedelta(minutes=1)
            await Follower(desk=desk, poster=poster, clock=partial(at, now)).redraw(KEY)

    first, *lines = poster.at("DLENA")
    assert "nobody chose what becomes of it" in first.text
    assert [line.text for line in lines] == ["<@U0LENA>: ⌛ *`build-7` is given up: nobody chose in time* · `team-a`"]


def test_it_can_be_asked_for_again_by_its_request_by_its_name_and_from_home() -> None:
    desk = FakeDesk()
    unattended(desk)
    given_up(desk)
    for line in ("again build-7", f"again {KEY[1]}"):
        answer = commands.answer(line, desk=desk, person=samples.LENA, now=samples.NOW)
        assert isinstance(answer, Open)
        assert answer.view["title"]["text"] == "New cluster"
    drawn = home.view(samples.LENA, desk=desk, now=samples.NOW, platform=False)
    (told,) = [b for b in drawn["blocks"] if "is given up" in b.get("text", {}).get("text", "")]
    assert told["accessory"]["value"] == f"again {KEY[1]}"


def test_what_no_form_says_is_asked_for_again_as_a_new_cluster_whatever_the_last_request_was() -> None:
    desk = FakeDesk()
    pools = (NodePool(name="a", flavor="small", replicas=1), NodePool(name="b", flavor="small", replicas=1))
    wanted: ClusterSpec = samples.spec(pools=pools)
    desk.put(samples.request(action=Action.CHANGE, desired=wanted, base_generation=1))
    approved(desk, KEY)
    given_up(desk)

    answer = commands.answer("again build-7", desk=desk, person=samples.LENA, now=samples.NOW)

    assert isinstance(answer, Ask)
    assert (answer.wish.action, answer.wish.desired) == (Action.CREATE, wanted)


def test_the_platform_hears_of_one_whose_removal_hangs_and_not_of_the_next_one_of_its_name() -> None:
    desk = FakeDesk()
    unattended(desk)
    given_up(desk, gone=False)
    going = samples.cluster(status=samples.going(stuck=True), deleting=True)
    going = Stored(replace(going.meta, deleted=samples.NOW), going.it)
    later = samples.NOW + timedelta(hours=1)
    for cluster, hangs in ((going, True), (samples.cluster(by="cr-other", status=samples.stuck()), False)):
        desk.put_cluster(cluster)
        found = sights.of(desk, desk.stored[KEY], now=later)
        assert found is not None
        assert alarm.is_due(found) is hangs


async def test_while_it_goes_somebody_looks_again_so_that_the_platform_hears_of_it_though_nothing_changes() -> None:
    desk, poster, now = FakeDesk(), FakePoster(), samples.NOW
    unattended(desk)
    given_up(desk, gone=False)
    going = samples.cluster(status=samples.going(stuck=True), deleting=True)
    desk.put_cluster(Stored(replace(going.meta, deleted=samples.NOW), going.it))
    follower = Follower(desk=desk, poster=poster, clock=lambda: now, platform="C0PLATFORM")

    while not poster.at("C0PLATFORM"):
        wait = await follower.redraw(KEY)
        assert wait is not None
        now += timedelta(seconds=wait)

    assert stuck.PATIENCE <= now - samples.NOW < stuck.PATIENCE + timedelta(minutes=3)
    desk.drop_cluster(CLUSTER)
    await follower.redraw(KEY)
    assert await follower.redraw(KEY) is None


def test_help_says_how_long_it_is_kept_in_each_tenant() -> None:
    desk = FakeDesk()
    for failed, said in (("2h", "is deleted 2 hours later"), ("0s", "is kept until somebody chooses")):
        desk.put_tenant(samples.tenant(lifetime=LifetimePolicy(failed=failed)))
        answer = commands.answer("help trouble", desk=desk, person=samples.LENA, now=samples.NOW)
        assert isinstance(answer, Say)
        assert said in answer.card.text


async def test_in_slack_it_is_told_before_and_after_and_asked_for_again(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    now = datetime.now(UTC)
    stage.desk.put(samples.request())
    stage.desk.status(KEY, phase=Phase.APPLIED, decided_at=format_time(now))
    status = samples.unattended().model_copy(update={"gives_up_at": format_time(now + timedelta(hours=2))})
    stage.desk.put_cluster(samples.cluster(status=status))
    await lena.waits_for("Unless somebody chooses what becomes of it")
    stuck = lena.card("Unless somebody chooses", at="dm")
    assert {replies.RETRY, replies.SMALLER, replies.DELETE_FORM} <= {*stuck.buttons}

    since = [each.model_copy(update={"last_transition_time": format_time(now)}) for each in samples.nobody_chose()]
    stage.desk.status(KEY, conditions=tuple(since))
    stage.desk.drop_cluster(CLUSTER)
    await lena.waits_until(lambda: len(lena.cards("is given up", at="dm")) == 2)
    told, line = lena.cards("is given up", at="dm")
    assert (told.is_reply, line.is_reply) == (False, True)

    await told.click(replies.ASK_AGAIN)
    assert (lena.modal.title, lena.modal.value("Name")) == (replies.CREATE_TITLE, ("build-7",))
