"""What each command answers, from the desk's caches alone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot import cards, commands, manifest, replies
from bot.answers import Open, Say
from provisioning.model import ApprovalPolicy, Phase
from provisioning.model.tenant import LifetimePolicy
from tests.bot import samples, slack_objects
from tests.bot.fake_desk import FakeDesk


def say(line: str, desk: FakeDesk, person: object = samples.LENA) -> str:
    answer = commands.answer(line, desk=desk, person=person, now=samples.NOW)  # type: ignore[arg-type]
    assert isinstance(answer, Say), line
    return answer.card.text


def buttons(line: str, desk: FakeDesk) -> list[str]:
    """What can be pressed below the answer."""
    answer = commands.answer(line, desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Say), line
    rows = (part["elements"] for part in answer.card.blocks if part["type"] == "actions")
    return [element["text"]["text"] for row in rows for element in row if element["type"] == "button"]


def opened(line: str, desk: FakeDesk) -> dict[str, dict[str, object]]:
    """The elements of the form that opened, by block id."""
    answer = commands.answer(line, desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Open), line
    assert slack_objects.problems_of_view(answer.view) == []
    return {block["block_id"]: block["element"] for block in answer.view["blocks"] if block["type"] == "input"}


def chosen(element: dict[str, object]) -> object:
    option = element["initial_option"]
    assert isinstance(option, dict)
    return option["value"]


def test_every_file_of_commands_is_listed_has_help_and_is_in_the_manifest() -> None:
    folder = Path(commands.__file__).parent
    plumbing = {"__init__", "asking", "changing", "choosing", "command", "delegating", "finding", "outlooks"}
    plumbing |= {"grouping", "naming", "own_requests", "protecting", "refilling"}

    names = {command.name for command in commands.COMMANDS}

    assert {path.stem for path in folder.glob("*.py")} - plumbing == names
    assert all(command.summary and command.examples for command in commands.COMMANDS)
    shown = manifest.app_manifest("socket")["features"]["slash_commands"][0]["usage_hint"]
    assert shown == " | ".join(command.name for command in commands.COMMANDS)


def test_every_command_is_told_of_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "slack.md").read_text(encoding="utf-8")

    assert {command.name for command in commands.COMMANDS} - set(re.findall(r"/cluster (\w+)", page)) == set()


def test_every_example_of_the_help_is_understood() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster())

    for command in commands.COMMANDS:
        for example in command.examples:
            answer = commands.answer(
                example.removeprefix(commands.SLASH), desk=desk, person=samples.LENA, now=samples.NOW
            )
            assert not isinstance(answer, Say) or "There is no" not in answer.card.text, example


@pytest.mark.parametrize("line", ["", "   ", "help", "HELP"])
def test_nothing_and_help_give_the_help(line: str) -> None:
    assert replies.HELP_INTRO in say(line, FakeDesk())


def test_an_unknown_word_is_never_markup() -> None:
    assert "<!channel>" not in say("<!channel>", FakeDesk())


def test_words_behind_create_fill_the_form() -> None:
    fields = opened("create team-a/Build-9 large 72h", FakeDesk())

    assert fields["name"]["initial_value"] == "build-9"
    assert (chosen(fields["flavor"]), chosen(fields["lifetime"])) == ("large", "72h")


def test_words_may_say_number_version_and_a_lifetime_that_no_menu_has() -> None:
    fields = opened("create build-9 2-6x large v1.33 5h", FakeDesk())

    assert (chosen(fields["flavor"]), chosen(fields["version"]), chosen(fields["lifetime"])) == (
        "large",
        "v1.33.9",
        "5h",
    )
    assert (fields["nodes"]["initial_value"], fields["max"]["initial_value"]) == ("2", "6")


def test_a_lifetime_written_otherwise_is_the_one_on_offer() -> None:
    assert chosen(opened("create build-9 1440m", FakeDesk())["lifetime"]) == "24h"


@pytest.mark.parametrize("line", ["create build-9 9999 large", "create build-9 0-0", "create build-9 2-9999"])
def test_a_number_that_cannot_be_opens_the_form_for_another(line: str) -> None:
    assert "nodes" in opened(line, FakeDesk())


def test_without_words_the_form_stands_on_the_usual() -> None:
    fields = opened("create", FakeDesk())

    assert "initial_value" not in fields["name"]
    assert chosen(fields["version"]) == "v1.34.5"
    assert chosen(fields["lifetime"]) == "24h"
    assert fields["nodes"]["initial_value"] == "1"


def test_a_form_offers_only_what_the_tenant_may_have() -> None:
    desk = FakeDesk()
    desk.tenants["team-a"] = samples.tenant(
        flavors=("medium",), versions=("v1.33.9",), lifetime=LifetimePolicy(longest="8h")
    )

    fields = opened("create", desk)

    offered = {
        name: [option["value"] for option in fields[name]["options"]]  # type: ignore[attr-defined]
        for name in ("flavor", "version", "lifetime")
    }
    assert offered == {"flavor": ["medium"], "version": ["v1.33.9"], "lifetime": ["8h"]}


def test_no_end_is_offered_only_where_a_cluster_may_live_for_ever() -> None:
    desk = FakeDesk()
    desk.tenants["team-a"] = samples.tenant(lifetime=LifetimePolicy())

    assert chosen(opened("create", desk)["lifetime"]) == "none"


def test_a_reason_is_asked_for_where_somebody_has_to_agree() -> None:
    desk = FakeDesk()
    answers = []
    for required in (0, 1):
        desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=required))
        answer = commands.answer("create", desk=desk, person=samples.LENA, now=samples.NOW)
        assert isinstance(answer, Open)
        answers.append(next(b["optional"] for b in answer.view["blocks"] if b.get("block_id") == "reason"))

    assert answers == [True, False]


def test_no_word_stands_for_two_commands() -> None:
    words = [word for command in commands.COMMANDS for word in (command.name, *command.also)]

    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("creat build-7", "There is no command `creat`. Did you mean `/cluster create`?"),
        ("status build-7", "There is no command `status`. Did you mean `/cluster show`?"),
        ("Kubeconfig build-7", "Did you mean `/cluster access`?"),
        ("rm build-7", "Did you mean `/cluster delete`?"),
        ("approve build-7", "Did you mean `/cluster help approvals`?"),
        ("create team-x/build-7", "There is no tenant `team-x` for you. Did you mean `team-a`?"),
        ("create build-7 smal", "There is no size `smal` for you. Did you mean `small`?"),
        ("create build-7 1.33.8", "There is no version `1.33.8` for you. Did you mean `v1.33.9`?"),
        ("create build-7 9999h", "There is no lifetime `9999h` for you. Did you mean `168h`?"),
        ("show bulid-7", "You have no cluster `bulid-7`. Did you mean `build-7`?"),
        ("delete other", "You have no cluster `other`."),
        ("show build-7 now", "I did not understand all of that."),
        ("delete build-7 now", "I did not understand all of that."),
        ("list team-b", "There is no tenant `team-b` for you. Did you mean `team-a`?"),
        ("list team-a now", "I did not understand all of that."),
    ],
)
def test_what_is_not_understood_is_answered_with_what_would_be(line: str, said: str) -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster("build-7"))

    assert said in say(line, desk)


def test_a_name_in_two_tenants_has_to_be_told_apart() -> None:
    desk = FakeDesk()
    desk.tenants["team-b"] = samples.tenant("team-b")
    for namespace in ("tenant-team-a", "tenant-team-b"):
        desk.put_cluster(samples.cluster("build-7", namespace=namespace))

    assert "`tenant-team-a/build-7`, `tenant-team-b/build-7`" in say("show build-7", desk)
    assert "is being set up" in say("show team-b/build-7", desk)


def test_the_list_starts_with_ones_own() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster("alpha", by="cr-omars"))
    desk.put_cluster(samples.cluster("zulu", by="cr-lenas"))
    desk.put(samples.request("cr-lenas", cluster="zulu"))
    desk.status(("tenant-team-a", "cr-lenas"), phase=Phase.APPLIED)

    lines = say("list", desk).splitlines()

    assert ["zulu" in lines[0], "(yours)" in lines[0], "alpha" in lines[1], "(yours)" in lines[1]] == [
        True,
        True,
        True,
        False,
    ]


def test_ones_own_clusters_come_before_what_others_wait_for() -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-omars", cluster="omars", requester=samples.OMAR))
    desk.put(samples.request("cr-lenas", cluster="lenas"))
    desk.put_cluster(samples.cluster("zulu", by="cr-gone", annotations={"clusterdesk.dev/requested-by": "lena"}))

    first, second, third = say("list", desk).splitlines()

    assert ["`lenas`" in first, "`zulu`" in second, "`omars`" in third] == [True, True, True]


def test_what_waits_for_room_is_listed_beside_what_waits_for_approval() -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-omars", cluster="omars", requester=samples.OMAR, status=samples.waits_for_room()))

    (line,) = say("list", desk).splitlines()

    assert "`omars` is approved, and waits for room in the quota" in line


def test_a_list_says_what_each_costs_how_long_it_lives_and_opens_it() -> None:
    desk = FakeDesk(offered=samples.priced())
    desk.put_cluster(samples.cluster(status=samples.ready()))
    desk.put_cluster(samples.cluster("web", status=samples.over()))

    answer = commands.answer("list", desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Say)
    first, second = answer.card.blocks
    # Two workers at 2 x 0.04 + 8 x 0.005, and the cluster at 0.1; an update's worker more is not counted.
    assert "v1.34.5 · 0.34 EUR an hour · 24 hours left, until <!date^" in first["text"]["text"]
    assert first["accessory"]["value"] == "show tenant-team-a/build-7"
    later = commands.answer("list", desk=desk, person=samples.LENA, now=samples.NOW + timedelta(days=2))
    assert isinstance(later, Say)
    assert " left" not in later.card.text, "what is over has nothing left"
    assert "0.34 EUR an hour" in second["text"]["text"], "one that sleeps costs the same"


def test_a_cluster_is_shown_with_its_price_and_what_is_left_of_its_life() -> None:
    desk = FakeDesk(offered=samples.priced())
    desk.put_cluster(samples.cluster(status=samples.ready()))
    assert "0.34 EUR an hour · 24 hours left, until <!date^" in say("show build-7", desk)
    desk.offered = samples.catalog()
    assert "an hour" not in say("show build-7", desk), "where nothing has a price nothing is said"


def test_an_upgrade_is_offered_where_the_tenant_may_have_what_follows() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster(version="v1.33.9", status=samples.ready()))
    assert "Upgrade" in buttons("show build-7", desk)
    desk.tenants["team-a"] = samples.tenant(versions=("v1.33.9",))
    assert "Upgrade" not in buttons("show build-7", desk)


def test_the_longest_list_of_the_longest_names_is_one_that_slack_takes() -> None:
    desk = FakeDesk(offered=samples.priced())
    for number in range(60):
        desk.put_cluster(samples.cluster(f"{number:02}-{'x' * 60}", status=samples.ready()))
    answer = commands.answer("list", desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Say)
    assert slack_objects.problems_of_card(answer.card) == []
    shown = sum(len(block["text"]["text"]) for block in answer.card.blocks if block["type"] == "section")
    # Slack refuses a message of some 13,000 characters in all.
    assert shown + len(answer.card.text) < 13_000


def test_clusters_made_by_hand_come_last_and_say_what_they_are() -> None:
    desk = FakeDesk(by_hand=(samples.hand_made(),))
    desk.put_cluster(samples.cluster("zulu"))

    lines = say("list", desk).splitlines()

    assert ["zulu" in lines[0], "made by hand" in lines[0]] == [True, False]
    assert "`lab`* · Available · team-a · 3 of 3 workers ready · `v1.34.5` · made by hand" in lines[1]


def test_clusters_made_by_hand_elsewhere_are_not_ones_own() -> None:
    desk = FakeDesk(by_hand=(samples.hand_made(namespace="tenant-team-b"),))
    desk.tenants["team-b"] = samples.tenant("team-b", members=(), approvers=())

    assert "lab" not in say("list", desk)
    assert "You have no cluster `lab`." in say("show lab", desk)


def test_a_name_made_by_hand_and_by_us_has_to_be_told_apart() -> None:
    desk = FakeDesk(by_hand=(samples.hand_made("build-7", namespace="tenant-team-b"),))
    desk.tenants["team-b"] = samples.tenant("team-b")
    desk.put_cluster(samples.cluster("build-7"))

    assert "`tenant-team-a/build-7`, `tenant-team-b/build-7`" in say("show build-7", desk)
    assert "is being set up" in say("show team-a/build-7", desk)
    assert "is available" in say("show team-b/build-7", desk)


def test_nobody_is_offered_to_delete_what_was_made_by_hand() -> None:
    desk = FakeDesk(by_hand=(samples.hand_made(),))

    assert "delete or change its objects where they come from" in say("delete lab", desk)


def test_a_long_list_says_what_it_leaves_out() -> None:
    desk = FakeDesk()
    for number in range(60):
        desk.put_cluster(samples.cluster(f"build-{number:02}"))

    answer = commands.answer("list", desk=desk, person=samples.LENA, now=samples.NOW)

    assert isinstance(answer, Say)
    assert slack_objects.problems_of_card(answer.card) == []
    assert any("35 more" in str(block) for block in answer.card.blocks)


def test_somebody_without_tenants_is_told_so() -> None:
    assert say("create", FakeDesk(), samples.PAT) == replies.NO_TENANT
    assert say("list", FakeDesk(), samples.PAT) == replies.NO_TENANT


def test_an_approver_sees_the_clusters_they_decide_about_but_cannot_ask_for_one() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster())

    assert "build-7" in say("list", desk, samples.OMAR)
    assert say("create", desk, samples.OMAR) == replies.NO_TENANT


def test_a_cluster_on_its_way_out_is_not_deleted_twice() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster(deleting=True))

    assert "is being deleted" in say("delete build-7", desk)


def test_a_catalog_that_offers_nothing_to_this_tenant_is_told() -> None:
    desk = FakeDesk()
    desk.tenants["team-a"] = samples.tenant(flavors=("gone",))

    assert "offers no size" in say("create", desk)


def test_a_told_sentence_has_full_text() -> None:
    assert cards.say("Plain.").text == "Plain."
