"""What people see, word for word, and that Slack takes it."""

from __future__ import annotations

import pytest

from tests.bot import golden, slack_objects


@pytest.mark.parametrize("name", [*golden.CARDS, *golden.VIEWS])
def test_what_is_drawn_is_what_was_agreed(name: str) -> None:
    agreed = (golden.FOLDER / f"{name}.json").read_text(encoding="utf-8")

    assert golden.drawn(name) == agreed, "if this is meant: python -m tests.bot.golden"


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in golden.FOLDER.glob("*.json")} == {*golden.CARDS, *golden.VIEWS}


@pytest.mark.parametrize("name", golden.CARDS)
def test_slack_takes_every_card(name: str) -> None:
    assert slack_objects.problems_of_card(golden.CARDS[name]()) == []


@pytest.mark.parametrize("name", golden.VIEWS)
def test_slack_takes_every_form(name: str) -> None:
    assert slack_objects.problems_of_view(dict(golden.VIEWS[name]())) == []
