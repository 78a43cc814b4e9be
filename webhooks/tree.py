"""Reading in manifests of any shape: what is not what it should be reads as empty, so that no reader has to ask first.

For content whose shape nobody guarantees. Kinds of ours are read as models instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioning.documents import Overgrown

Tree = Mapping[str, Any]

NODES_MAX = 150_000
"""Nodes of a document that are looked at. YAML aliases can make a small text into an endless tree."""
CHARACTERS_MAX = 3 * 1024 * 1024
"""Characters of all its texts together: as much as the API server takes at once, and nothing that aliases repeat."""
PATH_MAX = 300
"""Characters of a path that are told: each node has one, and a long key is in the paths of all below it."""


def mapping(value: Any) -> Tree:
    # JSON and YAML make dicts of them; to ask for any Mapping takes ten times as long.
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[Tree]:
    """A list of mappings; entries that are none keep their place, so that field paths stay right."""
    return [mapping(entry) for entry in sequence(value)]


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def dig(value: Any, *keys: str) -> Tree:
    """The mapping at the end of these keys."""
    for key in keys:
        value = mapping(value).get(key)
    return mapping(value)


def leaves(content: Any, at: str) -> Iterator[tuple[str, str, str]]:
    """Every scalar: its path, its key (of the nearest mapping) and its text."""
    for path, node in walk(content, at):
        if isinstance(node, bool | int | float):
            yield path, _key(path), str(node).lower()
        elif isinstance(node, str):
            yield path, _key(path), node


def walk(content: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Every node with its path. Not recursive, and not endless: raises `Overgrown`."""
    number = characters = 0
    stack = [iter([(at, content)])]
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            continue
        path, node = following
        number += 1
        characters += len(node) if isinstance(node, str) else 0
        if number > NODES_MAX:
            raise Overgrown(f"it comes to more than {NODES_MAX} parts")
        if characters > CHARACTERS_MAX:
            raise Overgrown(f"its texts come to more than {CHARACTERS_MAX} characters")
        yield path, node
        stack.append(_below(path, node))


def _below(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    """One after another: all paths at once may be more than there is memory."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield _told(f"{path}.{key}" if path else str(key)), value
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield _told(f"{path}[{index}]"), value


def _told(path: str) -> str:
    half = PATH_MAX // 2
    return path if len(path) <= PATH_MAX else f"{path[:half]}...{path[-half:]}"


def _key(path: str) -> str:
    while path.endswith("]"):
        before, _, index = path[:-1].rpartition("[")
        if not (index.isascii() and index.isdigit()):
            break
        path = before
    return path.rpartition(".")[2]
