"""Clusters that nobody asked for in Slack: their people hear of trouble and of the end all the same, once each."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import buttons, presses, replies, request_cards, sights, unasked
from bot.crier import Crier
from bot.outcomes import Later, Undeliverable, Unknown
from provisioning import errors, names, told, unattended
from provisioning.lifecycle import Reason
from provisioning.model import (
    Action,
    ClusterStatus,
    Condition,
    Delivery,
    Phase,
    RequestStatus,
    Surface,
    TenantCluster,
)
from provisioning.model.tenant import Channels, LifetimePolicy
from provisioning.objects import Stored, format_time
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "lab")
END = samples.NOW + timedelta(hours=30)
APPROVALS, TEAM, PLATFORM = "C0TEAMA", "C0TEAM", "C0PLATFORM"
WARNINGS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=10))


@dataclass
class Scene:
    """Lena made `lab` by kubectl at `NOW`; it lives for thirty hours, and then sleeps for two days."""

    now: datetime = samples.NOW
    desk: FakeDesk = field(default_factory=FakeDesk)
    poster: FakePoster = field(default_factory=FakePoster)

    def __post_init__(self) -> None:
        policy = LifetimePolicy(default="24h", longest="168h", hibernation="48h")
        self.desk.tenants["team-a"] = samples.tenant(lifetime=policy)
        self.cluster(samples.ready())
        self.lead()

    def lead(self) -> None:
        """Another process takes over, knowing nothing."""
        self.crier = Crier(desk=self.desk, poster=self.poster, clock=lambda: self.now, platform=PLATFORM)

    def cluster(self, status: ClusterStatus, *, by: str = "lena", deleting: bool = False, **changes: Any) -> None:
        marks = {names.REQUESTED_BY_ANNOTATION: by} if by else {}
        made = samples.cluster(
            "lab", status=status, deleting=deleting, annotations=marks, **{"lifetime": "30h", **changes}
        )
        before = self.desk.built.get(KEY)
        noted = before.meta.annotations.get(names.TOLD_ANNOTATION) if before else None
        kept = {names.TOLD_ANNOTATION: noted} if noted else {}
        others = {key: value for key, value in made.meta.annotations.items() if key != names.REQUEST_ANNOTATION}
        self.desk.put_cluster(replace(made, meta=replace(made.meta, annotations={**others, **kept})))

    def changed(self, name: str, status: ClusterStatus) -> Stored[TenantCluster]:
        """The cluster of that name with another status."""
        before = self.desk.built["tenant-team-a", name]
        return replace(before, it=before.it.model_copy(update={"status": status}))

    async def at(self, moment: datetime) -> float | None:
        self.now = moment
        return await self.crier.look(KEY)

    def said(self, channel: str) -> list[str]:
        """The headlines that stand there."""
        return [card.text.split("\n")[0] for card in self.poster.at(channel)]


def before_end(span: timedelta) -> datetime:
    return END - span + timedelta(seconds=1)


SOON = "⏰ *`lab` lives for less than 24 hours more* · `team-a`"


# Its end


async def test_each_warning_is_told_once_where_approvers_are_asked_and_to_whoever_made_it() -> None:
    scene = Scene()

    for warning in WARNINGS:
        for _ in range(3):
            await scene.at(before_end(warning))
            scene.lead()

    left = ("24 hours", "1 hour", "10 min")
    assert scene.said(APPROVALS) == scene.said("DLENA")
    assert scene.said("DLENA") == [f"⏰ *`lab` lives for less than {each} more* · `team-a`" for each in left]
    assert replies.LET_GO in str(scene.poster.at(APPROVALS)[-1].blocks)
    assert "Extend 24 hours" in str(scene.poster.at(APPROVALS)[-1].blocks)


async def test_where_the_tenant_names_whom_to_tell_they_are_told_and_not_the_approvers() -> None:
    scene = Scene()
    channels = Channels(approvals=APPROVALS, notified=(TEAM, "U0EVA"))
    scene.desk.tenants["team-a"] = samples.tenant(channels=channels)

    await scene.at(before_end(WARNINGS[0]))

    assert scene.said(TEAM) == scene.said("DEVA") == scene.said("DLENA") == [SOON]
    assert scene.said(APPROVALS) == []


async def test_of_what_a_program_made_the_tenants_places_hear() -> None:
    scene = Scene()
    scene.cluster(samples.ready(), by="system:serviceaccount:flux-system:apps")

    await scene.at(before_end(WARNINGS[0]))

    assert scene.said(APPROVALS) == [SOON]
    assert {channel for channel, _ in scene.poster.stands} == {APPROVALS}


async def test_at_its_end_it_is_told_that_it_sleeps_and_then_that_it_goes() -> None:
    scene = Scene()

    await scene.at(END + timedelta(seconds=1))
    scene.cluster(samples.going(), deleting=True)
    await scene.at(END + timedelta(hours=48, seconds=1))

    sleeps, goes = scene.said("DLENA")
    assert "is over, so it sleeps" in sleeps
    assert "is over, so it is being deleted" in goes


async def test_what_was_told_before_it_went_ends_with_its_end_though_slack_was_down_then() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[2]))
    scene.poster.down = Later("ratelimited", seconds=7)
    await scene.at(END + timedelta(seconds=1))
    scene.desk.drop_cluster(KEY)

    over = END + timedelta(hours=48, seconds=1)
    assert await scene.at(over) == 7
    scene.poster.down = None
    assert await scene.at(over + timedelta(seconds=7)) is None
    assert await scene.at(over + timedelta(seconds=70)) is None

    for channel in (APPROVALS, "DLENA"):
        assert scene.said(channel)[1:] == ["✔️ *The lifetime of `lab` is over, and it is deleted* · `team-a`"]


async def test_of_one_that_went_before_anybody_could_be_told_the_end_is_told_all_the_same() -> None:
    scene = Scene()
    scene.desk.tenants["team-a"] = samples.tenant(lifetime=LifetimePolicy(warnings=()))
    scene.poster.down = Later("ratelimited", seconds=7)
    for moment in (before_end(WARNINGS[0]), END + timedelta(seconds=1)):
        await scene.at(moment)
    scene.cluster(samples.going(), deleting=True)
    assert await scene.at(END + timedelta(seconds=2)) is not None
    scene.desk.drop_cluster(KEY)
    await scene.at(END + timedelta(seconds=3))
    scene.poster.down = None

    await scene.at(END + timedelta(seconds=10))

    assert "is over, and it is deleted" in scene.said(APPROVALS)[0]


async def test_what_goes_says_in_the_end_that_it_is_gone() -> None:
    scene = Scene()
    scene.cluster(samples.stuck())
    await scene.at(samples.NOW + timedelta(minutes=1))
    await scene.at(before_end(WARNINGS[0]))
    scene.cluster(samples.going(), deleting=True)
    await scene.at(before_end(WARNINGS[0]))
    scene.desk.drop_cluster(KEY)

    assert await scene.at(before_end(WARNINGS[0])) is None

    assert [line.split("* · ")[0] for line in scene.said(APPROVALS)] == ["✔️ *`lab` is no longer there"] * 2


async def test_what_is_deleted_before_its_end_with_nothing_said_of_it_is_no_news() -> None:
    scene = Scene()
    await scene.at(samples.NOW)
    scene.desk.drop_cluster(KEY)

    assert await scene.at(samples.NOW + timedelta(hours=1)) is None
    assert scene.poster.stands == {}


async def test_an_end_of_long_ago_is_not_told_by_whoever_begins_to() -> None:
    scene = Scene()
    scene.desk.tenants["team-a"] = samples.tenant(lifetime=LifetimePolicy(hibernation="2400h"))

    await scene.at(END + timedelta(days=60))

    assert scene.poster.stands == {}


async def test_a_later_end_settles_what_was_told_and_the_next_warning_is_new() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[0]))
    scene.cluster(samples.ready(), lifetime="54h")

    await scene.at(before_end(WARNINGS[0]))
    assert [line.split(" · ")[0] for line in scene.said("DLENA")] == ["🟢 *`lab` is ready*"]
    await scene.at(before_end(WARNINGS[0]) + timedelta(hours=24))

    assert scene.said("DLENA")[-1] == SOON


async def test_the_next_look_is_at_the_next_warning() -> None:
    scene = Scene()

    assert await scene.at(samples.NOW + timedelta(hours=1)) == timedelta(hours=5).total_seconds()


# Whether anybody asked


@pytest.mark.parametrize(
    ("status", "is_asked"),
    [
        (RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT), True),
        (RequestStatus(phase=Phase.APPROVED, decided_at=samples.AT), True),
        (samples.waits_for_room(), False),
        (RequestStatus(phase=Phase.DENIED, decided_at=samples.AT), False),
        (
            RequestStatus(
                phase=Phase.APPLIED,
                deliveries=(Delivery(surface=Surface.REQUESTER, channel="U0LENA", ts="", revision="user_disabled"),),
            ),
            False,
        ),
    ],
    ids=["done", "being done", "waiting for room", "denied", "not to be reached"],
)
async def test_what_the_card_of_a_request_tells_is_not_told_twice(status: RequestStatus, is_asked: bool) -> None:
    scene = Scene()
    scene.desk.put(samples.request("cr-1", cluster="lab", status=status))

    await scene.at(before_end(WARNINGS[0]))

    assert (scene.said(APPROVALS) == []) is is_asked


async def test_a_request_of_somebody_without_a_slack_account_tells_nobody_so_the_tenant_hears() -> None:
    scene = Scene()
    done = RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT)
    scene.desk.put(samples.request("cr-1", cluster="lab", requester=samples.KAI, status=done))
    scene.desk.put(samples.request("cr-2", cluster="lab", action=Action.DELETE, status=RequestStatus()))

    await scene.at(before_end(WARNINGS[0]))

    assert scene.said(APPROVALS) == [SOON]


async def reused(scene: Scene, *, given_up: bool = False) -> None:
    """Lena had asked for a `lab` in Slack that is gone; this one somebody wrote a day later."""
    said = {"type": "Ready", "status": "True", "reason": "Applied", "lastTransitionTime": samples.AT}
    made = Condition.model_validate(said)
    card = Delivery(surface=Surface.REQUESTER, channel="DLENA", ts="1.0")
    conditions = (made, *samples.nobody_chose()) if given_up else (made,)
    status = RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT, conditions=conditions, deliveries=(card,))
    scene.desk.put(samples.request("cr-1", cluster="lab", status=status))
    before = scene.desk.built[KEY]
    scene.desk.put_cluster(replace(before, meta=replace(before.meta, created=samples.NOW + timedelta(hours=24))))


@pytest.mark.parametrize("given_up", [True, False])
async def test_the_card_of_an_earlier_cluster_of_that_name_tells_nothing_of_this_one(given_up: bool) -> None:
    scene = Scene()
    scene.cluster(samples.stuck())
    await reused(scene, given_up=given_up)

    await scene.at(samples.NOW + timedelta(hours=25))

    assert scene.said(APPROVALS) == ["⚠️ *`lab` is stuck* · `team-a`"]
    found = sights.of(scene.desk, scene.desk.stored[KEY[0], "cr-1"], now=scene.now)
    assert found is not None
    assert "is stuck" not in request_cards.requester(found).text


async def test_once_somebody_asks_for_a_change_of_it_their_card_tells() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[0]))
    done = RequestStatus(phase=Phase.APPLIED, decided_at=format_time(before_end(WARNINGS[1])))
    scene.desk.put(samples.request("cr-1", cluster="lab", action=Action.CHANGE, status=done))

    await scene.at(before_end(WARNINGS[1]))

    assert scene.said("DLENA") == [SOON]


# Trouble


async def test_a_failure_is_told_once_with_what_can_be_done_and_ends_with_how_it_came_out() -> None:
    scene = Scene()
    await scene.at(samples.NOW)
    scene.cluster(samples.stuck())

    for _ in range(3):
        await scene.at(samples.NOW + timedelta(minutes=1))
        scene.lead()
    (card,) = scene.poster.at(APPROVALS)
    assert "a worker finds no room" in card.text
    assert "Made by <@U0LENA>. No card in Slack tells of it" in card.text
    for button in (replies.RETRY, replies.SMALLER, replies.DELETE_FORM):
        assert button in str(card.blocks)

    scene.cluster(samples.building())
    await scene.at(samples.NOW + timedelta(minutes=2))
    scene.cluster(samples.ready())
    await scene.at(samples.NOW + timedelta(minutes=3))

    assert [line.split(" · ")[0] for line in scene.said(APPROVALS)] == ["🟢 *`lab` is ready*"]
    assert replies.RETRY not in str(scene.poster.at(APPROVALS)[0].blocks)


async def test_once_somebody_asks_for_a_change_what_stands_there_is_kept_true_and_nothing_new_is_said() -> None:
    scene = Scene()
    scene.cluster(samples.stuck())
    await scene.at(samples.NOW + timedelta(minutes=1))
    done = RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT)
    scene.desk.put(samples.request("cr-1", cluster="lab", action=Action.CHANGE, status=done))

    for minute, status in enumerate((samples.ready(), samples.stuck()), start=2):
        scene.cluster(status)
        await scene.at(samples.NOW + timedelta(minutes=minute))

    assert [line.split(" · ")[0] for line in scene.said(APPROVALS)] == ["🟢 *`lab` is ready*"]


async def test_the_next_failure_is_a_message_of_its_own() -> None:
    scene = Scene()
    for status in (samples.stuck(), samples.ready(), samples.stuck()):
        scene.cluster(status)
        await scene.at(samples.NOW + timedelta(minutes=1))

    assert len(scene.said("DLENA")) == 2


async def test_of_many_at_once_there_is_one_message_and_no_flood() -> None:
    scene = Scene()
    marks = {names.REQUESTED_BY_ANNOTATION: "lena"}
    for number in range(40):
        scene.desk.put_cluster(samples.cluster(f"lab-{number:02}", status=samples.stuck(), annotations=marks))
    scene.now = samples.NOW + timedelta(minutes=1)

    for _ in range(2):
        await asyncio.gather(*(scene.crier.look(key) for key in scene.desk.built))
        scene.lead()

    for channel in (APPROVALS, "DLENA"):
        (card,) = scene.poster.at(channel)
        assert card.text.startswith("⚠️ *Something went wrong with 40 clusters of `team-a`.*")
        assert "… and 10 more." in card.text

    scene.desk.put_cluster(scene.changed("lab-07", samples.ready()))
    await scene.crier.look(("tenant-team-a", "lab-07"))
    scene.desk.put_cluster(scene.changed("lab-07", samples.stuck()))
    await scene.crier.look(("tenant-team-a", "lab-07"))

    assert scene.said(APPROVALS)[1:] == ["⚠️ *`lab-07` is stuck* · `team-a`"], "the next time it is told by itself"


async def many(scene: Scene, number: int = 5) -> list[tuple[str, str]]:
    """So many of Lena's clusters fail at once, and the leader ends when it has said so and noted that for none."""
    scene.poster.knows_names = True
    scene.now = samples.NOW + timedelta(minutes=1)
    scene.desk.drop_cluster(KEY)
    keys = [(KEY[0], f"lab-{each}") for each in range(number)]
    for _, name in keys:
        scene.desk.put_cluster(samples.cluster(name, status=samples.stuck(), annotations={}))
    scene.desk.down_after = 1
    with contextlib.suppress(errors.Unavailable):
        await scene.crier.look(keys[0])
    scene.desk.down_after = None
    scene.lead()
    return keys


