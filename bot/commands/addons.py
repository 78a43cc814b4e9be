"""`/cluster addons NAME +this -that`: what is installed into a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from bot import cards, change_forms, entries, forms, offers, replies
from bot.answers import Answer, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import edits
from provisioning.model import CatalogSpec, ClusterSpec

WORDS = 20
"""Add-ons on one line."""


def run(call: Call) -> Answer:
    """Ask for it at once, or show what may be chosen."""
    found = changing.meant(call, COMMAND.line, words=WORDS)
    if isinstance(found, Say):
        return found
    place, cluster = found
    spec, catalog = cluster.it.spec, call.desk.catalog()
    if call.words[1:]:
        wrong = _wrong(call.words[1:], spec, catalog)
        if wrong:
            return Say(cards.say(wrong))
        return changing.at_once(call, found, _edited(spec, call.words[1:]))
    if not edits.optional_add_ons(spec, catalog):
        return Say(cards.say(replies.NO_ADD_ON))
    outlook = changing.guess(call, found, spec)
    return Open(change_forms.add_ons(cluster, place, catalog=catalog, outlook=outlook))


async def changed(form: Filled) -> Block:
    """The form with what the API server says of what is chosen."""
    found = changing.reread(form)
    return await changing.relooked(form, found, _chosen(form, found))


async def submitted(form: Filled) -> FormAnswer:
    """Ask for what is chosen, beside what every cluster has."""
    found = changing.reread(form)
    return await changing.send(form, found, _chosen(form, found), otherwise=forms.inputs(form.view)[0])


def _chosen(form: Filled, found: Found) -> ClusterSpec:
    spec = found[1].it.spec
    optional = edits.optional_add_ons(spec, form.desk.catalog())
    always = [it.name for it in spec.add_ons if it.name not in optional]
    return edits.with_add_ons(spec, (*always, *entries.chosen_all(form.values, "addons")))


def _wrong(words: Sequence[str], spec: ClusterSpec, catalog: CatalogSpec) -> str:
    """What is wrong with the first word that is: no sign, nothing by that name, or what every cluster has."""
    known = sorted({each.name for each in catalog.add_ons} | {each.name for each in spec.add_ons})
    for word in words:
        sign, name = word[0], word[1:]
        if sign not in "+-":
            return replies.too_many_words(COMMAND.line)
        if name not in known:
            return replies.no_such_choice("add-on", name, offers.suggestion(name, known))
        if sign == "-" and name not in edits.optional_add_ons(spec, catalog):
            return replies.always_there(name)
    return ""


def _edited(spec: ClusterSpec, words: Sequence[str]) -> ClusterSpec:
    names = dict.fromkeys(it.name for it in spec.add_ons)
    for word in words:
        if word[0] == "+":
            names[word[1:]] = None
        else:
            names.pop(word[1:], None)
    return edits.with_add_ons(spec, names)


COMMAND = Command(
    name="addons",
    summary="Choose what is installed into a cluster: + puts an add-on in, - takes it out.",
    usage="[TENANT/]NAME [+ADDON] [-ADDON]",
    examples=("/cluster addons build-7", "/cluster addons build-7 +cert-manager"),
    run=run,
    forms=(Form(change_forms.ADD_ONS, submitted, changed),),
)
