"""Cards follow the store, whatever goes wrong on the way: one card for each request and place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.follow import RESYNC_SECONDS, ROOM, Follower
from bot.outcomes import Busy, Fixed, Later, Undeliverable, Unknown, Vanished
from bot.pace import PATIENCE_SECONDS, PROGRESS_SECONDS
from bot.weights import Weight
from provisioning import errors
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    Decision,
    DelegationSpec,
    Delivery,
    Person,
    Phase,
    RequestStatus,
    Subject,
    Surface,
    Vote,
    Waiver,
)
from provisioning.model.tenant import Channels
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
DENIAL = Vote(voter=samples.OMAR, decision=Decision.DENY, reason="no", at=samples.LATER)


@dataclass
class Scene:
    desk: FakeDesk
    poster: FakePoster
    now: datetime = samples.NOW
    platform: str = ""

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another process takes over, knowing nothing."""
        self.follower = Follower(desk=self.desk, poster=self.poster, clock=lambda: self.now, platform=self.platform)

    async def look(self) -> float | None:
        return await self.follower.redraw(KEY)


@pytest.fixture
def scene() -> Scene:
    desk = FakeDesk()
    desk.put(samples.request())
    return Scene(desk, FakePoster())


async def test_a_new_request_gets_one_card_for_approvers_and_one_for_the_requester(scene: Scene) -> None:
    await scene.look()

    assert [c for c in scene.poster.calls if c.startswith("post")] == ["post C0TEAMA", "post DLENA"]
    assert "Sent to <#C0TEAMA>." in scene.poster.at("DLENA")[0].text


async def test_a_requester_reads_of_every_place_to_which_a_request_went(scene: Scene) -> None:
    away = DelegationSpec(approver=samples.OMAR, delegate=samples.PAT, until=samples.TOMORROW)
    scene.desk.voting.given["tenant-team-a", samples.OMAR.user] = away

    await scene.look()

    assert "Sent to <#C0TEAMA> and to 1 approver in direct messages." in scene.poster.at("DLENA")[0].text


async def test_looking_again_changes_nothing(scene: Scene) -> None:
    await scene.look()
    before = list(scene.poster.calls), list(scene.desk.writes)

    await scene.look()
    scene.restart()
    await scene.look()

    assert (scene.poster.calls, scene.desk.writes) == before


async def test_a_request_that_a_rule_settles_asks_nobody(scene: Scene) -> None:
    waiver = Waiver(name="small clusters", actions=(Action.CREATE,), up_to=Amounts(nodes=3))
    scene.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=1, waivers=(waiver,)))
    await scene.look()
    assert scene.poster.at("C0TEAMA") == []

    scene.desk.status(KEY, phase=Phase.APPROVED, waiver="small clusters", decided_at=samples.AT)
    await scene.look()

    assert scene.poster.at("C0TEAMA") == []
    assert "rule `small clusters`" in scene.poster.at("DLENA")[0].text


async def test_without_a_channel_each_approver_is_asked_directly(scene: Scene) -> None:
    scene.desk.tenants["team-a"] = samples.tenant(channels=Channels())

    await scene.look()

    assert [c for c in scene.poster.calls if c.startswith("post")] == ["post DOMAR", "post DEVA", "post DLENA"]


async def test_of_more_approvers_than_a_request_can_name_as_many_are_asked_as_it_can(scene: Scene) -> None:
    approvers = tuple(Subject(user=f"approver-{n}", slack=f"U0APPROVER{n}") for n in range(150))
    notified = tuple(f"C0CHANNEL{n}" for n in range(20))
    scene.desk.tenants["team-a"] = samples.tenant(approvers=approvers, channels=Channels(notified=notified))
    await scene.look()
    await scene.look()
    scene.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.LATER, votes=(DENIAL,))

    await scene.look()

    noted = scene.desk.stored[KEY].it.status.deliveries
    assert [d.surface for d in noted].count(Surface.APPROVER) == ROOM[Surface.APPROVER]
    assert [d.surface for d in noted].count(Surface.NOTICE) == len(notified)
    assert "was denied" in scene.poster.at("DLENA")[0].text


async def test_an_approver_is_not_asked_about_a_request_of_their_own(scene: Scene) -> None:
    scene.desk.tenants["team-a"] = samples.tenant(channels=Channels())
    scene.desk.put(samples.request(requester=samples.OMAR))

    await scene.look()

    assert "asks for a new cluster" not in "".join(card.text for card in scene.poster.at("DOMAR"))
    assert scene.poster.at("DEVA")


async def test_an_archived_channel_means_direct_messages_and_the_requester_is_told(scene: Scene) -> None:
    scene.poster.fail["post"] = [Undeliverable("is_archived")]
    await scene.look()
    await scene.look()  # the follower asked for this itself

    assert scene.poster.at("DOMAR")
    assert scene.poster.at("DEVA")
    assert "I could not post to <#C0TEAMA>. I asked 2 approvers directly instead." in scene.poster.at("DLENA")[0].text
    refused = [d for d in scene.desk.stored[KEY].it.status.deliveries if not d.ts]
    assert [(d.channel, d.revision) for d in refused] == [("C0TEAMA", "is_archived")]


