"""`/cluster hibernate NAME`: no workers and no running control plane, and everything stored is kept."""

from __future__ import annotations

from bot.answers import Answer, Say
from bot.commands import changing
from bot.commands.command import Call, Command
from provisioning import edits


def run(call: Call) -> Answer:
    """Ask for it at once: it can be woken again."""
    found = changing.meant(call, COMMAND.line, words=1)
    if isinstance(found, Say):
        return found
    return changing.at_once(call, found, edits.asleep(found[1].it.spec))


COMMAND = Command(
    name="hibernate",
    also=("sleep", "stop", "pause", "suspend"),
    summary="Put a cluster to sleep: its workers go, its control plane stops, what it has stored is kept.",
    usage="[TENANT/]NAME",
    examples=("/cluster hibernate build-7",),
    run=run,
)
