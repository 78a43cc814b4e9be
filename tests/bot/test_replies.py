"""What people read stands in one place, each sentence under a name of its own."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from bot import replies

FOLDER = Path(replies.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def names(module: str) -> list[str]:
    """What a module calls its sentences."""
    found: list[str] = []
    for node in ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return found


def test_no_two_sentences_have_one_name() -> None:
    # The later of the two would be said instead of the other, and nobody told.
    many = Counter(MODULES) + Counter(name for module in MODULES for name in names(module))

    assert [name for name, times in many.items() if times > 1] == []


def test_everybody_can_say_every_sentence() -> None:
    assert [name for module in MODULES for name in names(module) if not hasattr(replies, name)] == []
