"""A form that says what it means to protect a cluster, or to take that back. Shared by the two commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot import cards, change_forms, replies, text
from bot.answers import Answer, FormAnswer, Open, Say
from bot.blocks import Block
from bot.change_forms import Notice
from bot.commands import changing
from bot.commands.command import Call, Filled, Form
from bot.commands.finding import Found
from provisioning import edits, lifetime


def opened(call: Call, line: str, notice: Callable[[Found, datetime], Notice], *, protected: bool) -> Answer:
    """The form for the one cluster meant; `line` is how the command goes."""
    found = changing.meant(call, line, words=1)
    if isinstance(found, Say):
        return found
    place, cluster = found
    if cluster.it.spec.deletion_protection is protected:
        return Say(cards.say(replies.unchanged(cluster.meta.name)))
    outlook = changing.guess(call, found, edits.protected(cluster.it.spec, protected))
    return Open(change_forms.consent(notice(found, call.now), cluster, place, outlook=outlook))


def form(callback: str, *, protected: bool) -> Form:
    """The form's life."""

    async def changed(filled: Filled) -> Block:
        found = changing.reread(filled)
        return await changing.relooked(filled, found, edits.protected(found[1].it.spec, protected))

    async def submitted(filled: Filled) -> FormAnswer:
        found = changing.reread(filled)
        desired = edits.protected(found[1].it.spec, protected)
        return await changing.send(filled, found, desired, otherwise="reason")

    return Form(callback, submitted, changed)


def protection(found: Found, _now: datetime) -> Notice:
    """What people read before they ask for it."""
    spec, name = found[1].it.spec, found[1].meta.name
    told = replies.protection_means(name, bool(spec.lifetime))
    return Notice(change_forms.PROTECT, replies.PROTECT_TITLE, told)


def unprotection(found: Found, now: datetime) -> Notice:
    """The same of taking it back: when the cluster goes then."""
    place, cluster = found
    spec, created = edits.protected(cluster.it.spec, False), cluster.meta.created or now
    ladder = lifetime.ladder(created, spec, place.tenant.it.spec.lifetime)
    deletes = text.moment(ladder.deletes_at) if ladder and ladder.deletes_at else ""
    at_once = ladder is not None and ladder.is_due(now)
    told = replies.unprotection_means(cluster.meta.name, deletes, at_once=at_once)
    return Notice(change_forms.UNPROTECT, replies.UNPROTECT_TITLE, told)