async def test_what_failed_in_between_is_named_by_the_message_that_tells_of_it() -> None:
    scene = Scene()
    keys = await many(scene)
    scene.desk.put_cluster(samples.cluster("lab-late", status=samples.stuck(), annotations={}))

    for key in (*keys, (KEY[0], "lab-late")):
        await scene.crier.look(key)

    (card,) = scene.poster.at(APPROVALS)
    assert "Something went wrong with 6 clusters" in card.text
    assert "lab-late" in card.text


@pytest.mark.parametrize("first", [0, 1])
async def test_when_the_first_of_many_is_well_again_the_others_are_told_once_and_it_is_told_by_itself_later(
    first: int,
) -> None:
    scene = Scene()
    keys = await many(scene)
    scene.desk.put_cluster(scene.changed("lab-0", samples.ready()))
    for key in (*keys[first:], *keys[:first]):
        await scene.crier.look(key)
    assert len(scene.said(APPROVALS)) == 1

    scene.desk.put_cluster(scene.changed("lab-0", samples.stuck()))
    await scene.crier.look(keys[0])

    assert scene.said(APPROVALS)[1:] == ["⚠️ *`lab-0` is stuck* · `team-a`"]


async def test_the_platform_gets_one_message_of_many_tenants() -> None:
    scene = Scene()
    keys = []
    for number in range(5):
        name, namespace = f"team-{number}", f"tenant-team-{number}"
        scene.desk.tenants[name] = samples.tenant(name, namespaces=(namespace,))
        made = samples.cluster("lab", namespace=namespace, status=samples.building(), annotations={})
        scene.desk.put_cluster(replace(made, meta=replace(made.meta, uid=f"uid-{number}")))
        keys.append((namespace, "lab"))
    scene.now = samples.NOW + timedelta(minutes=40)

    for key in keys:
        await scene.crier.look(key)

    (card,) = scene.poster.at(PLATFORM)
    assert card.text.startswith("⚠️ *Something went wrong with 5 clusters.* No card in Slack tells of them.")
    assert all(f"`team-{number}`" in card.text for number in range(5))


