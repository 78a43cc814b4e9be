"""What somebody typed behind a command, as Slack sends it: people, channels, groups and links by their ids. Pure.

What must never live here: how messages are drawn (`mrkdwn`).
"""

from __future__ import annotations

import re

from playground.workspace.state import Workspace

_WORDS = re.compile(r"(?P<at>@[\w.-]+)|(?P<hash>#[a-z0-9_-]+)|(?P<link>https?://[^\s<>]+)")


def sent(workspace: Workspace, line: str, *, escape: bool) -> str:
    """The line as the app gets it. Slack escapes its three characters always, and the rest where the app asked."""
    found: list[str] = []
    at = 0
    for word in _WORDS.finditer(line) if escape else ():
        found += (_escape(line[at : word.start()]), _made(workspace, word))
        at = word.end()
    return "".join((*found, _escape(line[at:])))


def _made(workspace: Workspace, word: re.Match[str]) -> str:
    text = word[0]
    if word["link"]:
        return f"<{_escape(text)}>"
    if word["hash"]:
        channels = {c.name: c.id for c in workspace.conversations.by_id.values() if c.kind == "channel"}
        return f"<#{channels[text[1:]]}|{text[1:]}>" if text[1:] in channels else text
    person = next((p for p in workspace.people.values() if p.name == text[1:]), None)
    if person is not None:
        return f"<@{person.id}|{person.name}>"
    group = next((g for g in workspace.groups.values() if g.handle == text[1:]), None)
    return f"<!subteam^{group.id}|{text}>" if group is not None else text


def _escape(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
