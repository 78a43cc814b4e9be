"""What a card shows of a cluster's life, and which buttons make sense when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import alarm, buttons, commands, life, replies, request_cards
from bot.answers import Say, TryAgain
from bot.cards import Card
from bot.follow import Follower
from bot.sights import Sight
from provisioning.model import Action, ClusterStatus, NodePool, Phase, RequestStatus, TenantCluster
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.model.tenant import LifetimePolicy
from provisioning.objects import Stored
from provisioning.usual import Span, Usual
from tests.bot import golden, samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
TONIGHT = Hibernation(schedules=(HibernationSchedule(start="0 20 * * *", end="0 6 * * *"),))


def verbs(cluster: Stored[TenantCluster], **policy: Any) -> list[str]:
    """What the buttons of a cluster would do, without its name."""
    look = life.Look(cluster, samples.catalog(), LifetimePolicy(**policy), now=samples.NOW)
    lines = [e["value"] for b in life.parts(look) if b["type"] == "actions" for e in b["elements"]]
    return [line.replace(" tenant-team-a/build-7", "") for line in lines]


def ready(**spec: Any) -> Stored[TenantCluster]:
    return samples.cluster(status=samples.ready(), **spec)


def test_a_cluster_on_its_way_can_be_given_up() -> None:
    assert verbs(samples.cluster(status=samples.building())) == ["cancel"]


@pytest.mark.parametrize("initialized", [True, None])
def test_what_was_ready_once_or_may_have_been_is_deleted_and_not_given_up(initialized: bool | None) -> None:
    again = samples.building().model_copy(update={"initialized": initialized})
    assert verbs(samples.cluster(status=again)) == ["delete"]


def test_what_hangs_can_be_tried_again_made_smaller_deleted_and_looked_at() -> None:
    assert verbs(samples.cluster(status=samples.stuck())) == ["retry", "resize smaller", "delete", "details"]


def test_what_is_ready_can_be_entered_extended_scaled_put_to_sleep_and_deleted() -> None:
    assert verbs(ready()) == ["access", "extend", "scale", "hibernate", "delete"]


def test_nothing_is_extended_that_has_no_end_or_may_not_live_longer() -> None:
    assert "extend" not in verbs(ready(lifetime=None))
    assert "extend" not in verbs(ready(lifetime="24h"), longest="24h")
    assert "extend" in verbs(ready(lifetime="24h"), longest="25h")


def test_a_protected_cluster_is_not_offered_for_deletion() -> None:
    assert "delete" not in verbs(ready(deletion_protection=True))


def test_one_sleep_can_be_skipped_and_no_second_one_at_the_same_time() -> None:
    assert "wake tonight" in verbs(ready(hibernation=TONIGHT))
    skipped = TONIGHT.model_copy(update={"awake_until": "2026-03-06T06:00:00Z"})
    assert "wake tonight" not in verbs(ready(hibernation=skipped))
    assert "wake tonight" not in verbs(ready())


def test_what_sleeps_wakes_and_what_is_over_is_extended_instead() -> None:
    assert verbs(samples.cluster(status=samples.asleep())) == ["wake", "delete"]
    assert verbs(samples.cluster(status=samples.over()), hibernation="48h") == ["extend 24h", "delete"]


@pytest.mark.parametrize(
    ("life_now", "longest", "by"),
    [("24h", None, "24h"), ("24h", "48h", "24h"), ("24h", "30h", "6h"), ("24h", "24h30m", ""), (None, None, "")],
)
def test_an_extension_in_one_press_stays_within_what_the_tenant_may_have(
    life_now: str | None, longest: str | None, by: str
) -> None:
    look = life.Look(ready(lifetime=life_now), samples.catalog(), LifetimePolicy(longest=longest), now=samples.NOW)

    assert life.extension(look) == by


def test_every_button_is_a_line_that_the_person_could_type() -> None:
    for status in (samples.stuck(), samples.ready(), samples.asleep(), samples.over(), samples.going()):
        desk = FakeDesk()
        cluster = samples.cluster(status=status, hibernation=TONIGHT)
        desk.put_cluster(cluster)
        look = life.Look(cluster, samples.catalog(), now=samples.NOW)
        for element in (e for b in life.parts(look) if b["type"] == "actions" for e in b["elements"]):
            assert buttons.RUN.fullmatch(element["action_id"])
            answer = commands.answer(element["value"], desk=desk, person=samples.LENA, now=samples.NOW)
            assert not isinstance(answer, Say) or "It goes like this" not in answer.card.text, element["value"]


def known(status: ClusterStatus, *, minutes: float) -> Card:
    """The card after so many minutes, where workers usually take twelve, twenty at most."""
    usual = Usual(
        {
            "Workers": Span(timedelta(minutes=12), timedelta(minutes=20)),
            "Ready": Span(timedelta(minutes=1), timedelta(minutes=1)),
        }
    )
    seen = hung(status, minutes=0)
    return request_cards.requester(replace(seen, usual=usual, now=samples.NOW + timedelta(minutes=minutes)))


@pytest.mark.parametrize(("minutes", "left"), [(2, "15"), (3.2, "10"), (8.2, "5"), (14.2, "7")])
def test_progress_says_what_is_left_above_ten_minutes_in_fives(minutes: float, left: str) -> None:
    assert f"Step 3 of 4 · about {left} min left" in known(samples.building(), minutes=minutes).text


def test_progress_says_what_is_slow_and_guesses_no_longer_what_is_left() -> None:
    said = known(samples.building(), minutes=90).text

    assert "🟠 Workers  slow: 1 h 29 min, usually 12 min" in said
    assert "left" not in said


def test_a_plan_says_the_same_as_the_lines() -> None:
    card = known(samples.building(), minutes=2)
    (plan,) = (block for block in card.modern if block["type"] == "plan")

    assert plan["title"] == "Step 3 of 4 · about 15 min left"
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Accepted · 0 s", "complete"),
        ("Control plane · 1 min 10 s", "complete"),
        ("Workers · 0 of 2 ready", "in_progress"),
        ("Ready", "pending"),
    ]


def hung(status: ClusterStatus, *, minutes: int, action: Action = Action.CREATE, deleting: bool = False) -> Sight:
    """A request that was carried out, so many minutes after the cluster was made, or its deletion was asked for."""
    cluster = samples.cluster(status=status, deleting=deleting)
    cluster = replace(cluster, meta=replace(cluster.meta, deleted=samples.NOW if deleting else None))
    sight = golden.sight(RequestStatus(phase=Phase.APPLIED), cluster, action=action)
    return replace(sight, now=samples.NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(("minutes", "due"), [(29, False), (32, True)])
def test_the_platform_team_hears_of_a_step_that_takes_longer_than_half_an_hour(minutes: int, due: bool) -> None:
    assert alarm.is_due(hung(samples.building(), minutes=minutes)) is due


def test_the_platform_team_hears_of_a_deletion_that_is_stuck_once() -> None:
    stuck = samples.going("Secret a", stuck=True)

    assert alarm.is_due(hung(stuck, minutes=31, deleting=True))
    assert not alarm.is_due(hung(stuck, minutes=31, deleting=True, action=Action.DELETE))
    assert not alarm.is_due(hung(samples.going(), minutes=29, deleting=True))


def test_what_is_ready_alarms_nobody() -> None:
    assert not alarm.is_due(hung(samples.ready(), minutes=6000))


async def test_the_platform_team_gets_one_card_that_says_in_the_end_that_it_is_over() -> None:
    desk, poster, now = FakeDesk(), FakePoster(), [samples.NOW]
    desk.put(samples.request())
    approved(desk, KEY)
    follower = Follower(desk=desk, poster=poster, clock=lambda: now[0], platform="C0PLATFORM")

    async def at(minutes: int, status: ClusterStatus) -> None:
        now[0] = samples.NOW + timedelta(minutes=minutes)
        desk.put_cluster(samples.cluster(status=status))
        await follower.redraw(KEY)

    await at(20, samples.building())
    assert poster.at("C0PLATFORM") == []
    for minutes in (40, 50):
        await at(minutes, samples.stuck())
    await at(51, samples.stuck())
    assert "is stuck" in poster.at("C0PLATFORM")[0].text
    assert replies.PLATFORM_TOLD in poster.at("DLENA")[0].text
    await at(60, samples.ready())

    assert [card.text.split("\n")[0] for card in poster.at("C0PLATFORM")] == ["🟢 *`build-7` is ready* · `team-a`"]
    assert replies.PLATFORM_TOLD not in poster.at("DLENA")[0].text


async def test_a_building_card_is_looked_at_every_minute_for_what_is_left() -> None:
    desk, poster, now = FakeDesk(), FakePoster(), [samples.NOW + timedelta(minutes=2)]
    desk.put(samples.request())
    approved(desk, KEY)
    desk.put_cluster(samples.cluster(status=samples.building()))
    for name in ("a", "b", "c"):
        desk.put_cluster(samples.cluster(name, by=f"cr-{name}", status=samples.ready()))
    follower = Follower(desk=desk, poster=poster, clock=lambda: now[0])

    assert await follower.redraw(KEY) == 60
    assert "about 6 min left" in poster.at("DLENA")[0].text
    now[0] += timedelta(minutes=2)
    await follower.redraw(KEY)

    assert "about 6 min left" in poster.at("DLENA")[0].text
    assert "about 3 min" not in poster.at("DLENA")[0].text


def test_trying_again_asks_nobody() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster(status=samples.stuck()))

    answer = commands.answer("retry build-7", desk=desk, person=samples.LENA, now=samples.NOW)

    assert answer == TryAgain(samples.LENA, "tenant-team-a", "build-7")


async def built(stage: Stage, status: ClusterStatus, **spec: Any) -> tuple[str, str]:
    """Lena's request is carried out, and the cluster is as it says."""
    key = stage.desk.put(samples.request()).key
    approved(stage.desk, key)
    stage.desk.put_cluster(samples.cluster(status=status, **spec))
    return key


