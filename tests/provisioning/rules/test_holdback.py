"""What an owner gives up stays charged for a while, and nothing is charged twice meanwhile."""

from __future__ import annotations

from provisioning import holdback
from provisioning.ledger import Claim, Ledger, Slot
from provisioning.usage import Usage

OWNER, PART, OTHER = "tenantclusters./a/web", "machinedeployments./a/web-md0", "machinedeployments./a/other"


def slot(nodes: int, *claims: Claim, uid: str = "u", revision: str = "5") -> Slot:
    return Slot(Usage(nodes=nodes), uid, revision, claims)


def held(before: Ledger, after: Ledger) -> Ledger:
    """With everything held back. The part says that it is the owner's."""
    above = {PART: [OWNER]}
    return holdback.hold(before, after, holdback.lowerings(before, after), lambda key: above.get(key, []))


def test_what_is_smaller_stays_as_dear_as_it_was_and_nothing_is_written_for_that() -> None:
    before = Ledger({OWNER: slot(10)})
    assert held(before, Ledger({OWNER: slot(1, revision="9")})) == before


def test_it_costs_as_much_as_the_largest_claim_that_may_have_been_written_meanwhile() -> None:
    """It grew to ten, and shrank, before anybody saw it."""
    before = Ledger({OWNER: slot(2, Claim(Usage(nodes=10), "5", "u"))})
    assert held(before, Ledger({OWNER: slot(1, revision="9")})).cost(OWNER).nodes == 10


def test_a_creation_that_lost_is_no_part_of_what_the_object_was() -> None:
    before = Ledger({OWNER: slot(2, Claim(Usage(nodes=10), "", "another"))})
    after = Ledger({OWNER: slot(2)})
    assert held(before, after) == after


def test_what_is_gone_or_another_object_by_now_is_free_at_once() -> None:
    before = Ledger({OWNER: slot(10)})
    assert held(before, Ledger()) == Ledger()
    anew = Ledger({OWNER: slot(1, uid="v")})
    assert held(before, anew) == anew


def test_a_part_that_is_larger_than_its_owner_is_now_is_within_what_is_held_back() -> None:
    before = Ledger({OWNER: slot(10)})
    after = Ledger({OWNER: slot(1), PART: slot(9)})
    assert held(before, after) == before


def test_more_than_is_held_back_is_charged_and_so_is_what_is_nobodys_part() -> None:
    before = Ledger({OWNER: slot(10)})
    found = held(before, Ledger({OWNER: slot(1), PART: slot(12), OTHER: slot(3)}))
    assert {key: found.cost(key).nodes for key in found.slots} == {OWNER: 10, PART: 12, OTHER: 3}


def test_a_lowering_is_the_same_one_until_somebody_asks_for_more() -> None:
    before = Ledger({OWNER: slot(10)})
    first = holdback.lowerings(before, Ledger({OWNER: slot(1, revision="8")}))
    assert first == holdback.lowerings(before, Ledger({OWNER: slot(1, revision="9")}))
    claim = Claim(Usage(nodes=8), "9", "u")
    again = Ledger({OWNER: slot(10, claim)})
    waiting = holdback.lowerings(again, Ledger({OWNER: slot(1, claim, revision="9")}))
    over = holdback.lowerings(again, Ledger({OWNER: slot(1, revision="11")}))
    assert len({*first, *waiting, *over}) == 3
