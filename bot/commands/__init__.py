"""Every command, in the order of the help. A new one is a file here and a line in `COMMANDS`.

Dispatch, help, the forms' handlers and the Slack app's manifest all follow from this tuple.
"""

from __future__ import annotations

from bot import cards, offers, replies
from bot.answers import Answer, Say
from bot.commands.command import Call, Command, Form
from bot.commands.create import COMMAND as CREATE
from bot.commands.delete import COMMAND as DELETE
from bot.commands.help import COMMAND as HELP
from bot.commands.list import COMMAND as LIST
from bot.commands.show import COMMAND as SHOW
from bot.ports import Desk
from provisioning.model import Person

__all__ = ["COMMANDS", "FORMS", "SLASH", "Call", "Command", "Form", "answer"]

SLASH = "/cluster"
COMMANDS: tuple[Command, ...] = (CREATE, LIST, SHOW, DELETE, HELP)
FORMS: tuple[Form, ...] = tuple(form for command in COMMANDS for form in command.forms)


def answer(line: str, *, desk: Desk, person: Person) -> Answer:
    """What to answer to `/cluster <line>`."""
    first, *words = line.split() or [HELP.name]
    found = next((command for command in COMMANDS if command.name == first.lower()), None)
    if found is None:
        suggestion = offers.suggestion(first, (command.name for command in COMMANDS))
        return Say(cards.say(replies.no_such_command(first, suggestion)))
    return found.run(Call(desk=desk, person=person, words=tuple(words)))
