"""Tables in pages that follow from the code: between two marks, written anew with `UPDATE_GOLDEN=1`. Read the diff."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path


def stands(path: Path, name: str, lines: Iterable[str]) -> bool:
    """Whether the page has these lines between its marks of that name; it is made so when goldens are updated."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: made from the code -->", f"<!-- end of {name} -->"
    wanted = "\n".join([begin, "", *lines, "", end])
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", text, flags=re.DOTALL)
    if found is None:
        raise LookupError(f"{path} has no {begin}")
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text.replace(found[0], wanted), encoding="utf-8")
        return True
    return found[0] == wanted
