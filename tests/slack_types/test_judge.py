"""Slack's types and the workspace's table know nothing of each other, and say the same where both can say anything."""

from __future__ import annotations

import json

import pytest

from tests.bot import golden
from tests.playground.workspace.test_blockkit import BROKEN, GOOD
from tests.slack_types import generate, judge

RULES_ALONE = {
    "101 blocks in a view", "51 blocks in a message", "action_id used twice", "alert too long", "block_id used twice",
    "button address no URL", "checked box that is not offered", "confirm without deny", "empty text",
    "external_id too long", "field too long", "first date no date", "first number outside its limits",
    "first time no time", "group label too long", "image address no URL", "initial option that is not offered",
    "inputs without submit", "link in a select", "markdown too long", "markdown too long together",
    "max_selected_items of zero", "min_length above max_length", "min_length too large", "modal without blocks",
    "more chosen than may be", "no elements", "no fields at all", "null where nothing is given",
    "number limits not numeric", "plan in a modal", "section without anything", "select with options and groups",
    "select without options", "six options in an overflow", "submit too long", "task_id used twice",
    "two focused fields", "two tables", "view above 250 kB",
}  # fmt: skip
"""What is between two fields, or is said in a text that no program reads: only the workspace's rules know of it."""


@pytest.mark.parametrize("name", sorted(GOOD.keys() - RULES_ALONE))
def test_what_the_rules_take_the_types_take(name: str) -> None:
    kind, payload = GOOD[name]
    assert judge.problems(payload, kind) == []


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_the_rules_refuse_the_types_refuse_where_they_can(name: str) -> None:
    kind, payload, *_ = BROKEN[name]
    assert bool(judge.problems(payload, kind)) is (name not in RULES_ALONE)


@pytest.mark.parametrize("name", golden.VIEWS)
def test_a_field_that_slack_does_not_know_is_found_in_every_form(name: str) -> None:
    view = dict(golden.VIEWS[name]())
    assert judge.problems({**view, "colour": "red"}, str(view["type"])) != []


def test_what_is_said_in_a_comment_becomes_a_bound() -> None:
    text = {"description": "Text. Maximum length for the `text` in this field is 30 characters.", "$ref": "#/x"}
    assert generate.bounded(text) == {"allOf": [{"$ref": "#/x"}, {"properties": {"text": {"maxLength": 30}}}]}
    items = {"description": "There is a maximum of 25 elements in each action block.", "type": "array"}
    assert generate.bounded(items) == {"type": "array", "maxItems": 25}


def test_the_schema_says_what_it_was_made_from() -> None:
    schema = json.loads((generate.FOLDER / "schema.json").read_text())
    assert generate.PACKAGES[0] in schema["$comment"]