async def test_a_channel_that_is_back_gets_its_card_and_nobody_is_told_of_trouble_any_more(scene: Scene) -> None:
    scene.poster.fail["post"] = [Undeliverable("is_archived")]
    await scene.look()
    assert await scene.look() == RESYNC_SECONDS
    scene.now += timedelta(seconds=RESYNC_SECONDS)

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1
    assert "could not post" not in scene.poster.at("DLENA")[0].text
    assert [len(scene.poster.at(place)) for place in ("DOMAR", "DEVA", "DLENA")] == [1, 1, 1]


async def test_a_channel_that_stays_away_is_tried_again_without_a_word_about_it(scene: Scene) -> None:
    scene.poster.fail["post"] = [Undeliverable("is_archived")]
    await scene.look()
    await scene.look()
    writes = list(scene.desk.writes)
    scene.poster.fail["post"] = [Undeliverable("is_archived")]
    scene.restart()  # another process counts from when it first read of it
    await scene.look()
    scene.now += timedelta(seconds=RESYNC_SECONDS)

    await scene.look()

    assert scene.poster.fail["post"] == []
    assert scene.desk.writes == writes


async def test_a_requester_without_slack_gets_no_card_and_approvers_do(scene: Scene) -> None:
    scene.desk.put(samples.request(requester=samples.KAI))

    await scene.look()

    assert [c for c in scene.poster.calls if c.startswith("post")] == ["post C0TEAMA"]


async def test_whoever_asked_by_kubectl_gets_a_card_at_the_account_their_tenant_names(scene: Scene) -> None:
    scene.desk.put(samples.request(requester=Person(user="lena")))

    await scene.look()

    assert scene.poster.at("DLENA")


async def test_each_card_goes_with_its_weight(scene: Scene) -> None:
    await scene.look()
    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()
    assert scene.poster.weights == {"C0TEAMA": Weight.DECISION, "DLENA": Weight.PROGRESS}

    scene.desk.put_cluster(samples.cluster(status=samples.ready()))
    await scene.look()
    assert scene.poster.weights["DLENA"] is Weight.READY


async def test_cards_that_ended_long_ago_give_way_to_all_others(scene: Scene) -> None:
    await scene.look()
    scene.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.AT)
    scene.now += timedelta(days=2)

    await scene.look()

    assert "was denied" in scene.poster.at("DLENA")[0].text
    assert set(scene.poster.weights.values()) == {Weight.LEFTOVER}


async def test_a_place_that_has_to_wait_keeps_no_other_waiting(scene: Scene) -> None:
    scene.poster.fail["post"] = [Busy("the budget is spent", seconds=4)]

    assert await scene.look() == 4

    assert scene.poster.at("C0TEAMA") == []
    assert len(scene.poster.at("DLENA")) == 1


async def test_a_cache_that_lags_behind_does_not_lead_to_a_second_card(scene: Scene) -> None:
    scene.desk.lag = True
    await scene.look()
    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1
    assert len(scene.poster.at("DLENA")) == 1


async def test_a_place_that_could_not_be_written_down_is_written_later_and_not_posted_again(scene: Scene) -> None:
    scene.desk.down = True
    with pytest.raises(errors.Unavailable):
        await scene.look()
    scene.desk.down = False

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1
    assert {d.channel for d in scene.desk.stored[KEY].it.status.deliveries} == {"C0TEAMA", "DLENA"}


async def test_a_decision_takes_the_buttons_off_every_copy(scene: Scene) -> None:
    scene.desk.tenants["team-a"] = samples.tenant(channels=Channels())
    await scene.look()

    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()

    assert [len(scene.poster.cards(place)) for place in ("DOMAR", "DEVA", "DLENA")] == [1, 1, 1]
    drawn = [card for place in ("DOMAR", "DEVA", "DLENA") for card in scene.poster.cards(place)]
    pressed = [e for card in drawn for block in card.blocks if block["type"] == "actions" for e in block["elements"]]
    assert [each["action_id"] for each in pressed] == ["run cancel tenant-team-a/build-7"]


async def test_progress_is_drawn_at_most_every_five_seconds(scene: Scene) -> None:
    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()

    scene.now += timedelta(seconds=2)
    assert await scene.look() == 3
    scene.now += timedelta(seconds=3)
    assert (await scene.look() or RESYNC_SECONDS) > PROGRESS_SECONDS


async def test_ready_does_not_wait_for_the_progress_before_it(scene: Scene) -> None:
    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()

    scene.desk.put_cluster(samples.cluster(status=samples.ready()))
    await scene.look()

    assert "is ready (5 min 41 s)" in scene.poster.at("DLENA")[0].text


async def test_a_cluster_not_yet_in_the_cache_is_not_called_gone(scene: Scene) -> None:
    await scene.look()
    approved(scene.desk, KEY)

    assert await scene.look() == PATIENCE_SECONDS
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()

    assert "no longer there" not in scene.poster.at("DLENA")[0].text


