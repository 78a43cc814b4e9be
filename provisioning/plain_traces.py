"""structlog without rich, which it loads for coloured traces as soon as it is imported: 3 MiB less in a program.

Import this before structlog. Whoever wants rich itself, a command line, has it all the same.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

_NAME: Final = "rich"

if _NAME not in sys.modules:
    sys.modules[_NAME] = None  # type: ignore[assignment]  # Python's way to say that there is none.
    try:
        importlib.import_module("structlog.dev")
    finally:
        del sys.modules[_NAME]
