"""`/cluster wake NAME`: awake again, for good, for a while or through one sleep."""

from __future__ import annotations

from bot import cards, change_forms, entries, offers, replies, text
from bot.answers import Answer, FormAnswer, Say
from bot.blocks import Block
from bot.change_forms import Menu
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import edits, lifetime
from provisioning.model import ClusterSpec

TONIGHT = "tonight"
"""Through the sleep that its schedules have now, or next."""
SPANS = ("2h", "4h", "8h", "24h")
"""How long a cluster may be kept awake by the form. A line takes any duration."""


def run(call: Call) -> Answer:
    """Ask for it at once; with a form where a schedule would have it asleep again."""
    found = changing.meant(call, COMMAND.line, words=2)
    if isinstance(found, Say):
        return found
    place, cluster = found
    name, awake_for = cluster.meta.name, None
    if call.words[1:] == (TONIGHT,):
        skipped = edits.sleepless(cluster.it.spec, now=call.now)
        if skipped is None:
            return Say(cards.say(replies.no_sleep_to_skip(name)))
        return changing.at_once(call, found, skipped)
    if call.words[1:]:
        awake_for = lifetime.typed(call.words[1])
        if awake_for is None:
            return Say(cards.say(replies.no_duration(call.words[1])))
        if not cluster.it.spec.hibernation.schedules:
            return Say(cards.say(replies.no_schedule(name)))
    policy = place.tenant.it.spec.lifetime
    spec, rest = edits.awake(cluster, policy, awake_for, now=call.now)
    if not rest.asleep:
        return changing.at_once(call, found, spec)
    if rest.is_over:
        return Say(cards.say(replies.sleeps_for_good(name, text.in_zone(rest.why, call.zone))))
    options = tuple(offers.lifetime_option(each, now=call.now, zone=call.zone) for each in SPANS)
    menu = Menu(
        change_forms.WAKE,
        replies.WAKE_TITLE,
        "awake",
        replies.AWAKE_FOR,
        options,
        hint=replies.AWAKE_HINT,
        told=replies.asleep_by_schedule(text.moment(rest.changes_at) if rest.changes_at else ""),
    )
    return changing.pick(call, found, menu, spec)


async def changed(form: Filled) -> Block:
    """The form with what so many hours awake come to."""
    found = changing.reread(form)
    return await changing.relooked(form, found, _awake(form, found))


async def submitted(form: Filled) -> FormAnswer:
    """Ask for so many hours awake, from now on."""
    found = changing.reread(form)
    return await changing.send(form, found, _awake(form, found), otherwise="awake")


def _awake(form: Filled, found: Found) -> ClusterSpec | None:
    place, cluster = found
    awake_for = lifetime.typed(entries.chosen(form.values, "awake"))
    return edits.awake(cluster, place.tenant.it.spec.lifetime, awake_for, now=form.now)[0] if awake_for else None


COMMAND = Command(
    name="wake",
    also=("resume", "unpause", "start"),
    summary=(
        "Wake a cluster that sleeps. With a time it stays awake so long, whatever its schedules say; "
        "with tonight it skips its next sleep, once."
    ),
    usage="[TENANT/]NAME [TIME]",
    examples=("/cluster wake build-7", "/cluster wake build-7 2h", "/cluster wake build-7 tonight"),
    run=run,
    forms=(Form(change_forms.WAKE, submitted, changed),),
)
