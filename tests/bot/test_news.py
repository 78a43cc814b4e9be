"""The end of a cluster's life is told as news: each step once, whoever leads, and never after it was let go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import news, replies
from bot.cards import Card
from bot.follow import Follower
from bot.news import Told, Word
from bot.outcomes import Later, Undeliverable
from bot.pace import PATIENCE_SECONDS
from bot.sights import Sight
from provisioning import errors
from provisioning.model import Action, ClusterStatus, Person, Phase, RequestStatus, Surface
from provisioning.model.tenant import ApprovalPolicy, LifetimePolicy, Waiver
from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.objects import format_time
from tests.bot import golden, samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
CLUSTER = ("tenant-team-a", "build-7")
LIFE = "30h"
END = samples.NOW + timedelta(hours=30)
SLEEP = timedelta(hours=48)


@dataclass
class Scene:
    """Lena's cluster was made at `NOW` and lives for thirty hours; then it sleeps for two days where `sleeps`."""

    desk: FakeDesk
    poster: FakePoster
    now: datetime

    @classmethod
    async def begun(cls, *, sleeps: bool = True, life: str = LIFE) -> Scene:
        desk = FakeDesk()
        policy = LifetimePolicy(default="24h", longest="168h", hibernation="48h" if sleeps else None)
        desk.tenants["team-a"] = samples.tenant(lifetime=policy)
        desk.put(samples.request())
        desk.status(KEY, phase=Phase.APPLIED, decided_at=samples.AT)
        desk.put_cluster(samples.cluster(status=samples.ready(), lifetime=life))
        scene = cls(desk, FakePoster(), samples.NOW)
        scene.lead()
        await scene.at(samples.NOW)
        return scene

    def lead(self) -> None:
        """Another process takes over, knowing nothing."""
        self.follower = Follower(desk=self.desk, poster=self.poster, clock=lambda: self.now)

    async def at(self, moment: datetime) -> float | None:
        self.now = moment
        return await self.follower.redraw(KEY)

    def cluster(self, status: ClusterStatus, **changes: Any) -> None:
        self.desk.put_cluster(samples.cluster(status=status, **{"lifetime": LIFE, **changes}))

    @property
    def news(self) -> list[str]:
        """The headlines that stand in Lena's direct messages, beside her card."""
        return [card.text.split("\n")[0] for card in self.poster.at("DLENA")[1:]]

    @property
    def last(self) -> Card:
        return self.poster.at("DLENA")[-1]


def before_end(span: timedelta) -> datetime:
    return END - span + timedelta(seconds=1)


WARNINGS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=10))


async def test_each_warning_is_a_message_of_its_own_and_is_told_once() -> None:
    scene = await Scene.begun()

    for warning in WARNINGS:
        for _ in range(3):
            await scene.at(before_end(warning))
            scene.lead()

    assert scene.news == [
        "⏰ *`build-7` lives for less than 24 hours more* · `team-a`",
        "⏰ *`build-7` lives for less than 1 hour more* · `team-a`",
        "⏰ *`build-7` lives for less than 10 min more* · `team-a`",
    ]


async def test_who_lets_it_go_before_the_next_look_is_not_reminded() -> None:
    scene = await Scene.begun()
    await scene.at(before_end(WARNINGS[0]))
    (noted,) = (d for d in scene.desk.stored[KEY].it.status.deliveries if d.surface is Surface.NEWS)
    let_go = noted.model_copy(update={"revision": noted.revision.replace("told ", "let-go ")})
    await scene.desk.record_delivery(*KEY, let_go)  # a press that another replica takes

    for warning in WARNINGS[1:]:
        await scene.at(before_end(warning))

    assert len(scene.news) == 1


async def test_the_next_look_is_at_the_next_warning() -> None:
    scene = await Scene.begun()

    assert await scene.at(samples.NOW + timedelta(hours=1)) == timedelta(hours=5).total_seconds()


