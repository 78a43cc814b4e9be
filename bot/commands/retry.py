"""`/cluster retry NAME`: try now what would be tried again later anyway."""

from __future__ import annotations

from bot.answers import Answer, Say, TryAgain
from bot.commands import changing
from bot.commands.command import Call, Command


def run(call: Call) -> Answer:
    """At once: nothing is asked of anybody, because nothing changes that somebody has agreed to."""
    found = changing.meant(call, COMMAND.line, words=1)
    if isinstance(found, Say):
        return found
    return TryAgain(call.person, *found[1].key)


COMMAND = Command(
    name="retry",
    summary="Try again to set a cluster up, now: for when what was in the way is gone.",
    usage="[TENANT/]NAME",
    examples=("/cluster retry build-7",),
    run=run,
)
