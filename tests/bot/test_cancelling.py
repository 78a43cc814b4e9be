"""A cluster is given up while it is set up, by command, by its card and from Home; its one card tells how that ends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import commands, given_up, replies, request_cards, sights, suggestions
from bot import home as homes
from bot.answers import Answer, Ask, Open, Say, TakeBack
from bot.blocks import OPTIONS
from bot.commands.command import Filled, Held
from bot.follow import Follower
from provisioning import giving_up, names
from provisioning.lifecycle import Reason
from provisioning.model import (
    Action,
    ApprovalPolicy,
    ClusterRequest,
    Person,
    Phase,
    RequestStatus,
    Subject,
    TenantCluster,
)
from provisioning.model.tenant import Waiver
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk, approved
from tests.bot.fake_poster import FakePoster
from tests.bot.fake_voting import ToldGroups

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
GIVES_UP = ("tenant-team-a", "cr-gives-up")


def building(*, by: str = "lena", **spec: Any) -> Stored[TenantCluster]:
    """Set up for the first time, for Lena."""
    return samples.cluster(status=samples.building(), annotations={names.REQUESTED_BY_ANNOTATION: by}, **spec)


def answer(desk: FakeDesk, line: str = "cancel build-7", *, person: Person = samples.LENA) -> Answer:
    return commands.answer(line, desk=desk, person=person, now=samples.NOW)


def said(found: Answer) -> str:
    assert isinstance(found, Say)
    return found.card.text


# --- who may


@pytest.mark.parametrize("person", [samples.LENA, samples.OMAR])
def test_who_asked_for_it_and_who_decides_cancel_it_at_once(person: Person) -> None:
    desk = FakeDesk()
    desk.put_cluster(building())

    found = answer(desk, person=person)

    assert isinstance(found, Ask)
    assert (found.wish.action, found.wish.cluster, found.wish.person) == (Action.DELETE, "build-7", person)


def test_another_member_is_told_who_can_and_what_they_can_do_unless_the_tenant_lets_them_delete_alone() -> None:
    desk = FakeDesk()
    desk.put_tenant(samples.tenant(members=(samples.subject(samples.LENA), samples.subject(samples.PAT))))
    desk.put_cluster(building())
    told = said(answer(desk, person=samples.PAT))
    assert "Only <@U0LENA>, who asked for it, and those who decide for `team-a` can cancel `build-7`." in told

    policy = ApprovalPolicy(required=1, waivers=(Waiver(name="trials", actions=(Action.DELETE,)),))
    desk.put_tenant(samples.tenant(members=(samples.subject(samples.PAT),), approval=policy))
    assert isinstance(answer(desk, person=samples.PAT), Ask)


def test_what_was_ready_is_protected_or_goes_already_is_not_cancelled_and_it_is_said_why() -> None:
    desk = FakeDesk()
    marks = {names.REQUESTED_BY_ANNOTATION: "lena"}
    desk.put_cluster(samples.cluster(status=samples.ready(), annotations=marks))
    assert "was ready already" in said(answer(desk))
    unknown = samples.building().model_copy(update={"initialized": None})
    desk.put_cluster(samples.cluster(status=unknown, annotations=marks))
    assert "may have been ready already" in said(answer(desk))
    desk.put_cluster(building(deletion_protection=True))
    assert "is protected from deletion" in said(answer(desk))
    desk.put_cluster(building(deleting=True))
    assert "is being deleted" in said(answer(desk))


@pytest.mark.parametrize("status", [None, samples.waits_for_room()])
def test_what_is_not_made_yet_is_withdrawn(status: RequestStatus | None) -> None:
    desk = FakeDesk()
    desk.put(samples.request(status=status))

    for word in ("build-7", "team-a/build-7", KEY[1]):
        assert answer(desk, f"cancel {word}") == TakeBack(samples.LENA, *KEY)


def test_a_change_that_waits_is_not_what_is_cancelled() -> None:
    desk = FakeDesk()
    desk.put_cluster(building())
    desk.put(samples.request("cr-scale", action=Action.CHANGE))

    assert isinstance(answer(desk), Ask)


def test_without_a_name_one_chooses_from_what_one_can_cancel() -> None:
    desk = FakeDesk()
    assert said(answer(desk, "cancel")) == replies.NOTHING_TO_CANCEL
    desk.put_cluster(building())
    desk.put_cluster(
        samples.cluster("old", status=samples.ready(), annotations={names.REQUESTED_BY_ANNOTATION: "lena"})
    )
    desk.put_cluster(samples.cluster("eves", status=samples.building()))
    desk.put(samples.request("cr-next", cluster="next"))
    desk.put(samples.request("cr-no-room", cluster="crowded", status=samples.waits_for_room()))

    found = answer(desk, "cancel")

    assert isinstance(found, Open)
    assert found.view["title"]["text"] == replies.WHICH_TITLE
    (menu,) = (block for block in found.view["blocks"] if block["type"] == "input")
    assert menu["label"]["text"] == replies.CLUSTER
    assert [(o["value"], o["text"]["text"]) for o in menu["element"]["options"]] == [
        ("tenant-team-a/build-7", "build-7 is being set up"),
        ("tenant-team-a/cr-no-room", "crowded is approved, and waits for room in the quota"),
        ("tenant-team-a/cr-next", "next is waiting for approval"),
    ]


def test_what_is_approved_and_not_made_yet_is_cancelled_once_it_is_there() -> None:
    desk = FakeDesk()
    desk.put(samples.request(status=RequestStatus(phase=Phase.APPROVED)))
    assert (
        said(answer(desk)) == "`build-7` is accepted and starts in a moment. You can cancel it once it is being set up."
    )
    desk.put_cluster(building())
    assert isinstance(answer(desk), Ask)


# --- by a user group of Slack


LEADS, OTHERS = "S0TEAMALEADS", "S0OTHERS"


class NotingGroups(ToldGroups):
    """Also what was asked for."""

    def __init__(self, members: dict[str, Collection[str]]) -> None:
        super().__init__(members)
        self.asked: list[set[str]] = []

    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        self.asked.append(set(among))
        return await super().held(slack, among, patient=patient)


def grouped(*, member: bool) -> FakeDesk:
    """Pat decides by a group; no tenant but another one lists them, or this one as a member."""
    desk = FakeDesk()
    desk.voting.groups = ToldGroups({LEADS: (samples.PAT.slack,)})
    members = (samples.subject(samples.LENA), *((samples.subject(samples.PAT),) if member else ()))
    desk.put_tenant(samples.tenant(members=members, approvers=(Subject(slack_group=LEADS),)))
    desk.put_tenant(samples.tenant("team-b", members=(samples.subject(samples.PAT),)))
    desk.put_cluster(building())
    return desk


async def by_group(desk: FakeDesk, line: str = "cancel build-7", *, person: Person = samples.PAT) -> Answer:
    held = await commands.held(line, desk=desk, person=person, now=samples.NOW)
    return commands.answer(line, desk=desk, person=person, now=samples.NOW, held=held)


@pytest.mark.parametrize("member", [True, False])
async def test_who_decides_by_a_user_group_cancels_it_as_any_approver_does(member: bool) -> None:
    desk = grouped(member=member)

    found = await by_group(desk)

    assert isinstance(found, Ask)
    assert (found.wish.cluster, found.wish.slack_group) == ("build-7", LEADS)
    assert isinstance(await by_group(desk, "cancel"), Open)


async def test_who_asked_for_it_needs_no_group_and_who_is_in_none_is_told_who_can() -> None:
    desk = grouped(member=True)
    own = await by_group(desk, person=samples.LENA)
    assert isinstance(own, Ask)
    assert own.wish.slack_group == ""

    desk.put_cluster(building(by="omar"))
    assert "can cancel `build-7`" in said(await by_group(desk, person=samples.LENA))


@pytest.mark.parametrize("member", [True, False])
async def test_where_slack_does_not_tell_that_is_said_and_nothing_is_guessed(member: bool) -> None:
    desk = grouped(member=member)
    desk.voting.groups = ToldGroups(silent=True)

    assert said(await by_group(desk)) == replies.REFUSED[Reason.GROUP_UNKNOWN]


async def test_a_tenant_without_groups_is_not_waited_for() -> None:
    desk = grouped(member=True)
    desk.voting.groups = ToldGroups(silent=True)
    desk.put_cluster(samples.cluster("other", namespace="tenant-team-b", status=samples.building()))

    assert "can cancel `other`" in said(await by_group(desk, "cancel other"))


async def test_other_commands_ask_slack_for_no_groups() -> None:
    desk = grouped(member=True)
    desk.voting.groups = ToldGroups(silent=True)

    for line in ("delete build-7", "nonsense"):
        assert await commands.held(line, desk=desk, person=samples.PAT, now=samples.NOW) == Held()


@pytest.mark.parametrize(
    ("line", "person", "asked"),
    [
        ("cancel build-7", samples.LENA, []),
        ("cancel next", samples.LENA, []),
        ("cancel old", samples.LENA, []),
        ("cancel eves", samples.LENA, [{LEADS}]),
        ("cancel build-7", samples.PAT, [{LEADS}]),
        ("cancel team-a/build-7", samples.PAT, [{LEADS}]),
        ("cancel team-b/build-7", samples.PAT, []),
        ("cancel web", samples.PAT, [{OTHERS}]),
        ("cancel biuld-7", samples.PAT, []),
        ("cancel", samples.PAT, [{LEADS}, {OTHERS}]),
    ],
)
async def test_slack_is_asked_about_those_groups_alone_on_which_the_answer_hangs(
    line: str, person: Person, asked: list[set[str]]
) -> None:
    desk = grouped(member=True)
    desk.put_tenant(samples.tenant("team-c", approvers=(Subject(slack_group=OTHERS),)))
    desk.put_cluster(samples.cluster("web", namespace="tenant-team-c", status=samples.building()))
    desk.put_cluster(samples.cluster("eves", status=samples.building()))
    desk.put_cluster(samples.cluster("old", status=samples.ready()))
    desk.put(samples.request("cr-next", cluster="next"))
    desk.voting.groups = groups = NotingGroups({})

    await by_group(desk, line, person=person)

    assert groups.asked == asked


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cancel biuld-7", "Did you mean `build-7`?"),
        ("cancel twice", "There are several clusters `twice`."),
    ],
)
async def test_that_slack_does_not_tell_hides_no_better_answer(line: str, told: str) -> None:
    desk = grouped(member=True)
    desk.put_cluster(samples.cluster("twice", status=samples.building()))
    desk.put_cluster(samples.cluster("twice", namespace="tenant-team-b", status=samples.building()))
    desk.voting.groups = ToldGroups(silent=True)

    assert told in said(await by_group(desk, line))


async def test_a_menu_that_is_searched_offers_what_one_decides_about_by_a_group() -> None:
    desk = grouped(member=False)
    for number in range(OPTIONS):
        desk.put_cluster(samples.cluster(f"many-{number}", status=samples.building()))
    found = await by_group(desk, "cancel")
    assert isinstance(found, Open)
    (menu,) = (block["element"] for block in found.view["blocks"] if block["type"] == "input")
    assert menu["type"] == "external_select"

    form = Filled(desk=desk, person=samples.PAT, team="T1", view=found.view, now=samples.NOW)

    assert [it.value for it in suggestions.options(form, "request", "many-42")] == ["tenant-team-a/many-42"]


@pytest.mark.parametrize("member", [True, False])
async def test_in_slack_who_is_in_the_group_cancels_it_by_command_and_by_choice(stage: Stage, member: bool) -> None:
    omar, listed = stage.slack.person("U0OMAR"), (samples.subject(samples.OMAR),)
    members = (samples.subject(samples.LENA), *(listed if member else ()))
    stage.desk.put_tenant(samples.tenant(members=members, approvers=(Subject(slack_group=LEADS),)))
    stage.desk.put_tenant(samples.tenant("team-b", members=listed))
    for name in ("build-7", "build-8"):
        marks = {names.REQUESTED_BY_ANNOTATION: "lena"}
        stage.desk.put_cluster(samples.cluster(name, status=samples.building(), annotations=marks))

    await omar.command("/cluster cancel build-7")
    await omar.waits_for("The deletion of build-7 is noted")
    await omar.command("/cluster cancel")
    await omar.modal.fill({"Cluster": "build-8 is being set up"})
    await omar.modal.submit()
    assert "The deletion of build-8 is noted" in omar.modal.text

    asked = [it.it.spec for it in stage.desk.stored.values()]
    assert {(it.cluster, it.slack_group) for it in asked} == {("build-7", LEADS), ("build-8", LEADS)}


# --- which request ended which


def at(minutes: int, request: Stored[ClusterRequest]) -> Stored[ClusterRequest]:
    return Stored(replace(request.meta, created=samples.NOW + timedelta(minutes=minutes)), request.it)


MADE = at(0, samples.request(status=RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT)))
DELETED = at(5, samples.request("cr-ends", action=Action.DELETE, status=RequestStatus(phase=Phase.APPLIED)))
ANEW = at(6, samples.request("cr-anew", status=RequestStatus(phase=Phase.APPLIED)))
FAILED = at(4, samples.request("cr-late", action=Action.DELETE, status=RequestStatus(phase=Phase.FAILED)))
UP = at(9, samples.given_up())


@pytest.mark.parametrize(
    ("others", "by"),
    [
        ([MADE, UP], UP),
        ([MADE, FAILED, UP], UP),
        ([MADE], None),
        ([MADE, DELETED], None),
        ([MADE, DELETED, ANEW, UP], None),
    ],
)
def test_a_cluster_was_given_up_by_the_next_request_that_ended_it(others: Any, by: Any) -> None:
    assert given_up.by(MADE, others) is by


@pytest.mark.parametrize(
    ("others", "by"),
    [([MADE, FAILED, DELETED], DELETED), ([MADE, UP], UP), ([MADE, FAILED], None), ([MADE, ANEW, UP], None)],
)
def test_a_cluster_was_deleted_by_the_next_request_for_that_which_was_done(others: Any, by: Any) -> None:
    assert given_up.deleter(MADE, others) is by


@pytest.mark.parametrize(("who", "says"), [(samples.EVA, True), (samples.LENA, False)])
def test_whoever_had_a_cluster_reads_who_else_had_it_deleted(who: Person, says: bool) -> None:
    desk = FakeDesk()
    desk.put(MADE)
    ends = samples.request("cr-ends", action=Action.DELETE, requester=who, status=RequestStatus(phase=Phase.APPLIED))
    desk.put(at(5, ends))

    found = sights.of(desk, MADE)

    assert found is not None
    assert ("<@U0EVA> asked for its deletion · `cr-ends`" in request_cards.requester(found).text) is says


def test_what_was_never_made_was_not_given_up() -> None:
    assert given_up.by(samples.request(), [UP]) is None
    assert given_up.by(DELETED, [DELETED, UP]) is None


# --- what is told, and where


def followed(desk: FakeDesk) -> tuple[Follower, FakePoster]:
    poster = FakePoster()
    return Follower(desk=desk, poster=poster, clock=lambda: samples.NOW + timedelta(minutes=7)), poster


async def drawn_all(desk: FakeDesk, follower: Follower) -> None:
    for key in (KEY, GIVES_UP):
        if key in desk.stored:
            await follower.redraw(key)


async def test_who_gives_up_what_they_asked_for_has_one_card_and_reads_the_end_there() -> None:
    desk = FakeDesk()
    desk.put(samples.request())
    approved(desk, KEY)
    desk.put_cluster(building())
    follower, poster = followed(desk)
    await drawn_all(desk, follower)

    desk.put(samples.request(GIVES_UP[1], action=Action.DELETE, reason=""))  # not granted yet, and will be
    await drawn_all(desk, follower)
    desk.put(samples.given_up(gone=False))
    desk.put_cluster(building(deleting=True))
    await drawn_all(desk, follower)
    (card,) = poster.at("DLENA")
    assert "Cancelled by <@U0LENA>; its resources are being removed" in card.text

    desk.put(samples.given_up())
    desk.drop_cluster(("tenant-team-a", "build-7"))
    for _ in range(2):  # what may only not be seen yet is looked at once more
        await drawn_all(desk, follower)
    (card,) = poster.at("DLENA")
    assert card.text.startswith(
        "⏹️ *`build-7` is cancelled* · `team-a`\nCancelled by <@U0LENA>; resources removed in 6 min"
    )


async def test_when_it_became_ready_first_a_card_of_its_own_says_so() -> None:
    desk = FakeDesk()
    desk.put(samples.request())
    approved(desk, KEY)
    desk.put_cluster(building())
    follower, poster = followed(desk)
    await drawn_all(desk, follower)
    late = RequestStatus(phase=Phase.FAILED, waiver=giving_up.RULE, decided_at=samples.AT, message=giving_up.TOO_LATE)
    desk.put(samples.request(GIVES_UP[1], action=Action.DELETE, status=late))
    desk.put_cluster(samples.cluster(status=samples.ready()))

    await drawn_all(desk, follower)

    first, *others = poster.at("DLENA")
    assert "is ready" in first.text
    assert any(giving_up.TOO_LATE in card.text for card in others)


async def test_whoever_else_gives_it_up_has_a_card_too_and_who_asked_reads_who_it_was() -> None:
    desk = FakeDesk()
    desk.put(samples.request())
    approved(desk, KEY)
    desk.put_cluster(building())
    follower, poster = followed(desk)
    await drawn_all(desk, follower)
    desk.put(samples.given_up(by=samples.OMAR, gone=False))
    desk.put_cluster(building(deleting=True))

    await drawn_all(desk, follower)

    card, *lines = poster.at("DLENA")
    assert "Cancelled by <@U0OMAR>" in card.text
    assert [line.text for line in lines] == [
        "<@U0LENA>: ⏹️ *`build-7` is cancelled* · `team-a` · Cancelled by <@U0OMAR>; its resources are being removed"
    ], "an edited card makes no sound"
    assert "is being deleted" in poster.at("DOMAR")[0].text


async def test_a_cluster_is_cancelled_from_its_card_after_one_more_question(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.waiver = giving_up.RULE
    stage.desk.put(samples.request())
    approved(stage.desk, KEY)
    stage.desk.put_cluster(building())
    await lena.waits_for("is being set up")

    await lena.card("is being set up", at="dm").click(replies.CANCEL_CLUSTER)

    await lena.waits_for("given up before it was ready")
    (request,) = (each for each in stage.desk.stored.values() if each.it.spec.action is Action.DELETE)
    stage.desk.put(Stored(request.meta, samples.given_up().it))
    stage.desk.drop_cluster(("tenant-team-a", "build-7"))
    await lena.waits_for("Cancelled by @lena; resources removed")
    assert not lena.cards("build-7 is deleted", at="dm"), "one card tells it"


async def test_what_waits_for_room_is_withdrawn_from_home(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.put(samples.request(status=samples.waits_for_room()))
    home = await lena.open_home()
    assert "waits for room in the quota" in home.text

    await home.click("Withdraw")

    await lena.waits_until(lambda: stage.desk.stored[KEY].it.status.phase is Phase.WITHDRAWN)


def test_home_offers_to_withdraw_what_waits_for_room_and_nothing_that_is_too_late_for_it() -> None:
    desk = FakeDesk()
    desk.put(samples.request(status=samples.waits_for_room()))

    drawn = homes.view(samples.LENA, desk=desk, now=samples.NOW, platform=False)

    pressed = [e.get("action_id") for b in drawn["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert "request_withdraw" in pressed
    assert not any(str(action).startswith(("run nudge", "run edit")) for action in pressed)
