"""`/cluster withdraw REQUEST`: take a request back that nobody has decided yet, or that waits for room."""

from __future__ import annotations

from bot.answers import Answer, Say, TakeBack
from bot.commands import own_requests
from bot.commands.command import Call, Command


def run(call: Call) -> Answer:
    """Of one's own requests the one meant."""
    found = own_requests.waiting(call, COMMAND.line, for_room=True)
    if isinstance(found, Say):
        return found
    return TakeBack(call.person, found[1].meta.namespace, found[1].meta.name)


COMMAND = Command(
    name="withdraw",
    summary="Take back a request of yours that nobody has decided yet, or that waits for room.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster withdraw build-7",),
    run=run,
)