async def test_of_warnings_that_were_slept_through_only_the_last_is_told() -> None:
    scene = await Scene.begun()

    await scene.at(before_end(timedelta(minutes=10)))

    assert scene.news == ["⏰ *`build-7` lives for less than 10 min more* · `team-a`"]


async def test_a_warning_that_held_when_it_was_asked_for_is_no_news() -> None:
    scene = await Scene.begun(life="8h")

    await scene.at(samples.NOW + timedelta(minutes=30))
    assert scene.news == []
    await scene.at(samples.NOW + timedelta(hours=7, minutes=1))

    assert scene.news == ["⏰ *`build-7` lives for less than 1 hour more* · `team-a`"]


async def test_a_cache_that_lags_behind_does_not_lead_to_a_second_message() -> None:
    scene = await Scene.begun()
    scene.desk.lag = True

    await scene.at(before_end(timedelta(hours=24)))
    await scene.at(before_end(timedelta(hours=24)))

    assert len(scene.news) == 1


async def test_what_could_not_be_written_down_is_not_told_again_by_the_same_leader() -> None:
    scene = await Scene.begun()
    scene.desk.down = True
    with pytest.raises(errors.Unavailable):
        await scene.at(before_end(timedelta(hours=24)))
    scene.desk.down = False

    await scene.at(before_end(timedelta(hours=24)))

    assert len(scene.news) == 1
    assert any(d.surface is Surface.NEWS for d in scene.desk.stored[KEY].it.status.deliveries)


async def test_slack_being_down_puts_news_off() -> None:
    scene = await Scene.begun()
    scene.poster.fail["post"] = [Later("ratelimited", seconds=7)]

    assert await scene.at(before_end(timedelta(hours=24))) == 7
    await scene.at(before_end(timedelta(hours=24)))

    assert len(scene.news) == 1


async def test_a_card_that_slack_does_not_take_keeps_no_warning_back() -> None:
    scene = await Scene.begun()
    scene.cluster(samples.ready().model_copy(update={"version": "v1.99.0"}))
    scene.poster.fail["update"] = [Later("msg_too_long", seconds=60)]

    assert await scene.at(before_end(timedelta(minutes=10))) == 60

    assert scene.news == ["⏰ *`build-7` lives for less than 10 min more* · `team-a`"]


async def test_a_leader_whose_clock_is_behind_tells_no_earlier_warning_again() -> None:
    scene = await Scene.begun()
    await scene.at(END - timedelta(hours=1))
    scene.lead()

    await scene.at(END - timedelta(hours=1, seconds=30))
    await scene.at(END - timedelta(minutes=59))

    assert scene.news == ["⏰ *`build-7` lives for less than 1 hour more* · `team-a`"]


async def test_who_cannot_be_reached_is_not_tried_at_every_look() -> None:
    scene = await Scene.begun()
    scene.poster.fail["post"] = [Undeliverable("user_disabled")]

    await scene.at(before_end(timedelta(hours=24)))
    await scene.at(before_end(timedelta(hours=24)))

    assert [call for call in scene.poster.calls if call == "post DLENA"] == ["post DLENA", "post DLENA"]
    assert scene.news == []


async def test_an_end_that_was_moved_takes_the_buttons_away_and_warns_anew() -> None:
    scene = await Scene.begun()
    await scene.at(before_end(timedelta(hours=1)))

    scene.cluster(samples.ready(), lifetime="50h")  # by kubectl, so that the same request stands behind it
    await scene.at(before_end(timedelta(hours=1)))
    assert scene.news == ["🟢 *`build-7` is ready* · `team-a`"]
    assert "It lives until" in scene.last.text
    assert not [block for block in scene.last.blocks if block["type"] == "actions"]
    await scene.at(samples.NOW + timedelta(hours=49, minutes=1))

    assert scene.news[1:] == ["⏰ *`build-7` lives for less than 1 hour more* · `team-a`"]


