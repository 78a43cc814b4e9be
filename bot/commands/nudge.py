"""`/cluster nudge REQUEST`: have everybody reminded who may decide, once an hour at most."""

from __future__ import annotations

from bot.answers import Answer, Nudge, Say
from bot.commands import own_requests
from bot.commands.command import Call, Command


def run(call: Call) -> Answer:
    """Of one's own requests the one meant."""
    found = own_requests.waiting(call, COMMAND.line)
    if isinstance(found, Say):
        return found
    return Nudge(call.person, found[1].meta.namespace, found[1].meta.name)


COMMAND = Command(
    name="nudge",
    summary="Remind everybody who may decide about a request of yours. Once an hour at most.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster nudge build-7",),
    run=run,
)
