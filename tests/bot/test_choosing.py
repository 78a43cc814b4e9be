"""Choosing from more than a form shows: menus in which one types, and a cluster or a request for a command that named
none."""

from __future__ import annotations

import pytest

from bot import commands, offers, replies, suggestions
from bot.answers import Open, Say
from bot.blocks import Option
from bot.commands import choosing
from bot.commands.command import Command, Filled
from playground.workspace import NotVisible
from provisioning.model import Action, Phase, RequestStatus
from provisioning.objects import format_time
from tests.bot import samples, slack_objects
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk


def teams(desk: FakeDesk, count: int) -> None:
    """Lena is a member of so many tenants, and of one more that is Omar's alone she is not."""
    for number in range(count):
        name = f"team-{number:03}"
        desk.tenants[name] = samples.tenant(name)
    desk.tenants["team-x"] = samples.tenant("team-x", members=(samples.subject(samples.OMAR),))


def form(desk: FakeDesk, *, metadata: str = "", **chosen: str) -> Filled:
    values = {name: {name: {"selected_option": {"value": value}}} for name, value in chosen.items()}
    view = {"id": "V1", "private_metadata": metadata, "state": {"values": values}}
    return Filled(desk=desk, person=samples.LENA, team="T1", view=view, now=samples.NOW)


def offered(desk: FakeDesk, field: str, query: str, **chosen: str) -> list[str]:
    return [option.value for option in suggestions.options(form(desk, **chosen), field, query)]


# What fits what is typed


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bui", ["build-7", "rebuild"]),
        ("BUILD-7", ["build-7"]),
        ("prod", ["team-b"]),
        ("biuld-7", ["build-7"]),
        ("zzz", []),
    ],
)
def test_what_begins_so_comes_first_and_what_is_close_only_when_nothing_fits(typed: str, found: list[str]) -> None:
    known = (Option("rebuild", "rebuild"), Option("build-7", "build-7"), Option("team-b", "Production"))

    assert [option.value for option in offers.matching(typed, known)] == found


def test_no_more_is_offered_than_slack_takes() -> None:
    desk = FakeDesk()
    teams(desk, 150)

    assert len(offered(desk, "tenant", "team")) == 100


def test_only_ones_own_tenants_and_what_the_chosen_one_may_have_are_offered() -> None:
    desk = FakeDesk()
    teams(desk, 3)
    desk.tenants["team-a"] = samples.tenant(flavors=("medium",), versions=("v1.33.9",))

    assert "tenant-team-x" not in offered(desk, "tenant", "team")
    assert offered(desk, "flavor", "m", tenant="tenant-team-a") == ["medium"]
    assert offered(desk, "flavor-md0", "l", tenant="tenant-team-001") == ["large", "small"]
    assert offered(desk, "version", "1.3", tenant="tenant-team-a") == ["v1.33.9"]
    assert offered(desk, "flavor", "m", tenant="tenant-team-x") == []


def test_a_field_that_nobody_knows_offers_nothing() -> None:
    assert offered(FakeDesk(), "reason", "x") == []


async def test_somebody_in_more_tenants_than_a_menu_holds_finds_theirs_by_typing(stage: Stage) -> None:
    teams(stage.desk, 150)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create team-001/build-7")
    assert lena.modal.value("Tenant") == ("tenant-team-001",)

    with pytest.raises(NotVisible):
        await lena.modal.fill({"Tenant": "Team X"})
    await lena.modal.fill({"Tenant": "Team 149"})
    await lena.waits_for("Quota of team-149")
    await lena.modal.fill({"Reason": "builds"})
    await lena.modal.submit()

    (request,) = stage.desk.stored.values()
    assert (request.meta.namespace, request.it.spec.cluster) == ("tenant-team-149", "build-7")


async def test_whoever_is_not_welcome_is_offered_nothing(stage: Stage) -> None:
    teams(stage.desk, 150)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    account = stage.slack.workspace.people["U0LENA"].model_copy(update={"is_restricted": True})
    await stage.slack.events.change_person(account)
    await lena.command("/cluster list")
    await lena.waits_for(replies.GUEST)

    with pytest.raises(NotVisible):
        await lena.modal.fill({"Tenant": "Team 149"})


# A command that named no cluster


@pytest.mark.parametrize("command", [it for it in commands.COMMANDS if it.needs_cluster], ids=lambda it: it.name)
def test_every_command_about_a_cluster_asks_which_when_none_is_named(command: Command) -> None:
    desk = FakeDesk()
    empty = commands.answer(command.name, desk=desk, person=samples.LENA, now=samples.NOW)
    desk.put_cluster(samples.cluster())
    found = commands.answer(command.name, desk=desk, person=samples.LENA, now=samples.NOW)

    assert isinstance(empty, Say)
    assert replies.which_cluster(command.line) in empty.card.text
    assert isinstance(found, Open)
    assert found.view["callback_id"] == choosing.WHICH
    assert slack_objects.problems_of_view(found.view) == []


def test_a_cluster_with_a_name_too_long_for_an_option_can_be_chosen_all_the_same() -> None:
    desk, namespace = FakeDesk(), "n" * 63
    desk.tenants["team-a"] = samples.tenant(namespaces=(namespace,))
    desk.put_cluster(samples.cluster("c" * 30, namespace=namespace))

    (option,) = choosing.options(desk, samples.LENA)

    assert len(option.value) <= choosing.VALUE_LONGEST
    assert option.label == "c" * 30


