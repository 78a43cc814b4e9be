"""YAML that others wrote, read without trust: into texts, lists and mappings only, whatever it says it is.

Not by the library's own loaders: those in C follow the nesting of a document by recursion until the process dies of
it, those in Python take seconds for a megabyte, and all of them take some texts for numbers and dates, and raise what
one does not expect of YAML when they are none. Here one pass over its events is made, and that goes so deep and no
deeper.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from provisioning.errors import ClusterdeskError

DEPTH_MAX: Final = 200
"""Lists and mappings within each other. The schemas of large CustomResourceDefinitions come to some sixty."""
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NO_KEY: Final = object()


class Unreadable(ClusterdeskError):
    """It is no YAML, or none that can be shown as texts, lists and mappings."""


class TooDeep(ClusterdeskError):
    """It is nested deeper than anything that anybody means."""


@dataclass
class _Open:
    """A list or mapping whose end is still to come."""

    content: Any
    anchor: str | None = None
    key: Any = _NO_KEY

    def put(self, value: Any) -> None:
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key is not _NO_KEY:
            self.content[self.key], self.key = value, _NO_KEY
        elif isinstance(value, str):
            self.key = value
        else:
            raise Unreadable("a key of a mapping is no text")


def read(text: str) -> list[Any]:
    """Every document in the text. Raises `Unreadable`, and `TooDeep`."""
    try:
        return list(_documents(text))
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable("it is no YAML") from error


def _documents(text: str) -> Iterator[Any]:
    root, anchors = _Open([]), dict[str | None, Any]()
    stack = [root]
    for event in yaml.parse(text, Loader=_LOADER):
        match event:
            case yaml.DocumentStartEvent():
                root.content.clear()
                anchors.clear()
            case yaml.DocumentEndEvent():
                yield root.content[0]
            case yaml.ScalarEvent():
                stack[-1].put(event.value)
                anchors[event.anchor] = event.value
            case yaml.AliasEvent():
                # What is still open has no name yet: so nothing contains itself.
                if event.anchor not in anchors:
                    raise Unreadable(f"there is nothing named {event.anchor} before it")
                stack[-1].put(anchors[event.anchor])
            case yaml.CollectionStartEvent():
                content: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                stack[-1].put(content)
                stack.append(_Open(content, event.anchor))
                if len(stack) > DEPTH_MAX:
                    raise TooDeep(f"it is nested more than {DEPTH_MAX} levels deep")
            case yaml.CollectionEndEvent():
                closed = stack.pop()
                anchors[closed.anchor] = closed.content