async def test_one_that_was_given_up_says_that_nobody_chose() -> None:
    scene = Scene()
    scene.cluster(samples.stuck())
    await scene.at(samples.NOW + timedelta(minutes=1))
    said = {"type": unattended.CONDITION, "status": "True", "reason": unattended.GIVEN_UP}
    noted = Condition.model_validate({**said, "lastTransitionTime": samples.LATER})
    going = samples.going()
    scene.cluster(going.model_copy(update={"conditions": (*going.conditions, noted)}), deleting=True)

    await scene.at(samples.NOW + timedelta(hours=2))

    (card,) = scene.poster.at(APPROVALS)
    assert replies.given_up_alone(gone=False) in card.text


async def test_what_hangs_for_long_is_told_to_the_platform_as_well() -> None:
    scene = Scene()
    scene.cluster(samples.building())
    assert await scene.at(samples.NOW + timedelta(minutes=20)) == 60
    assert scene.poster.stands == {}

    await scene.at(samples.NOW + timedelta(minutes=40))

    (card,) = scene.poster.at(PLATFORM)
    assert "kubectl -n tenant-team-a describe tenantcluster lab" in card.text
    assert len(scene.said(APPROVALS)) == 1


async def test_the_clock_alone_redraws_nothing() -> None:
    scene = Scene()
    scene.cluster(samples.stuck())
    await scene.at(samples.NOW + timedelta(minutes=1))
    calls = len(scene.poster.calls)

    await scene.at(samples.NOW + timedelta(minutes=5))

    assert len(scene.poster.calls) == calls


