"""Words of other people, wherever they are shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import plain


@given(st.text(max_size=300))
def test_no_word_of_anybodys_moves_or_hides_others(words: str) -> None:
    for shown in (plain.one_line(words), plain.in_lines(words)):
        kinds = {unicodedata.category(each) for each in shown.replace("\n", "")}
        directions = {unicodedata.bidirectional(each) for each in shown}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
        assert not directions & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert "\n" not in plain.one_line(words)


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\ufeff", "\xad", "\u061c", "\U000e0041", "\u202e"])
def test_what_nobody_would_see_is_not_there(hidden: str) -> None:
    assert plain.one_line(f"one{hidden}two") == plain.in_lines(f"one{hidden}two") == "one two"


def test_lines_that_somebody_made_are_kept_where_there_is_room_for_them() -> None:
    assert plain.in_lines("one\r\n\n  two\u202e\tthree") == "one\n\n  two three"
