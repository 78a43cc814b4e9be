"""rich_text blocks, read into the same nodes as mrkdwn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playground.workspace import dates, emoji
from playground.workspace.mrkdwn import Node, Reader, link

_STYLES = ("bold", "italic", "strike", "code", "underline", "highlight")


def parse(block: Mapping[str, Any], reader: Reader) -> tuple[Node, ...]:
    """The whole block; parts are set apart by line breaks."""
    nodes: list[Node] = []
    for index, part in enumerate(block.get("elements") or ()):
        if index:
            nodes.append(Node("text", text="\n"))
        nodes += _part(part, reader)
    return tuple(nodes)


def _part(part: Mapping[str, Any], reader: Reader) -> list[Node]:
    elements = part.get("elements") or ()
    match part["type"]:
        case "rich_text_list":
            return _list(part, reader)
        case "rich_text_preformatted":
            return [Node("pre", inside=tuple(_leaf(e, reader) for e in elements))]
        case "rich_text_quote":
            return [Node("quote", inside=tuple(_leaf(e, reader) for e in elements))]
        case _:
            return [_leaf(e, reader) for e in elements]


def _list(part: Mapping[str, Any], reader: Reader) -> list[Node]:
    nodes: list[Node] = []
    indent = "    " * int(part.get("indent") or 0)
    start = int(part.get("offset") or 0)
    for index, item in enumerate(part["elements"]):
        mark = f"{start + index + 1}. " if part["style"] == "ordered" else "• "
        nodes.append(Node("text", text=("\n" if index else "") + indent + mark))
        nodes += _part(item, reader)
    return nodes


def _leaf(leaf: Mapping[str, Any], reader: Reader) -> Node:
    node = _bare(leaf, reader)
    style = leaf.get("style") or {}
    for name in _STYLES:
        if style.get(name):
            node = Node(name, inside=(node,))
    return node


def _bare(leaf: Mapping[str, Any], reader: Reader) -> Node:
    match leaf["type"]:
        case "link":
            return link(leaf["url"], leaf.get("text") or "")
        case "user":
            return Node("mention", text="@" + (reader.user(leaf["user_id"]) or leaf["user_id"]))
        case "usergroup":
            return Node("mention", text="@" + (reader.group(leaf["usergroup_id"]) or leaf["usergroup_id"]))
        case "channel":
            return Node("mention", text="#" + (reader.channel(leaf["channel_id"]) or leaf["channel_id"]))
        case "broadcast":
            return Node("mention", text="@" + leaf["range"])
        case "emoji":
            return Node("text", text=emoji.NAMES.get(leaf["name"], f":{leaf['name']}:"))
        case "date":
            stamp = str(leaf["timestamp"])
            shown = dates.show(stamp, leaf["format"], tz=reader.tz, now=reader.now)
            shown = shown or leaf.get("fallback") or stamp
            return link(leaf["url"], shown) if leaf.get("url") else Node("time", text=shown)
        case "color":
            return Node("text", text=leaf["value"])
        case _:
            return Node("text", text=leaf["text"])
