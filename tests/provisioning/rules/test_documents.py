"""YAML of others is read as what it says, and neither ends the process nor takes long, whatever it is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioning import documents
from provisioning.documents import DEPTH_MAX, Overgrown, Unreadable

TREES = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_what_was_written_is_read(tree: object) -> None:
    assert documents.read(yaml.safe_dump(tree)) == [tree]


def test_everything_that_is_no_list_and_no_mapping_is_a_text() -> None:
    assert documents.read("a: 2026-99-99\nb: 0x_\nc: !!float x\nd: ~\ne: true") == [
        {"a": "2026-99-99", "b": "0x_", "c": "x", "d": "~", "e": "true"}
    ]


def test_documents_are_read_one_by_one() -> None:
    assert documents.read("a: 1\n---\n- b\n---\n") == [{"a": "1"}, ["b"], ""]


def test_an_alias_stands_for_what_it_names() -> None:
    assert documents.read("a: &x [1]\nb: *x") == [{"a": ["1"], "b": ["1"]}]


@pytest.mark.parametrize("text", ["{", "a: b: c", "*x", "a: *x", "a: &a [*a]", "a: &a\n  b: *a", "? [a]\n: b", "\x00"])
def test_what_is_no_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        documents.read(text)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? a\n: - ", "[{a: "])
def test_what_would_go_down_until_the_process_dies_is_refused_at_once(opening: str) -> None:
    with pytest.raises((Overgrown, Unreadable)):
        documents.read(opening * 100_000)


def test_as_deep_as_anybody_means_is_read() -> None:
    depth = DEPTH_MAX - 1
    [found] = documents.read("[" * depth + "a" + "]" * depth)
    for _ in range(depth):
        [found] = found
    assert found == "a"
    with pytest.raises(Overgrown):
        documents.read("[" * (depth + 1) + "a" + "]" * (depth + 1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &a {image: x, args: [y]}\nb: {<<: *a, args: []}", {"image": "x", "args": []}),
        ("a: &a {image: x}\nb:\n  args: []\n  <<: [*a, {image: y, tty: z}]", {"image": "x", "args": [], "tty": "z"}),
        ("a: &a {image: x}\nb:\n  <<: *a\n  <<: {tty: z}", {"image": "x", "tty": "z"}),
    ],
)
def test_what_is_merged_into_a_mapping_is_in_it(text: str, found: object) -> None:
    [document] = documents.read(text)
    assert document["b"] == found


def test_json_is_read_as_what_it_is_and_what_only_begins_like_it_as_yaml() -> None:
    assert documents.read(' {"a": [1, true, null, "\\u0061"]}') == [{"a": [1, True, None, "a"]}]
    assert documents.read("[a, b]\n---\n{c: d}") == [["a", "b"], {"c": "d"}]


@pytest.mark.parametrize(
    "text",
    [
        "- a\n" * 250_000,
        "a: &a {" + ", ".join(f"k{n}: v" for n in range(2_000)) + "}\nb:\n" + "- <<: *a\n" * 10_000,
    ],
)
def test_what_would_take_long_is_given_up(text: str) -> None:
    with pytest.raises(Overgrown):
        documents.read(text)
