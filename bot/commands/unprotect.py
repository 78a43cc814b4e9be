"""`/cluster unprotect NAME`: it can be deleted again. Somebody else has to agree to that."""

from __future__ import annotations

from bot import change_forms
from bot.answers import Answer
from bot.commands import protecting
from bot.commands.command import Call, Command


def run(call: Call) -> Answer:
    """Say what follows, and ask for it."""
    return protecting.opened(call, COMMAND.line, protecting.unprotection, protected=False)


COMMAND = Command(
    name="unprotect",
    summary="Take a cluster's deletion protection off. Somebody else always has to agree.",
    usage="[TENANT/]NAME",
    examples=("/cluster unprotect build-7",),
    run=run,
    forms=(protecting.form(change_forms.UNPROTECT, protected=False),),
)
