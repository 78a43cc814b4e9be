"""The event loop of a program that mostly waits on sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def quickest() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """A quicker loop where one is installed (the extra `speed`), for `asyncio.Runner`; None for Python's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
