"""What is new in many things: by what each says, and not by which number it has in a list. Pure.

Who takes an element out of a list moves all behind it up. What was there before and had a higher number then must not
look as if it were new: it could never be taken away but all at once.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from webhooks import tree
from webhooks.tree import Tree

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_NUMBER: Final = re.compile(r"\[\d+\]")
_PLACES: Final = ("field", "evidence")
"""Where those that are compared say a path."""

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")


def placeless(it: D) -> D:
    """The same without the numbers of list elements in its field path, and in evidence, which may quote another."""
    texts = ((name, getattr(it, name, "")) for name in _PLACES)
    told = {name: _NUMBER.sub("[]", text) for name, text in texts if "[" in text}
    return dataclasses.replace(it, **told) if told else it


def surplus(after: Iterable[T], before: Iterable[T], key: Callable[[T], object]) -> Iterator[T]:
    """Those of which there are more than before, where `key`, which is to be hashable, says which are the same."""
    left = Counter(map(key, before))
    for it in after:
        name = key(it)
        if left[name] > 0:
            left[name] -= 1
        else:
            yield it


def added(after: Iterable[D], before: Iterable[D]) -> Iterator[D]:
    """The same of what has a field path: wherever in a list it stands."""
    return surplus(after, before, placeless)


def fresh(after: Tree, before: Tree, key: str) -> list[tuple[int, Tree]]:
    """Elements of this list of mappings that were not in it before, each with its number."""
    there = tree.mappings(before.get(key))
    return list(surplus(enumerate(tree.mappings(after.get(key))), enumerate(there), _element))


def is_part(after: Any, before: Any) -> bool:
    """Whether it is a list of nothing but what stood in that list before."""
    return isinstance(after, list) and isinstance(before, list) and not list(surplus(after, before, repr))


def _element(numbered: tuple[int, Any]) -> str:
    return repr(numbered[1])
