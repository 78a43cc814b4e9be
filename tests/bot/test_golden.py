"""What people see, word for word, that Slack takes it, and that nothing is drawn which nobody agreed to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot import presses, windows
from tests.bot import builders, golden, slack_objects

DRAWN = (*golden.CARDS, *golden.VIEWS)


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_is_what_was_agreed(name: str) -> None:
    agreed = (golden.FOLDER / f"{name}.json").read_text(encoding="utf-8")

    assert golden.drawn(name) == agreed, "if this is meant: python -m tests.bot.golden"


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in golden.FOLDER.glob("*.json")} == {*DRAWN}


@pytest.mark.parametrize("name", golden.CARDS)
def test_slack_takes_every_card(name: str) -> None:
    assert slack_objects.problems_of_card(golden.CARDS[name]()) == []


@pytest.mark.parametrize("name", golden.VIEWS)
def test_slack_takes_every_form(name: str) -> None:
    assert slack_objects.problems_of_view(dict(golden.VIEWS[name]())) == []


def test_every_form_that_can_be_sent_is_agreed() -> None:
    agreed = {str(json.loads(golden.drawn(name)).get("callback_id")) for name in golden.VIEWS}

    assert {*windows.FORMS} - agreed == set()


def test_every_button_that_can_be_pressed_is_agreed() -> None:
    agreed = {action for name in DRAWN for action in _actions(json.loads(golden.drawn(name)))}

    assert {*presses.PRESSES} - agreed == set()


def test_whatever_makes_a_card_or_lays_out_buttons_is_agreed() -> None:
    found = builders.builders()
    reached = builders.reached(lambda: [golden.drawn(name) for name in DRAWN])

    assert sorted(name for name, code in found.items() if code not in reached) == []
    assert len(found) > 20


def test_a_builder_that_nothing_draws_is_found() -> None:
    found = builders.builders()
    reached = builders.reached(lambda: golden.drawn("told"))

    assert found["bot.messages.question"] not in reached


def _actions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from ([part["action_id"]] if "action_id" in part else [])
        part = part.values()
    if not isinstance(part, str) and hasattr(part, "__iter__"):
        for each in part:
            yield from _actions(each)
