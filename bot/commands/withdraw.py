"""`/cluster withdraw REQUEST`: take a request back that nobody has decided yet, or that waits for room."""

from __future__ import annotations

from bot import replies
from bot.answers import Answer, Say, TakeBack
from bot.commands import own_requests
from bot.commands.command import Call, Choice, Command


def run(call: Call) -> Answer:
    """Of those that one may take back the one meant."""
    found = own_requests.the_waiting(call, COMMAND.line, own_requests.withdrawable(call), gone=True)
    if isinstance(found, Say):
        return found
    return TakeBack(call.person, found[1].meta.namespace, found[1].meta.name)


COMMAND = Command(
    name="withdraw",
    also=("undo",),
    summary="Take back a request that waits, for a decision or for room: yours, or that of somebody who is gone.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster withdraw build-7",),
    run=run,
    choice=Choice(own_requests.withdrawable, replies.NOTHING_TO_WITHDRAW),
)
