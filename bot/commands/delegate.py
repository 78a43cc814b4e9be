"""`/cluster delegate @kim until Fri`: somebody else decides instead of an approver, for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot import blocks, buttons, cards, delegate_forms, delegations, entries, forms, lines, offers, replies, text
from bot.answers import Answer, Errors, FormAnswer, Open, Say, StopDelegating
from bot.cards import Card
from bot.commands import delegating
from bot.commands.command import Call, Command, Filled, Form
from bot.delegate_forms import Entered
from bot.ends import ends
from provisioning import people, seats

SHOW, STOP = "show", "stop"
OWN, OTHERS = 12, 20
"""How many delegations are listed: one's own, and those made to one."""


def run(call: Call) -> Answer:
    """The form, filled with what the line says; or what there is, or its end."""
    verb, *names = (word.lower() for word in call.words or ("",))
    if verb == SHOW and not names:
        return Say(_shown(call))
    if verb == STOP:
        return _stopped(call, names)
    if not delegate_forms.places(call.desk, call.person):
        listed = any(people.approves_some(t.it.spec, call.person) for t in call.desk.approvals_of(call.person))
        return Say(cards.say(replies.DELEGATED_AT_TERMINAL if listed else replies.NOT_LISTED))
    entered = _entered(call)
    if isinstance(entered, Say):
        return entered
    return Open(delegate_forms.form(call.person, entered, desk=call.desk, now=call.now, zone=call.zone))


async def submitted(form: Filled) -> FormAnswer:
    """Have it noted, or say at each field what is wrong with it."""
    known = {option.value for option in delegate_forms.options(form.desk, form.person)}
    if not known:
        return forms.replaced(replies.NOT_LISTED)
    only = str(json.loads(form.metadata or "{}").get("tenant", ""))
    tenants = known.intersection([only] if only else entries.chosen_all(form.values, "tenants"))
    if only and not tenants:
        return forms.replaced(replies.NOT_LISTED)
    delegate, until = form.desk.person(entries.person(form.values, "who")), entries.moment(form.values, "until")
    faults = delegate_forms.faults(form.person, delegate, until, tenants, now=form.now)
    if faults or delegate is None or until is None:
        return Errors(faults)
    reason = entries.typed(form.values, "reason")
    return await delegating.delegate(form, delegate, tenants=tenants, until=until, reason=reason)


def _shown(call: Call) -> Card:
    parts = delegations.told(call.person, call.desk, call.now, own=OWN, others=OTHERS)
    parts = parts or [blocks.section(replies.NO_DELEGATION)]
    parts += map(blocks.context, delegations.not_heard(call.person, call.desk))
    if delegate_forms.places(call.desk, call.person):
        spoken = replies.HAVE_SOMEBODY_DECIDE_SPOKEN
        parts.append(blocks.actions(buttons.run(replies.HAVE_SOMEBODY_DECIDE, COMMAND.name, spoken=spoken)))
    return cards.card(parts)


def _stopped(call: Call, names: Sequence[str]) -> Answer:
    mine, _ = delegations.of(call.person, call.desk, call.now)
    held = (call.desk.tenant_of(namespace) for each in mine for namespace in each.namespaces)
    known = {tenant.meta.name for tenant in (*call.desk.approvals_of(call.person), *held) if tenant}
    strange = next((name for name in names if name not in known), "")
    if strange:
        suggestion = offers.suggestion(strange, known)
        return Say(cards.say(replies.no_such_choice(replies.TENANT.lower(), strange, suggestion)))
    return StopDelegating(call.person, tuple(names))


def _entered(call: Call) -> Entered | Say:
    """What the line says, or what is wrong with it."""
    words = [word for word in call.words if word.lower() != "until"]
    if len(words) > 2:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    who, until = ([*words, "", ""])[:2]
    account, end = lines.account(who), ends(until, now=call.now, zone=call.zone) if until else None
    delegate = call.desk.person(account) if account else None
    wrong = ""
    if who and not account:
        wrong = replies.no_person(who)
    elif who and delegate is None:
        wrong = replies.no_delegate(text.mention(account))
    elif delegate is not None and people.same(delegate, call.person):
        wrong = replies.DELEGATE_YOURSELF
    elif until and (end is None or end <= call.now):
        wrong = replies.no_such_end(until)
    elif end is not None and end > call.now + seats.LONGEST:
        wrong = replies.end_too_far(seats.LONGEST.days)
    return Say(cards.say(wrong)) if wrong else Entered(account, end)


COMMAND = Command(
    name="delegate",
    summary="Have somebody else decide instead of you about requests, for a while; show who does, or stop it.",
    usage="[@PERSON [DURATION or until DAY]], or show, or stop [TENANT …]",
    examples=("/cluster delegate @kim until Fri", "/cluster delegate @kim 3d", "/cluster delegate show"),
    run=run,
    forms=(Form(delegate_forms.DELEGATE, submitted),),
)
