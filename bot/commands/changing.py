"""From a cluster that somebody means to a wish for another spec of it. Shared by the commands that change a cluster."""

from __future__ import annotations

import json

from bot import cards, change_forms, entries, forms, replies
from bot.answers import Ask, Errors, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import finding, outlooks
from bot.commands.asking import ask
from bot.commands.command import Call, Filled
from bot.commands.finding import Found
from bot.outlook import Outlook
from provisioning import errors, wording
from provisioning.errors import Cause
from provisioning.model import Action, ClusterSpec, Person
from provisioning.wish import Wish


def meant(call: Call, line: str, *, words: int) -> Found | Say:
    """The cluster that the first word means, or what to say. There is a first word; `line` is how the command goes,
    with at most so many `words`."""
    if len(call.words) > words:
        return Say(cards.say(replies.too_many_words(line)))
    found = finding.cluster(call.desk, call.person, call.words[0])
    if not isinstance(found, Say) and found[1].meta.deleting:
        place, cluster = found
        return Say(cards.say(replies.headline("Deleting", cluster.meta.name, place.tenant.meta.name)))
    return found


def at_once(call: Call, found: Found, desired: ClusterSpec) -> Ask | Say:
    """Ask for this spec without a form."""
    if desired == found[1].it.spec:
        return Say(cards.say(replies.unchanged(found[1].meta.name)))
    return Ask(wish(call.person, found, desired))


def pick(call: Call, found: Found, menu: change_forms.Menu, desired: ClusterSpec) -> Open:
    """A form with one menu, `desired` being what stands in it comes to."""
    return Open(change_forms.pick(menu, found[1], found[0], outlook=guess(call, found, desired)))


def reread(form: Filled) -> Found:
    """The cluster that a form is about, as it is by now. Raises `RuleError` when it is gone."""
    about = json.loads(form.metadata)
    found = finding.cluster(form.desk, form.person, f"{about['namespace']}/{about['cluster']}")
    if isinstance(found, Say):
        raise errors.RuleError(Cause("cluster", replies.no_such_cluster(str(about["cluster"]), "")))
    return found


async def send(form: Filled, found: Found, desired: ClusterSpec | None, *, otherwise: str) -> FormAnswer:
    """Ask for what the form says; `desired` is None when nothing was chosen. `otherwise` names the field for errors
    that fit no other."""
    if desired is None:
        return Errors({otherwise: replies.PLEASE_CHOOSE})
    if desired == found[1].it.spec:
        return Errors({otherwise: wording.unchanged(found[1].meta.name)})
    wanted = wish(form.person, found, desired, reason=entries.typed(form.values, "reason"))
    return await ask(form, wanted, fields=forms.inputs(form.view), otherwise=otherwise)


def wish(person: Person, found: Found, desired: ClusterSpec, *, reason: str = "") -> Wish:
    place, cluster = found
    return Wish(
        person=person,
        tenant=place.tenant.meta.name,
        namespace=place.namespace,
        action=Action.CHANGE,
        cluster=cluster.meta.name,
        desired=desired,
        reason=reason,
    )


async def relooked(form: Filled, found: Found, desired: ClusterSpec | None) -> Block:
    """The form with what comes of what is chosen in it; `desired` is None when nothing is."""
    place, cluster = found
    return change_forms.relooked(form.view, place, await tried(form, found, desired or cluster.it.spec))


async def tried(form: Filled, found: Found, desired: ClusterSpec) -> Outlook:
    """What an open form says of a change: the API server's word, and a guess where nothing would change."""
    outlook = guess(form, found, desired)
    if desired == found[1].it.spec:
        return outlook
    return await outlooks.verdict(form.desk, wish(form.person, found, desired), outlook, now=form.now)


def guess(by: Call | Filled, found: Found, desired: ClusterSpec) -> Outlook:
    """What a form can say at once of a change."""
    place, cluster = found
    return outlooks.guess(
        by.desk,
        place,
        person=by.person,
        action=Action.CHANGE,
        cluster=cluster.meta.name,
        was=cluster.it.spec,
        becomes=desired,
    )
