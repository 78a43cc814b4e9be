"""Is this payload one that Slack takes? `problems` lists every reason why not.

It walks the table of shapes and then asks the cross rules. The words follow Slack's own. Used by the
workspace for `invalid_blocks` and by the bot's tests. What must never live here: a limit (`blockkit_table`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.workspace import blockkit_cross, blockkit_table
from playground.workspace.blockkit_problem import Problem
from playground.workspace.blockkit_table import Flag, Free, Int, Many, Named, Rule, Shape, Str, Text, Typed

__all__ = ["Problem", "flat_options", "option_problems", "problems"]


def problems(payload: Mapping[str, Any], surface: str = "message") -> list[Problem]:
    """Everything Slack would object to in a message, a modal or a home view; empty when it would take it.

    `surface` is "message" (a dict with `blocks` and maybe `text`), "modal" or "home" (a view).
    """
    if surface not in blockkit_table.SURFACES:
        raise ValueError(f"no such surface: {surface}")
    walk = _Walk(surface)
    found = [*walk.envelope(payload), *walk.blocks(payload.get("blocks"))]
    # Rules between fields read the payload freely, so they wait until every part has its shape.
    return found or list(blockkit_cross.problems(payload, surface))


def option_problems(answer: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the answer to a block_suggestion (`options` or `option_groups`)."""
    table = blockkit_table
    shape = Shape(
        {
            "options": Many(Named("option"), max=100),
            "option_groups": Many(Named("option_group"), max=table.VIEW_BLOCKS),
        },
        exactly_one=("options", "option_groups"),
        typed=False,
    )
    return list(_Walk("modal").shape(shape, answer, ""))


def flat_options(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All options in such an answer, those in groups included."""
    return blockkit_cross.options(answer)


@dataclass(frozen=True)
class _Walk:
    surface: str

    def envelope(self, payload: Mapping[str, Any]) -> Iterator[Problem]:
        shape = blockkit_table.VIEWS.get(self.surface)
        if shape is None:
            return
        if payload.get("type") != self.surface:
            yield Problem("/type", f"must be {self.surface}")
        yield from self.shape(shape, payload, "")

    def blocks(self, blocks: object) -> Iterator[Problem]:
        if blocks is None:
            return
        if not isinstance(blocks, Sequence) or isinstance(blocks, str):
            yield Problem("/blocks", "must be an array")
            return
        for index, block in enumerate(blocks):
            yield from self.value(Typed("block", blockkit_table.BLOCKS), block, f"/blocks/{index}")

    def value(self, rule: Rule, value: object, at: str) -> Iterator[Problem]:
        match rule:
            case Text():
                yield from self._text(rule, value, at)
            case Str():
                yield from _string(rule, value, at)
            case Int():
                yield from _integer(rule, value, at)
            case Flag():
                if not isinstance(value, bool):
                    yield Problem(at, "must be a boolean")
            case Many():
                yield from self._list(rule, value, at)
            case Named():
                yield from self.shape(blockkit_table.SHAPES[rule.name], value, at)
            case Typed():
                yield from self._typed(rule, value, at)
            case Free():
                return

    def shape(self, shape: Shape, value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(at, "must provide an object")
            return
        given = {k: v for k, v in value.items() if v is not None}
        for name in shape.required:
            if name not in given:
                yield Problem(at, f"missing required field: {name}")
        chosen = [name for name in shape.exactly_one if name in given]
        if shape.exactly_one and len(chosen) != 1:
            yield Problem(at, f"must have exactly one of: {', '.join(shape.exactly_one)}")
        if shape.at_least_one and not any(name in given for name in shape.at_least_one):
            yield Problem(at, f"missing required field: {' or '.join(shape.at_least_one)}")
        for name, part in given.items():
            if name in shape.fields:
                yield from self.value(shape.fields[name], part, f"{at}/{name}")
            elif name != "type" or not shape.typed:
                yield Problem(at, f"invalid additional property: {name}")

    def _typed(self, rule: Typed, value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(at, "must provide an object")
            return
        kind = value.get("type")
        if kind not in rule.types:
            yield Problem(at + "/type", f"unsupported type: {kind}")
            return
        shape = blockkit_table.SHAPES[f"{rule.family}:{kind}"]
        if self.surface not in shape.surfaces:
            yield Problem(at + "/type", f"{kind} is not allowed in a {self.surface}")
        if rule.family == "block":
            shape = Shape(
                {**shape.fields, "block_id": Str(255, min=1)},
                shape.required,
                shape.exactly_one,
                shape.at_least_one,
            )
        yield from self.shape(shape, value, at)

    def _text(self, rule: Text, value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(at, "must provide an object")
            return
        kind = value.get("type")
        if kind not in rule.kinds:
            yield Problem(at + "/type", f"must be one of: {', '.join(rule.kinds)}")
            return
        extra: dict[str, Rule] = {"emoji": Flag()} if kind == "plain_text" else {"verbatim": Flag()}
        shape = Shape({"text": Str(rule.max, min=1), **extra}, required=("text",))
        yield from self.shape(shape, value, at)

    def _list(self, rule: Many, value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield Problem(at, "must be an array")
            return
        if len(value) < rule.min:
            yield Problem(at, f"no fewer than {rule.min} items allowed")
        if rule.max is not None and len(value) > rule.max:
            yield Problem(at, f"no more than {rule.max} items allowed")
        for index, item in enumerate(value):
            yield from self.value(rule.of, item, f"{at}/{index}")


def _string(rule: Str, value: object, at: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(at, "must be a string")
    elif rule.one_of and value not in rule.one_of:
        yield Problem(at, f"must be one of: {', '.join(rule.one_of)}")
    elif rule.pattern and not re.fullmatch(rule.pattern, value):
        yield Problem(at, f"must be {rule.like}")
    elif len(value) < rule.min:
        yield Problem(at, f"must be more than {rule.min - 1} characters")
    elif rule.max is not None and len(value) > rule.max:
        yield Problem(at, f"must be less than {rule.max + 1} characters")


def _integer(rule: Int, value: object, at: str) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Problem(at, "must be an integer")
    elif rule.min is not None and value < rule.min:
        yield Problem(at, f"must be at least {rule.min}")
    elif rule.max is not None and value > rule.max:
        yield Problem(at, f"must be at most {rule.max}")
