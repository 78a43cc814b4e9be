"""`/cluster extend NAME DURATION`: a later end."""

from __future__ import annotations

from bot import cards, change_forms, entries, offers, replies, text
from bot.answers import Answer, FormAnswer, Say
from bot.blocks import Block, Option
from bot.change_forms import Menu
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import edits, lifetime
from provisioning.model import ClusterSpec


def run(call: Call) -> Answer:
    """Ask for it at once, or show by how much it may be."""
    found = changing.meant(call, COMMAND.line, words=2)
    if isinstance(found, Say):
        return found
    cluster, by = found[1], None
    if call.words[1:]:
        by = entries.span(call.words[1])
        if by is None:
            return Say(cards.say(replies.no_duration(call.words[1])))
    options = _options(call, found)
    spec = edits.prolonged(cluster, by or lifetime.parse(offers.LIFETIMES[0]), now=call.now)
    if spec is None:
        return Say(cards.say(replies.no_end(cluster.meta.name)))
    if by is not None:
        return changing.at_once(call, found, spec)
    if not options:
        longest = found[0].tenant.it.spec.lifetime.longest or ""
        return Say(cards.say(replies.lives_longest(cluster.meta.name, longest)))
    menu = Menu(change_forms.EXTEND, replies.EXTEND_TITLE, "lifetime", replies.LONGER_BY, options)
    return changing.pick(call, found, menu, spec)


async def changed(form: Filled) -> Block:
    """The form with what the later end comes to."""
    found = changing.reread(form)
    return await changing.relooked(form, found, _longer(form, found))


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the later end."""
    found = changing.reread(form)
    return await changing.send(form, found, _longer(form, found), otherwise="lifetime")


def _longer(form: Filled, found: Found) -> ClusterSpec | None:
    by = entries.span(entries.chosen(form.values, "lifetime"))
    return edits.prolonged(found[1], by, now=form.now) if by else None


def _options(call: Call, found: Found) -> tuple[Option, ...]:
    """By how much it may live longer, each with the end that this comes to, within what the tenant may have."""
    place, cluster = found
    longest, options = place.tenant.it.spec.lifetime.longest, []
    for each in offers.LIFETIMES:
        spec = edits.prolonged(cluster, lifetime.parse(each), now=call.now)
        end = lifetime.ends_at(cluster.meta.created or call.now, spec) if spec else None
        if spec is None or end is None or not spec.lifetime:
            continue
        if not longest or lifetime.parse(spec.lifetime) <= lifetime.parse(longest):
            options.append(Option(each, text.lifetime(each), replies.until(text.plain_moment(end, call.zone))))
    return tuple(options)


COMMAND = Command(
    name="extend",
    summary="Let a cluster live longer. One that sleeps because its time was over wakes by that.",
    usage="[TENANT/]NAME [DURATION]",
    examples=("/cluster extend build-7 24h", "/cluster extend build-7"),
    run=run,
    forms=(Form(change_forms.EXTEND, submitted, changed),),
)
