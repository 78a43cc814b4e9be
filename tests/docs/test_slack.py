"""What the Slack app asks for, and what it can be told, is on the page for whoever has to allow it."""

from __future__ import annotations

import re

from bot import manifest
from tests.docs.pages import ROOT

SCOPES = (ROOT / "docs" / "slack.md").read_text().partition("## Scopes")[2].partition("\n## ")[0]


def test_every_scope_is_explained_in_the_words_of_the_manifest_and_no_other_is_named() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+[a-z:.]*)` \| (.+) \|$", SCOPES, re.MULTILINE))
    # On the page, what somebody types is marked as such.
    told = {scope: what.replace("`", "") for scope, what in rows.items()}
    assert told == manifest.SCOPES | manifest.EMAIL_SCOPE


def test_every_event_is_named_with_what_it_is_for() -> None:
    assert [event for event in manifest.EVENTS if f"`{event}`, so that" not in SCOPES] == []
