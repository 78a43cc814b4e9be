"""`/cluster protect NAME`: nobody deletes it, until that is taken back."""

from __future__ import annotations

from bot import change_forms
from bot.answers import Answer
from bot.commands import protecting
from bot.commands.command import Call, Command


def run(call: Call) -> Answer:
    """Say what it means, and ask for it."""
    return protecting.opened(call, COMMAND.line, protecting.protection, protected=True)


COMMAND = Command(
    name="protect",
    summary="Keep a cluster from being deleted, by anybody and by the end of its lifetime.",
    usage="[TENANT/]NAME",
    examples=("/cluster protect build-7",),
    run=run,
    forms=(protecting.form(change_forms.PROTECT, protected=True),),
)
