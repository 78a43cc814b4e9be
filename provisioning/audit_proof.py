"""Lines of the audit trail and the heads that the cluster keeps -> whether all are there, as they were written. Pure.

What stands behind a chain's anchored head is told as `loose`: nothing proves yet that it is all there is.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from provisioning.audit import BEGINNING, MARK, Head, hash_of

_TEXTS: Final = ("writer", "before", "at", "code", "who", "where", "about", "digest")


class Wrong(StrEnum):
    """What somebody did to the lines."""

    EDITED = "edited"
    """It says something else than it said."""
    DROPPED = "dropped"
    """It is not there, though a later one is."""
    SWAPPED = "swapped"
    """It stands behind one that came after it."""
    INSERTED = "inserted"
    """Its number stands there twice."""
    CUT_OFF = "cut off"
    """From here on all is gone, up to the anchored head."""
    UNANCHORED = "head unknown"
    """The cluster knows no head of this chain: it was made up, or is older than the heads that are kept."""


@dataclass(frozen=True)
class Line:
    """A line of the trail: where it stands in what was read, counted from 1, and what it says."""

    row: int
    writer: str
    number: int
    before: str
    hash: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Flaw:
    """The first line that is wrong. `row` is where that shows, 0 for what is cut off; writer and number are of the line
    itself, as far as it says."""

    wrong: Wrong
    row: int
    writer: str = ""
    number: int = 0


@dataclass(frozen=True)
class Proof:
    """What was read. No flaw: the chains are whole up to their heads."""

    lines: tuple[Line, ...]
    flaw: Flaw | None
    loose: int
    """Lines behind the anchored heads."""


class _Twice(ValueError):
    """A name stands twice in one object: readers differ in which of the two they believe."""


def check(text: Iterable[str], heads: Mapping[str, Head], *, whole: bool = True) -> Proof:
    """Hold the lines against the heads, by writer. Lines that are no part of the trail are passed over.

    Not `whole`: the lines are a piece of the log. A chain may begin anywhere, or be missing.
    """
    read = [_read(row, one) for row, one in enumerate(text, start=1)]
    lines = [each for each in read if isinstance(each, Line)]
    flaws = [each for each in read if isinstance(each, Flaw)]
    chains: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        chains[line.writer].append(line)
    for writer in sorted({*chains, *(heads if whole else ())}):
        chain, head = chains[writer], heads.get(writer)
        flaw = _first_break(chain, head, whole=whole) or _against(chain, head, writer=writer)
        flaws += [flaw] if flaw is not None else []
    # What is cut off has no row, and is told last.
    first = min(flaws, key=lambda flaw: (flaw.row == 0, flaw.row), default=None)
    loose = sum(line.number > heads.get(line.writer, BEGINNING).number for line in lines)
    return Proof(tuple(lines), first, loose)


def _read(row: int, text: str) -> Line | Flaw | None:
    """A line of the trail, one that was, or something else. What `kubectl logs --prefix` puts before it is let be."""
    try:
        content = json.loads(text[text.find("{") :], object_pairs_hook=_once)
    except _Twice:
        return Flaw(Wrong.EDITED, row) if f'"{MARK}"' in text else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("event") != MARK:
        return None
    if not _is_shaped(content):
        return Flaw(Wrong.EDITED, row)
    return Line(row, content["writer"], content["number"], content["before"], hash_of(content), content)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _is_shaped(content: Mapping[str, Any]) -> bool:
    """Whether it has what we write, of the kinds that we write. Of a code we ask nothing: there are newer ones."""
    facts = content.get("facts")
    return (
        content.keys() == {*_TEXTS, "event", "number", "facts"}
        and all(isinstance(content[name], str) for name in _TEXTS)
        and type(content["number"]) is int
        and isinstance(facts, dict)
        and all(isinstance(value, str) for value in facts.values())
    )


def _first_break(chain: Sequence[Line], head: Head | None, *, whole: bool) -> Flaw | None:
    """The first line that does not follow the one before it."""
    numbers = {line.number for line in chain}
    seen: set[int] = set()
    last = BEGINNING if whole or not chain else Head(chain[0].number - 1, chain[0].before)
    for line, following in itertools.zip_longest(chain, chain[1:]):
        expected = last.number + 1
        if line.number != expected:
            return _misplaced(line, expected, is_later=expected in numbers - seen, is_known=line.number in seen)
        if line.before != last.hash:
            held = line.hash == following.before if following else head == Head(line.number, line.hash)
            # What the next line vouches for is as it was: then it is the one before that has changed.
            at = line.number - 1 if held and seen else line.number
            row = next(one.row for one in chain if one.number == at)
            return Flaw(Wrong.EDITED, row, line.writer, at)
        seen.add(line.number)
        last = Head(line.number, line.hash)
    return None


def _misplaced(line: Line, expected: int, *, is_later: bool, is_known: bool) -> Flaw:
    if is_known:
        return Flaw(Wrong.INSERTED, line.row, line.writer, line.number)
    if line.number < expected or is_later:
        return Flaw(Wrong.SWAPPED, line.row, line.writer, line.number)
    return Flaw(Wrong.DROPPED, line.row, line.writer, expected)


def _against(chain: Sequence[Line], head: Head | None, *, writer: str) -> Flaw | None:
    """What the anchored head says of a chain that holds in itself."""
    if head is None:
        return Flaw(Wrong.UNANCHORED, chain[0].row, writer, chain[0].number)
    reached = chain[-1].number if chain else 0
    if head.number > reached:
        return Flaw(Wrong.CUT_OFF, 0, writer, reached + 1)
    anchored = next((line for line in chain if line.number == head.number), None)
    if anchored is not None and anchored.hash != head.hash:
        # Here, or before it with every hash made anew: there is no telling.
        return Flaw(Wrong.EDITED, anchored.row, writer, anchored.number)
    return None