async def test_the_command_goes_on_with_the_cluster_that_is_chosen(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster scale")
    await lena.modal.fill({"Cluster": "build-7"})
    await lena.modal.submit()
    assert lena.modal.title == replies.SCALE_TITLE
    await lena.modal.fill({"Workers": "4"})
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    (request,) = stage.desk.stored.values()
    assert (request.it.spec.action, request.it.spec.cluster) == (Action.CHANGE, "build-7")


async def test_what_needs_no_form_is_asked_for_at_once_and_once(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster hibernate")
    await lena.modal.fill({"Cluster": "build-7"})
    await lena.modal.submit()

    assert "The change of build-7 is noted" in lena.modal.text
    assert len(stage.desk.stored) == 1


async def test_of_more_clusters_than_a_menu_holds_one_is_found_by_typing(stage: Stage) -> None:
    for number in range(120):
        stage.desk.put_cluster(samples.cluster(f"build-{number}", status=samples.ready()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster show")
    await lena.modal.fill({"Cluster": "build-117"})
    await lena.modal.submit()

    assert "build-117 is ready" in lena.modal.text


async def test_a_cluster_that_is_gone_by_then_is_told_at_the_menu(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster upgrade")
    await lena.modal.fill({"Cluster": "build-7"})
    stage.desk.drop_cluster(("tenant-team-a", "build-7"))

    await lena.modal.submit()

    assert lena.modal.errors == {"Cluster": replies.PLEASE_CHOOSE}


# A command that named no request of one's own

NONE = {
    "withdraw": replies.NOTHING_TO_WITHDRAW,
    "edit": replies.NOTHING_TO_EDIT,
    "nudge": replies.NOTHING_TO_NUDGE,
    "again": replies.NOTHING_TO_ASK_AGAIN,
    "cancel": replies.NOTHING_TO_CANCEL,
}


def crowd() -> FakeDesk:
    """Lena's requests in every phase, and one of Omar's."""
    desk = FakeDesk()
    nudged = RequestStatus(nudged_at=format_time(samples.NOW), expires_at=samples.TOMORROW)
    by_hand = samples.spec(pools=(*samples.spec().pools, samples.spec().pools[0].model_copy(update={"name": "more"})))
    desk.put(samples.request("cr-waits", cluster="waits"))
    desk.put(samples.request("cr-nudged", cluster="nudged", status=nudged))
    desk.put(samples.request("cr-by-hand", cluster="by-hand", desired=by_hand))
    desk.put(samples.request("cr-no-room", cluster="no-room", status=samples.waits_for_room()))
    desk.put(samples.request("cr-denied", cluster="denied", status=RequestStatus(phase=Phase.DENIED)))
    desk.put(samples.request("cr-applied", cluster="applied", status=RequestStatus(phase=Phase.APPLIED)))
    desk.put(samples.request("cr-omars", cluster="omars", requester=samples.OMAR))
    return desk


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("withdraw", ["waits", "nudged", "by-hand", "no-room"]),
        ("edit", ["waits", "nudged"]),
        ("nudge", ["waits", "by-hand"]),
        ("again", ["denied"]),
    ],
)
def test_a_command_about_a_request_offers_those_that_one_may_do_it_to(line: str, offered: list[str]) -> None:
    found = commands.answer(line, desk=crowd(), person=samples.LENA, now=samples.NOW)

    assert isinstance(found, Open)
    assert slack_objects.problems_of_view(found.view) == []
    options = found.view["blocks"][-1]["element"]["options"]
    assert [option["value"] for option in options] == [f"tenant-team-a/cr-{name}" for name in offered]


def test_every_command_about_ones_own_request_says_when_there_is_none() -> None:
    asking = {each.name: each.choice.none for each in commands.COMMANDS if each.choice}
    said = {name: commands.answer(name, desk=FakeDesk(), person=samples.LENA, now=samples.NOW) for name in asking}

    assert asking == NONE
    assert {name: it.card.text for name, it in said.items() if isinstance(it, Say)} == NONE


async def test_the_command_goes_on_with_the_request_that_is_chosen(stage: Stage) -> None:
    for name in ("one", "two"):
        stage.desk.put(samples.request(f"cr-{name}", cluster=name))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster edit")
    await lena.modal.fill({"Request": "two: new cluster"})
    await lena.modal.submit()
    assert (lena.modal.title, lena.modal.value("Name")) == (replies.CREATE_TITLE, ("two",))
    await lena.command("/cluster withdraw")
    await lena.modal.fill({"Request": "one: new cluster"})
    await lena.modal.submit()

    assert "one is withdrawn" in lena.modal.text
    phases = {key[1]: request.it.status.phase for key, request in stage.desk.stored.items()}
    assert phases == {"cr-one": Phase.WITHDRAWN, "cr-two": Phase.PENDING}


async def test_of_more_requests_than_a_menu_holds_one_is_found_by_typing(stage: Stage) -> None:
    long_ago = RequestStatus(phase=Phase.DENIED, decided_at=samples.AT)
    for number in range(120):
        stage.desk.put(samples.request(f"cr-{number}", cluster=f"build-{number}", status=long_ago))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster again")
    await lena.modal.fill({"Request": "build-117: new cluster"})
    await lena.modal.submit()

    assert (lena.modal.title, lena.modal.value("Name")) == (replies.CREATE_TITLE, ("build-117",))


async def test_a_request_that_is_decided_by_then_is_told_at_the_menu(stage: Stage) -> None:
    stage.desk.put(samples.request())
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster nudge")
    await lena.modal.fill({"Request": "build-7: new cluster"})
    stage.desk.status(("tenant-team-a", "cr-7f3k2m4p6q"), phase=Phase.APPROVED)

    await lena.modal.submit()

    assert lena.modal.errors == {"Request": replies.PLEASE_CHOOSE}
