"""Which cluster, or which request of one's own, a command is about where none was named: one chooses, then it goes on.

Shared by every command whose line begins with one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot import blocks, cards, entries, forms, replies, text
from bot.answers import Errors, FormAnswer, Open, Replace, Say
from bot.blocks import Option
from bot.commands import finding
from bot.commands.command import Call, Choice, Command, Filled, Form, Held, Meant
from bot.ports import Desk
from provisioning import people, stage
from provisioning.model import Person, TenantCluster
from provisioning.objects import Stored

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
    menu = _offered(theirs, call)
    if not menu:
        return Say(cards.say(theirs.none))
    title, label = replies.WHICH_REQUEST_TITLE, replies.REQUEST
    if theirs.by_cluster:
        title, label = replies.WHICH_TITLE, replies.CLUSTER
    field = blocks.field("request", label, blocks.select(menu))
    return _opened(WHICH_REQUEST, title, field, command, groups=sorted(call.held.groups))


def options(desk: Desk, person: Person) -> tuple[Option, ...]:
    """The clusters that somebody has to do with, by name."""
    found = sorted(finding.clusters_of(desk, person), key=lambda it: (it[1].meta.name, it[1].key))
    return tuple(Option(_value(it), it[1].meta.name, it[0].label) for it in found)


def suggested(form: Filled) -> tuple[Option, ...]:
    """What the open form offers of one's own requests, by the groups in which one was when it was opened: here nothing
    may wait for Slack."""
    theirs, groups = _choice(form), json.loads(form.metadata).get("groups", ())
    return _offered(theirs, replace(_call(form), held=Held(frozenset(groups)))) if theirs else ()


async def submitted(form: Filled) -> FormAnswer:
    """What the command answers about the cluster that was chosen."""
    return await _gone_on(form, "cluster", finding.clusters_of(form.desk, form.person))


async def request_submitted(form: Filled) -> FormAnswer:
    """What the command answers about the request that was chosen."""
    from bot import commands  # late, because the tuple of all commands holds these forms too

    theirs = _choice(form)
    held = await commands.held(_command(form), desk=form.desk, person=form.person, now=form.now)
    return await _gone_on(form, "request", theirs.of(replace(_call(form), held=held)) if theirs else (), held)


async def _gone_on(form: Filled, field: str, found: Iterable[Meant], held: Held | None = None) -> FormAnswer:
    from bot import commands  # late, as above

    chosen = entries.chosen(form.values, field)
    meant = next((it for it in found if _value(it) == chosen), None)
    if meant is None:
        return Errors({field: replies.PLEASE_CHOOSE})
    line = f"{_command(form)} {'/'.join(meant[1].key)}"
    answer = commands.answer(line, desk=form.desk, person=form.person, now=form.now, zone=form.zone, held=held)
    done = await commands.carry_out(answer, desk=form.desk, team=form.team, key=form.id, zone=form.zone)
    return Replace(done.view if isinstance(done, Open) else forms.shown(done.card))


def _choice(form: Filled) -> Choice | None:
    from bot import commands  # late, as above

    return next((each.choice for each in commands.COMMANDS if each.name == _command(form)), None)


def _call(form: Filled) -> Call:
    return Call(desk=form.desk, person=form.person, now=form.now, zone=form.zone)


def _offered(theirs: Choice, call: Call) -> tuple[Option, ...]:
    return tuple(_option(it, call.person, by_cluster=theirs.by_cluster) for it in theirs.of(call))


def _command(form: Filled) -> str:
    return str(json.loads(form.metadata)["command"])


def _opened(callback: str, title: str, field: blocks.Block, command: Command, *, groups: Sequence[str] = ()) -> Open:
    view = blocks.modal(
        callback,
        title=title,
        blocks=[blocks.context(replies.choose_for(command.line)), field],
        submit=replies.GO_ON,
        close=replies.CANCEL,
        metadata=json.dumps({"command": command.name, **({"groups": groups} if groups else {})}),
    )
    return Open(view)


def _option(meant: Meant, person: Person, *, by_cluster: bool) -> Option:
    """What the menu says of one to this person, and where it is; by the cluster, how far it is."""
    place, it = meant
    name, found = it.meta.name, it.it
    if isinstance(found, TenantCluster):
        return Option(
            _value(meant), replies.cluster_option(name, stage.of_cluster(Stored(it.meta, found))), place.label
        )
    told = replies.request_option(found.spec.cluster, found.spec.action)
    if by_cluster:
        told = replies.cluster_option(found.spec.cluster, stage.of_request(Stored(it.meta, found), None))
    where = f"{place.label} · {name}"
    if not people.same(found.spec.requester, person):
        where = replies.asked_by_option(where, text.one_line(found.spec.requester.user))
    return Option(_value(meant), told, where)


def _value(found: Meant) -> str:
    """What stands for one in the menu: its place and name, or a hash of them where that is too long."""
    key = "/".join(found[1].key)
    return key if len(key) <= VALUE_LONGEST else hashlib.sha256(key.encode()).hexdigest()


FORMS = (Form(WHICH, submitted), Form(WHICH_REQUEST, request_submitted))
