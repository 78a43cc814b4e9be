"""A cluster's end and what keeps it: protection, what goes with it, how long it may live, and what is told of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import change_forms, commands, delete_forms, places, prolonging, replies, request_cards
from bot.answers import Ask, Errors, Open, Replace, Say
from bot.commands import own_requests
from bot.commands.command import Call, Filled
from bot.sights import Sight
from provisioning import names
from provisioning.losses import Losses
from provisioning.model import Action, ApprovalPolicy, Person, Phase, RequestStatus, Surface, Waiver
from provisioning.model.tenant import LifetimePolicy
from tests.bot import golden, samples
from tests.bot.fake_desk import FakeDesk

GUARDED: dict[str, Any] = {"deletion_protection": True}


def desk(*, tenant: Any = None, **spec: Any) -> FakeDesk:
    made = FakeDesk()
    if tenant:
        made.put_tenant(samples.tenant(**tenant))
    made.put_cluster(samples.cluster(status=samples.ready(), **spec))
    return made


def answer(line: str, at: FakeDesk, *, person: Person = samples.LENA) -> object:
    return commands.answer(line, desk=at, person=person, now=samples.NOW)


def filled(line: str, at: FakeDesk, values: Any = None) -> Filled:
    """The form that a line opens, as Lena sends it."""
    found = answer(line, at)
    assert isinstance(found, Open), found
    view = {**found.view, "id": "V1", "state": {"values": values or {}}}
    return Filled(desk=at, person=samples.LENA, team="T1", view=view, now=samples.NOW)


def form_of(callback: str) -> Any:
    return next(form for form in commands.FORMS if form.callback == callback)


@pytest.mark.parametrize(
    ("line", "callback", "before", "after"),
    [
        ("protect build-7", change_forms.PROTECT, False, True),
        ("unprotect build-7", change_forms.UNPROTECT, True, False),
    ],
)
async def test_protection_is_asked_for_by_a_form_that_changes_nothing_else(
    line: str, callback: str, before: bool, after: bool
) -> None:
    at = desk(deletion_protection=before)
    form = filled(line, at, {"reason": {"reason": {"value": "It holds the orders"}}})

    assert isinstance(await form_of(callback).submitted(form), Replace)

    (asked,) = at.stored.values()
    assert asked.it.spec.desired == samples.spec(deletion_protection=after)
    assert (asked.it.spec.action, asked.it.spec.reason) == (Action.CHANGE, "It holds the orders")


@pytest.mark.parametrize(("line", "spec"), [("protect build-7", GUARDED), ("unprotect build-7", {})])
def test_what_is_so_already_is_not_asked_for(line: str, spec: Any) -> None:
    found = answer(line, desk(**spec))
    assert isinstance(found, Say)
    assert "is so already" in found.card.text


async def test_a_form_to_protect_what_was_protected_meanwhile_is_kept_with_an_error() -> None:
    at = desk()
    form = filled("protect build-7", at)
    at.put_cluster(samples.cluster(status=samples.ready(), **GUARDED))
    assert isinstance(await form_of(change_forms.PROTECT).submitted(form), Errors)
    assert at.stored == {}


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (ApprovalPolicy(required=0, own_requests=True), "Approval: 1 approver of this tenant must agree"),
        (ApprovalPolicy(required=2), "Approval: 2 approvers of this tenant must agree"),
        (
            ApprovalPolicy(waivers=(Waiver(name="anything", actions=(Action.CHANGE,)),)),
            "Approval: 1 approver of this tenant must agree",
        ),
        (
            ApprovalPolicy(waivers=(Waiver(name="trials", actions=(Action.CHANGE,), unprotects=True),)),
            "Approval: none needed, by this tenant's rule `trials`",
        ),
    ],
    ids=["nobody as a rule", "two", "a waiver", "a waiver that is for this"],
)
def test_the_form_says_whose_word_it_takes_to_take_protection_off(policy: ApprovalPolicy, told: str) -> None:
    found = answer("unprotect build-7", desk(tenant={"approval": policy}, **GUARDED))
    assert isinstance(found, Open)
    assert told in str(found.view["blocks"])


def test_who_would_delete_what_is_protected_is_told_whom_to_ask_and_how() -> None:
    found = answer("delete build-7", desk(tenant={"approval": ApprovalPolicy(required=0)}, **GUARDED))
    assert isinstance(found, Say)
    assert "must agree: <@U0OMAR> or <@U0EVA>" in found.card.text
    (button,) = found.card.blocks[-1]["elements"]
    assert button["value"] == "unprotect tenant-team-a/build-7"


async def test_the_form_to_delete_counts_what_goes_with_it_once_it_is_open() -> None:
    at = desk()
    at.insight.lost = Losses(volumes=2, storage=3 * 2**30, load_balancers=1)
    form = filled("delete build-7", at)

    view = await form_of(delete_forms.DELETE).changed(form)

    assert replies.COUNTING in str(form.view)
    assert replies.COUNTING not in str(view)
    assert "2 volumes with 3Gi, 1 load balancer" in str(view)
    assert [part.get("block_id") for part in view["blocks"]].count("confirm") == 1


async def test_the_form_to_delete_says_that_nobody_could_count() -> None:
    at = desk()
    form = filled("delete build-7", at)
    at.down = True
    assert replies.NOT_COUNTED in str(await form_of(delete_forms.DELETE).changed(form))


@pytest.mark.parametrize(("sleep", "is_told"), [(None, False), ("72h", True)])
def test_the_form_to_delete_says_that_the_sleep_at_the_end_is_not_for_this(sleep: str | None, *, is_told: bool) -> None:
    found = answer("delete build-7", desk(tenant={"lifetime": LifetimePolicy(hibernation=sleep)}))
    assert isinstance(found, Open)
    assert ("sleep for 3 days before they are deleted" in str(found.view)) is is_told
    assert replies.NOTHING_STAYS in str(found.view)


def options(line: str, at: FakeDesk) -> list[str]:
    found = answer(line, at)
    assert isinstance(found, Open), found
    (menu,) = (part["element"] for part in found.view["blocks"] if part.get("block_id") == "lifetime")
    return [option["value"] for option in menu["options"]]


@pytest.mark.parametrize(
    ("lifetime", "longest", "offered"),
    [
        ("24h", "48h", ["8h", "24h"]),
        ("24h", "50h", ["8h", "24h", "26h"]),
        ("24h", "28h30m", ["4h30m"]),
        ("24h", None, ["8h", "24h", "72h", "168h", "336h", "720h"]),
    ],
)
def test_a_cluster_is_offered_what_one_mostly_wants_and_the_most_there_is(
    lifetime: str, longest: str | None, offered: list[str]
) -> None:
    at = desk(tenant={"lifetime": LifetimePolicy(longest=longest)}, lifetime=lifetime)
    assert options("extend build-7", at) == offered
    last = answer(f"extend build-7 {offered[-1]}", at)
    assert isinstance(last, Ask)


def test_a_life_that_is_too_long_is_answered_with_the_most_in_one_press() -> None:
    at = desk(tenant={"lifetime": LifetimePolicy(longest="50h")}, lifetime="24h")
    found = answer("extend build-7 27h", at)
    assert isinstance(found, Say)
    assert "cannot live so long" in found.card.text
    (button,) = found.card.blocks[-1]["elements"]
    assert button["value"] == "extend tenant-team-a/build-7 26h"
    assert isinstance(answer(button["value"], at), Ask)


def test_of_what_is_over_the_most_counts_from_now_on() -> None:
    at = desk(tenant={"lifetime": LifetimePolicy(longest="50h")}, lifetime="24h")
    (made,) = at.clusters("team-a")
    at.put_cluster(replace(made, meta=replace(made.meta, created=samples.NOW - timedelta(hours=40))))
    assert options("extend build-7", at) == ["8h", "10h"]


def failed(*, asker: Person = samples.LENA, owner: str = "lena", **cluster: Any) -> Sight:
    status = RequestStatus(phase=Phase.FAILED, decided_at=samples.LATER, message="the cluster has changed")
    there = samples.cluster(status=samples.ready(), annotations={names.REQUESTED_BY_ANNOTATION: owner}, **cluster)
    made = golden.sight(status, there, action=Action.CHANGE, desired=samples.spec(lifetime="48h"), requester=asker)
    return replace(made, now=samples.NOW)


def accounts(sight: Sight) -> list[str]:
    found = places.targets(sight, refused=(), old=False)
    return [target.account for target in found if target.surface is Surface.NOTICE]


def test_a_later_end_that_could_not_be_written_is_told_with_what_is_so_and_the_way_out() -> None:
    card = request_cards.requester(failed())
    assert "does not live as long as was asked for here" in card.text
    lines = [it["value"] for part in card.blocks if part["type"] == "actions" for it in part["elements"]]
    assert "extend tenant-team-a/build-7" in lines


@pytest.mark.parametrize(
    ("asker", "owner", "told"),
    [
        (samples.LENA, "lena", []),
        (samples.EVA, "lena", ["U0LENA"]),
        (samples.LENA, "omar", ["U0OMAR"]),
        (samples.EVA, "somebody", []),
    ],
    ids=["who asked has it", "another asked", "another has it", "nobody knows their account"],
)
def test_whoever_has_the_cluster_is_told_where_somebody_else_asked(asker: Person, owner: str, told: list[str]) -> None:
    assert accounts(failed(asker=asker, owner=owner)) == told


@pytest.mark.parametrize(
    "cluster", [{"lifetime": "48h"}, {"lifetime": "72h"}, {"lifetime": None}, {"deleting": True}], ids=str
)
def test_once_it_lives_as_long_or_goes_nothing_is_told_of_it(cluster: Any) -> None:
    sight = failed(asker=samples.EVA, **cluster)
    assert not prolonging.is_undone(sight)
    assert (accounts(sight), prolonging.told(sight)) == ([], [])


def test_a_member_is_offered_to_take_back_what_waits_of_somebody_who_has_left() -> None:
    at, olga = desk(), Person(user="olga", slack="U0OLGA")
    at.put(samples.request("cr-olgas", requester=olga))
    at.put(samples.request("cr-evas", requester=samples.EVA))
    at.put(samples.request("cr-lenas"))

    def offered(person: Person) -> list[str]:
        call = Call(desk=at, person=person, now=samples.NOW)
        return sorted(request.meta.name for _, request in own_requests.withdrawable(call))

    assert offered(samples.LENA) == ["cr-lenas", "cr-olgas"]
    assert offered(samples.EVA) == ["cr-evas"], "she decides, and is no member"


def test_what_waits_of_somebody_who_has_left_is_never_called_ones_own() -> None:
    at = desk()
    at.put(samples.request("cr-olgas", requester=Person(user="olga", slack="U0OLGA")))
    at.put(samples.request("cr-lenas"))

    def said(line: str) -> Any:
        return commands.answer(line, desk=at, person=samples.LENA, now=samples.NOW)

    assert said("withdraw build-7").card.text == (
        "Several requests about `build-7` wait. Write which one: `cr-olgas` of <@U0OLGA>, `cr-lenas`."
    )
    assert "nor one of somebody who is gone" in said("withdraw web").card.text
    assert "gone" not in said("nudge web").card.text
    (menu,) = (part for part in said("withdraw").view["blocks"] if part["type"] == "input")
    assert [option["description"]["text"] for option in menu["element"]["options"]] == [
        "Team A · cr-olgas · asked by olga",
        "Team A · cr-lenas",
    ]
