"""YAML that others wrote, read without trust: into texts, lists and mappings only, whatever it says it is.

Not by the library's own loaders: those in C follow the nesting of a document by recursion until the process dies of
it, those in Python take seconds for a megabyte, and all of them take some texts for numbers and dates, and raise what
one does not expect of YAML when they are none. Here one pass over its events is made, and that goes so deep and so far
and no further. JSON, which is YAML too, is read as JSON: a hundred times as fast.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import yaml

from provisioning.errors import ClusterdeskError

DEPTH_MAX: Final = 200
"""Lists and mappings within each other, in what is no JSON. The schemas of large CustomResourceDefinitions come to some
sixty."""
EVENTS_MAX: Final = 150_000
"""Texts, and beginnings and ends of lists and mappings: a megabyte of manifests, and a third of a second."""
MERGED_MAX: Final = 20_000
"""Keys that `<<` may bring into mappings. A short text can make endlessly many of them."""
_MERGE: Final = "<<"
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NO_KEY: Final = object()


class Unreadable(ClusterdeskError):
    """It is no YAML, or none that can be shown as texts, lists and mappings."""


class Overgrown(ClusterdeskError):
    """It is nested deeper, or is larger, than anything that anybody means."""


@dataclass
class _Open:
    """A list or mapping whose end is still to come."""

    content: Any
    anchor: str | None = None
    key: Any = _NO_KEY
    merged: list[Any] = field(default_factory=list)
    """What `<<` names: mappings, and lists of mappings."""

    def put(self, value: Any) -> None:
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key == _MERGE:
            self.merged.append(value)
            self.key = _NO_KEY
        elif self.key is not _NO_KEY:
            self.content[self.key], self.key = value, _NO_KEY
        elif isinstance(value, str):
            self.key = value
        else:
            raise Unreadable("a key of a mapping is no text")

    def merge(self) -> int:
        """Take in what `<<` names, as Kubernetes' own readers do: what is said here itself counts more."""
        found: dict[str, Any] = {}
        for named in self.merged:
            for mapping in named if isinstance(named, list) else [named]:
                if not isinstance(mapping, dict):
                    raise Unreadable("<< names what is no mapping")
                found = {**mapping, **found}
        if found:
            own = dict(self.content)
            self.content.clear()
            self.content.update({**found, **own})
        return len(found)


def read(text: str) -> list[Any]:
    """Every document in the text. Raises `Unreadable`, and `Overgrown`."""
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return [_json(text)]
    try:
        return list(_documents(text))
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable("it is no YAML") from error


def _json(text: str) -> Any:
    """Raises ValueError when it is none: YAML may begin like it."""
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise Overgrown("it is nested more levels deep than can be read") from error


def _documents(text: str) -> Iterator[Any]:
    root, anchors = _Open([]), dict[str | None, Any]()
    stack, merged = [root], 0
    for event in _events(text):
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
                    raise Overgrown(f"it is nested more than {DEPTH_MAX} levels deep")
            case yaml.CollectionEndEvent():
                closed = stack.pop()
                merged = _bounded(merged + closed.merge())
                anchors[closed.anchor] = closed.content


def _events(text: str) -> Iterator[Any]:
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if number > EVENTS_MAX:
            raise Overgrown(f"it consists of more than {EVENTS_MAX} parts")
        yield event


def _bounded(merged: int) -> int:
    if merged > MERGED_MAX:
        raise Overgrown(f"<< makes more than {MERGED_MAX} keys of it")
    return merged
