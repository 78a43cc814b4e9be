"""`/cluster create`: the form, its live quota, and the request it becomes."""

from __future__ import annotations

import json
from dataclasses import replace

from bot import cards, entries, forms, offers, replies, words
from bot.answers import Answer, Errors, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import naming, outlooks
from bot.commands.asking import ask
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.naming import Names
from bot.entries import Draft
from bot.offers import Place
from bot.outlook import Outlook
from provisioning import completion, errors, shape
from provisioning.model import Action


def run(call: Call) -> Answer:
    """Open the form at once, from caches, with what was written behind the command filled in."""
    places = offers.places(call.desk.tenants_of(call.person))
    if not places:
        return Say(cards.say(replies.NO_TENANT))
    started = _start(call, places)
    if isinstance(started, Say):
        return started
    return opened(call, *started)


def opened(call: Call, place: Place, draft: Draft, *, replaces: str = "") -> Answer:
    """The form with this draft in it, drawn from caches; `replaces` is a request whose place it is to take."""
    catalog, places = call.desk.catalog(), offers.places(call.desk.tenants_of(call.person))
    if not offers.flavors(place.tenant, catalog) or not offers.versions(place.tenant, catalog):
        return Say(cards.say(replies.nothing_on_offer(place.label)))
    draft = entries.filled(draft, place, catalog, zone=call.zone)
    names = naming.names(call.desk, place.tenant.meta.name, place.namespace, besides=replaces)
    outlook = _named(call, draft, _guess(call, place, draft), names)
    return Open(_drawn(call, places, place, draft, outlook))


async def changed(form: Filled) -> Block:
    """The form with the numbers of what stands in it now: the API server's own verdict, under a name that is free where
    the one that is typed, if one is, is not to be had."""
    places, place, draft = _read(form)
    draft = entries.filled(draft, place, form.desk.catalog(), zone=form.zone)
    names, outlook = _names(form, place), _guess(form, place, draft)
    if not entries.faults(draft):
        wish = entries.wish(replace(draft, name=names.free(draft.name)), person=form.person, place=place)
        outlook = await outlooks.verdict(form.desk, wish, outlook, now=form.now)
    return _drawn(form, places, place, draft, _named(form, draft, outlook, names))


async def submitted(form: Filled) -> FormAnswer:
    """Errors at their fields, or the request written and the form a receipt."""
    _, place, draft = _read(form)
    names, faults = _names(form, place), entries.faults(draft)
    taken = names.taken(draft.name)
    # What waits for one's own wish may be that very wish: that is found out when it is asked for.
    if taken and not taken.by(form.person):
        faults["name"] = taken.told(form.person, form.zone)
    if faults:
        return Errors(faults)
    wish = entries.wish(draft, person=form.person, place=place)
    answer = await ask(form, wish, fields=forms.inputs(form.view), otherwise="name")
    unfit = names.unfit(draft.name)
    return _with_a_free_name(unfit, answer, draft.name) if unfit and isinstance(answer, Errors) else answer


def _with_a_free_name(unfit: str, answer: Errors, name: str) -> Errors:
    """The same, with the free name in place of what else is said of this one."""
    told = {problem.message for problem in shape.name_problems(name)}
    rest = [line for line in answer.fields.get("name", "").split("\n") if line and line not in told]
    return Errors({**answer.fields, "name": "\n".join((unfit, *rest))[: entries.ERROR_LONGEST]})


def _start(call: Call, places: tuple[Place, ...]) -> tuple[Place, Draft] | Say:
    """The words behind the command -> where and what, or what to say about a word that fits nothing."""
    where, _, name = call.words[0].rpartition("/") if call.words else ("", "", "")
    place = next((p for p in places if not where or p.answers_to(where)), None)
    if place is None:
        known = {word for p in places for word in (p.namespace, p.tenant.meta.name)}
        return Say(cards.say(replies.no_such_choice(replies.TENANT.lower(), where, offers.suggestion(where, known))))
    catalog = call.desk.catalog()
    said = words.read(
        call.words[1:],
        sizes=[flavor.name for flavor in offers.flavors(place.tenant, catalog)],
        versions=[release.version for release in offers.versions(place.tenant, catalog)],
    )
    if isinstance(said, words.Unknown):
        return Say(cards.say(replies.no_such_word(said.what, said.word, said.suggestion)))
    if said.lifetime and not offers.may_live(place.tenant, said.lifetime):
        longest = place.tenant.it.spec.lifetime.longest or ""
        return Say(cards.say(replies.no_such_word("lifetime", said.lifetime, longest)))
    return place, Draft(
        namespace=place.namespace,
        name=name.lower(),
        flavor=said.flavor,
        nodes=1 if said.nodes is None else said.nodes,
        most=said.most,
        version=said.version,
        lifetime=said.lifetime,
    )


def _drawn(by: Call | Filled, places: tuple[Place, ...], place: Place, draft: Draft, outlook: Outlook) -> Block:
    catalog = by.desk.catalog()
    return forms.create(draft, place=place, places=places, catalog=catalog, outlook=outlook, now=by.now, zone=by.zone)


def _read(form: Filled) -> tuple[tuple[Place, ...], Place, Draft]:
    places = offers.places(form.desk.tenants_of(form.person))
    metadata = json.loads(form.metadata or "{}")
    draft = entries.draft(form.values, namespace=str(metadata.get("namespace", "")))
    place = next((p for p in places if p.namespace == draft.namespace), None)
    if place is None:
        # The person left the tenant while the form was open, or the tenant gave the namespace up.
        raise errors.RuleError(errors.Cause("tenant", replies.NOT_YOUR_TENANT))
    return places, place, draft


def _names(form: Filled, place: Place) -> Names:
    return naming.names(form.desk, place.tenant.meta.name, place.namespace, besides=form.replaces)


def _guess(by: Call | Filled, place: Place, draft: Draft) -> Outlook:
    spec = None
    if not entries.faults(draft):
        spec = completion.complete(entries.spec(draft), catalog=by.desk.catalog(), tenant=place.tenant.it.spec)
    return outlooks.guess(
        by.desk, place, person=by.person, action=Action.CREATE, cluster=draft.name, was=None, becomes=spec
    )


def _named(by: Call | Filled, draft: Draft, known: Outlook, names: Names) -> Outlook:
    """With what is in the way of the name, where one is typed."""
    if taken := names.taken(draft.name):
        problems = (taken.told(by.person, by.zone), *known.problems)
        return replace(known, problems=problems, mine=taken.by(by.person))
    unfit = names.unfit(draft.name) if draft.name else ""
    return replace(known, problems=(unfit, *known.problems)) if unfit else known


COMMAND = Command(
    name="create",
    also=("new", "make", "add"),
    summary="Ask for a new cluster. Words behind it fill the form in.",
    usage="[[TENANT/]NAME] [WORKERS] [SIZE] [VERSION] [LIFETIME]",
    examples=("/cluster create", "/cluster create build-7 small 24h", "/cluster create team-a/build-7 3x small v1.34"),
    run=run,
    forms=(Form(forms.CREATE, submitted, changed),),
    shortcut=replies.SHORTCUT_CREATE,
)
