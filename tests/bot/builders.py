"""Everything in the bot that draws something for Slack, found in the code itself, and which of it drawing reaches.

There is no list to forget: a function counts because it makes a card, a modal or a Home, or lays out buttons. What the
doors say when nothing else can be said does not: each is one sentence.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

import bot

_DOORS = ("bot.door", "bot.reception", "bot.windows")


def draws(function: FunctionType) -> bool:
    """Whether it makes something that people see, or lays out buttons."""
    used = {*function.__code__.co_names}
    if "cards" in used and not used.isdisjoint(("card", "listing", "say")) and function.__module__ not in _DOORS:
        return True
    return "blocks" in used and not used.isdisjoint(("actions", "modal", "home"))


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