@pytest.mark.parametrize(
    ("changer", "owner", "name", "hears"),
    [
        (samples.EVA, "lena", "cr-eva", True),
        (samples.LENA, "lena", "cr-more", False),
        (samples.EVA, "eva", "cr-eva", False),
        (samples.EVA, "lena", "cr-gone", False),
    ],
    ids=["another", "themselves", "anothers cluster", "told elsewhere"],
)
async def test_whoever_has_a_cluster_hears_of_its_end_though_another_changed_it_last(
    changer: Person, owner: str, name: str, hears: bool
) -> None:
    scene = await Scene.begun()
    await scene.at(before_end(WARNINGS[0]))
    status = RequestStatus(phase=Phase.APPLIED, decided_at=format_time(before_end(timedelta(hours=2))))
    if name != "cr-gone":
        scene.desk.put(samples.request(name, action=Action.CHANGE, requester=changer, status=status))
    scene.cluster(samples.ready(), by=name, annotations={REQUESTED_BY_ANNOTATION: owner})

    for warning in WARNINGS[1:]:
        await scene.at(before_end(warning))
        scene.lead()

    assert scene.news[1:] == (
        [
            "⏰ *`build-7` lives for less than 1 hour more* · `team-a`",
            "⏰ *`build-7` lives for less than 10 min more* · `team-a`",
        ]
        if hears
        else []
    )
    assert [block for block in scene.last.blocks if block["type"] == "actions"] != [] or not hears


@pytest.mark.parametrize("by", ["cr-7f3k2m4p6q", "cr-eva", "cr-more"])
async def test_whoever_has_a_cluster_hears_that_somebody_else_has_it_deleted(by: str) -> None:
    """Whether it is as they asked for it, somebody else has changed it since, or they have."""
    scene = await Scene.begun()
    changes = RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT)
    scene.desk.put(samples.request("cr-eva", action=Action.CHANGE, requester=samples.EVA, status=changes))
    scene.desk.put(samples.request("cr-more", action=Action.CHANGE, status=changes))
    scene.cluster(samples.ready(), by=by, annotations=HERS)
    deleted_by(scene, samples.EVA)
    scene.cluster(samples.ready(), by=by, annotations=HERS, deleting=True)
    for _ in range(2):
        await scene.at(samples.NOW + timedelta(hours=1))
        scene.lead()
    assert scene.news == ["🗑️ *`build-7` is being deleted* · `team-a`"]
    assert "<@U0EVA> asked for its deletion" in scene.last.text

    scene.desk.drop_cluster(CLUSTER)
    for _ in range(2):
        for _ in range(2):  # at first the cluster may only not be seen yet
            await scene.at(samples.NOW + timedelta(hours=1, minutes=1))
        scene.lead()

    assert scene.news == ["✔️ *`build-7` is no longer there* · `team-a`"]


@pytest.mark.parametrize(("who", "after"), [(samples.LENA, timedelta(hours=1)), (samples.EVA, timedelta(days=3))])
async def test_whoever_deleted_it_themselves_or_long_ago_hears_nothing_more(who: Person, after: timedelta) -> None:
    scene = await Scene.begun()
    deleted_by(scene, who)
    scene.desk.drop_cluster(CLUSTER)

    for _ in range(2):
        await scene.at(samples.NOW + after)

    assert scene.news == []


HERS = {REQUESTED_BY_ANNOTATION: "lena"}


def deleted_by(scene: Scene, who: Person) -> None:
    """Decided half an hour after it was made."""
    decided = format_time(samples.NOW + timedelta(minutes=30))
    status = RequestStatus(phase=Phase.APPLIED, decided_at=decided)
    request = samples.request("cr-ends", action=Action.DELETE, requester=who, status=status)
    scene.desk.put(replace(request, meta=replace(request.meta, created=samples.NOW + timedelta(minutes=20))))


