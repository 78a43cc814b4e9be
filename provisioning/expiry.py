"""What people are told of the end of a cluster's life: the condition Expiring, in plain words. Pure.

Its message is another at each warning and at each rung of the ladder and stays the same between them, so whoever tells
of every new message (an Event, a card) tells once of each. What happens when is `provisioning.lifetime`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import durationpy

from provisioning import lifetime
from provisioning.lifetime import Ladder
from provisioning.objects import format_time

CONDITION: Final = "Expiring"


@dataclass(frozen=True)
class Notice:
    """`expiring`: the end is near, or has come. `reason` is a word for machines, `message` says until when, what comes
    then, and how to have it otherwise."""

    expiring: bool
    reason: str
    message: str


def notice(ladder: Ladder, now: datetime) -> Notice:
    """What to tell now of a cluster that does not live for ever."""
    warning = ladder.warned_by(now)
    left = f"less than {durationpy.to_str(warning)} left: " if warning is not None else ""
    end = format_time(ladder.ends_at)
    if not ladder.is_over(now):
        text = f"{left}its lifetime is over at {end}, then {_then(ladder)}; {_instead(ladder, 'keep it')}"
        return Notice(warning is not None, "EndsSoon" if warning is not None else "NotYet", text)
    over = f"its lifetime was over at {end}"
    if ladder.deletes_at is None:
        return Notice(True, "Over", f"{over}; {_then(ladder)}; {_instead(ladder, 'wake it')}")
    deletion = f"it is deleted at {format_time(ladder.deletes_at)}"
    reason = "DeletedSoon" if warning is not None else "Over"
    return Notice(True, reason, f"{left}{over}, and {deletion}; {_instead(ladder, 'wake and keep it')}")


def _then(ladder: Ladder) -> str:
    if ladder.protected:
        return "it sleeps, and is not deleted as long as spec.deletionProtection is set"
    if ladder.deletes_at is None:
        return "it sleeps"
    return f"it sleeps until it is deleted at {format_time(ladder.deletes_at)}" if ladder.sleeps else "it is deleted"


def _instead(ladder: Ladder, purpose: str) -> str:
    if ladder.longest and lifetime.parse(ladder.lifetime) >= lifetime.parse(ladder.longest):
        return f"it cannot be extended: {ladder.longest} is the most that this tenant may have"
    bound = f", {ladder.longest} at most" if ladder.longest else ""
    return f"to {purpose}, raise spec.lifetime, which counts from when it was made: {ladder.lifetime} now{bound}"