# Once each, whatever fails


async def test_what_was_posted_and_could_not_be_noted_is_not_posted_again() -> None:
    scene = Scene()
    scene.desk.down = True
    with pytest.raises(errors.Unavailable):
        await scene.at(before_end(WARNINGS[0]))
    scene.desk.down = False

    await scene.at(before_end(WARNINGS[0]))
    scene.lead()
    await scene.at(before_end(WARNINGS[0]))

    assert scene.said(APPROVALS) == scene.said("DLENA") == [SOON]


@pytest.mark.parametrize("many", [1, 5])
@pytest.mark.parametrize("calls", range(6))
async def test_whoever_is_ended_in_between_is_followed_by_one_who_says_what_is_left(calls: int, many: int) -> None:
    scene = Scene()
    scene.poster.knows_names = True
    scene.now = samples.NOW + timedelta(minutes=1)
    marks = {names.REQUESTED_BY_ANNOTATION: "lena"}
    keys = [(KEY[0], f"lab-{number}") for number in range(many)]
    for _, name in keys:
        scene.desk.put_cluster(samples.cluster(name, status=samples.stuck(), annotations=marks))

    scene.desk.down_after = calls
    for key in keys:
        with contextlib.suppress(errors.Unavailable):
            await scene.crier.look(key)
    scene.desk.down_after = None
    for _ in range(2):
        scene.lead()
        for key in keys:
            await scene.crier.look(key)

    first = "⚠️ *`lab-0` is stuck*" if many == 1 else "⚠️ *Something went wrong with 5 clusters of `team-a`.*"
    for channel in (APPROVALS, "DLENA"):
        (headline,) = scene.said(channel)
        assert headline.startswith(first)