async def test_a_newer_request_takes_the_buttons_of_the_last_news_away() -> None:
    scene = await Scene.begun()
    await scene.at(before_end(timedelta(hours=24)))

    scene.cluster(samples.ready(), by="cr-newer", lifetime="54h")
    await scene.at(before_end(timedelta(hours=24)))

    assert scene.news == ["✔️ *`build-7` has moved on with a newer request* · `team-a`"]


async def test_the_end_is_told_with_what_is_kept_and_until_when() -> None:
    scene = await Scene.begun()
    await scene.at(before_end(timedelta(minutes=10)))

    scene.cluster(samples.over())
    await scene.at(END + timedelta(seconds=1))
    await scene.at(END + SLEEP - timedelta(minutes=59))

    assert scene.news[1:] == [
        "💤 *The lifetime of `build-7` is over, so it sleeps* · `team-a`",
        "⏰ *`build-7` is deleted in less than 1 hour* · `team-a`",
    ]
    assert "Asleep it keeps what it has stored." in scene.last.text


async def test_the_last_word_is_that_it_is_deleted_in_the_message_that_told_of_the_deletion() -> None:
    scene = await Scene.begun(sleeps=False)

    scene.cluster(samples.going(), deleting=True)
    await scene.at(END + timedelta(seconds=1))
    assert scene.news == ["🗑️ *The lifetime of `build-7` is over, so it is being deleted* · `team-a`"]
    scene.desk.drop_cluster(CLUSTER)
    assert await scene.at(END + timedelta(minutes=5)) == PATIENCE_SECONDS
    await scene.at(END + timedelta(minutes=5))

    assert scene.news == ["✔️ *The lifetime of `build-7` is over, and it is deleted* · `team-a`"]


async def test_a_deletion_that_nobody_saw_is_told_all_the_same() -> None:
    scene = await Scene.begun(sleeps=False)
    await scene.at(before_end(timedelta(minutes=10)))

    scene.desk.drop_cluster(CLUSTER)
    await scene.at(END + timedelta(minutes=5))
    await scene.at(END + timedelta(minutes=5))

    assert scene.news[1:] == ["✔️ *The lifetime of `build-7` is over, and it is deleted* · `team-a`"]


async def test_what_is_deleted_before_its_time_is_no_end_of_a_lifetime() -> None:
    scene = await Scene.begun()
    await scene.at(before_end(timedelta(hours=24)))

    scene.cluster(samples.going(), deleting=True)
    await scene.at(before_end(timedelta(hours=23)))
    scene.desk.drop_cluster(CLUSTER)
    await scene.at(before_end(timedelta(hours=22)))
    await scene.at(before_end(timedelta(hours=22)))

    assert scene.news == ["✔️ *`build-7` is no longer there* · `team-a`"]


async def test_a_cluster_without_an_end_has_no_news() -> None:
    scene = await Scene.begun(life="720h")
    scene.cluster(samples.ready(), lifetime=None)

    assert await scene.at(samples.NOW + timedelta(days=400)) is None

    assert scene.news == []


def warned(**tenant: Any) -> Card:
    sight = golden._aged(samples.ready(), "30h", hours=29)
    changed = sight.tenant.it.spec.model_copy(update=tenant)
    sight = replace(sight, tenant=replace(sight.tenant, it=sight.tenant.it.model_copy(update={"spec": changed})))
    found = news.due(news.of_request(sight), sight.now or samples.NOW)
    assert found is not None
    return found.card


def test_the_warning_says_whose_word_an_extension_needs() -> None:
    free = Waiver(name="small changes", actions=(Action.CHANGE,))

    assert "has to be approved: 1 approver must agree" in warned().text
    assert "has to be approved" not in warned(approval=ApprovalPolicy(required=1, waivers=(free,))).text
    assert "has to be approved" not in warned(approval=ApprovalPolicy(required=0)).text


@pytest.mark.parametrize("noted", ["", "told", "told a b c", "shouted 2026-03-05T12:00:00Z 1h"])
def test_what_we_never_wrote_counts_as_nothing_told(noted: str) -> None:
    assert Told.read(noted) is None


