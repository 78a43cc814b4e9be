"""What makes a slot of a ledger cheaper, and what must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import settlement
from provisioning.ledger import Advance, Claim, Ledger, Slot
from provisioning.settlement import OpenClaim, Sight
from provisioning.usage import Usage

SMALL, LARGE = Usage(clusters=1, nodes=3), Usage(clusters=1, nodes=9)
KEY = "tenantclusters.clusterdesk.dev/team-a/web"


def settle(ledger: Ledger, **seen: Sight) -> Ledger:
    return settlement.settle(ledger, {KEY: seen["web"]} if seen else {}, gone=(), dead=())


def test_a_creation_that_is_seen_is_settled() -> None:
    ledger = Ledger().claim(KEY, Claim(SMALL, uid="u"))
    after = settle(ledger, web=Sight(SMALL, "u", "5"))
    assert after.slots == {KEY: Slot(SMALL, "u", "5")}


def test_a_claim_on_the_revision_that_is_seen_stays_open() -> None:
    ledger = Ledger({KEY: Slot(SMALL, "u", "5")}).claim(KEY, Claim(LARGE, fence="7", uid="u"))
    assert settle(ledger, web=Sight(SMALL, "u", "7")).used() == LARGE


def test_a_claim_before_the_revision_that_is_seen_is_answered() -> None:
    ledger = Ledger({KEY: Slot(SMALL, "u", "5")}).claim(KEY, Claim(LARGE, fence="7", uid="u"))
    assert settle(ledger, web=Sight(SMALL, "u", "8")).used() == SMALL


def test_a_sight_older_than_the_last_one_changes_nothing() -> None:
    ledger = Ledger({KEY: Slot(LARGE, "u", "9")})
    assert settle(ledger, web=Sight(SMALL, "u", "8")) == ledger


def test_a_revision_that_moves_alone_is_not_worth_a_write() -> None:
    ledger = Ledger({KEY: Slot(SMALL, "u", "5")})
    assert settle(ledger, web=Sight(SMALL, "u", "500")) == ledger


def test_what_costs_nothing_and_was_never_charged_gets_no_slot() -> None:
    assert settle(Ledger(), web=Sight(Usage(), "u", "5")) == Ledger()


def test_what_cannot_be_measured_keeps_its_charge_and_its_claims() -> None:
    """Perhaps it is a claim that came true: to drop it, for want of a measure, would make the object cheaper."""
    ledger = Ledger({KEY: Slot(SMALL, "u", "5")}).claim(KEY, Claim(LARGE, fence="5", uid="u"))
    assert settle(ledger, web=Sight(None, "u", "6")) == ledger


def test_what_is_gone_leaves_only_claims_to_make_it_again() -> None:
    ledger = Ledger({KEY: Slot(LARGE, "u", "5")}).claim(KEY, Claim(LARGE, fence="5", uid="u"))
    ledger = ledger.claim(KEY, Claim(SMALL, uid="new"))
    after = settlement.settle(ledger, {}, gone=[KEY], dead=())
    assert after.used() == SMALL


def test_a_dead_claim_goes_and_others_stay() -> None:
    ledger = Ledger().claim(KEY, Claim(LARGE, uid="a")).claim(KEY, Claim(SMALL, uid="b"))
    after = settlement.settle(ledger, {}, gone=(), dead=[OpenClaim(KEY, Claim(LARGE, uid="a"))])
    assert after.used() == SMALL


def test_a_slot_that_only_waits_for_a_creation_is_not_absent() -> None:
    waiting = Ledger().claim(KEY, Claim(SMALL, uid="u"))
    held = Ledger({KEY: Slot(SMALL, "u", "5")})
    assert settlement.absent(waiting, {}) == []
    assert settlement.absent(held, {}) == [KEY]
    assert settlement.absent(held, {KEY: Sight(SMALL, "u", "5")}) == []


def test_only_what_costs_something_and_has_no_slot_came_around_the_webhook() -> None:
    seen = {"paid": Sight(SMALL, "u", "5"), "free": Sight(Usage(), "v", "5"), "known": Sight(SMALL, "w", "5")}
    assert settlement.unreserved(Ledger({"known": Slot(SMALL, "w", "5")}), seen) == ["paid"]


def test_what_an_advance_has_room_for_may_have_been_granted_out_of_it_but_for_what_was_let_in_as_a_part() -> None:
    seen = {
        "part": Sight(SMALL, "t", "5", usual=True),
        "first": Sight(SMALL, "u", "5"),
        "second": Sight(SMALL, "v", "5"),
    }
    assert settlement.coming(Ledger().lend("door", Advance(SMALL, 1)), seen) == ["first"]
    assert settlement.coming(Ledger(), seen) == []


def test_of_a_step_that_must_not_lower_only_what_rises_is_taken() -> None:
    before = Ledger({"lower": Slot(LARGE, "u", "5"), "gone": Slot(SMALL, "v", "5"), "rises": Slot(SMALL, "w", "5")})
    after = Ledger({"lower": Slot(SMALL, "u", "6"), "rises": Slot(LARGE, "w", "6"), "new": Slot(SMALL, "x", "6")})
    taken = settlement.without_lowering(before, after)
    assert taken.slots == {**before.slots, "rises": after.slots["rises"], "new": after.slots["new"]}


@pytest.mark.parametrize(
    ("claim", "uid", "revision", "void"),
    [
        (Claim(SMALL, uid="u"), "", "", True),
        (Claim(SMALL, uid="u"), "another", "7", True),
        (Claim(SMALL, uid="u"), "u", "7", False),
        (Claim(SMALL, fence="7", uid="u"), "u", "7", True),
        (Claim(SMALL, fence="7", uid="u"), "u", "8", False),
        (Claim(SMALL, fence="7", uid="u"), "", "", True),
    ],
)
def test_an_old_claim_is_void_when_nothing_came_of_it(claim: Claim, uid: str, revision: str, void: bool) -> None:
    assert settlement.is_void(claim, uid=uid, revision=revision) is void


amounts = st.integers(min_value=0, max_value=9).map(lambda nodes: Usage(clusters=1, nodes=nodes))


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["raise", "shrink", "touch", "refuse"]), amounts, st.booleans()), max_size=20
    )
)
def test_no_order_of_writes_and_looks_makes_a_slot_cheaper_than_its_object(
    steps: list[tuple[str, Usage, bool]],
) -> None:
    """One object; each write is admitted as the webhook does it, and the keeper looks whenever it likes."""
    revision, size = 10, SMALL
    ledger = Ledger({KEY: Slot(size, "u", str(revision))})
    for step, wanted, looks in steps:
        if step in ("raise", "refuse"):
            target = size.most(wanted)
            ledger = ledger.claim(KEY, Claim(target, fence=str(revision), uid="u"))
            if step == "raise":
                size, revision = target, revision + 1
        elif step == "shrink":
            smaller = Usage(clusters=1, nodes=min(size.nodes, wanted.nodes))
            size, revision = smaller, revision + 1
        else:
            revision += 1
        if looks:
            ledger = settle(ledger, web=Sight(size, "u", str(revision)))
        assert size.within(ledger.used())
    assert settle(ledger, web=Sight(size, "u", str(revision + 1))).used() == size
