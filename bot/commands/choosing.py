"""Which cluster, or which request of one's own, a command is about where none was named: one chooses, then it goes on.

Shared by every command whose line begins with one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from bot import blocks, cards, entries, forms, replies
from bot.answers import Errors, FormAnswer, Open, Replace, Say
from bot.blocks import Option
from bot.commands import finding
from bot.commands.command import Call, Choice, Command, Filled, Form, Meant
from bot.ports import Desk
from provisioning.model import Person, TenantCluster

VALUE_LONGEST = 75
"""Characters of an option's value that every Slack takes."""
WHICH, WHICH_REQUEST = "cluster_which", "request_which"


def which(call: Call, command: Command) -> Say | Open:
    """The form with one's clusters, or how the command goes when there is none."""
    menu = options(call.desk, call.person)
    if not menu:
        return Say(cards.say(replies.which_cluster(command.line)))
    field = blocks.field("cluster", replies.CLUSTER, blocks.select(menu))
    return _opened(WHICH, replies.WHICH_TITLE, field, command)


def which_request(call: Call, command: Command, theirs: Choice) -> Say | Open:
    """The form with those of one's own requests that the command may be about, or that there is none."""
    menu = request_options(theirs.of(call))
    if not menu:
        return Say(cards.say(theirs.none))
    field = blocks.field("request", replies.REQUEST, blocks.select(menu))
    return _opened(WHICH_REQUEST, replies.WHICH_REQUEST_TITLE, field, command)


def options(desk: Desk, person: Person) -> tuple[Option, ...]:
    """The clusters that somebody has to do with, by name."""
    found = sorted(finding.clusters_of(desk, person), key=lambda it: (it[1].meta.name, it[1].key))
    return tuple(Option(_value(it), it[1].meta.name, it[0].label) for it in found)


def request_options(mine: Iterable[Meant]) -> tuple[Option, ...]:
    """These requests, and clusters that are not ready yet, as they come."""
    return tuple(Option(_value(it), *_told(it)) for it in mine)


def suggested(form: Filled) -> tuple[Option, ...]:
    """What the open form offers of one's own requests."""
    return request_options(_theirs(form))


async def submitted(form: Filled) -> FormAnswer:
    """What the command answers about the cluster that was chosen."""
    return await _gone_on(form, "cluster", finding.clusters_of(form.desk, form.person))


async def request_submitted(form: Filled) -> FormAnswer:
    """What the command answers about the request that was chosen."""
    return await _gone_on(form, "request", _theirs(form))


async def _gone_on(form: Filled, field: str, found: Iterable[Meant]) -> FormAnswer:
    from bot import commands  # late, because the tuple of all commands holds these forms too

    chosen = entries.chosen(form.values, field)
    meant = next((it for it in found if _value(it) == chosen), None)
    if meant is None:
        return Errors({field: replies.PLEASE_CHOOSE})
    line = f"{_command(form)} {'/'.join(meant[1].key)}"
    answer = commands.answer(line, desk=form.desk, person=form.person, now=form.now, zone=form.zone)
    done = await commands.carry_out(answer, desk=form.desk, team=form.team, key=form.id, zone=form.zone)
    return Replace(done.view if isinstance(done, Open) else forms.shown(done.card))


def _theirs(form: Filled) -> Iterable[Meant]:
    from bot import commands  # late, as above

    found = next((each.choice for each in commands.COMMANDS if each.name == _command(form)), None)
    call = Call(desk=form.desk, person=form.person, now=form.now, zone=form.zone)
    return found.of(call) if found else ()


def _command(form: Filled) -> str:
    return str(json.loads(form.metadata)["command"])


def _opened(callback: str, title: str, field: blocks.Block, command: Command) -> Open:
    view = blocks.modal(
        callback,
        title=title,
        blocks=[blocks.context(replies.choose_for(command.line)), field],
        submit=replies.GO_ON,
        close=replies.CANCEL,
        metadata=json.dumps({"command": command.name}),
    )
    return Open(view)


def _told(meant: Meant) -> tuple[str, str]:
    """What the menu says of one, and where it is."""
    place, it = meant
    if isinstance(it.it, TenantCluster):
        return replies.being_set_up_option(it.meta.name), place.label
    spec = it.it.spec
    return replies.request_option(spec.cluster, spec.action), f"{place.label} · {it.meta.name}"


def _value(found: Meant) -> str:
    """What stands for one in the menu: its place and name, or a hash of them where that is too long."""
    key = "/".join(found[1].key)
    return key if len(key) <= VALUE_LONGEST else hashlib.sha256(key.encode()).hexdigest()


FORMS = (Form(WHICH, submitted), Form(WHICH_REQUEST, request_submitted))
