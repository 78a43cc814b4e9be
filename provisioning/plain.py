"""Words of other people made harmless wherever they are shown: on one line, and with nothing that moves or hides text.

A terminal obeys what it is sent (it can be made to erase the line above), and so does whoever reads right to left.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def one_line(words: str) -> str:
    """Somebody's words on one line, without characters that reorder or hide text, or that no terminal takes."""
    return " ".join(_CONTROL.sub(" ", words).split())
