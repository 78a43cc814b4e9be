"""Which cluster a command is about, where none was named: one of one's own to choose from, then the command goes on.

Shared by every command whose line begins with a cluster.
"""

from __future__ import annotations

import hashlib
import json

from bot import blocks, cards, entries, forms, replies
from bot.answers import Errors, FormAnswer, Open, Replace, Say
from bot.blocks import Option
from bot.commands import finding
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from bot.ports import Desk
from provisioning.model import Person

VALUE_LONGEST = 75
"""Characters of an option's value that every Slack takes."""


def which(call: Call, command: Command) -> Say | Open:
    """The form with one's clusters, or how the command goes when there is none."""
    menu = options(call.desk, call.person)
    if not menu:
        return Say(cards.say(replies.which_cluster(command.line)))
    view = blocks.modal(
        CALLBACK,
        title=replies.WHICH_TITLE,
        blocks=[
            blocks.context(replies.choose_for(command.line)),
            blocks.field("cluster", replies.CLUSTER, blocks.select(menu)),
        ],
        submit=replies.GO_ON,
        close=replies.CANCEL,
        metadata=json.dumps({"command": command.name}),
    )
    return Open(view)


def options(desk: Desk, person: Person) -> tuple[Option, ...]:
    """The clusters that somebody has to do with, by name."""
    found = sorted(finding.clusters_of(desk, person), key=lambda it: (it[1].meta.name, it[1].key))
    return tuple(Option(_value(it), it[1].meta.name, it[0].label) for it in found)


async def submitted(form: Filled) -> FormAnswer:
    """What the command answers about the one that was chosen."""
    # Late, because the tuple of all commands holds this form too.
    from bot import commands

    chosen = entries.chosen(form.values, "cluster")
    meant = next((it for it in finding.clusters_of(form.desk, form.person) if _value(it) == chosen), None)
    if meant is None:
        return Errors({"cluster": replies.PLEASE_CHOOSE})
    line = f"{json.loads(form.metadata)['command']} {'/'.join(meant[1].key)}"
    answer = commands.answer(line, desk=form.desk, person=form.person, now=form.now)
    done = await commands.carry_out(answer, desk=form.desk, team=form.team, key=form.id)
    return Replace(done.view if isinstance(done, Open) else forms.shown(done.card))


def _value(found: Found) -> str:
    """What stands for a cluster in the menu: its place and name, or a hash of them where that is too long."""
    key = "/".join(found[1].key)
    return key if len(key) <= VALUE_LONGEST else hashlib.sha256(key.encode()).hexdigest()


CALLBACK = "cluster_which"
FORM = Form(CALLBACK, submitted)
