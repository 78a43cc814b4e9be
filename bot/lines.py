"""What somebody typed behind a command, out of the way in which Slack sends it. Pure.

The app asks for escaped lines (`should_escape`), because a name may be two people's: of a person that is written, the
account comes. That stays, as `<@U…>`. Everything else that Slack made of a word becomes the word again, so no command
has to know about it.
"""

from __future__ import annotations

import re

_MADE = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,20})>")


def typed(line: str) -> str:
    """Slack's line as somebody typed it, but for people, who are `<@U…>`."""
    found: list[str] = []
    at = 0
    for made in _MADE.finditer(line):
        found += (_plain(line[at : made.start()]), _word(made[1]))
        at = made.end()
    return "".join((*found, _plain(line[at:])))


def account(word: str) -> str:
    """The Slack account that a word of a line stands for; empty when it is no person."""
    found = _PERSON.fullmatch(word)
    return found[1] if found else ""


def _word(made: str) -> str:
    target, _, label = made.partition("|")
    if target.startswith("@"):
        return f"<{target}>"
    if target.startswith("#"):
        return f"#{_plain(label or target[1:])}"
    if target.startswith("!"):
        return _plain(label) if label.startswith("@") else f"@{_plain(label or target[1:])}"
    return _plain(label or target)


def _plain(words: str) -> str:
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