async def test_a_post_that_was_answered_too_late_is_the_same_message() -> None:
    scene = Scene()
    scene.poster.knows_names = True
    scene.poster.after["post"] = [Unknown("timeout")]

    assert await scene.at(before_end(WARNINGS[0])) == 5
    assert scene.said("DLENA") == [SOON], "the others do not wait for it"
    for _ in range(2):
        scene.lead()
        await scene.at(before_end(WARNINGS[0]))

    assert scene.said(APPROVALS) == scene.said("DLENA") == [SOON]


async def test_a_place_that_has_to_wait_keeps_no_other_waiting() -> None:
    scene = Scene()
    scene.poster.fail["post"] = [Later("ratelimited", seconds=7)]

    assert await scene.at(before_end(WARNINGS[0])) == 7
    assert (scene.said(APPROVALS), scene.said("DLENA")) == ([], [SOON])
    assert await scene.at(before_end(WARNINGS[0]) + timedelta(seconds=3)) == 4
    await scene.at(before_end(WARNINGS[0]) + timedelta(seconds=7))

    assert scene.said(APPROVALS) == [SOON]


async def test_a_place_that_takes_nothing_is_tried_again_every_ten_minutes() -> None:
    scene = Scene()
    scene.poster.closed[APPROVALS] = "is_archived"
    for minute in (0, 1, 9):
        again = await scene.at(before_end(WARNINGS[0]) + timedelta(minutes=minute))
        assert again == timedelta(minutes=10 - minute).total_seconds()
    assert [call for call in scene.poster.calls if APPROVALS in call] == [f"post {APPROVALS}"]

    scene.poster.closed.clear()
    await scene.at(before_end(WARNINGS[0]) + timedelta(minutes=10))

    assert scene.said(APPROVALS) == scene.said("DLENA") == [SOON]


