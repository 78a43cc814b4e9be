"""`/cluster extend NAME DURATION`: a later end."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import blocks, buttons, cards, change_forms, entries, offers, replies, text
from bot.answers import Answer, FormAnswer, Say
from bot.blocks import Block, Option
from bot.change_forms import Menu
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import approval, edits, lifetime
from provisioning.model import ClusterSpec

_LEAST = timedelta(minutes=1)
"""Less is nothing to have somebody approve."""


def run(call: Call) -> Answer:
    """Ask for it at once, or show by how much it may be."""
    found = changing.meant(call, COMMAND.line, words=2)
    if isinstance(found, Say):
        return found
    place, cluster = found
    policy, by = place.tenant.it.spec.lifetime, lifetime.typed(call.words[1]) if call.words[1:] else None
    if call.words[1:] and (by is None or by < _LEAST):
        return Say(cards.say(replies.no_duration(call.words[1])))
    options = _options(call, found)
    least = by or lifetime.parse(options[0].value if options else offers.LIFETIMES[0])
    spec = edits.prolonged(cluster, least, now=call.now)
    if spec is None:
        return Say(cards.say(replies.no_end(cluster.meta.name)))
    if by is not None:
        room = edits.room_to_live(cluster, policy, now=call.now)
        return _too_long(call, found) if room is not None and by > room else changing.at_once(call, found, spec)
    if not options:
        return Say(cards.say(replies.lives_longest(cluster.meta.name, policy.longest or "")))
    told = "\n".join(filter(None, (_most(call, found), _free(call, found, spec))))
    menu = Menu(change_forms.EXTEND, replies.EXTEND_TITLE, "lifetime", replies.LONGER_BY, options, told=told)
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
    by, place = lifetime.typed(entries.chosen(form.values, "lifetime")), found[0]
    # Of what is over, the most that there is has become less since the form was opened.
    room = edits.room_to_live(found[1], place.tenant.it.spec.lifetime, now=form.now)
    return edits.prolonged(found[1], min(by, room) if room else by, now=form.now) if by else None


def _options(call: Call, found: Found) -> tuple[Option, ...]:
    """By how much it may live longer, each with the end that this comes to: what one mostly wants, and the most."""
    room = edits.room_to_live(found[1], found[0].tenant.it.spec.lifetime, now=call.now)
    spans = [each for each in offers.LIFETIMES if room is None or lifetime.parse(each) <= room]
    options = [_option(call, found, each, text.lifetime(each)) for each in spans]
    if room and room not in map(lifetime.parse, spans):
        options.append(_option(call, found, _typed(room), replies.THE_MOST))
    return tuple(option for option in options if option)


def _option(call: Call, found: Found, by: str, label: str) -> Option | None:
    end = _ends_with(call, found, lifetime.parse(by))
    return Option(by, label, replies.until(text.plain_moment(end, call.zone))) if end else None


def _ends_with(call: Call, found: Found, by: timedelta) -> datetime | None:
    """When it would end if it lived so much longer."""
    cluster = found[1]
    spec = edits.prolonged(cluster, by, now=call.now)
    return lifetime.ends_at(cluster.meta.created or call.now, spec) if spec else None


def _most(call: Call, found: Found) -> str:
    """Until when it can live at most."""
    policy = found[0].tenant.it.spec.lifetime
    room = edits.room_to_live(found[1], policy, now=call.now)
    end = _ends_with(call, found, room) if room is not None else None
    return replies.may_live(policy.longest or "", text.moment(end)) if end else replies.MAY_LIVE_FOR_EVER


def _free(call: Call, found: Found, spec: ClusterSpec) -> str:
    """The rule by which nobody has to agree to any of it; who has to otherwise, the form says below."""
    rule = changing.guess(call, found, spec).waiver
    return replies.extension_free(rule) if rule and rule != approval.NOBODY else ""


def _too_long(call: Call, found: Found) -> Say:
    """Why not, and the most that is possible in one press."""
    place, cluster = found
    name, policy = cluster.meta.name, place.tenant.it.spec.lifetime
    room = edits.room_to_live(cluster, policy, now=call.now)
    end = _ends_with(call, found, room) if room else None
    if room is None or end is None:
        return Say(cards.say(replies.lives_longest(name, policy.longest or "")))
    by = _typed(room)
    most = buttons.run(
        replies.extend_by(text.lifetime(by)),
        f"extend {'/'.join(cluster.key)} {by}",
        spoken=replies.extend_spoken(name, text.lifetime(by)),
        style="primary",
    )
    told = replies.longer_than_most(name, policy.longest or "", text.moment(end))
    return Say(cards.card([blocks.section(told), blocks.actions(most)]))


def _typed(span: timedelta) -> str:
    """In whole minutes, as the line takes it."""
    return lifetime.spell(timedelta(minutes=span // timedelta(minutes=1)))


COMMAND = Command(
    name="extend",
    also=("prolong", "renew"),
    summary="Let a cluster live longer. One that sleeps because its time was over wakes by that.",
    usage="[TENANT/]NAME [DURATION]",
    examples=("/cluster extend build-7 24h", "/cluster extend build-7"),
    run=run,
    forms=(Form(change_forms.EXTEND, submitted, changed),),
)
