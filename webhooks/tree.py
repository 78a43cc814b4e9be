"""Reading in manifests of any shape: what is not what it should be reads as empty, so that no reader has to ask first.

For content whose shape nobody guarantees. Kinds of ours are read as models instead.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioning.documents import Overgrown

Tree = Mapping[str, Any]

NODES_MAX = 150_000
"""Nodes of a document that are looked at. YAML aliases can make a small text into an endless tree."""


def mapping(value: Any) -> Tree:
    return value if isinstance(value, Mapping) else {}


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
    stack = [(at, content)]
    for number in itertools.count():
        if not stack:
            return
        if number >= NODES_MAX:
            raise Overgrown(f"it comes to more than {NODES_MAX} parts")
        path, node = stack.pop()
        yield path, node
        if isinstance(node, Mapping):
            stack += [(f"{path}.{key}" if path else str(key), value) for key, value in reversed(list(node.items()))]
        elif isinstance(node, list):
            stack += [(f"{path}[{index}]", value) for index, value in reversed(list(enumerate(node)))]


def _key(path: str) -> str:
    return re.sub(r"(\[[0-9]+\])+$", "", path).rpartition(".")[2]
