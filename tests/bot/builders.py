"""Everything in the bot that draws something for Slack, found in the code itself, and which of it drawing reaches.

There is no list to forget: a function counts because it makes a card of blocks or lays out buttons.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

import bot

_CARD = re.compile(r"\bCard\b")


def draws(function: FunctionType) -> bool:
    """Whether it makes a card of more than one sentence, or lays out buttons."""
    used = {*function.__code__.co_names}
    makes = "cards" in used and not used.isdisjoint(("card", "listing"))
    returns = str(function.__annotations__.get("return", ""))
    return (makes and bool(_CARD.search(returns))) or {"blocks", "actions"} <= used


def builders() -> dict[str, CodeType]:
    """Every function of the bot that draws, by its whole name."""
    found = {}
    for info in pkgutil.walk_packages(bot.__path__, "bot."):
        if info.name.rpartition(".")[2] != "__main__":
            module = importlib.import_module(info.name)
            found.update({f"{info.name}.{each.__qualname__}": each.__code__ for each in _functions(module)})
    return found


def _functions(module: Any) -> Iterator[FunctionType]:
    for owner in (module, *(each for each in vars(module).values() if inspect.isclass(each))):
        for each in vars(owner).values():
            each = each.fget if isinstance(each, property) else each
            if isinstance(each, FunctionType) and each.__module__ == module.__name__ and draws(each):
                yield each


def reached(draw: Callable[[], object]) -> set[CodeType]:
    """The code that runs while this is drawn."""
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        draw()
    finally:
        sys.setprofile(before)
    return seen
