"""The forms with which something asked for is changed or asked for again, for each kind of request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import change_forms, commands, home, replies, request_cards, sights, verdicts
from bot.answers import Ask, Nudge, Open, Say
from bot.blocks import Block
from provisioning import edits
from provisioning.lifecycle import Reason
from provisioning.model import Action, ClusterAddOn, ClusterSpec, Flavor, NodePool, Phase, RequestStatus, Surface
from provisioning.model.cluster import Hibernation, HibernationSchedule
from tests.bot import samples, slack_objects
from tests.bot.fake_desk import FakeDesk

NIGHTS = Hibernation(schedules=(HibernationSchedule(start="0 20 * * *", end="0 7 * * *", time_zone="Europe/Berlin"),))
CHANGED = {
    "scale": samples.spec(pools=(NodePool(name="workers", flavor="small", min=3, max=6),)),
    "resize": samples.spec(pools=(NodePool(name="workers", flavor="large", replicas=2),)),
    "addons": samples.spec(add_ons=(ClusterAddOn(name="cilium"), ClusterAddOn(name="velero"))),
    "upgrade": samples.spec(version="v1.35.1"),
    "extend": samples.spec(lifetime="48h"),
    "protect": samples.spec(deletion_protection=True),
}


def desk(*, waiting: bool, cluster: bool = True, **kind: Any) -> FakeDesk:
    """Lena has asked about build-7; nobody decided, or it was not decided in time."""
    made = FakeDesk()
    if cluster:
        made.put_cluster(samples.cluster(status=samples.ready()))
    status = None if waiting else RequestStatus(phase=Phase.EXPIRED, decided_at=samples.TOMORROW)
    made.put(samples.request("cr-1", status=status, base_generation=1 if cluster else 0, **kind))
    return made


def answer(line: str, it: FakeDesk) -> Any:
    return commands.answer(line, desk=it, person=samples.LENA, now=samples.NOW)


def opened(line: str, it: FakeDesk) -> Block:
    found = answer(line, it)
    assert isinstance(found, Open), found
    return found.view


def standing(view: Block) -> dict[str, Any]:
    """What stands in the fields of a form."""
    found = {}
    for part in view["blocks"]:
        element = part.get("element", {})
        several = [option["value"] for option in element.get("initial_options", ())]
        chosen = element.get("initial_option", {}).get("value")
        if value := element.get("initial_value") or chosen or several:
            found[part["block_id"]] = value
    return found


@pytest.mark.parametrize(
    ("desired", "stands"),
    [
        (samples.spec(), {"name": "build-7", "flavor": "small", "nodes": "2", "lifetime": "24h"}),
        (samples.spec(lifetime="72h", version="v1.35.1"), {"lifetime": "72h", "version": "v1.35.1"}),
        (samples.spec(pools=(NodePool(name="workers", flavor="large", min=1, max=4),)), {"nodes": "1", "max": "4"}),
        (
            samples.spec(add_ons=(ClusterAddOn(name="velero"), ClusterAddOn(name="cilium"))),
            {"more": ["more"], "addons": ["velero"]},
        ),
        (samples.spec(hibernation=NIGHTS), {"sleep": "nights", "zone": "Europe/Berlin"}),
    ],
)
def test_a_new_cluster_is_edited_in_the_form_that_it_came_from(desired: ClusterSpec, stands: dict[str, Any]) -> None:
    view = opened("edit cr-1", desk(waiting=True, cluster=False, desired=desired))

    assert stands.items() <= standing(view).items()
    assert standing(view)["reason"] == "Nightly builds"
    assert json.loads(view["private_metadata"])["replaces"] == "cr-1"


@pytest.mark.parametrize(
    "desired",
    [
        samples.spec(
            pools=(
                NodePool(name="workers", flavor="small", replicas=1),
                NodePool(name="more", flavor="small", replicas=1),
            )
        ),
        samples.spec(pools=(NodePool(name="mine", flavor="small", replicas=2),)),
        samples.spec(add_ons=(ClusterAddOn(name="cilium", values={"hubble": True}),)),
        samples.spec(deletion_protection=True),
        samples.spec(version="v1.30.0"),
    ],
)
def test_what_no_form_can_say_any_more_or_ever_could_is_not_cut_to_a_form(desired: ClusterSpec) -> None:
    found = answer("edit build-7", desk(waiting=True, cluster=False, desired=desired))

    assert isinstance(found, Say)
    assert found.card.text == replies.no_form_for("cr-1")
    again = answer("again build-7", desk(waiting=False, cluster=False, desired=desired))
    assert isinstance(again, Ask)
    assert again.wish.desired == desired


@pytest.mark.parametrize(
    ("verb", "stands"),
    [
        ("scale", {"nodes-workers": "3", "max-workers": "6"}),
        ("resize", {"flavor-workers": "large"}),
        ("addons", {"addons": ["velero"]}),
        ("upgrade", {"version": "v1.35.1"}),
        ("extend", {}),
        ("protect", {}),
    ],
)
def test_a_change_is_edited_in_the_form_of_its_verb(verb: str, stands: dict[str, Any]) -> None:
    view = opened("edit build-7", desk(waiting=True, action=Action.CHANGE, desired=CHANGED[verb]))

    assert view["callback_id"] == f"cluster_{verb}"
    assert stands.items() <= standing(view).items()
    assert standing(view)["reason"] == "Nightly builds"
    assert json.loads(view["private_metadata"]) == {
        "namespace": "tenant-team-a",
        "cluster": "build-7",
        "replaces": "cr-1",
    }


def test_what_was_asked_for_stands_in_a_menu_too_that_is_too_long_to_show() -> None:
    it = desk(waiting=True, action=Action.CHANGE, desired=CHANGED["resize"])
    more = tuple(Flavor(name=f"size-{number}", vcpu=1, memory="1Gi") for number in range(100))
    it.offered = it.offered.model_copy(update={"flavors": (*it.offered.flavors, *more)})

    view = opened("edit build-7", it)

    assert standing(view)["flavor-workers"] == "large"
    assert slack_objects.problems_of_view(view) == []


def test_a_request_to_take_protection_off_is_edited_with_the_reason_that_was_given() -> None:
    it = desk(waiting=True, action=Action.CHANGE, desired=samples.spec())
    it.put_cluster(samples.cluster(status=samples.ready(), deletion_protection=True))

    view = opened("edit build-7", it)

    assert view["callback_id"] == change_forms.UNPROTECT
    assert standing(view) == {"reason": "Nightly builds"}


@pytest.mark.parametrize(
    ("kind", "offered"),
    [
        ({"action": Action.CREATE}, True),
        ({"action": Action.DELETE}, True),
        *(({"action": Action.CHANGE, "desired": each}, True) for each in CHANGED.values()),
        ({"action": Action.CHANGE, "desired": edits.asleep(samples.spec())}, False),
    ],
)
def test_edit_is_offered_where_a_form_says_what_is_asked_for(kind: Any, offered: bool) -> None:
    it = desk(waiting=True, cluster=kind["action"] is not Action.CREATE, **kind)
    request = it.stored["tenant-team-a", "cr-1"]
    sight = sights.of(it, request)
    assert sight is not None

    card = request_cards.draw(Surface.REQUESTER, sight)
    mine = home.view(samples.LENA, desk=it, now=samples.NOW, platform=False)

    for view in (card.blocks, mine["blocks"]):
        found = [each["value"] for part in view for each in part.get("elements", ()) if each["type"] == "button"]
        assert ("edit cr-1" in found) is offered
        assert "nudge cr-1" in found


def test_a_change_without_a_form_is_told_so() -> None:
    found = answer("edit build-7", desk(waiting=True, action=Action.CHANGE, desired=edits.asleep(samples.spec())))

    assert isinstance(found, Say)
    assert found.card.text == replies.no_form_for("cr-1")


@pytest.mark.parametrize(("line", "replaces"), [("edit build-7", "cr-1"), ("again build-7", None)])
def test_for_a_deletion_the_name_is_typed_once_more(line: str, replaces: str | None) -> None:
    view = opened(line, desk(waiting=line.startswith("edit"), action=Action.DELETE))

    assert view["callback_id"] == "cluster_delete"
    assert standing(view) == {"reason": "Nightly builds"}
    assert json.loads(view["private_metadata"]).get("replaces") == replaces


def test_the_same_change_is_asked_for_again_at_once() -> None:
    found = answer("again build-7", desk(waiting=False, action=Action.CHANGE, desired=CHANGED["scale"]))

    assert isinstance(found, Ask)
    wish = found.wish
    assert (wish.action, wish.desired, wish.reason, wish.replaces) == (
        Action.CHANGE,
        CHANGED["scale"],
        "Nightly builds",
        "",
    )


def test_a_change_of_a_cluster_that_has_changed_since_is_not_asked_for_again() -> None:
    it = desk(waiting=False, action=Action.CHANGE, desired=CHANGED["scale"])
    it.drop_cluster(("tenant-team-a", "build-7"))

    found = answer("again build-7", it)

    assert isinstance(found, Say)
    assert found.card.text == replies.changed_meanwhile("build-7")


def test_of_several_that_ended_the_newest_is_asked_for_again() -> None:
    it = desk(waiting=False, cluster=False)
    ended = RequestStatus(phase=Phase.DENIED)
    it.put(samples.request("cr-2", desired=samples.spec(lifetime="72h"), status=ended))

    assert standing(opened("again build-7", it))["lifetime"] == "72h"
    assert standing(opened("again cr-1", it))["lifetime"] == "24h"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("again build-9", "No request of yours about `build-9` has ended without being done. Did you mean `build-7`?"),
        ("again cr-1 cr-2", "It goes like this: `/cluster again REQUEST or [TENANT/]NAME`"),
        ("nudge build-7", "No request of yours waits about `build-7`."),
    ],
)
def test_what_cannot_be_asked_for_again_is_told(line: str, said: str) -> None:
    found = answer(line, desk(waiting=False))

    assert isinstance(found, Say)
    assert said in found.card.text


def test_a_nudge_is_about_ones_own_request() -> None:
    assert answer("nudge build-7", desk(waiting=True)) == Nudge(samples.LENA, "tenant-team-a", "cr-1")


def test_a_press_on_a_copy_of_a_replaced_card_is_told_of_the_newer_version() -> None:
    old = samples.request(status=RequestStatus(phase=Phase.WITHDRAWN, replaced_by="cr-newer"))

    assert "The newer version is `cr-newer`." in verdicts.why_not(old, Reason.ALREADY_DECIDED)
