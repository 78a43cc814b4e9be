"""From what stands in the form to the wish, and from causes back to the fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from bot import blocks, entries, offers, replies
from bot.commands.command import Filled
from bot.entries import Draft
from provisioning import hibernation
from provisioning.errors import Cause
from provisioning.model import Hibernation, HibernationSchedule
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk

FIELDS = ("name", "flavor", "nodes", "max", "version", "lifetime", "reason", "addons", "sleep", "zone")
PLACE = offers.Place(samples.tenant(), "tenant-team-a")
GOOD = Draft(
    namespace="tenant-team-a", name="build-7", flavor="small", nodes=2, version="v1.34.5", lifetime="24h", reason="r"
)


def state(**values: object) -> dict[str, dict[str, object]]:
    return {name: {name: value} for name, value in values.items()}


def test_a_form_becomes_a_draft() -> None:
    option = {"selected_option": {"value": "small", "text": {"type": "plain_text", "text": "small"}}}

    read = entries.draft(
        state(name={"value": " build-7 "}, flavor=option, nodes={"value": "2"}, max={"value": None}), namespace="ns"
    )

    assert (read.namespace, read.name, read.flavor, read.nodes, read.most) == ("ns", "build-7", "small", 2, None)


@pytest.mark.parametrize("nothing", [None, {}, {"value": None}, {"selected_option": None}])
def test_what_does_not_stand_in_the_form_is_nothing(nothing: object) -> None:
    read = entries.draft(state(name=nothing, flavor=nothing, nodes=nothing, reason=nothing), namespace="ns")

    assert read == Draft(namespace="ns", nodes=None)


@pytest.mark.parametrize("written", ["-1", "1.5", "1e3", "²", "\uff11", "abc", ""])
def test_a_number_is_ascii_digits_or_nothing(written: str) -> None:
    assert entries.draft(state(nodes={"value": written}), namespace="ns").nodes is None


def test_a_fixed_and_a_growing_pool() -> None:
    fixed = entries.spec(GOOD).pools[0]
    growing = entries.spec(Draft(**{**vars(GOOD), "most": 4})).pools[0]

    assert (fixed.replicas, fixed.max) == (2, None)
    assert (growing.replicas, growing.min, growing.max) == (None, 2, 4)


def test_a_draft_without_faults_has_none_and_a_bad_one_names_each() -> None:
    assert entries.faults(GOOD) == {}
    assert entries.faults(Draft(nodes=None)) == {
        "flavor": replies.PLEASE_CHOOSE,
        "version": replies.PLEASE_CHOOSE,
        "lifetime": replies.PLEASE_CHOOSE,
        "nodes": replies.NODES_WANTED,
    }
    assert entries.faults(replace(GOOD, most=1)) == {"max": replies.MAX_BELOW}
    assert entries.faults(replace(GOOD, nodes=0, most=0)) == {"max": replies.MAX_BELOW}
    assert entries.faults(replace(GOOD, nodes=1001)) == {"nodes": replies.NODES_WANTED}
    assert entries.faults(replace(GOOD, most=1001)) == {"max": replies.NODES_WANTED}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("metadata.name", "name"),
        ("spec.cluster", "name"),
        ("spec.version", "version"),
        ("spec.pools[0].flavor", "flavor"),
        ("spec.pools[0].max", "max"),
        ("spec.pools[0].replicas", "nodes"),
        ("spec.pools", "nodes"),
        ("spec", "nodes"),
        ("spec.quota.hard.vcpu", "nodes"),
        ("spec.lifetime", "lifetime"),
        ("spec.hibernation.schedules[0].timeZone", "zone"),
        ("spec.hibernation.schedules", "sleep"),
        ("spec.addOns[0].name", "addons"),
        ("tenant", "name"),
        ("", "name"),
        ("spec.network.services", "name"),
    ],
)
def test_each_cause_stands_at_its_field(path: str, field: str) -> None:
    assert entries.at_fields([Cause(path, "why")], known=FIELDS, otherwise="name") == {field: "why"}


def test_a_form_with_a_field_for_each_pool_has_the_cause_at_the_first() -> None:
    fields = ("nodes-md0", "max-md0", "nodes-gpu", "reason")

    assert entries.at_fields([Cause("spec.pools", "why")], known=fields, otherwise="reason") == {"nodes-md0": "why"}


def test_what_is_unfolded_becomes_part_of_the_wish() -> None:
    option = {"selected_option": {"value": "nights"}}
    ticked, velero = {"selected_options": [{"value": "more"}]}, {"selected_options": [{"value": "velero"}]}
    read = entries.draft(state(more=ticked, addons=velero, sleep=option, zone=None), namespace="tenant-team-a")

    found = entries.spec(entries.filled(read, PLACE, samples.catalog(), zone=UTC))

    assert read.more
    assert [add_on.name for add_on in found.add_ons] == ["velero"]
    assert found.hibernation.schedules == (HibernationSchedule(start="0 20 * * *", end="0 7 * * *", time_zone="UTC"),)


def test_a_wish_that_says_nothing_of_sleep_is_never_put_to_sleep() -> None:
    assert entries.spec(entries.filled(GOOD, PLACE, samples.catalog(), zone=UTC)).hibernation == Hibernation()


@pytest.mark.parametrize("sleep", offers.SLEEPS)
def test_every_sleep_on_offer_is_one_from_which_a_cluster_wakes(sleep: str) -> None:
    made = entries.spec(replace(entries.filled(GOOD, PLACE, samples.catalog(), zone=UTC), sleep=sleep))

    assert made.hibernation.schedules
    assert hibernation.faults(made.hibernation) == ()


def test_causes_at_one_field_are_all_said() -> None:
    causes = [Cause("spec.pools", "vCPU: too many"), Cause("spec.pools[0].replicas", "memory: too much")]

    assert entries.at_fields(causes, known=FIELDS, otherwise="name") == {"nodes": "vCPU: too many\nmemory: too much"}


def test_a_menu_falls_back_to_what_the_new_place_offers() -> None:
    place = offers.Place(samples.tenant(flavors=("medium",)), "tenant-team-a")

    moved = entries.filled(GOOD, place, samples.catalog(), zone=UTC)

    assert (moved.flavor, moved.version, moved.name, moved.nodes) == ("medium", "v1.34.5", "build-7", 2)


def test_a_form_that_nobody_has_touched_holds_what_it_was_drawn_with() -> None:
    menu = blocks.select((blocks.Option("small", "Small"), blocks.Option("large", "Large")), chosen="large")
    boxes = blocks.checkboxes((blocks.Option("more", "More"),), chosen=("more",))
    fields = [
        blocks.field("name", "Name", blocks.text_input(value="build-7", longest=30)),
        blocks.field("nodes", "Workers", blocks.number_input(value=3, least=0, most=9)),
        blocks.field("flavor", "Size", menu),
        blocks.field("more", "More", boxes),
        blocks.field("reason", "Reason", blocks.text_input(longest=30)),
    ]
    form = Filled(
        desk=FakeDesk(),
        person=samples.LENA,
        team="T1",
        view={**blocks.modal("x", title="X", blocks=[blocks.divider(), *fields], close="C"), "state": {"values": {}}},
        now=samples.NOW,
    )

    read = entries.draft(form.values, namespace="ns")

    assert (read.name, read.nodes, read.flavor, read.more, read.reason) == ("build-7", 3, "large", True, "")


def test_what_somebody_took_out_of_a_field_is_not_put_back() -> None:
    field = blocks.field("name", "Name", blocks.text_input(value="build-7", longest=30))
    emptied = {"name": {"name": {"type": "plain_text_input", "value": None}}}
    form = Filled(
        desk=FakeDesk(),
        person=samples.LENA,
        team="T1",
        view={**blocks.modal("x", title="X", blocks=[field], close="C"), "state": {"values": emptied}},
        now=samples.NOW,
    )

    assert entries.typed(form.values, "name") == ""