async def test_retry_is_pressed_on_the_card_and_told(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await built(stage, samples.stuck())
    await lena.waits_for("is stuck")

    await lena.card("is stuck", at="dm").click(replies.RETRY)

    await lena.waits_for("build-7 is tried again now")
    assert "retry build-7 lena" in stage.desk.writes


async def test_a_retry_while_the_cluster_api_is_down_is_told(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await built(stage, samples.stuck())
    await lena.waits_for("is stuck")
    stage.desk.down = True

    await lena.card("is stuck", at="dm").click(replies.RETRY)

    await lena.waits_for(replies.NOT_DECIDED)


async def test_a_row_of_the_list_opens_its_cluster(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    await lena.command("/cluster list")
    await lena.waits_for("Ready · team-a")

    await lena.card("Ready · team-a").click(replies.DETAILS)

    await lena.waits_for("build-7 is ready")


async def test_smaller_opens_the_sizes_and_delete_asks_for_the_name(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await built(stage, samples.stuck(), pools=(NodePool(name="workers", flavor="large", replicas=1),))
    await lena.waits_for("is stuck")

    await lena.card("is stuck", at="dm").click(replies.SMALLER)
    assert lena.modal.title == replies.RESIZE_TITLE
    assert lena.modal.value(replies.FLAVOR) == ("medium",)
    await lena.modal.close()
    await lena.card("is stuck", at="dm").click(replies.DELETE_FORM)
    assert lena.modal.title == replies.DELETE_TITLE


async def test_tonights_sleep_is_skipped_in_one_press(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await built(stage, samples.building(), hibernation=TONIGHT)
    await lena.waits_for("is being set up")
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), hibernation=TONIGHT))
    await lena.waits_for("is ready")

    await lena.card("is ready", at="dm").click(replies.SKIP_SLEEP)

    await lena.waits_for("The change of build-7 is noted.")
    asked = next(r for r in stage.desk.stored.values() if r.it.spec.action is Action.CHANGE)
    assert asked.it.spec.desired is not None
    assert asked.it.spec.desired.hibernation.awake_until is not None