async def test_who_cannot_be_reached_keeps_no_channel_waiting() -> None:
    scene = Scene()
    scene.poster.fail["direct"] = [Undeliverable("user_disabled")]

    await scene.at(before_end(WARNINGS[0]))

    assert (scene.said(APPROVALS), scene.said("DLENA")) == ([SOON], [])


async def test_another_cluster_of_the_same_name_is_told_of_anew() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[0]))
    before = scene.desk.built[KEY]
    fresh = {key: value for key, value in before.meta.annotations.items() if key != names.TOLD_ANNOTATION}
    scene.desk.put_cluster(replace(before, meta=replace(before.meta, uid="uid-other", annotations=fresh)))

    await scene.at(before_end(WARNINGS[0]))

    assert len(scene.said("DLENA")) == 2


def test_notes_that_nobody_can_read_are_none() -> None:
    meta = samples.cluster("lab", annotations={names.TOLD_ANNOTATION: "[{"}).meta

    assert told.of(meta) == ()


async def test_whose_tenant_or_catalog_is_gone_is_left_alone() -> None:
    scene = Scene()
    scene.desk.tenants.clear()

    assert await scene.at(before_end(WARNINGS[0])) is None
    assert unasked.at(scene.desk, ("elsewhere", "lab")) is None


# Let go


