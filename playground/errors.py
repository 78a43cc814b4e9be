"""What may go wrong with a playground on somebody's machine. Each is told to people in its own words, without a trace;
anything else that is raised is a fault of ours.
"""

from __future__ import annotations


class PlaygroundError(Exception):
    """The playground could not be built, started or kept running; the message says why and what to do."""
