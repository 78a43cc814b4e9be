"""Every command, in the order of the help. A new one is a file here and a line in `COMMANDS`.

Dispatch, help, the forms' handlers and the Slack app's manifest all follow from this tuple.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from bot import cards, offers, replies, topics
from bot.answers import Answer, Ask, Nudge, Open, Revoke, Say, StopDelegating, TakeBack, TryAgain
from bot.commands import choosing, grouping
from bot.commands.access import COMMAND as ACCESS
from bot.commands.access import take_away
from bot.commands.addons import COMMAND as ADDONS
from bot.commands.again import COMMAND as AGAIN
from bot.commands.asking import ask_at_once, remind, take_back, try_again
from bot.commands.cancel import COMMAND as CANCEL
from bot.commands.command import Call, Command, Form, Held
from bot.commands.create import COMMAND as CREATE
from bot.commands.delegate import COMMAND as DELEGATE
from bot.commands.delegating import stop
from bot.commands.delete import COMMAND as DELETE
from bot.commands.details import COMMAND as DETAILS
from bot.commands.edit import COMMAND as EDIT
from bot.commands.extend import COMMAND as EXTEND
from bot.commands.help import COMMAND as HELP
from bot.commands.hibernate import COMMAND as HIBERNATE
from bot.commands.list import COMMAND as LIST
from bot.commands.nudge import COMMAND as NUDGE
from bot.commands.protect import COMMAND as PROTECT
from bot.commands.quota import COMMAND as QUOTA
from bot.commands.requests import COMMAND as REQUESTS
from bot.commands.resize import COMMAND as RESIZE
from bot.commands.retry import COMMAND as RETRY
from bot.commands.scale import COMMAND as SCALE
from bot.commands.show import COMMAND as SHOW
from bot.commands.unprotect import COMMAND as UNPROTECT
from bot.commands.upgrade import COMMAND as UPGRADE
from bot.commands.wake import COMMAND as WAKE
from bot.commands.withdraw import COMMAND as WITHDRAW
from bot.ports import Desk
from provisioning.model import Person

__all__ = [
    *("COMMANDS", "FORMS", "SLASH", "Call", "Command", "Form"),
    *("answer", "carry_out", "held", "shortcut_id", "shortcut_line"),
]

SLASH = "/cluster"
COMMANDS: tuple[Command, ...] = (
    CREATE,
    LIST,
    SHOW,
    DETAILS,
    SCALE,
    RESIZE,
    UPGRADE,
    ADDONS,
    EXTEND,
    HIBERNATE,
    WAKE,
    RETRY,
    ACCESS,
    PROTECT,
    UNPROTECT,
    DELETE,
    QUOTA,
    REQUESTS,
    EDIT,
    NUDGE,
    WITHDRAW,
    CANCEL,
    AGAIN,
    DELEGATE,
    HELP,
)
FORMS: tuple[Form, ...] = (*choosing.FORMS, *(form for command in COMMANDS for form in command.forms))


_SHORTCUT = "cluster-"


def shortcut_id(command: Command) -> str:
    """What Slack calls a command's shortcut when somebody takes it."""
    return f"{_SHORTCUT}{command.name}"


def shortcut_line(callback: str) -> str:
    """The line that a shortcut stands for."""
    return callback.removeprefix(_SHORTCUT)


async def held(line: str, *, desk: Desk, person: Person, now: datetime) -> Held:
    """The user groups of Slack by which this person decides, as far as `/cluster <line>` asks for them."""
    first, *words = line.split() or [HELP.name]
    found = _named(first)
    if found is None or found.deciding is None:
        return Held()
    call = Call(desk=desk, person=person, now=now, words=tuple(words))
    return await grouping.held(desk, person, found.deciding(call))


def answer(
    line: str, *, desk: Desk, person: Person, now: datetime, zone: tzinfo = UTC, held: Held | None = None
) -> Answer:
    """What to answer to `/cluster <line>`; `zone` is in which this person reads, `held` by which groups they decide."""
    first, *words = line.split() or [HELP.name]
    found = _named(first)
    if found is None:
        return Say(cards.say(replies.no_such_command(first, _meant(first.lower()))))
    call = Call(desk=desk, person=person, now=now, words=tuple(words), zone=zone, held=held or Held())
    if not words and found.needs_cluster:
        return choosing.which(call, found)
    if not words and found.choice:
        return choosing.which_request(call, found, found.choice)
    return found.run(call)


def _named(word: str) -> Command | None:
    return next((command for command in COMMANDS if command.name == word.lower()), None)


def _meant(word: str) -> str:
    """What somebody may mean by a word that is no command: what is called otherwise here, a topic, what is close."""
    if command := next((each for each in COMMANDS if word in each.also), None):
        return command.name
    if topic := topics.of(word):
        return f"{HELP.name} {topic.name}"
    return offers.suggestion(word, (command.name for command in COMMANDS))


async def carry_out(answer: Answer, *, desk: Desk, team: str, key: str, zone: tzinfo) -> Say | Open:
    """What is left to show of an answer once what it asks for is done. `key` is this very command's, within `team`, and
    `zone` that of whoever gave it."""
    if isinstance(answer, Ask):
        return await ask_at_once(desk, answer.wish, team=team, key=key, zone=zone)
    if isinstance(answer, TakeBack):
        return await take_back(desk, answer)
    if isinstance(answer, Nudge):
        return await remind(desk, answer)
    if isinstance(answer, StopDelegating):
        return await stop(desk, answer)
    if isinstance(answer, TryAgain):
        return await try_again(desk, answer)
    if isinstance(answer, Revoke):
        return await take_away(desk, answer)
    return answer
