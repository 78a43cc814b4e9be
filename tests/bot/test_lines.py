"""What Slack makes of a line, and what it was."""

from __future__ import annotations

import pytest

from bot import lines


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("create team-a/build-7 small 24h", "create team-a/build-7 small 24h"),
        ("delegate <@U0KIM|kim> until Fri", "delegate <@U0KIM> until Fri"),
        ("delegate <@W0KIM> 3d", "delegate <@W0KIM> 3d"),
        ("list <#C0TEAMA|team-a>", "list #team-a"),
        ("list <#C0TEAMA>", "list #C0TEAMA"),
        ("ask <!subteam^S0LEADS|@team-a-leads>", "ask @team-a-leads"),
        ("ask <!here>", "ask @here"),
        ("access <mailto:lena@example.com|lena@example.com>", "access lena@example.com"),
        ("show <https://shop.example|shop.example>", "show shop.example"),
        ("show <https://shop.example>", "show https://shop.example"),
        ("a &amp; b &lt;c&gt; &amp;lt;", "a & b <c> &lt;"),
        ("", ""),
    ],
)
def test_a_word_is_again_what_somebody_typed_and_a_person_is_an_account(line: str, typed: str) -> None:
    assert lines.typed(line) == typed


@pytest.mark.parametrize(
    ("word", "account"),
    [("<@U0KIM>", "U0KIM"), ("<@W0KIM>", "W0KIM"), ("@kim", ""), ("kim", ""), ("<@U0KIM>x", ""), ("<@>", "")],
)
def test_a_person_is_told_from_any_other_word(word: str, account: str) -> None:
    assert lines.account(word) == account
