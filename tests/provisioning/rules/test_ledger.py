"""The value that a ledger is: what it costs, what it forgets, and what it is written as."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import ledger_text
from provisioning.ledger import CLAIMS_MAX, Claim, Garbled, Ledger, Slot, slot_key
from provisioning.resources import MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from provisioning.usage import DIMENSIONS, Usage

KEY = "tenantclusters.clusterdesk.dev/team-a/web"
OTHER = "tenantclusters.clusterdesk.dev/team-a/api"


def nodes(count: int) -> Usage:
    return Usage(clusters=1, nodes=count)


usages = st.builds(Usage, *(st.integers(0, 50),) * 4)
revisions = st.integers(1, 40).map(str)
claims = st.builds(Claim, usages, st.one_of(st.just(""), revisions), st.sampled_from("ab"), st.integers(0, 3))
slots = st.one_of(
    st.builds(Slot, usages, st.sampled_from("ab"), revisions, st.lists(claims, max_size=4).map(tuple)),
    st.builds(Slot, claims=st.lists(claims, min_size=1, max_size=4).map(tuple)),
)
ledgers = st.dictionaries(st.sampled_from([KEY, OTHER]), slots).map(Ledger)


def test_a_slot_is_named_by_where_it_is_and_not_by_the_api_version() -> None:
    assert slot_key(TENANT_CLUSTERS, "team-a", "web") == KEY
    assert slot_key(MACHINE_DEPLOYMENTS, "team-a", "x") == "machinedeployments.cluster.x-k8s.io/team-a/x"


def test_thirty_creates_of_one_name_cost_one() -> None:
    ledger = Ledger()
    for number in range(30):
        ledger = ledger.claim(KEY, Claim(nodes(3), uid=f"uid-{number}"))
    assert ledger.used() == nodes(3)


def test_slots_add_up() -> None:
    assert Ledger().claim(KEY, Claim(nodes(3), uid="a")).claim(OTHER, Claim(nodes(2), uid="b")).used() == Usage(2, 5)


def test_a_slot_costs_the_most_of_what_is_there_and_what_may_come() -> None:
    ledger = Ledger().settle(KEY, charge=Usage(1, 4), uid="a", revision="5")
    ledger = ledger.claim(KEY, Claim(Usage(1, 2, 8000), fence="5", uid="a"))
    assert ledger.used() == Usage(1, 4, 8000)


def test_a_sight_at_a_later_revision_settles_the_update() -> None:
    claimed = Ledger().claim(KEY, Claim(nodes(8), fence="5", uid="a"))
    assert claimed.settle(KEY, charge=nodes(4), uid="a", revision="5").used() == nodes(8)
    assert claimed.settle(KEY, charge=nodes(4), uid="a", revision="6").used() == nodes(4)


def test_revisions_are_compared_as_numbers() -> None:
    claimed = Ledger().claim(KEY, Claim(nodes(8), fence="9", uid="a"))
    assert claimed.settle(KEY, charge=nodes(4), uid="a", revision="10").used() == nodes(4)


def test_a_sight_of_the_very_object_settles_its_create_and_no_other() -> None:
    claimed = Ledger().claim(KEY, Claim(nodes(8), uid="a")).claim(KEY, Claim(nodes(9), uid="b"))
    seen = claimed.settle(KEY, charge=nodes(8), uid="a", revision="6")
    assert seen.slots[KEY].claims == (Claim(nodes(9), uid="b"),)


def test_a_sight_from_before_says_nothing_about_a_later_claim_of_another_object() -> None:
    claimed = Ledger().claim(KEY, Claim(nodes(8), fence="9", uid="new"))
    assert claimed.settle(KEY, charge=nodes(1), uid="old", revision="5").used() == nodes(8)


def test_a_sight_older_than_the_last_changes_nothing() -> None:
    ledger = Ledger().settle(KEY, charge=nodes(8), uid="a", revision="9")
    assert ledger.settle(KEY, charge=nodes(1), uid="a", revision="7") is ledger


def test_what_is_gone_costs_nothing_but_what_may_still_be_created_does() -> None:
    ledger = Ledger().settle(KEY, charge=nodes(8), uid="a", revision="5").claim(KEY, Claim(nodes(9), "5", "a"))
    assert ledger.vacate(KEY) == Ledger()
    assert ledger.claim(KEY, Claim(nodes(2), uid="b")).vacate(KEY).used() == nodes(2)
    assert Ledger().vacate(KEY) == Ledger()


def test_a_claim_made_again_is_renewed_so_that_it_is_not_dropped_as_the_old_one() -> None:
    claim = Claim(nodes(8), "5", "a")
    once = Ledger().claim(KEY, claim)
    twice = once.claim(KEY, claim)
    assert twice != once
    assert twice.used() == once.used()
    assert twice.drop(KEY, claim) == twice
    assert twice.drop(KEY, twice.slots[KEY].claims[0]) == Ledger()


def test_a_smaller_claim_for_the_same_write_renews_the_larger_one() -> None:
    ledger = Ledger().claim(KEY, Claim(nodes(8), "5", "a")).claim(KEY, Claim(nodes(6), "5", "a"))
    assert ledger.slots[KEY].claims == (Claim(nodes(8), "5", "a", 1),)


@pytest.mark.parametrize("other", [Claim(nodes(9), "5", "a"), Claim(nodes(8), "6", "a"), Claim(nodes(8), "5", "b")])
def test_a_claim_for_more_or_for_another_write_stands_beside(other: Claim) -> None:
    assert len(Ledger().claim(KEY, Claim(nodes(8), "5", "a")).claim(KEY, other).slots[KEY].claims) == 2


def test_a_slot_is_crowded_beyond_what_it_may_hold() -> None:
    ledger = Ledger()
    for number in range(CLAIMS_MAX):
        ledger = ledger.claim(KEY, Claim(nodes(1), uid=str(number)))
    assert not ledger.is_crowded(KEY)
    assert ledger.claim(KEY, Claim(nodes(1), uid="more")).is_crowded(KEY)


@given(ledgers, claims)
def test_what_is_pending_is_counted_along_with_every_change(ledger: Ledger, claim: Claim) -> None:
    settled = ledger.settle(KEY, charge=nodes(1), uid="a", revision="50")
    for changed in (ledger.claim(KEY, claim), ledger.vacate(KEY), settled):
        assert changed.pending == sum(len(slot.claims) for slot in changed.slots.values())


def test_dropping_what_is_not_there_changes_nothing() -> None:
    ledger = Ledger().claim(KEY, Claim(nodes(1), uid="a"))
    assert ledger.drop(KEY, Claim(nodes(2), uid="a")) is ledger
    assert ledger.drop(OTHER, Claim(nodes(1), uid="a")) is ledger


@given(ledgers, claims)
def test_a_claim_is_always_paid_for_and_never_makes_anything_cheaper(ledger: Ledger, claim: Claim) -> None:
    claimed = ledger.claim(KEY, claim)
    assert claimed is not ledger
    assert claim.charge.within(claimed.cost(KEY))
    assert ledger.used().within(claimed.used())
    assert claimed.cost(OTHER) == ledger.cost(OTHER)


@given(ledgers, usages, st.sampled_from("abc"), revisions)
def test_settling_twice_is_settling_once(ledger: Ledger, charge: Usage, uid: str, revision: str) -> None:
    once = ledger.settle(KEY, charge=charge, uid=uid, revision=revision)
    assert once.settle(KEY, charge=charge, uid=uid, revision=revision) == once


@given(ledgers)
def test_what_is_used_is_the_sum_of_the_slots_and_never_negative(ledger: Ledger) -> None:
    assert ledger.used() == ledger.cost(KEY) + ledger.cost(OTHER)
    assert Usage().within(ledger.used())


@given(ledgers)
def test_a_ledger_is_read_as_it_was_written(ledger: Ledger) -> None:
    assert Ledger.loads(ledger.dumps()) == ledger
    assert Ledger(dict(reversed(list(ledger.slots.items())))).dumps() == ledger.dumps()


def many(number: int) -> Ledger:
    """A ledger of so many slots, each claimed."""
    ledger = Ledger()
    for n in range(number):
        ledger = ledger.claim(f"machinedeployments.cluster.x-k8s.io/a/m{n}", Claim(Usage(nodes=n), uid=f"uid-{n}"))
    return ledger


@pytest.mark.parametrize("number", [ledger_text.PLAIN_MAX, ledger_text.PLAIN_MAX + 1, 300])
def test_many_slots_are_read_as_they_were_written_whatever_was_known_of_their_text(number: int) -> None:
    ledger = many(number)
    read = Ledger.loads(ledger.dumps())
    assert read == ledger
    for key in sorted(ledger.slots)[:40]:
        for changed in (
            read.vacate(key),
            read.claim(key, Claim(Usage(nodes=7), uid="other")),
            read.settle(key, charge=Usage(nodes=3), uid="u", revision="9"),
        ):
            assert changed.dumps() == Ledger(changed.slots).dumps()
            assert Ledger.loads(changed.dumps()) == changed
            read = changed


def test_many_slots_take_a_fraction_of_the_text_and_few_can_be_read_by_people() -> None:
    plain = sum(len(key) + len(slot.text) for key, slot in many(300).slots.items())
    assert len(many(300).dumps()) < plain / 2
    assert "machinedeployments.cluster.x-k8s.io/a/m1" in many(3).dumps()


def packed(**changes: Any) -> str:
    stored = json.loads(many(100).dumps())
    return json.dumps({**stored, **changes})


@pytest.mark.parametrize(
    "shelves",
    [
        [],
        None,
        json.loads(many(100).dumps())["shelves"][:-1],
        json.loads(many(100).dumps())["shelves"][::-1],
        ["x"] * ledger_text.SHELVES,
        [""] * ledger_text.SHELVES,
        [base64.b64encode(b"{}").decode()] * ledger_text.SHELVES,
        [base64.b64encode(zlib.compress(b"[]")).decode()] * ledger_text.SHELVES,
        [base64.b64encode(zlib.compress(b"{}") + b"more").decode()] * ledger_text.SHELVES,
        [base64.b64encode(zlib.compress(b"{}")[:-1]).decode()] * ledger_text.SHELVES,
        [base64.b64encode(zlib.compress(b" " * 2 * ledger_text.SHELF_MAX)).decode()] * ledger_text.SHELVES,
    ],
    ids=range(11),
)
def test_shelves_that_are_not_as_they_were_packed_are_garbled(shelves: Any) -> None:
    assert Ledger.loads(packed()) == many(100)
    with pytest.raises(Garbled):
        Ledger.loads(packed(shelves=shelves))


def test_no_text_is_no_ledger_and_not_an_empty_one() -> None:
    with pytest.raises(Garbled):
        Ledger.loads("")
    assert Ledger.loads(Ledger().dumps()) == Ledger()


def slot_text(**changes: Any) -> str:
    return json.dumps({"format": 1, "slots": {KEY: {"c": [1, 2, 3, 4], **changes}}})


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "null",
        "{}",
        '{"format": 2, "slots": {}}',
        '{"format": 1}',
        '{"format": 1, "slots": []}',
        slot_text(c=[1] * (len(DIMENSIONS) + 1)),
        slot_text(c=[1, 2, 3, -4]),
        slot_text(c=[1, 2, 3, 4.5]),
        slot_text(c=[1, 2, 3, True]),
        slot_text(c="1234"),
        slot_text(c=None),
        slot_text(u="a", r="x"),
        slot_text(u="a", r="\u0661"),
        slot_text(u="a", r=5),
        slot_text(p=[[1, 2, 3, 4, "5"]]),
        slot_text(p=[[1, 2, 3, 4, "five", "a", 0]]),
        slot_text(p=[[1, 2, 3, 4, "5", "a", "x"]]),
        slot_text(p=7),
        slot_text(c=[1, 2, 3, float("nan")]),
    ],
)
def test_what_is_no_ledger_of_ours_is_garbled_and_not_empty(text: str) -> None:
    with pytest.raises(Garbled):
        Ledger.loads(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda i: st.lists(i) | st.dictionaries(st.sampled_from(["format", "slots", "c", "p", "u", "r"]), i),
        max_leaves=10,
    )
)
def test_whatever_json_stands_there_is_a_ledger_or_garbled(content: Any) -> None:
    text = json.dumps({"format": 1, "slots": content})
    try:
        ledger = Ledger.loads(text)
    except Garbled:
        return
    assert Usage().within(ledger.used())


def test_a_ledger_from_before_a_dimension_was_counted_is_still_one() -> None:
    assert Ledger.loads(slot_text(c=[1, 2])).used() == Usage(clusters=1, nodes=2)
    assert Ledger.loads(slot_text(c=[])).used() == Usage()


def test_what_is_zero_at_the_end_takes_no_room_in_the_text() -> None:
    text = Ledger().claim(KEY, Claim(Usage(clusters=1), uid="a")).dumps()
    assert '[1,"","a",0]' in text
    assert Ledger.loads(text).dumps() == text