async def test_throttling_puts_the_card_off_for_as_long_as_slack_says(scene: Scene) -> None:
    scene.poster.fail["post"] = [Later("ratelimited", seconds=30)]

    assert await scene.look() == 30
    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1


async def test_a_post_with_unknown_outcome_is_posted_again_under_the_same_name(scene: Scene) -> None:
    """Where Slack knows the name, there is one card; where not, perhaps a second one, whose buttons work (`door`)."""
    scene.poster.after["post"] = [Unknown("timeout")]
    with pytest.raises(Unknown):
        await scene.look()

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 2
    assert len(set(scene.poster.names["C0TEAMA"])) == 1
    assert len([d for d in scene.desk.stored[KEY].it.status.deliveries if d.surface is Surface.APPROVER]) == 1


async def test_a_card_that_takes_no_change_gets_a_new_one_below_it_when_it_is_decided(scene: Scene) -> None:
    await scene.look()
    scene.poster.fail["update"] = [Fixed("edit_window_closed")]
    scene.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.LATER, votes=(DENIAL,))

    await scene.look()
    await scene.look()

    old, new = scene.poster.at("C0TEAMA")
    assert "Denied" not in old.text
    assert "Denied" in new.text
    assert scene.poster.calls.count("update C0TEAMA") == 1


async def test_progress_on_a_card_that_takes_no_change_is_not_worth_a_message_each_time(scene: Scene) -> None:
    await scene.look()
    approved(scene.desk, KEY)
    posted = len(scene.poster.cards("DLENA"))
    scene.poster.fail["update"] = [Fixed("edit_window_closed")]
    scene.desk.put_cluster(samples.cluster(by=KEY[1], status=samples.building()))
    scene.now += timedelta(seconds=2 * PROGRESS_SECONDS)
    await scene.look()
    assert (len(scene.poster.cards("DLENA")), scene.poster.fail["update"]) == (posted, [])

    scene.poster.fail["update"] = [Fixed("edit_window_closed")]
    scene.desk.put_cluster(samples.cluster(by=KEY[1], status=samples.ready()))
    scene.now += timedelta(seconds=2 * PROGRESS_SECONDS)
    await scene.look()

    assert "is ready" in scene.poster.cards("DLENA")[-1].text


async def test_a_card_somebody_deleted_comes_back_while_it_is_needed(scene: Scene) -> None:
    await scene.look()
    scene.poster.stands.clear()
    scene.poster.fail["update"] = [Vanished("message_not_found")]
    scene.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=2))

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1
    assert len(set(scene.poster.names["C0TEAMA"])) == 2  # another message, or Slack would take it for the first


async def test_a_request_whose_tenant_is_not_there_for_a_while_is_not_forgotten(scene: Scene) -> None:
    tenants, scene.desk.tenants = scene.desk.tenants, {}
    assert await scene.look() == RESYNC_SECONDS
    scene.desk.tenants = tenants

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1


async def test_a_card_keeps_its_buttons_however_many_decide_instead_of_somebody(scene: Scene) -> None:
    approvers = tuple(Person(user=f"approver-{n}") for n in range(60))
    listed = tuple(Subject(user=each.user) for each in approvers)
    scene.desk.tenants["team-a"] = samples.tenant(approvers=listed)
    for each in approvers:
        until = samples.NOW + timedelta(days=900)
        await scene.desk.voting.delegate(each, samples.KAI, tenants=("team-a",), until=until, reason="")

    await scene.look()

    (card,) = scene.poster.at("C0TEAMA")
    assert card.blocks[-1]["type"] == "actions"
    assert "… and 50 more." in card.text


async def test_a_clock_that_goes_back_stops_no_progress_and_no_second_try(scene: Scene) -> None:
    approved(scene.desk, KEY)
    scene.desk.put_cluster(samples.cluster(status=samples.building()))
    await scene.look()

    scene.now -= timedelta(hours=1)

    assert await scene.look() == 60


async def test_a_channel_refused_before_the_clock_went_back_is_tried_again_in_time(scene: Scene) -> None:
    scene.poster.fail["post"] = [Undeliverable("is_archived")]
    await scene.look()
    await scene.look()
    scene.now -= timedelta(hours=1)

    await scene.look()

    assert len(scene.poster.at("C0TEAMA")) == 1


async def test_what_ended_long_ago_gets_no_new_card(scene: Scene) -> None:
    scene.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.AT)
    scene.now += timedelta(days=2)

    await scene.look()

    assert scene.poster.calls == []


async def test_a_request_that_is_gone_is_left_alone(scene: Scene) -> None:
    assert await scene.follower.redraw(("tenant-team-a", "cr-none")) is None

    assert scene.poster.calls == []


def test_deliveries_of_another_surface_in_the_same_channel_are_kept_apart() -> None:
    both = RequestStatus(
        deliveries=(
            Delivery(surface=Surface.APPROVER, channel="D1", ts="1"),
            Delivery(surface=Surface.REQUESTER, channel="D1", ts="2"),
        )
    )

    assert len({(d.surface, d.channel) for d in both.deliveries}) == 2