def let_go(scene: Scene, channel: str) -> None:
    """Somebody presses it at that place, and another replica writes it down."""
    cluster = scene.desk.built[KEY]
    (noted,) = (each for each in told.of(cluster.meta) if each.channel == channel and each.surface is Surface.NEWS)
    after = noted.model_copy(update={"revision": noted.revision.replace("told ", "let-go ")})
    marks = {**cluster.meta.annotations, names.TOLD_ANNOTATION: told.line(told.of(cluster.meta), after)}
    scene.desk.put_cluster(replace(cluster, meta=replace(cluster.meta, annotations=marks)))


async def test_who_lets_it_go_before_the_next_look_is_not_reminded() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[0]))
    for channel in (APPROVALS, "U0LENA"):
        let_go(scene, channel)

    await scene.at(before_end(WARNINGS[1]))

    for channel in (APPROVALS, "DLENA"):
        (line,) = scene.said(channel)
        assert "`lab` is let go; I do not remind you again" in line


async def test_who_lets_it_go_does_so_for_a_place_that_had_to_wait() -> None:
    scene = Scene()
    scene.poster.fail["post"] = [Later("ratelimited", seconds=7)]
    await scene.at(before_end(WARNINGS[0]))
    let_go(scene, "U0LENA")

    for moment in (before_end(WARNINGS[0]) + timedelta(seconds=7), before_end(WARNINGS[1])):
        await scene.at(moment)
    assert scene.said(APPROVALS) == []
    await scene.at(END + timedelta(seconds=1))

    assert "is over, so it sleeps" in scene.said(APPROVALS)[0]


async def test_a_button_of_an_earlier_cluster_of_that_name_lets_nothing_go() -> None:
    scene = Scene()
    await scene.at(before_end(WARNINGS[0]))
    before = scene.desk.built[KEY]
    value = buttons.ticket_of_cluster(replace(before, meta=replace(before.meta, uid="uid-earlier"))).dumps()

    await presses.pressed(scene.desk, action=buttons.LET_GO_OF, value=value, person=samples.LENA)

    assert all(each.revision.startswith("told ") for each in told.of(scene.desk.built[KEY].meta))


# In Slack


async def warned(stage: Stage) -> None:
    made = datetime.now(tz=samples.NOW.tzinfo) - timedelta(hours=23, minutes=30)
    cluster = samples.cluster("lab", status=samples.ready(), annotations={names.REQUESTED_BY_ANNOTATION: "lena"})
    stage.desk.put_cluster(replace(cluster, meta=replace(cluster.meta, created=made)))
    lena = stage.slack.person("U0LENA")
    soon = "lives for less than 1 hour more"
    await lena.waits_until(lambda: all(lena.cards(soon, at=place) for place in ("dm", APPROVALS)))


async def test_a_member_lets_it_live_longer_with_one_press(stage: Stage) -> None:
    await warned(stage)
    lena = stage.slack.person("U0LENA")

    await lena.card("lives for less than", at="dm").click("Extend 24 hours")

    await lena.waits_for("The change of lab is noted.")
    asked = next(iter(stage.desk.stored.values()))
    assert asked.it.spec.desired is not None
    assert asked.it.spec.desired.lifetime == "48h"


async def test_letting_it_go_is_told_at_every_place(stage: Stage) -> None:
    await warned(stage)
    lena, omar = (stage.slack.person(each) for each in ("U0LENA", "U0OMAR"))

    await lena.card("lives for less than", at="dm").click(replies.LET_GO)

    await lena.waits_for("is let go; I do not remind you again.")
    await omar.waits_for("is let go; I do not remind you again.")
    assert all(each.revision.startswith("let-go ") for each in told.of(stage.desk.built[KEY].meta))


async def test_who_is_no_member_lets_nothing_go(stage: Stage) -> None:
    await warned(stage)
    omar = stage.slack.person("U0OMAR")

    await omar.card("lives for less than").click(replies.LET_GO)

    await omar.waits_for(replies.REFUSED[Reason.NOT_YOURS])
    assert all(each.revision.startswith("told ") for each in told.of(stage.desk.built[KEY].meta))
