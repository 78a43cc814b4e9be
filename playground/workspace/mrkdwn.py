"""Slack's mrkdwn, read into a tree and drawn as HTML or as plain words.

Everything that is not markup is text and is escaped at the end, so nothing a bot or person wrote can become
HTML. Pure. What must never live here: blocks, templates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from playground.workspace import dates, emoji


@dataclass(frozen=True)
class Node:
    """A run of text (`kind` "text") or a marked run of nodes. `href` is for links."""

    kind: str
    text: str = ""
    inside: tuple[Node, ...] = ()
    href: str = ""


@dataclass(frozen=True)
class Reader:
    """Who reads: their time zone, the time, and how ids are called."""

    tz: str
    now: float
    user: Callable[[str], str]
    channel: Callable[[str], str]
    group: Callable[[str], str]


# One alternative a markup; each needs a border left and right, as Slack wants it.
_INLINE = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<angle>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
    r"|:(?P<emoji>[a-z0-9_+-]+):",
    re.DOTALL,
)
_TAGS = {"bold": "strong", "italic": "em", "strike": "s", "code": "code", "pre": "pre", "quote": "blockquote"}
_SAFE_LINK = re.compile(r"(https?|mailto|slack|tel):\S+")


def parse(text: str, reader: Reader) -> tuple[Node, ...]:
    """mrkdwn to nodes. Lines that begin with &gt; become quotes."""
    nodes: list[Node] = []
    for quoted, lines in _paragraphs(text):
        inner = tuple(_inline("\n".join(lines), reader))
        nodes += [Node("quote", inside=inner)] if quoted else inner
    return tuple(nodes)


def plain_text(text: str) -> tuple[Node, ...]:
    """A plain_text object: only emoji names mean anything."""
    return tuple(
        Node("text", text=emoji.NAMES.get(part[1:-1], part) if index % 2 else part)
        for index, part in enumerate(re.split(r"(:[a-z0-9_+-]+:)", text))
        if part
    )


def html(nodes: Sequence[Node]) -> Markup:
    """Nodes as HTML; every text is escaped here and nowhere else."""
    return Markup("").join(_html(node) for node in nodes)


def words(nodes: Sequence[Node]) -> str:
    """Nodes as what a person reads."""
    return "".join(node.text + words(node.inside) for node in nodes)


def link(href: str, text: str) -> Node:
    """A link, or plain text when the address is of a kind nobody should click."""
    if not _SAFE_LINK.fullmatch(href):
        return Node("text", text=text or href)
    return Node("link", inside=(Node("text", text=text or href),), href=href)


def _paragraphs(text: str) -> list[tuple[bool, list[str]]]:
    found: list[tuple[bool, list[str]]] = []
    fenced = False
    for line in text.split("\n"):
        quoted = not fenced and re.match(r"(&gt;|>) ?", line) is not None
        if line.count("```") % 2:
            fenced = not fenced
        stripped = re.sub(r"^(&gt;|>) ?", "", line) if quoted else line
        if found and found[-1][0] == quoted:
            found[-1][1].append(stripped)
        else:
            found.append((quoted, [stripped]))
    return found


def _inline(text: str, reader: Reader) -> list[Node]:
    nodes: list[Node] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            nodes.append(Node("text", text=_unescape(text[at : match.start()])))
        nodes.append(_marked(str(match.lastgroup), match.group(str(match.lastgroup)), reader))
        at = match.end()
    if at < len(text):
        nodes.append(Node("text", text=_unescape(text[at:])))
    return nodes


def _marked(kind: str, inner: str, reader: Reader) -> Node:
    if kind == "angle":
        return _angle(inner, reader)
    if kind == "emoji":
        return Node("text", text=emoji.NAMES.get(inner, f":{inner}:"))
    if kind in ("code", "pre"):
        return Node(kind, inside=(Node("text", text=_unescape(inner.strip("\n"))),))
    return Node(kind, inside=tuple(_inline(inner, reader)))


def _angle(inner: str, reader: Reader) -> Node:
    target, _, label = inner.partition("|")
    label = _unescape(label)
    if target.startswith("@"):
        return Node("mention", text="@" + (reader.user(target[1:]) or label or target[1:]))
    if target.startswith("#"):
        return Node("mention", text="#" + (reader.channel(target[1:]) or label or target[1:]))
    if target.startswith("!subteam^"):
        return Node("mention", text="@" + (reader.group(target[9:]) or label.lstrip("@")))
    if target.startswith("!date^"):
        stamp, _, rest = target[6:].partition("^")
        form, _, href = rest.partition("^")
        shown = dates.show(stamp, form, tz=reader.tz, now=reader.now) or label
        return link(_unescape(href), shown) if href else Node("time", text=shown)
    if target.startswith("!"):
        return Node("mention", text="@" + (label or target[1:]))
    return link(_unescape(target), label)


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _html(node: Node) -> Markup:
    inner = escape(node.text) + html(node.inside)
    if node.kind == "text":
        return inner
    if node.kind == "link":
        opening = Markup('<a href="{}" rel="noreferrer noopener" target="_blank">').format(node.href)
        return opening + inner + Markup("</a>")
    if node.kind in ("mention", "time", "underline", "highlight"):
        return Markup('<span class="{}">').format(node.kind) + inner + Markup("</span>")
    tag = _TAGS[node.kind]
    return Markup(f"<{tag}>") + inner + Markup(f"</{tag}>")  # noqa: S704 - the tag comes from our own table
