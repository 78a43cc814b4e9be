"""`/cluster nudge REQUEST`: have everybody reminded who may decide, once an hour at most."""

from __future__ import annotations

from bot import replies
from bot.answers import Answer, Nudge, Say
from bot.commands import own_requests
from bot.commands.command import Call, Choice, Command, Mine
from provisioning import reminders


def run(call: Call) -> Answer:
    """Of one's own requests the one meant."""
    found = own_requests.the_waiting(call, COMMAND.line, own_requests.pending(call))
    if isinstance(found, Say):
        return found
    return Nudge(call.person, found[1].meta.namespace, found[1].meta.name)


def _due(call: Call) -> list[Mine]:
    """Those that wait and were not nudged a moment ago."""
    return [each for each in own_requests.pending(call) if reminders.may_nudge(each[1], call.now)]


COMMAND = Command(
    name="nudge",
    also=("remind", "ping"),
    summary="Remind everybody who may decide about a request of yours. Once an hour at most.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster nudge build-7",),
    run=run,
    choice=Choice(_due, replies.NOTHING_TO_NUDGE),
)
