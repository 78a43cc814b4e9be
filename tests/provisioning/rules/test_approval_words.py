"""Words that Slack and a terminal share."""

from __future__ import annotations

import re

import pytest

from bot import replies
from provisioning import approval_words
from provisioning.lifecycle import Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_sentence_without_markup(reason: Reason) -> None:
    sentence = approval_words.REFUSALS[reason]
    assert sentence.endswith(".")
    assert not re.search(r"[`*_<>]|:\w+:", sentence)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.CHANGED])
def test_slack_says_the_same_but_for_its_card(reason: Reason) -> None:
    assert replies.REFUSED[reason] == approval_words.REFUSALS[reason]
    assert "card" in replies.REFUSED[Reason.CHANGED]


@pytest.mark.parametrize(
    ("missing", "more"), [(0, ""), (1, " 1 more approval needed."), (2, " 2 more approvals needed.")]
)
def test_a_vote_that_counts_says_how_many_are_still_needed(missing: int, more: str) -> None:
    assert approval_words.voted(True, "web", missing) == f"Your approval of the request about web counts.{more}"
    assert replies.voted(True, "web", missing) == f"Your approval of the request about `web` counts.{more}"
