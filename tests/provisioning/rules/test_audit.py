"""Whatever is done to the lines of the audit trail before an anchored head is found, and said by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import provisioning
from provisioning import audit
from provisioning.audit import Code, Event, Head
from provisioning.audit_proof import Flaw, Proof, Wrong, check

AT = "2026-08-04T09:12:00Z"
EVENTS = st.builds(
    Event,
    st.sampled_from(Code),
    who=st.text(max_size=5),
    where=st.just("slack:T1/C1"),
    about=st.just("tenant-blue/cr-1"),
    digest=st.just("sha256:0"),
    facts=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)


def chain(*events: Event, writer: str = "bot-1", head: Head = audit.BEGINNING) -> tuple[list[str], Head]:
    """The lines of one process, and where it stands then."""
    lines = []
    for event in events:
        line, head = audit.link(event, writer=writer, head=head, at=AT)
        lines.append(line)
    return lines, head


def said(*names: str) -> list[Event]:
    return [Event(Code.COMMAND_ASKED, who=name, where="slack:T1/C1", facts={"line": "list"}) for name in names]


def tampered(line: str, **change: Any) -> str:
    return json.dumps({**json.loads(line), **change})


FIVE, END = chain(*said("ann", "ben", "cleo", "dave", "eve"))
HEADS = {"bot-1": END}


def flaw(*lines: str, heads: dict[str, Head] = HEADS, whole: bool = True) -> Flaw | None:
    return check(lines, heads, whole=whole).flaw


def test_lines_as_they_were_written_are_proven() -> None:
    assert check(FIVE, HEADS) == Proof(check(FIVE, HEADS).lines, None, 0)
    assert [line.content["who"] for line in check(FIVE, HEADS).lines] == ["ann", "ben", "cleo", "dave", "eve"]


def test_the_log_beside_and_how_a_collector_writes_json_do_not_matter() -> None:
    noise = ["", "Traceback:", '{"event": "command", "line": "list"}', "[1]", "{"]
    spaced = [f"[pod/bot-1] {json.dumps(dict(reversed(json.loads(line).items())), indent=None)}" for line in FIVE]
    mixed = [line for pair in zip(noise, spaced, strict=True) for line in pair]
    assert flaw(*mixed) is None


@pytest.mark.parametrize(
    ("wrong", "row", "number", "done"),
    [
        (Wrong.EDITED, 3, 3, lambda it: [*it[:2], tampered(it[2], who="mallory"), *it[3:]]),
        (Wrong.EDITED, 5, 5, lambda it: [*it[:4], tampered(it[4], who="mallory")]),
        (Wrong.EDITED, 3, 3, lambda it: [*it[:2], tampered(it[2], before="sha256:0"), *it[3:]]),
        (Wrong.EDITED, 1, 1, lambda it: [tampered(it[0], before="sha256:0"), *it[1:]]),
        (Wrong.DROPPED, 3, 3, lambda it: [*it[:2], *it[3:]]),
        (Wrong.DROPPED, 1, 1, lambda it: it[1:]),
        (Wrong.SWAPPED, 2, 3, lambda it: [it[0], it[2], it[1], *it[3:]]),
        (Wrong.INSERTED, 3, 2, lambda it: [*it[:2], it[1], *it[2:]]),
        (Wrong.CUT_OFF, 0, 4, lambda it: it[:3]),
        (Wrong.CUT_OFF, 0, 1, lambda it: []),
    ],
)
def test_what_was_done_and_to_which_line_is_said(
    wrong: Wrong, row: int, number: int, done: Callable[[list[str]], list[str]]
) -> None:
    assert flaw(*done(FIVE)) == Flaw(wrong, row, "bot-1", number)


def test_a_chain_made_anew_from_some_line_on_does_not_meet_the_head() -> None:
    forged, _ = chain(*said("ann", "mallory", "cleo", "dave", "eve"))
    assert flaw(*forged) == Flaw(Wrong.EDITED, 5, "bot-1", 5)


def test_a_chain_that_the_cluster_does_not_know_is_no_proof() -> None:
    made_up, _ = chain(*said("mallory"), writer="bot-9")
    assert flaw(*FIVE, *made_up) == Flaw(Wrong.UNANCHORED, 6, "bot-9", 1)


def test_a_name_that_stands_twice_in_a_line_is_an_edit() -> None:
    assert flaw('{"who":"mallory",' + FIVE[0][1:], *FIVE[1:]) == Flaw(Wrong.EDITED, 1)


@pytest.mark.parametrize("change", [{"number": "2"}, {"number": True}, {"who": 7}, {"facts": {"a": 1}}, {"more": ""}])
def test_a_line_of_another_shape_is_an_edit(change: dict[str, Any]) -> None:
    assert flaw(FIVE[0], tampered(FIVE[1], **change), *FIVE[2:]) == Flaw(Wrong.EDITED, 2)


def test_the_first_of_several_wrong_lines_is_named_whichever_chain_it_is_of() -> None:
    others, end = chain(*said("fay", "gus"), writer="bot-0")
    text = [FIVE[0], tampered(FIVE[1], who="mallory"), *FIVE[2:], tampered(others[0], who="mallory"), others[1]]
    assert flaw(*text, heads={**HEADS, "bot-0": end}) == Flaw(Wrong.EDITED, 2, "bot-1", 2)


def test_chains_of_several_replicas_stand_mixed_in_one_log() -> None:
    others, end = chain(*said("fay", "gus"), writer="bot-0")
    heads = {**HEADS, "bot-0": end}
    assert flaw(FIVE[0], others[0], *FIVE[1:4], others[1], FIVE[4], heads=heads) is None
    assert flaw(*FIVE, heads=heads) == Flaw(Wrong.CUT_OFF, 0, "bot-0", 1)


def test_lines_behind_the_head_are_counted_as_not_anchored_yet() -> None:
    more, _ = chain(*said("fay", "gus"), head=END)
    assert check([*FIVE, *more], HEADS).flaw is None
    assert check([*FIVE, *more], HEADS).loose == 2


def test_of_a_piece_of_a_log_the_beginning_may_be_missing_and_nothing_else() -> None:
    assert flaw(*FIVE[2:]) is not None
    assert flaw(*FIVE[2:], whole=False) is None
    assert flaw(whole=False) is None
    assert flaw(FIVE[2], FIVE[4], whole=False) == Flaw(Wrong.DROPPED, 2, "bot-1", 4)
    assert flaw(*FIVE[2:4], whole=False) == Flaw(Wrong.CUT_OFF, 0, "bot-1", 5)


def test_a_line_is_one_line_of_ascii_whatever_people_are_called() -> None:
    (line,), head = chain(Event(Code.COMMAND_ASKED, who="ü\n\x1b[2K\u202e\ud800", where=""))
    assert line.isascii()
    assert line.isprintable()
    assert flaw(line, heads={"bot-1": head}) is None


@given(events=st.lists(EVENTS, min_size=1, max_size=8), loose=st.lists(EVENTS, max_size=2), data=st.data())
def test_whatever_is_done_before_the_head_is_found(
    events: list[Event], loose: list[Event], data: st.DataObject
) -> None:
    lines, head = chain(*events)
    more, _ = chain(*loose, head=head)
    assert flaw(*lines, *more, heads={"bot-1": head}) is None
    changed = data.draw(st.sampled_from(WAYS))(lines, data)
    # Behind the head others may follow: those of the chain itself, or, when it is cut, none.
    rest = [] if changed == lines[: len(changed)] else data.draw(st.sampled_from([more, []]))
    if changed != lines:
        assert flaw(*changed, *rest, heads={"bot-1": head}) is not None


def edit(lines: list[str], data: st.DataObject) -> list[str]:
    at = data.draw(st.integers(0, len(lines) - 1))
    content = json.loads(lines[at])
    name = data.draw(st.sampled_from(sorted(content)))
    was = content[name]
    value = st.integers() if isinstance(was, int) else st.just({"x": "y"}) if isinstance(was, dict) else st.text()
    return [*lines[:at], audit.canonical({**content, name: data.draw(value)}), *lines[at + 1 :]]


def edit_and_hash_anew(lines: list[str], data: st.DataObject) -> list[str]:
    at = data.draw(st.integers(0, len(lines) - 1))
    made, before = list(lines[:at]), json.loads(lines[at])["before"]
    for line in lines[at:]:
        content = {**json.loads(line), "before": before}
        if len(made) == at:
            content["who"] = data.draw(st.text())
        made.append(audit.canonical(content))
        before = audit.hash_of(content)
    return made


def drop(lines: list[str], data: st.DataObject) -> list[str]:
    at = data.draw(st.integers(0, len(lines) - 1))
    return [*lines[:at], *lines[at + 1 :]]


def swap(lines: list[str], data: st.DataObject) -> list[str]:
    return data.draw(st.permutations(lines))


def insert(lines: list[str], data: st.DataObject) -> list[str]:
    at = data.draw(st.integers(0, len(lines) - 1))
    twin = data.draw(st.sampled_from(lines))
    made = tampered(lines[at], who=data.draw(st.text()))
    return [*lines[:at], data.draw(st.sampled_from([twin, made])), *lines[at:]]


def truncate(lines: list[str], data: st.DataObject) -> list[str]:
    return lines[: data.draw(st.integers(0, len(lines) - 1))]


WAYS = (edit, edit_and_hash_anew, drop, swap, insert, truncate)


def test_every_code_has_a_meaning_and_a_place_where_it_is_told() -> None:
    assert set(audit.MEANING) == set(Code)
    root = Path(provisioning.__file__).parents[1]
    text = "".join(
        path.read_text()
        for package in ("bot", "provisioning", "webhooks")
        for path in (root / package).rglob("*.py")
        if path.name != "audit.py"
    )
    named = set(re.findall(r"\bCode\.([A-Z_]+)\b", text))
    assert {code.name for code in Code} == named
