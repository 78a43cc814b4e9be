"""What would help whoever has no room."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from provisioning import fitting
from provisioning.fitting import Holder, Pieces
from provisioning.ledger import Claim, Ledger, Slot
from provisioning.prices import Prices
from provisioning.quota import COST, Limits
from provisioning.usage import Usage

SMALL = Usage(nodes=1, vcpu=2000)
HARD = Limits({"clusters": 2, "nodes": 10, "vcpu": 12000})
ITSELF = Usage(clusters=1, nodes=1)


def fitting_of(count: int, *, used: Usage, had: int = 0) -> int:
    pieces = Pieces("workers of small", SMALL, count, had)
    return fitting.fitting(pieces, asked=ITSELF + SMALL * count, used=used, hard=HARD)


def test_the_scarcest_dimension_says_how_many_fit() -> None:
    assert fitting_of(30, used=Usage(nodes=1, vcpu=4000)) == 4


def test_none_fits_where_the_rest_alone_is_too_much() -> None:
    assert fitting_of(30, used=Usage(clusters=2)) == 0


@given(st.integers(0, 30), st.integers(0, 12), st.integers(0, 12000))
def test_what_is_said_to_fit_fits_and_one_more_does_not(count: int, nodes: int, vcpu: int) -> None:
    used = Usage(nodes=nodes, vcpu=vcpu)
    number = fitting_of(count, used=used)
    assert 0 <= number <= count
    if number:
        assert not HARD.excess(used, ITSELF + SMALL * number)
    if number < count:
        assert HARD.excess(used, ITSELF + SMALL * (number + 1))


LEDGER = Ledger(
    {
        "a/ns/one": Slot(Usage(nodes=3)),
        "a/ns/two": Slot(Usage(nodes=1), claims=(Claim(Usage(nodes=7)),)),
        "a/ns/three": Slot(Usage(nodes=3, vcpu=1000)),
        "a/ns/four": Slot(Usage(nodes=2)),
    }
)


def test_the_three_who_hold_most_are_named_with_what_they_may_still_come_to() -> None:
    assert fitting.holders(LEDGER, "nodes", HARD) == (
        Holder("a/ns/two", 7),
        Holder("a/ns/one", 3),
        Holder("a/ns/three", 3),
    )


def test_who_holds_nothing_of_it_is_not_named() -> None:
    assert fitting.holders(LEDGER, "vcpu", HARD) == (Holder("a/ns/three", 1000),)


def test_a_cost_is_held_by_whoever_holds_what_has_a_price() -> None:
    priced = Limits({COST: 10}, Prices("EUR", {"nodes": Fraction(2)}))
    assert fitting.holders(LEDGER, COST, priced)[0] == Holder("a/ns/two", 14)
