"""Quantities are read exactly or not at all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import quantity
from provisioning.errors import MalformedQuantity

GOOD = {
    "0": (0, 0),
    "2": (2, 2000),
    "+2": (2, 2000),
    ".5": (1, 500),
    "5.": (5, 5000),
    "500m": (1, 500),
    "1500m": (2, 1500),
    "0.1m": (1, 1),
    "1n": (1, 1),
    "1u": (1, 1),
    "1k": (1000, 1_000_000),
    "1Ki": (1024, 1_024_000),
    "1.5Gi": (1610612736, 1610612736000),
    "4Gi": (2**32, 2**32 * 1000),
    "1e3": (1000, 1_000_000),
    "1E3": (1000, 1_000_000),
    "12e-1": (2, 1200),
    "1E": (10**18, None),
    "1Ei": (2**60, None),
    "9223372036854775807": (2**63 - 1, None),
    "-0": (0, 0),
}
"""Text -> bytes and milli-CPU; None where it is too much to be counted."""

NO_QUANTITY: list[object] = [
    "",
    " ",
    "1 ",
    " 1",
    "1Ki1",
    "1ki",
    "1K",
    "1gi",
    "1e",
    "1e+",
    "1e1.5",
    "1e5Gi",
    "1Kii",
    "\uff11",
    "\u0661",
    "1_000",
    "0x10",
    "NaN",
    "Infinity",
    "inf",
    "1,5",
    ".",
    "+",
    "-",
    "--1",
    "1.2.3",
    "4 Gi",
    "1\n",
    "1" * 65,
    "1e9999",
    None,
    True,
    1.5,
    [],
    {},
]


@pytest.mark.parametrize(("text", "counts"), GOOD.items())
def test_a_quantity_is_counted_exactly_and_rounded_up(text: str, counts: tuple[int, int | None]) -> None:
    count, milli = counts
    assert quantity.byte_count(text) == count
    if milli is None:
        with pytest.raises(MalformedQuantity):
            quantity.milli(text)
    else:
        assert quantity.milli(text) == milli


@pytest.mark.parametrize("text", NO_QUANTITY)
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(MalformedQuantity):
        quantity.parse(text)


@pytest.mark.parametrize("text", ["-1", "-1Gi", "-0.1m", "1e30", "9223372036854775808", "10E", "8Ei", -1, 2**63])
def test_less_than_nothing_and_more_than_can_be_counted_are_refused(text: object) -> None:
    for read in (quantity.byte_count, quantity.milli):
        with pytest.raises(MalformedQuantity):
            read(text)


def test_a_whole_number_of_json_is_a_quantity() -> None:
    assert quantity.milli(2) == 2000


@given(st.one_of(st.text(max_size=70), st.from_regex(r"[+-]?[0-9.]{0,8}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,4}")))
def test_any_text_is_a_quantity_or_a_named_error(text: str) -> None:
    try:
        value = quantity.parse(text)
    except MalformedQuantity:
        return
    assert isinstance(value, Fraction)


@given(st.integers(0, quantity.MOST))
def test_bytes_are_shown_without_loss(count: int) -> None:
    assert quantity.byte_count(quantity.format_bytes(count)) == count


@given(st.integers(0, 10**9))
def test_processors_are_shown_without_loss(milli: int) -> None:
    assert quantity.milli(quantity.format_cpu(milli)) == milli


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (2**30, "1Gi"), (3 * 2**29, "1536Mi"), (5 * 10**9, "5G"), (1025, "1025")]
)
def test_bytes_are_shown_in_the_largest_unit_that_keeps_them_whole(count: int, text: str) -> None:
    assert quantity.format_bytes(count) == text


@pytest.mark.parametrize(
    ("milli", "text"), [(0, "0"), (2000, "2"), (1500, "1.5"), (250, "250m"), (1100, "1.1"), (119750400, "119750.4")]
)
def test_processors_are_shown_as_people_write_them(milli: int, text: str) -> None:
    assert quantity.format_cpu(milli) == text
