"""What Slack makes of a line, and what it was."""

from __future__ import annotations

import pytest

from bot import lines
from playground.workspace import people
from playground.workspace.lines import sent
from playground.workspace.state import Workspace


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


@pytest.mark.parametrize(
    "line",
    ["scale build-7 md0 2-6", "list #nowhere", "say a & b < c", "show https://shop.example/x?a=1&b=2", "ask @nobody"],
)
def test_what_the_workspace_sends_reads_as_it_was_typed(line: str) -> None:
    opened = Workspace(people.load(), clock=lambda: 0.0, on_change=lambda: None)
    for escape in (True, False):
        assert lines.typed(sent(opened, line, escape=escape)) == line


def test_the_workspace_sends_people_channels_and_groups_by_their_ids_where_the_app_asked() -> None:
    opened = Workspace(people.load(), clock=lambda: 0.0, on_change=lambda: None)
    line = "delegate @omar #platform @team-a-leads"
    assert sent(opened, line, escape=False) == line
    wanted = "delegate <@U0OMAR|omar> <#C0PLATFORM|platform> <!subteam^S0TEAMALEADS|@team-a-leads>"
    assert sent(opened, line, escape=True) == wanted
