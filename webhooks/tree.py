"""Reading in manifests of any shape: what is not what it should be reads as empty, so that no reader has to ask first.

For content whose shape nobody guarantees. Kinds of ours are read as models instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Tree = Mapping[str, Any]


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
