"""`/cluster help`: every command with an example, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Sequence

from bot import blocks, cards, replies
from bot.answers import Say
from bot.cards import Card
from bot.commands.command import Call, Command


def page(commands: Sequence[Command]) -> Card:
    """The whole help."""
    parts = [blocks.section(replies.HELP_INTRO)]
    parts += [blocks.section(replies.help_entry(each.line, each.summary, each.examples)) for each in commands]
    return cards.card([*parts, blocks.context(replies.HELP_WITHOUT_SLACK)])


def run(call: Call) -> Say:
    # Late, because the tuple of all commands holds this one too.
    from bot.commands import COMMANDS

    return Say(page(COMMANDS))


COMMAND = Command(
    name="help",
    summary="Say what I can do.",
    usage="",
    examples=("/cluster help",),
    run=run,
)