@pytest.mark.parametrize("told", [Told(Word.TOLD, samples.AT, "1h"), Told(Word.SETTLED, "", "")])
def test_what_was_told_is_read_as_it_was_written(told: Told) -> None:
    assert Told.read(told.dumps()) == told


def heard(sight: Sight, told: str) -> Sight:
    return golden._heard(sight, told)


def test_whoever_asks_for_a_deletion_is_not_told_of_an_end_besides() -> None:
    due = golden._aged(samples.going(), hours=24, deleting=True)
    asked = golden.sight(due.request.it.status, due.cluster, action=Action.DELETE)

    assert news.due(news.of_request(due), due.now or samples.NOW) is not None
    assert news.due(news.of_request(replace(asked, now=due.now)), due.now or samples.NOW) is None


def test_an_end_that_was_moved_into_the_past_is_not_called_a_time_to_live() -> None:
    over = heard(golden._aged(samples.over(), "30h", hours=31, hibernation="48h"), f"told {samples.TOMORROW} 1h")

    found = news.due(news.of_request(over), over.now or samples.NOW)

    assert found is not None
    assert "lives until" not in found.card.text


def test_what_was_let_go_is_told_of_again_only_when_it_comes() -> None:
    ended = "2026-03-06T19:00:00Z"
    let_go = Told(Word.LET_GO, ended, "24h").dumps()
    soon = golden._aged(samples.ready(), "30h", hours=29, hibernation="48h")
    over = golden._aged(samples.over(), "30h", hours=30, hibernation="48h")

    assert news.due(news.of_request(heard(soon, let_go)), soon.now or samples.NOW) is None
    found = news.due(news.of_request(heard(over, let_go)), over.now or samples.NOW)
    assert found is not None
    assert found.fresh


async def test_a_warning_is_answered_with_one_press(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await warned_in(stage)

    await lena.card("lives for less than", at="dm").click("Extend 24 hours")

    await lena.waits_for("The change of build-7 is noted.")
    asked = next(r for r in stage.desk.stored.values() if r.it.spec.action is Action.CHANGE)
    assert asked.it.spec.desired is not None
    assert asked.it.spec.desired.lifetime == "48h"


async def test_letting_go_is_told_and_written_down(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    key = await warned_in(stage)

    await lena.card("lives for less than", at="dm").click(replies.LET_GO)

    await lena.waits_for("is let go; I do not remind you again.")
    assert lena.cards("lives for less than", at="dm") == []
    noted = next(d for d in stage.desk.stored[key].it.status.deliveries if d.surface is Surface.NEWS)
    assert noted.revision.startswith("let-go ")


async def test_letting_go_of_an_end_that_is_another_by_now_is_told(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await warned_in(stage)
    stage.desk.built = {CLUSTER: replace_life(stage, None)}

    await lena.card("lives for less than", at="dm").click(replies.LET_GO)

    await lena.waits_for("The end of build-7 is another one by now.")


async def warned_in(stage: Stage) -> tuple[str, str]:
    """A cluster of Lena's that was made nearly a day ago, to live for a day; she was warned."""
    lena = stage.slack.person("U0LENA")
    made = datetime.now(tz=samples.NOW.tzinfo) - timedelta(hours=23, minutes=30)
    request = samples.request()
    key = stage.desk.put(replace(request, meta=replace(request.meta, created=made))).key
    approved(stage.desk, key)
    cluster = samples.cluster(status=samples.stuck())
    stage.desk.put_cluster(replace(cluster, meta=replace(cluster.meta, created=made)))
    await lena.waits_for("lives for less than 1 hour more")
    return key


def replace_life(stage: Stage, life: str | None) -> Any:
    found = stage.desk.built[CLUSTER]
    spec = found.it.spec.model_copy(update={"lifetime": life})
    return replace(found, it=found.it.model_copy(update={"spec": spec}))
