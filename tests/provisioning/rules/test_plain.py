"""Words of other people, wherever they are shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import plain

ENGLAND = "\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067"
"""`gbeng`, in letters that are not seen."""


@given(st.text(max_size=300))
def test_no_word_of_anybodys_moves_or_hides_others(words: str) -> None:
    for shown in (plain.one_line(words), plain.in_lines(words)):
        kinds = {unicodedata.category(each) for each in shown.replace("\n", "")}
        directions = {unicodedata.bidirectional(each) for each in shown}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
        assert not directions & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert "\n" not in plain.one_line(words)


@pytest.mark.parametrize(
    "hidden",
    [
        *("\xad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e"),
        *("\u2028", "\u202e", "\u2060", "\u2061", "\u2062", "\u2063", "\u2064", "\u2066", "\u206f", "\u3164", "\ufeff"),
        *("\uffa0", "\ufff9", "\ufffa", "\ufffb", "\U0001bca0", "\U0001d173", "\U000e0001", "\U000e0041", "\U000e007f"),
    ],
)
def test_what_nobody_would_see_is_not_there(hidden: str) -> None:
    assert plain.one_line(f"one{hidden}two") == plain.in_lines(f"one{hidden}two") == "one two"


@pytest.mark.parametrize(
    "selector", ["\u180b", "\u180f", "\ufe00", "\ufe0d", "\ufe0e", "\ufe0f", "\U000e0100", "\U000e01ef"]
)
def test_what_picks_another_form_of_a_letter_is_not_there(selector: str) -> None:
    assert plain.one_line(f"one{selector}two7{selector}") == plain.in_lines(f"one{selector}two7{selector}") == "onetwo7"


@pytest.mark.parametrize(
    "emoji",
    [
        "\U0001f469\u200d\U0001f4bb",  # a woman at a computer
        "\U0001f469\U0001f3fd\u200d\U0001f52c",  # a scientist, with a colour of skin
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # a rainbow flag
        "\u26a0\ufe0f",
        "\u2714\ufe0e",
        "1\ufe0f\u20e3",  # a key with a one
        f"\U0001f3f4{ENGLAND}\U000e007f",
    ],
)
def test_an_emoji_of_several_stays_one(emoji: str) -> None:
    assert plain.one_line(f"one {emoji} two") == plain.in_lines(f"one {emoji} two") == f"one {emoji} two"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("\U0001f469\u200dtwo", "\U0001f469 two"),
        ("one\u200d\U0001f469", "one \U0001f469"),
        ("\U0001f469\u200d\u200d\U0001f4bb", "\U0001f469 \U0001f4bb"),
        ("\U0001f469\u202e\u200d\U0001f4bb", "\U0001f469 \U0001f4bb"),
        ("1\ufe0ftwo", "1two"),
        ("\u26a0\ufe0f\ufe0f", "\u26a0\ufe0f"),
        (f"\U0001f3f4{ENGLAND}two", "\U0001f3f4 two"),
        (f"\U0001f3f4\U000e0068{ENGLAND}\U000e007ftwo", "\U0001f3f4 two"),
        (f"\U0001f3f4{ENGLAND}\U000e007f\U000e0068two", f"\U0001f3f4{ENGLAND}\U000e007f two"),
    ],
)
def test_what_joins_emoji_joins_nothing_else(words: str, shown: str) -> None:
    assert plain.one_line(words) == plain.in_lines(words) == shown


JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
VISIBLE = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""What Unicode calls a format and draws all the same: signs around Arabic, Syriac and Kaithi numbers."""
TRICKY = st.text(
    st.sampled_from("a1\n\u2764\U0001f469\U0001f525\ufe0e\ufe0f\u200d\u20e3\u202e\u200b\U000e0061\U000e0101")
)


@given(st.text(max_size=300) | TRICKY)
def test_all_that_is_left_is_seen_or_part_of_an_emoji(words: str) -> None:
    shown = plain.one_line(words)
    left = {each for each in shown if unicodedata.category(each) == "Cf" and each not in JOINERS | VISIBLE}
    assert not {each for each in left if not 0x13430 <= ord(each) <= 0x1345F}  # Egyptian signs stand in squares.
    assert plain.one_line(shown) == shown


@given(TRICKY)
def test_a_joiner_is_left_between_two_emoji_alone(words: str) -> None:
    shown = plain.one_line(words)
    for before, after in zip(f" {shown}", f"{shown} ", strict=True):
        if before == "\u200d":
            assert unicodedata.category(after) == "So"
        if after == "\u200d":
            assert before == "\ufe0f" or unicodedata.category(before) == "So"


def test_lines_that_somebody_made_are_kept_where_there_is_room_for_them() -> None:
    assert plain.in_lines("one\r\n\n  two\u202e\tthree") == "one\n\n  two three"
